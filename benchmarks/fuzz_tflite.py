"""Damaged models by the ten thousand: none may crash the reader, run for over a second or take over 200 MB.

    python -m benchmarks.fuzz_tflite --mutants 50000

Each batch runs in a child process whose limits the kernel keeps: address space, and processor time for each mutant.
"""

import argparse
from collections import Counter
from dataclasses import dataclass
import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path
import random
import resource
import signal
import sys
import time

import numpy as np

from cry_engine.classifier import DEFAULT_MODEL
from cry_engine.errors import ModelError
from cry_engine.tflite import Interpreter
from tests.engine.test_tflite_fuzz import mutate, small_model
from tests.engine.test_tflite_operators import MAKERS

LONGEST_S = 1.0
MOST_BYTES = 200 << 20
_BATCH = 2_500


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of a batch, and which mutant it ended with."""

    ran: int
    refused: int
    slowest_s: float
    peak_bytes: int


def models() -> list[bytes]:
    """Return a model of each operator, and the shipped one, as often as a tenth of them."""
    small = [small_model(name, make) for name, make in MAKERS.items()]
    shipped = DEFAULT_MODEL.read_bytes()
    return [*small, *[shipped] * max(1, len(small) // 10)]


def run(content: bytes) -> bool:
    """Load and run a model; return whether it was taken.

    Raises:
        MemoryError: the limit of the process is reached.
    """
    try:
        interpreter = Interpreter(content)
        interpreter.run(
            *(np.zeros(details.shape, details.dtype) for details in interpreter.inputs)
        )
    except ModelError:
        return False
    return True


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _resident_peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _run_batch(seed: int, count: int, results: Connection) -> None:
    """Run mutants; tell which before each, and the figures in the end."""
    originals = models()
    for original in originals:
        run(original)
    before = _resident_peak()
    limit = _address_space() + MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    # Its default action ends the process, wherever it is.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    # The same seed must give the same mutants.
    rng = random.Random(seed)  # nosec B311
    ran, slowest_s = 0, 0.0
    for number in range(count):
        mutant = mutate(rng.choice(originals), rng)
        results.send(number)
        started_s = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, LONGEST_S)
        ran += run(mutant)
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        slowest_s = max(slowest_s, time.process_time() - started_s)
    results.send(Batch(ran, count - ran, slowest_s, _resident_peak() - before))


def fuzz(mutants: int, seed: int) -> int:
    """Run mutants in batches and print the figures; return the exit status."""
    context = multiprocessing.get_context("spawn")
    failures: Counter[str] = Counter()
    batches: list[Batch] = []
    for start in range(0, mutants, _BATCH):
        count = min(_BATCH, mutants - start)
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(target=_run_batch, args=(seed + start, count, sender))
        child.start()
        sender.close()
        last: int | Batch = 0
        try:
            while True:
                last = receiver.recv()
        except EOFError:
            child.join()
        if isinstance(last, Batch):
            batches.append(last)
        else:
            hung = child.exitcode == -signal.SIGPROF
            what = f"over {LONGEST_S:g} s" if hung else f"exit {child.exitcode}"
            failures[what] += 1
            print(f"seed {seed + start}, mutant {last}: {what}", flush=True)
    print(
        f"{sum(batch.ran + batch.refused for batch in batches)} mutants:"
        f" {sum(batch.refused for batch in batches)} refused,"
        f" {sum(batch.ran for batch in batches)} ran;"
        f" slowest {max((batch.slowest_s for batch in batches), default=0):.3f} s,"
        f" most memory {max((batch.peak_bytes for batch in batches), default=0) / 1e6:.0f} MB;"
        f" {sum(failures.values())} failures"
    )
    return int(bool(failures))


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mutants", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    return fuzz(arguments.mutants, arguments.seed)


if __name__ == "__main__":
    sys.exit(main())
