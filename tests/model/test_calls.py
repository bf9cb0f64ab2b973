"""Synthesised calls sound for as long as asked for, have a pitch, and pause."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
import pytest

import calls

RATE = 22_050


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("make", [calls.call, calls.cry])
def test_a_call_fills_its_time_and_no_more(
    make: Callable[[np.random.Generator, int, float], NDArray[np.float32]], seed: int
) -> None:
    """At full scale, whatever kind is drawn."""
    sound = make(np.random.default_rng(seed), RATE, 5.0)
    assert len(sound) == 5 * RATE
    assert sound.dtype == np.float32
    assert np.isfinite(sound).all()
    assert float(np.max(np.abs(sound))) == pytest.approx(1.0)


def test_the_same_seed_makes_the_same_call() -> None:
    """So that a run can be repeated."""
    one, other = (calls.call(np.random.default_rng(4), RATE, 3.0) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_calls_are_of_several_kinds() -> None:
    """Few have the same spectrum."""
    spectra = np.array(
        [
            np.abs(np.fft.rfft(calls.call(np.random.default_rng(seed), RATE, 2.0)))
            for seed in range(10)
        ]
    )
    spectra /= np.linalg.norm(spectra, axis=1, keepdims=True)
    alike = spectra @ spectra.T - np.eye(10)
    assert alike.max() < 0.9


@pytest.mark.parametrize("seed", range(3))
def test_voices_are_harmonic(seed: int) -> None:
    """Most of the power of a call lies in narrow lines, as a voice's does and a noise's does not."""
    rng = np.random.default_rng(seed)
    length = RATE // 2
    pitch = np.full(length, 400.0)
    resonances = np.broadcast_to([800.0, 1_400.0, 3_000.0], (length, 3))
    made = (pitch, np.ones(length), resonances)
    power = np.abs(np.fft.rfft(calls.voiced(rng, RATE, made, 0.0))) ** 2
    power = np.sort(power)[::-1]
    assert power[: len(power) // 20].sum() > 0.9 * power.sum()


@pytest.mark.parametrize("seed", range(8))
def test_crying_has_its_breaths(seed: int) -> None:
    """Loud for a second or so, and then a pause: four to twenty times in ten seconds, and more cry than pause."""
    sound = calls.cry(np.random.default_rng(seed), RATE, 10.0)
    blocks = np.sqrt(np.mean(sound[: len(sound) // 441 * 441].reshape(-1, 441) ** 2, 1))
    loud = blocks > 0.1 * np.percentile(blocks, 95)
    breaths = int(np.count_nonzero(loud[:-1] & ~loud[1:]))
    assert 4 <= breaths <= 20
    assert 0.4 < loud.mean() < 0.98
