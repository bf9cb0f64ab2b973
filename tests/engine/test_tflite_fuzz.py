"""Damaged models: none may crash, hang, or take the memory that others need.

`TFLITE_MUTANTS=50000 pytest tests/engine/test_tflite_fuzz.py` is the long run.
"""

import os
from pathlib import Path
import random
import time
import tracemalloc

import numpy as np

from cry_engine.errors import ModelError
from cry_engine.tflite import Interpreter

from .test_tflite_operators import MAKERS, hash_of
from .tflite_cases import CaseMaker

MUTANTS = int(os.environ.get("TFLITE_MUTANTS", "2000"))
LONGEST_S = 1.0
MOST_BYTES = 200 << 20
NUMBERS = (0, 1, 2, 16, 1000, 2**16, 2**31 - 1, 2**31, 2**32 - 1)


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Return a damaged file: bits turned, bytes and numbers replaced, or the end cut off."""
    mutant = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        # The tables stand at both ends of a large file, the weights between.
        edge = rng.randrange(min(20_000, len(mutant)))
        at = rng.choice((rng.randrange(len(mutant)), edge, len(mutant) - 1 - edge))
        kind = rng.random()
        if kind < 0.4:
            mutant[at] ^= 1 << rng.randrange(8)
        elif kind < 0.7:
            mutant[at] = rng.choice((0, 1, 2, 0x7F, 0x80, 0xFF))
        elif kind < 0.97:
            number = rng.choice((*NUMBERS, rng.randrange(2**32), rng.randrange(5000)))
            mutant[at : at + 4] = number.to_bytes(4, "little")
        else:
            del mutant[max(at, 8) :]
    return bytes(mutant)


def run_mutant(content: bytes) -> bool:
    """Load and run a model; return whether it ran, as a mutant may where the damage is to a weight."""
    # The processor's time, not the clock's: other work may run beside the tests.
    started = time.thread_time()
    try:
        interpreter = Interpreter(content)
        interpreter.run(
            *(np.zeros(details.shape, details.dtype) for details in interpreter.inputs)
        )
    except ModelError:
        return False
    finally:
        assert time.thread_time() - started < LONGEST_S
    return True


def check_mutants(models: list[bytes], count: int, seed: int) -> None:
    """Run mutants of models; some run, some are refused, and that is all that happens."""
    rng = random.Random(seed)
    tracemalloc.start()
    try:
        ran = sum(run_mutant(mutate(rng.choice(models), rng)) for _ in range(count))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST_BYTES
    assert 0 < ran < count


def small_model(name: str, make: CaseMaker) -> bytes:
    """Return the model of one operator's case."""
    return make(np.random.default_rng(hash_of(name))).builder.build()


def test_mutants_of_every_operators_model() -> None:
    """Small files, so that nearly every mutation is to a table."""
    check_mutants(
        [small_model(name, make) for name, make in MAKERS.items()], MUTANTS, seed=1
    )


def test_mutants_of_a_published_model(yamnet: Path) -> None:
    """A file of 4 MB, of which most is weights."""
    check_mutants([yamnet.read_bytes()], max(MUTANTS // 50, 20), seed=2)
