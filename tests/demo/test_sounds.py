"""The nursery's sounds: the same for the same seed, at the level and of the kind they say."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from demo.nursery import (
    cry,
    door,
    episode,
    footsteps,
    meow,
    music_box,
    room_tone,
    talk,
    white_noise_machine,
)
from demo.nursery.sound import (
    Samples,
    at_level,
    fade,
    fast_length,
    in_room,
    noise,
    place,
    resample,
    rms_dbfs,
    silence,
)
from demo.nursery.talk import babble

RATE = 22_050

type Sound = Callable[[int, np.random.Generator], Samples]

SOUNDS: dict[str, Sound] = {
    "babble": partial(babble, pitch_hz=120.0, syllables=8),
    "cry": cry,
    "door": door,
    "episode": partial(episode, duration_s=6.0),
    "footsteps": footsteps,
    "meow": meow,
    "music box": partial(music_box, duration_s=4.0),
    "room tone": partial(room_tone, duration_s=2.0),
    "talk": partial(talk, sentences=1),
    "white-noise machine": partial(white_noise_machine, duration_s=3.0),
}


def pitch_hz(samples: Samples, low_hz: float, high_hz: float) -> float:
    """Return the pitch of a voiced sound by its autocorrelation."""
    size = fast_length(2 * len(samples))
    power = np.abs(np.fft.rfft(samples, size)) ** 2
    correlation = np.fft.irfft(power)[: len(samples)]
    shortest, longest = int(RATE / high_hz), int(RATE / low_hz)
    lag = shortest + int(np.argmax(correlation[shortest:longest]))
    return RATE / lag


def power_between(samples: Samples, low_hz: float, high_hz: float) -> float:
    """Return the part of a sound's power that lies between two frequencies."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    frequency_hz = np.fft.rfftfreq(len(samples), 1 / RATE)
    band = (frequency_hz >= low_hz) & (frequency_hz < high_hz)
    return float(power[band].sum() / power.sum())


@pytest.mark.parametrize("name", SOUNDS)
def test_the_same_seed_gives_the_same_sound(name: str) -> None:
    """A sound depends on its generator alone."""
    make = SOUNDS[name]
    first = make(RATE, np.random.default_rng(3))
    again = make(RATE, np.random.default_rng(3))

    assert first.dtype == np.float32
    assert first.ndim == 1
    assert np.array_equal(first, again)


@pytest.mark.parametrize("name", sorted(set(SOUNDS) - {"talk", "room tone"}))
def test_another_seed_gives_another_sound(name: str) -> None:
    """No two are alike, as in a house (espeak-ng alone says the same in the same way)."""
    make = SOUNDS[name]
    first = make(RATE, np.random.default_rng(3))
    other = make(RATE, np.random.default_rng(4))

    assert len(first) != len(other) or not np.allclose(first, other)


@pytest.mark.parametrize("name", SOUNDS)
def test_a_sound_is_finite_and_neither_silent_nor_clipped(name: str) -> None:
    """What is mixed later must be sound to begin with."""
    samples = SOUNDS[name](RATE, np.random.default_rng(5))

    assert np.all(np.isfinite(samples))
    assert rms_dbfs(samples) > -60.0
    assert abs(float(np.mean(samples))) < 0.01 + 0.02 * float(np.std(samples))


