"""Resampling: what is there stays, what cannot be there does not come back as something else."""

import numpy as np
from numpy.typing import NDArray
import pytest

from cry_engine.resample import Resampler

RATES = [48_000, 44_100, 32_000, 16_000, 11_025, 8_000, 96_000]
TARGET = 22_050


def sine(rate: int, hertz: float, seconds: float = 1.0) -> NDArray[np.float32]:
    """Return a full-scale sine."""
    time = np.arange(round(rate * seconds)) / rate
    return np.sin(2.0 * np.pi * hertz * time).astype(np.float32)


def resample(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Resample to the target in one piece, to the end."""
    resampler = Resampler(rate, TARGET)
    return np.concatenate([resampler.push(samples), resampler.flush()])


def middle(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return samples without the edges, where the filter meets silence."""
    return samples[2_000:-2_000]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hertz", [200.0, 1_000.0, 3_400.0])
def test_a_tone_keeps_its_shape_and_place(rate: int, hertz: float) -> None:
    """In the pass band the result is the sine that would have been recorded, to -80 dB."""
    resampled = resample(sine(rate, hertz), rate)
    difference = middle(resampled) - middle(sine(TARGET, hertz))
    assert np.abs(difference).max() < 1e-4


@pytest.mark.parametrize("rate", [48_000, 44_100, 32_000, 96_000])
def test_nothing_aliases(rate: int) -> None:
    """What lies over the new Nyquist frequency is gone, to -80 dB."""
    for hertz in (TARGET / 2 + 10.0, TARGET / 2 + 1_000.0, rate / 2 * 0.95):
        assert np.abs(middle(resample(sine(rate, hertz), rate))).max() < 1e-4


@pytest.mark.parametrize("rate", RATES)
def test_as_much_time_comes_out_as_goes_in(rate: int) -> None:
    """No sample is lost or made up over a stream's length."""
    samples = sine(rate, 440.0, 2.345)
    assert len(resample(samples, rate)) == round(len(samples) * TARGET / rate)


@pytest.mark.parametrize("rate", [48_000, 44_100, 16_000])
def test_pieces_make_no_difference(rate: int) -> None:
    """A stream comes out the same in whatever pieces it goes in."""
    rng = np.random.default_rng(0)
    samples = rng.normal(0.0, 0.1, rate).astype(np.float32)
    resampler = Resampler(rate, TARGET)
    pieces, start = [], 0
    while start < len(samples):
        size = int(rng.integers(0, 3_000))
        pieces.append(resampler.push(samples[start : start + size]))
        start += size
    pieces.append(resampler.flush())
    np.testing.assert_allclose(
        np.concatenate(pieces), resample(samples, rate), atol=1e-5
    )


def test_equal_rates_pass_through() -> None:
    """Nothing is done where nothing is to do."""
    samples = sine(TARGET, 440.0)
    np.testing.assert_array_equal(resample(samples, TARGET), samples)


@pytest.mark.parametrize("rate", [0, -1, 44_099])
def test_impossible_rates_are_refused(rate: int) -> None:
    """A rate that is none, or would need a matrix of gigabytes, is refused."""
    with pytest.raises(ValueError, match=str(rate)):
        Resampler(rate, TARGET)
