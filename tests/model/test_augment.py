"""What is done to a sound does what it says, and leaves a sound."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
import pytest

import augment

RATE = 22_050

type Samples = NDArray[np.float32]


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator that draws the same each time."""
    return np.random.default_rng(7)


@pytest.fixture
def noise(rng: np.random.Generator) -> Samples:
    """Two seconds and a bit of white noise at -20 dBFS."""
    return (0.1 * rng.standard_normal(2 * RATE + 123)).astype(np.float32)


def tone(hz: float, samples: int = RATE) -> Samples:
    """Return a sine at -6 dBFS peak."""
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(samples) / RATE)).astype(np.float32)


def power_between(samples: Samples, low_hz: float, high_hz: float) -> float:
    """Return the mean power of the bins between two frequencies."""
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE)
    inside = (frequencies >= low_hz) & (frequencies <= high_hz)
    return float((np.abs(np.fft.rfft(samples)) ** 2)[inside].mean())


def pitch_hz(samples: Samples) -> float:
    """Return the frequency of the strongest bin."""
    return float(
        np.fft.rfftfreq(len(samples), 1 / RATE)[np.abs(np.fft.rfft(samples)).argmax()]
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda rng, x: augment.band_limit(x, RATE, 100, 3_500),
        lambda rng, x: augment.mu_law(x, RATE),
        lambda rng, x: augment.overdrive(x, 12),
        lambda rng, x: augment.reverberate(x, augment.room(rng, RATE, 0.5, 3)),
    ],
    ids=["band_limit", "mu_law", "overdrive", "reverberate"],
)
@pytest.mark.parametrize("length", [1, 2, 441, RATE, RATE + 7])
def test_length_is_kept_and_values_are_finite(
    rng: np.random.Generator,
    change: Callable[[np.random.Generator, Samples], Samples],
    length: int,
) -> None:
    """Also for sounds of one sample."""
    sound = (0.3 * rng.standard_normal(length)).astype(np.float32)
    changed = change(rng, sound)
    assert changed.shape == sound.shape
    assert changed.dtype == np.float32
    assert np.isfinite(changed).all()


def test_digital_silence_stays_silent(rng: np.random.Generator) -> None:
    """Nothing is added that was not there."""
    silence = np.zeros(RATE, np.float32)
    for changed in (
        augment.band_limit(silence, RATE, 0, 4_000),
        augment.mu_law(silence, RATE),
        augment.overdrive(silence, 20),
        augment.reverberate(silence, augment.room(rng, RATE, 0.4, 0)),
        augment.change_speed(silence, 1.3),
    ):
        assert not changed.any()


def test_band_limiting_removes_what_lies_outside(noise: Samples) -> None:
    """What lies inside keeps its power."""
    # Of all that is returned the ends are left out: a filter rings on past them.
    limited = augment.band_limit(noise, RATE, 300, 3_500)[1_000:-1_000] * np.hanning(
        len(noise) - 2_000
    )
    inside = power_between(limited, 400, 3_400)
    assert power_between(limited, 3_700, 11_000) < 1e-5 * inside
    assert power_between(limited, 0, 190) < 1e-5 * inside
    whole = noise[1_000:-1_000] * np.hanning(len(noise) - 2_000)
    assert inside == pytest.approx(power_between(whole, 400, 3_400), rel=0.01)


def test_g711_keeps_a_voice_and_nothing_above_4_khz(noise: Samples) -> None:
    """With the noise that eight bits in mu-law steps make."""
    heard = augment.mu_law(noise, RATE) * np.hanning(len(noise))
    assert power_between(heard, 4_100, 11_000) < 1e-5 * power_between(heard, 400, 3_400)
    speech = tone(1_000)
    error = augment.mu_law(speech, RATE)[500:-500] - speech[500:-500]
    # 8 bits in mu-law steps give about 38 dB.
    assert 30 < 10 * np.log10(np.mean(speech**2) / np.mean(error**2)) < 50


@pytest.mark.parametrize("factor", [0.7, 0.95, 1.0, 1.2, 1.6])
def test_speed_changes_length_and_pitch(factor: float) -> None:
    """As a tape does."""
    faster = augment.change_speed(tone(1_000), factor)
    assert len(faster) == pytest.approx(RATE / factor, abs=2)
    assert pitch_hz(faster) == pytest.approx(1_000 * factor, abs=3)
    assert np.abs(faster).max() == pytest.approx(0.5, abs=0.05)


def test_speeding_up_does_not_alias() -> None:
    """A tone that would lie over half the rate is gone."""
    assert np.abs(augment.change_speed(tone(9_000), 1.5)[500:-500]).max() < 0.01


def test_resampling_is_exact_for_what_fits() -> None:
    """A sine is the same sine at the other rate."""
    wanted = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    np.testing.assert_allclose(augment.resample(tone(440), 320, 441), wanted, atol=1e-3)


@pytest.mark.parametrize("length", [*range(1, 200), 99_991, 154_351])
def test_a_fast_length_is_the_least_with_small_factors(length: int) -> None:
    """Against trying one number after the other."""

    def is_fast(number: int) -> bool:
        for factor in (2, 3, 5):
            while number % factor == 0:
                number //= factor
        return number == 1

    fast = augment.fast_length(length)
    assert fast == next(
        number for number in range(length, 2 * length + 1) if is_fast(number)
    )


def test_overdrive_clips() -> None:
    """A sine becomes nearly a square."""
    driven = augment.overdrive(tone(500), 12)
    assert np.abs(driven).max() == 1.0
    assert (np.abs(driven) == 1.0).mean() > 0.5


@pytest.mark.parametrize("reverberation_s", [0.2, 0.8])
@pytest.mark.parametrize("direct_db", [-6.0, 10.0])
def test_a_room_decays_in_its_time_and_keeps_the_direct_sound(
    rng: np.random.Generator, reverberation_s: float, direct_db: float
) -> None:
    """The decay is measured as ISO 3382-1 does."""
    response = augment.room(rng, RATE, reverberation_s, direct_db)
    assert response[0] == 1.0
    tail = response[1:].astype(np.float64)
    assert 10 * np.log10(1.0 / np.sum(tail**2)) == pytest.approx(direct_db, abs=0.2)
    left = np.cumsum(tail[::-1] ** 2)[::-1] / np.sum(tail**2)
    time_s = np.arange(len(left)) / RATE
    # From the time that it takes from -5 to -25 dB, as in ISO 3382-1.
    fall_s = time_s[left < 10**-2.5][0] - time_s[left < 10**-0.5][0]
    assert 3 * fall_s == pytest.approx(reverberation_s, rel=0.25)


def test_glides_are_tonal_calls_with_pauses(rng: np.random.Generator) -> None:
    """They are as long as asked for, and full scale."""
    for _ in range(10):
        call = augment.glide(rng, RATE, 5.0)
        assert len(call) == 5 * RATE
        assert np.isfinite(call).all()
        assert np.abs(call).max() == pytest.approx(1.0)


def test_the_same_seed_gives_the_same_sound() -> None:
    """So that a run can be repeated."""
    one, other = (augment.glide(np.random.default_rng(3), RATE, 2.0) for _ in range(2))
    np.testing.assert_array_equal(one, other)
