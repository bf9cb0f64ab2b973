"""Nights are what their plan says: seeded, of their length, with cries as loud and where it says."""

from itertools import pairwise

import numpy as np
import pytest

from house import RATE, Library
from night import KINDS, Kind, Night
import nights
from nights import CONFUSERS_PER_HOUR, plan

from .synthetic import Samples, read, recording

CRIES = [recording(f"cry-{n}", "crying") for n in range(3)]
OTHERS = [
    recording("cat", "animal", "cat"),
    recording("child", "speech", "speech_child"),
    recording("room", "silence", "nursery_phone_silence"),
    recording("rain", "household", "rain"),
]


@pytest.fixture(scope="module")
def library() -> Library:
    """Return what nights are made of."""
    return Library([*CRIES, *OTHERS], read)


def sound_of(night: Night) -> Samples:
    """Return all of a night."""
    return np.concatenate(list(night.pieces()))


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let episodes be short and follow each other soon, so that a short night holds some."""
    monkeypatch.setattr(nights, "EPISODE_S", (5.0, 12.0))
    monkeypatch.setattr(nights, "CALM_S", (12.0, 18.0))
    monkeypatch.setattr(nights, "SCENE_S", (20.0, 40.0))


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("kind", KINDS)
def test_a_night_is_the_same_each_time(library: Library, kind: Kind) -> None:
    """Its plan and its sound; another seed gives another."""
    first, second = (plan(library, kind, 5, 0.025) for _ in range(2))
    assert first.crying == second.crying
    assert first.confusers == second.confusers
    sound = sound_of(first)
    assert len(sound) == 90 * RATE
    assert np.abs(sound).max() <= 1.0
    assert np.array_equal(sound, sound_of(second))
    other = plan(library, kind, 6, 0.025)
    assert not np.array_equal(sound, sound_of(other))


def test_the_seed_means_another_night_of_each_kind(library: Library) -> None:
    """Or what is said of one kind would be said twice."""
    starts = {plan(library, kind, 1, 0.5).confusers[0].start_s for kind in KINDS}
    assert len(starts) == len(KINDS)


def test_episodes_keep_apart_and_within_the_night(library: Library) -> None:
    """Calm before each, so that one alarm is about one episode."""
    night = plan(library, "mixed", 2, 3.0)
    assert len(night.crying) > 20
    assert night.crying[0].start_s >= 60.0
    for before, after in pairwise(night.crying):
        assert after.start_s - before.end_s > 50.0
    assert night.crying[-1].end_s < 3 * 3600.0
    lengths = [crying.duration_s for crying in night.crying]
    assert min(lengths) >= 3.0 and max(lengths) <= 610.0
    assert {crying.reverberant for crying in night.crying} == {True, False}


def test_confusers_come_once_a_minute_and_nobody_cries(library: Library) -> None:
    """On average."""
    night = plan(library, "confusers", 3, 10.0)
    assert night.crying == () and len(night.spans_s) == 0
    count = len(night.confusers) / 10.0
    assert count == pytest.approx(CONFUSERS_PER_HOUR, rel=0.2)
    assert {confuser.kind for confuser in night.confusers} == {
        "cat", "child", "household",
    }  # fmt: skip


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("kind", ["mixed", "noise"])
def test_cries_are_as_loud_over_the_background_as_the_plan_says(kind: Kind) -> None:
    """Over their active parts; and they are nowhere else."""
    calm = Library([*CRIES, recording("room", "silence", "silence")], read)
    night = plan(calm, kind, 7, 0.05)
    sound = sound_of(night)
    assert len(night.crying) > 2
    for crying in night.crying:
        spans = [
            sound[round(begin * RATE) : round(end * RATE)]
            for begin, end in night.spans_s
            if crying.start_s - 0.01 <= begin and end <= crying.end_s + 0.01
        ]
        power = np.mean(np.concatenate(spans) ** 2)
        before = sound[
            round((crying.start_s - 4.0) * RATE) : round(crying.start_s * RATE)
        ]
        background = np.mean(before**2)
        snr_db = 10.0 * np.log10(max(1e-9, power / background - 1.0))
        # Reverberation fills the pauses, and noise is louder at times.
        assert snr_db == pytest.approx(crying.snr_db, abs=1.5)
        if kind == "noise":
            assert crying.snr_db == 0.0
    assert night.crying[0].start_s == pytest.approx(night.spans_s[0, 0], abs=0.01)
    ends = [crying.end_s for crying in night.crying]
    assert ends[-1] == pytest.approx(night.spans_s[-1, 1], abs=0.01)


def test_seconds_of_crying_in_a_window(library: Library) -> None:
    """Against counting."""
    night = plan(library, "mixed", 4, 0.5)
    times = np.arange(0.5, 1800.0, 7.3)
    wanted = [
        sum(
            max(0.0, min(time, end) - max(time - 5.0, begin))
            for begin, end in night.spans_s
        )
        for time in times
    ]
    assert night.crying_s(times, 5.0) == pytest.approx(np.array(wanted), abs=1e-6)
    assert max(wanted) > 1.0
    none = plan(library, "confusers", 4, 0.1)
    assert not none.crying_s(times, 5.0).any()


def test_the_telephone_keeps_nothing_over_4_khz_and_leaves_no_seams() -> None:
    """Where one piece meets the next, there is no click."""
    calm = Library([*CRIES, recording("room", "silence", "silence")], read)
    night = plan(calm, "g711", 1, 130.0 / 3600.0)
    sound = sound_of(night)
    assert len(sound) == 130 * RATE
    power = np.abs(np.fft.rfft(sound)) ** 2
    hz = np.fft.rfftfreq(len(sound), 1.0 / RATE)
    assert power[hz > 4_100.0].sum() < 1e-6 * power.sum()
    whole = np.abs(np.diff(sound))
    # 59 s, 119 s: where pieces were cut.
    for second in (59, 119):
        seam = whole[second * RATE - 5 : second * RATE + 5].max()
        around = whole[second * RATE - RATE : second * RATE + RATE].max()
        assert seam <= around
        assert whole[second * RATE - 1] < 0.9 * around


def test_a_background_is_known_at_any_time(library: Library) -> None:
    """What gave a false alarm is named, also where it was the background."""
    night = plan(library, "mixed", 8, 1.0)
    starts = [background.start_s for background in night.backgrounds]
    assert starts[0] == 0.0 and starts == sorted(starts)
    names = {each.name for each in night.backgrounds if each.scene == "quiet room"}
    assert names == {"room.ogg"}


def test_the_machine_is_white_or_pink_and_all_cries_are_over_it(
    library: Library,
) -> None:
    """As loud as they are."""
    for seed, name in ((2, "white noise"), (3, "pink noise")):
        night = plan(library, "noise", seed, 1.0)
        assert {each.scene for each in night.backgrounds} == {name}
        assert {crying.background for crying in night.crying} == {name}