@pytest.mark.parametrize("seed", range(6))
def test_a_cry_has_the_length_and_pitch_of_a_baby(seed: int) -> None:
    """Expirations of 0.6 to 2 s between 330 and 620 Hz, as measured in newborns."""
    samples = cry(RATE, np.random.default_rng(seed))
    middle = samples[len(samples) // 4 : len(samples) // 2]

    assert 0.6 <= len(samples) / RATE <= 2.0
    assert 330.0 < pitch_hz(middle, 200.0, 900.0) < 640.0


def test_a_cry_takes_the_pitch_and_length_it_is_given() -> None:
    """A test may ask for a particular cry."""
    samples = cry(RATE, np.random.default_rng(1), duration_s=1.5, peak_hz=400.0)
    middle = samples[len(samples) * 2 // 5 : len(samples) * 3 // 5]

    assert len(samples) == round(1.5 * RATE)
    assert pitch_hz(middle, 200.0, 900.0) == pytest.approx(400.0, rel=0.1)


def test_a_cry_is_strong_where_a_phone_and_a_microphone_hear_it() -> None:
    """Most of the power lies between 0.8 and 4 kHz, some of it up to 8 kHz."""
    samples = cry(RATE, np.random.default_rng(2))

    assert power_between(samples, 800.0, 4_000.0) > 0.6
    assert power_between(samples, 4_000.0, 8_000.0) > 0.01


def test_an_episode_is_cries_with_breaths_between() -> None:
    """It is as long as asked, and falls quiet between cries for less than a second."""
    samples = episode(RATE, np.random.default_rng(1), duration_s=12.0)
    frames = samples[: len(samples) // 1103 * 1103].reshape(-1, 1103)
    loud = np.sqrt(np.mean(frames**2, axis=1)) > 0.1
    edges = np.flatnonzero(np.diff(np.concatenate(([False], loud, [False]))))
    gaps_s = (edges[2::2] - edges[1:-1:2]) * 1103 / RATE

    assert 11.0 < len(samples) / RATE < 14.0
    assert len(gaps_s) >= 5
    assert gaps_s.max() < 1.2


def test_a_meow_falls_in_pitch() -> None:
    """The mouth closes and the pitch glides down."""
    samples = meow(RATE, np.random.default_rng(2))
    third = len(samples) // 3

    assert pitch_hz(samples[-third:], 250.0, 1_000.0) < 0.95 * pitch_hz(
        samples[third : 2 * third], 250.0, 1_000.0
    )


def test_a_music_box_rings_at_the_notes_of_its_tune() -> None:
    """The first note is C, two octaves above the middle one."""
    samples = music_box(RATE, np.random.default_rng(1), duration_s=0.9)
    frequency_hz = np.fft.rfftfreq(len(samples), 1 / RATE)
    loudest_hz = frequency_hz[np.argmax(np.abs(np.fft.rfft(samples)))]

    assert loudest_hz == pytest.approx(1046.5, rel=0.01)


def test_talk_is_made_up_where_espeak_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Syllables by formant synthesis stand in for words."""
    monkeypatch.setenv("PATH", "")
    samples = talk(RATE, np.random.default_rng(1), sentences=2)

    assert 3.0 < len(samples) / RATE < 20.0
    assert power_between(samples, 80.0, 4_000.0) > 0.9


def test_what_is_far_in_a_room_is_quieter_and_rings_longer() -> None:
    """The direct sound falls with the distance, the room's answer does not."""
    click = silence(RATE, 0.5)
    click[100] = 1.0
    near = in_room(click, RATE, 1.0, np.random.default_rng(1))
    far = in_room(click, RATE, 5.0, np.random.default_rng(1))

    assert far[100] < 0.35 * near[100]
    assert rms_dbfs(far[1000:4000]) == pytest.approx(rms_dbfs(near[1000:4000]), abs=1.0)


def test_a_level_is_set_to_a_tenth_of_a_decibel() -> None:
    """What the scene says of loudness holds."""
    samples = noise(RATE, 1.0, np.random.default_rng(1))

    assert rms_dbfs(at_level(samples, -33.0)) == pytest.approx(-33.0, abs=0.1)


@pytest.mark.parametrize(
    ("slope", "octave_db"), [(0.0, 0.0), (-3.0, -3.0), (-6.0, -6.0)]
)
def test_noise_has_the_slope_it_is_given(slope: float, octave_db: float) -> None:
    """The density falls by so much from one octave to the next."""
    samples = noise(RATE, 8.0, np.random.default_rng(1), slope)
    low = power_between(samples, 500.0, 600.0) / 100.0
    high = power_between(samples, 1_000.0, 1_200.0) / 200.0

    assert 10 * np.log10(high / low) == pytest.approx(octave_db, abs=0.7)


def test_resampling_keeps_a_tone_and_removes_what_the_new_rate_cannot_hold() -> None:
    """A tone of 1 kHz stays, one of 10 kHz does not come back as an alias."""
    time_s = np.arange(RATE) / RATE
    low = np.sin(2 * np.pi * 1_000 * time_s).astype(np.float32)
    high = np.sin(2 * np.pi * 10_000 * time_s).astype(np.float32)

    kept = resample(low, RATE, 16_000)
    assert len(kept) == 16_000
    expected = np.sin(2 * np.pi * 1_000 * np.arange(16_000) / 16_000)
    assert np.allclose(kept[500:-500], expected[500:-500], atol=0.01)
    assert rms_dbfs(resample(high, RATE, 16_000)[500:-500]) < -50.0
    assert resample(low, RATE, RATE) is low


def test_fading_begins_and_ends_in_silence() -> None:
    """No click at either end."""
    faded = fade(np.ones(1000, np.float32), 1000, 0.1, 0.2)

    assert faded[0] == 0.0
    assert faded[-1] == 0.0
    assert np.all(faded[100:800] == 1.0)


def test_placing_a_sound_beyond_the_end_leaves_out_what_hangs_over() -> None:
    """A track keeps its length."""
    track = silence(100, 1.0)
    place(track, np.ones(50, np.float32), 80)

    assert track.sum() == 20.0


@pytest.mark.parametrize("length", [1, 17, 22_050, 5_380_201])
def test_a_fast_length_is_enough_and_has_small_factors(length: int) -> None:
    """It is never shorter, never twice as long, and only 2, 3 and 5 divide it."""
    found = fast_length(length)
    assert length <= found <= max(4, 2 * length)
    for factor in (2, 3, 5):
        while found % factor == 0:
            found //= factor
    assert found == 1
