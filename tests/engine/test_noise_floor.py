"""The noise floor, and what is loud over it."""

from collections.abc import Iterator

import pytest

from cry_engine.level import FLOOR_DBFS, Level
from cry_engine.noise_floor import LoudSound, NoiseFloor

HOP_S = 0.5


def level(dbfs: float) -> Level:
    """Return the level of a steady sound."""
    return Level(dbfs, dbfs + 10.0, dbfs + 1.0, dbfs - 1.0)


def hear(floor: NoiseFloor, seconds: float, dbfs: float, **how: bool) -> float:
    """Let a floor hear a steady sound; return where it is then."""
    for _ in range(round(seconds / HOP_S)):
        heard = floor.update(HOP_S, dbfs, **how)
    return heard


def test_a_white_noise_machine_becomes_the_room() -> None:
    """Within two minutes; and the room is heard again when it is off."""
    floor = NoiseFloor()
    assert hear(floor, 120.0, -55.0) == -55.0
    assert hear(floor, 20.0, -35.0) == -55.0
    assert hear(floor, 100.0, -35.0) == -35.0
    assert hear(floor, 30.0, -55.0) == -55.0


def test_talk_does_not_become_the_room() -> None:
    """It has pauses; the quietest part of the window is what counts."""
    floor = NoiseFloor()
    hear(floor, 60.0, -55.0)
    for _ in range(60):
        hear(floor, 1.5, -30.0)
        hear(floor, 1.0, -54.0)
    assert hear(floor, 0.5, -54.0) <= -53.0


def test_an_episode_freezes_it() -> None:
    """However long it lasts, and even without a single breath; afterwards it goes on from where it was."""
    floor = NoiseFloor()
    hear(floor, 120.0, -55.0)
    assert hear(floor, 3_600.0, -20.0, frozen=True) == -55.0
    assert hear(floor, 10.0, -54.0) == -55.0


def test_nothing_is_known_before_something_was_heard() -> None:
    """An episode at the very start leaves the floor where silence is."""
    assert NoiseFloor().update(HOP_S, -30.0, frozen=True) == FLOOR_DBFS


def said(loud: LoudSound, *levels: float) -> Iterator[bool]:
    """Yield what is said of levels over a floor of -50 dBFS."""
    return (loud.update(HOP_S, level(dbfs), -50.0) for dbfs in levels)


def test_what_stands_out_is_loud() -> None:
    """From the margin on, and for two seconds after it."""
    loud = LoudSound(15.0)
    assert list(said(loud, -50, -37, -35, -50, -50, -50, -50, -50)) == [
        *[False] * 2,
        *[True] * 4,
        *[False] * 2,
    ]


def test_a_level_about_the_margin_does_not_flicker() -> None:
    """Once loud, three dB less are still loud; before, they are not."""
    loud = LoudSound(15.0)
    assert not any(said(loud, *[-38.0] * 10))
    assert all(said(loud, -35.0, *[-38.0] * 10))


def test_a_microphones_own_noise_is_not_loud() -> None:
    """Over digital silence everything stands out; so quiet a room is none."""
    loud = LoudSound(15.0)
    assert not loud.update(HOP_S, level(-70.0), FLOOR_DBFS)
    assert loud.update(HOP_S, level(-50.0), FLOOR_DBFS)


def test_the_margin_can_be_changed() -> None:
    """It holds from the next hop on."""
    loud = LoudSound(15.0)
    assert not any(said(loud, -40.0))
    loud.margin_db = 10.0
    assert all(said(loud, -40.0))


def test_the_window_is_bounded() -> None:
    """A day of sound takes no more memory than a minute."""
    floor = NoiseFloor()
    hear(floor, 86_400.0, -50.0)
    assert len(floor._recent) == len(floor._sorted) <= 151
    assert floor._held_s == pytest.approx(75.0, abs=1.0)
