"""Eight listeners in real time on two cores: how old what each reports is, and whether all of it is heard.

    python -m benchmarks.load --listeners 8 --seconds 120

Each has a stream of its own from a server on loopback, its own ffmpeg, thread and copy of the shipped model.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
import os
import sys
import time

import numpy as np

from cry_engine.classifier import Classifier
from cry_engine.listener import Listener
from cry_engine.sources.ffmpeg import FfmpegSource
from tests.streams import RATE, HttpStream

MOST_BEHIND_S = 2.0
CORES = 2
# A stream begins with what the server had in store.
_SETTLED_S = 5.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What one listener came to."""

    seconds: float
    behind_s: float
    """The oldest that it reported."""
    longest_span_s: float
    """The longest time without a window."""
    lost_s: float
    load: float


def listen(number: int, seconds: float) -> Heard:
    """Listen to a stream of its own."""
    classifier = Classifier.load(runtime="numpy")
    room = np.random.default_rng(number).normal(0.0, 0.01, 10 * RATE)
    with HttpStream(room.astype(np.float32)) as server:
        source = FfmpegSource.from_url(
            server.url, sample_rate=classifier.manifest.sample_rate
        )
        listener = Listener(source, classifier)
        behind_s, span_s = 0.0, 0.0
        for observation in listener:
            if observation.time > _SETTLED_S:
                behind_s = max(behind_s, observation.behind_s)
                span_s = max(span_s, observation.span_s)
            if observation.time >= seconds:
                listener.close()
    return Heard(
        observation.time, behind_s, span_s, observation.lost_s, observation.load
    )


def main() -> int:
    """Read the arguments, run, and print a line for each listener; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--listeners", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=120.0)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    processor_s, started_s = time.process_time(), time.monotonic()
    with ThreadPoolExecutor(arguments.listeners) as pool:
        results = list(
            pool.map(
                lambda number: listen(number, arguments.seconds),
                range(arguments.listeners),
            )
        )
    passed_s = time.monotonic() - started_s
    for number, heard in enumerate(results, 1):
        print(
            f"{number}: {heard.seconds:.0f} s heard, at most {heard.behind_s:.2f} s old,"
            f" a window every {heard.longest_span_s:.1f} s at least,"
            f" load {heard.load:.1%}, lost {heard.lost_s:.1f} s"
        )
    used = (time.process_time() - processor_s) / passed_s
    print(f"{arguments.listeners} listeners use {used:.0%} of one core of {CORES}")
    late = [heard for heard in results if heard.behind_s >= MOST_BEHIND_S]
    lost = [heard for heard in results if heard.lost_s > 0.0]
    return int(bool(late or lost))


if __name__ == "__main__":
    sys.exit(main())
