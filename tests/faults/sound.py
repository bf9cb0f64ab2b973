"""What becomes of packets of sound on the way."""

from collections.abc import Callable
import itertools

import numpy as np

from tests.streams import RATE, Samples

# A buffer of a quarter of a second, which a hanging driver hands out for ever.
_BUFFER = np.random.default_rng(6).normal(0.0, 0.02, RATE // 4 // 160 * 160)


def silent(packet: Samples) -> Samples:
    """Return digital silence."""
    return np.zeros_like(packet)


def stuck(packet: Samples) -> Samples:
    """Return one value, again and again."""
    return np.full_like(packet, 0.2)


def repeating() -> Callable[[Samples], Samples]:
    """Return what gives the same short buffer for ever."""
    packets = itertools.cycle(_BUFFER.astype(np.float32).reshape(-1, 160))
    return lambda packet: next(packets)


def overdriven(packet: Samples) -> Samples:
    """Return what an input makes of far too much."""
    return np.where(packet < 0.0, -1.0, 1.0).astype(np.float32)


def in_gusts() -> Callable[[Samples], Samples | None]:
    """Return what lets a fifth of a second through every two seconds."""
    count = itertools.count()
    return lambda packet: packet if next(count) % 100 < 10 else None
