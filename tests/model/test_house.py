"""Where a recording cries, and what a night may be made of."""

import numpy as np
import pytest

from house import RATE, Library, active_rms, activity, audible, steady_noise
from recordings import DataError

from .synthetic import quiet, read, recording, tone


def test_a_cry_begins_where_it_is_heard_not_where_its_recording_does() -> None:
    """Neither the pause before it nor a click in that pause is crying."""
    click = tone(0.01, amplitude=0.5)
    sound = np.concatenate(
        [quiet(1.0), click, quiet(0.99), tone(1.5), quiet(1.0), tone(0.5), quiet(2.0)]
    )
    begins = np.flatnonzero(activity(sound))[0] * 0.02
    assert begins == pytest.approx(2.0, abs=0.07)
    cut, active = audible(sound)
    assert len(cut) / RATE == pytest.approx(3.0, abs=0.12)
    assert active[0] and active[-1]
    assert active.sum() * 0.02 == pytest.approx(2.0, abs=0.2)


def test_level_is_that_of_the_active_parts() -> None:
    """Pauses do not make a cry softer."""
    sound = np.concatenate([tone(1.0, amplitude=0.2), quiet(9.0)])
    rms = active_rms(sound, activity(sound))
    assert rms == pytest.approx(0.2 / np.sqrt(2.0), rel=0.08)


@pytest.mark.parametrize("samples", [quiet(0.0), quiet(0.001), quiet(2.0)])
def test_nothing_is_no_activity(samples: np.ndarray) -> None:
    """Nor does it fail."""
    assert not activity(samples).any()
    assert active_rms(np.append(samples, quiet(1.0)), activity(samples)) < 1e-5


def test_short_sounds_alone_are_active() -> None:
    """A knock is all that there is."""
    assert activity(np.concatenate([quiet(1.0), tone(0.05), quiet(1.0)])).any()


def test_what_is_suspect_or_a_fragment_is_left_out() -> None:
    """A cry that may be none makes no episode."""
    cries = [
        recording("cry-1", "crying"),
        recording("cry-2", "crying", quality="suspect"),
    ]
    library = Library([*cries, recording("cat", "animal", "cat")], read)
    rng = np.random.default_rng(1)
    assert {library.baby(rng)[0].group for _ in range(20)} == {"cry-1"}
    assert library.has("cat") and not library.has("laughing")
    with pytest.raises(DataError, match="cry"):
        Library(cries[1:], read)
    with pytest.raises(DataError, match="cry"):
        Library(cries[:1], lambda path, rate: tone(0.3))


def test_groups_are_drawn_alike_however_many_clips_they_have() -> None:
    """Ten recordings of one cat are no ten cats."""
    many = [recording(f"cat-{n}", "animal", "cat", group="one") for n in range(10)]
    other = recording("cat-x", "animal", "cat", group="other")
    library = Library([recording("cry", "crying"), *many, other], read)
    rng = np.random.default_rng(2)
    drawn = [library.draw(rng, "cat").group for _ in range(400)]
    assert drawn.count("other") == pytest.approx(200, abs=50)


def test_a_background_lasts_and_has_a_level() -> None:
    """Whatever its recordings' own."""
    rain = [recording(f"rain-{n}", "household", "rain") for n in range(3)]
    library = Library([recording("cry", "crying"), *rain], read)
    chain = library.chain(np.random.default_rng(3), "appliance", 20.0)
    sound = library.scene("appliance", chain, 20 * RATE)
    assert len(sound) == 20 * RATE
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(1.0, rel=1e-3)
    blocks = np.sqrt(np.mean(sound.reshape(100, -1) ** 2, axis=1))
    # It begins with a fade; from there on, none of the seams is heard.
    assert blocks[2:-2].min() > 0.8 and blocks.max() < 1.25


@pytest.mark.parametrize("db_per_octave", [0.0, -3.0, -6.0])
def test_noise_falls_by_so_many_db_an_octave(db_per_octave: float) -> None:
    """White, pink and brown."""
    noise = steady_noise(np.random.default_rng(4), 20 * RATE, db_per_octave)
    assert np.sqrt(np.mean(noise**2)) == pytest.approx(1.0, rel=1e-3)
    power = np.abs(np.fft.rfft(noise)) ** 2
    hz = np.fft.rfftfreq(len(noise), 1.0 / RATE)

    def density(low: float) -> float:
        return float(power[(hz >= low) & (hz < 1.2 * low)].mean())

    fall_db = 10.0 * np.log10(density(4_000.0) / density(500.0))
    assert fall_db == pytest.approx(3.0 * db_per_octave, abs=0.6)
