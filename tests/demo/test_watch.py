"""The demo's screen: what is printed, and when the recording is taken to have begun."""

from datetime import UTC, datetime
from typing import Any

import pytest

from demo.nursery.scene import Event
from demo.watch import AMPLITUDE, CONFIDENCE, CRYING, HOP_S, Watch, bar, minutes

START = datetime(2026, 11, 1, 3, 0, tzinfo=UTC).timestamp()


@pytest.fixture
def watch() -> Watch:
    """Return a watch over a recording with one cry and one cat."""
    events = (
        Event(kind="cry", start_s=10.0, end_s=30.0, is_cry=True),
        Event(kind="cat", start_s=28.0, end_s=32.0, is_cry=False),
    )
    return Watch(events=events, duration_s=60.0)


def state(entity: str, value: str, at_s: float) -> dict[str, Any]:
    """Return a state as Home Assistant sends it, `at_s` seconds after the start."""
    when = datetime.fromtimestamp(START + at_s, UTC)
    return {"entity_id": entity, "state": value, "last_updated": when.isoformat()}


def test_the_recording_began_a_hop_before_the_first_value(watch: Watch) -> None:
    """Being unavailable at first is no sound, and not lost sound either."""
    watch.take(state(CRYING, "unavailable", 0.0))
    assert watch.started_at is None
    watch.take(state(AMPLITUDE, "-50.0", 5.0))

    assert watch.started_at == START + 5.0 - HOP_S
    assert watch.losses == []


def test_crying_is_kept_with_its_times_and_stands_out(watch: Watch) -> None:
    """The changes are what the check judges."""
    watch.take(state(CRYING, "off", HOP_S))
    watch.take(state(AMPLITUDE, "-20.0", 11.0))
    on = watch.take(state(CRYING, "on", 13.5))
    off = watch.take(state(CRYING, "off", 41.0))

    assert watch.changes == [
        (pytest.approx(13.5), True),
        (pytest.approx(41.0), False),
    ]
    assert on is not None
    assert "0:13" in on
    assert "# CRYING #" in on
    assert on.endswith("plays: cry")
    assert off is not None
    assert "calm again" in off


def test_off_at_first_is_no_change(watch: Watch) -> None:
    """A detector that has just begun has not calmed down."""
    watch.take(state(CRYING, "off", HOP_S))

    assert watch.changes == []


def test_lost_sound_is_kept(watch: Watch) -> None:
    """The check fails on it."""
    watch.take(state(CRYING, "off", HOP_S))
    line = watch.take(state(CRYING, "unavailable", 20.0))

    assert watch.losses == [pytest.approx(20.0)]
    assert line is not None
    assert "NO SOUND ARRIVES" in line


def test_a_report_is_one_line_with_level_confidence_and_what_plays(
    watch: Watch,
) -> None:
    """Amplitude comes first and waits for the confidence, so that a report is one line."""
    assert watch.take(state(AMPLITUDE, "-36.0", HOP_S)) is None
    line = watch.take(state(CONFIDENCE, "7", HOP_S))

    assert line is not None
    assert "-36.0 dBFS" in line
    assert "7 %" in line
    assert "plays: quiet room" in line


def test_a_report_whose_confidence_has_not_changed_is_printed_by_the_next(
    watch: Watch,
) -> None:
    """Home Assistant tells of changes alone, and the confidence of silence stays 0."""
    watch.take(state(AMPLITUDE, "-36.0", HOP_S))
    watch.take(state(CONFIDENCE, "0", HOP_S))
    assert watch.take(state(AMPLITUDE, "-37.0", 5.0)) is None
    line = watch.take(state(AMPLITUDE, "-38.0", 10.0))

    assert line is not None
    assert "-37.0 dBFS" in line
    assert " 0:05 " in line
    line = watch.take(state(CONFIDENCE, "1", 10.0))
    assert line is not None
    assert "-38.0 dBFS" in line
    assert " 0:10 " in line


def test_other_entities_are_ignored(watch: Watch) -> None:
    """Home Assistant has others."""
    assert watch.take(state("sun.sun", "below_horizon", 1.0)) is None
    assert watch.started_at is None


@pytest.mark.parametrize(
    ("at_s", "playing"),
    [(5.0, "quiet room"), (12.0, "cry"), (29.0, "cry + cat"), (71.0, "cry")],
)
def test_what_plays_is_known_through_the_loop(
    watch: Watch, at_s: float, playing: str
) -> None:
    """After its end the recording begins again."""
    assert watch.playing(at_s) == playing


@pytest.mark.parametrize(
    ("level", "filled"), [("0.0", 24), ("-36.0", 12), ("-96.0", 0), ("unknown", 0)]
)
def test_the_bar_shows_the_level(level: str, filled: int) -> None:
    """It is full at 0 dBFS and empty from -72 dBFS down."""
    assert bar(level) == "=" * filled + " " * (24 - filled)


def test_minutes_are_padded() -> None:
    """As a player shows them."""
    assert minutes(125.9) == "2:05"
    assert minutes(-0.4) == "0:00"
