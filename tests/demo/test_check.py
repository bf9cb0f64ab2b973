"""The end of `scripts/demo --check`: what it prints, and its exit code."""

from datetime import UTC, datetime

import pytest

from demo.__main__ import _judge
from demo.nursery.scene import Event
from demo.watch import AMPLITUDE, CRYING, HOP_S, Watch

START = datetime(2026, 11, 1, tzinfo=UTC).timestamp()


@pytest.fixture
def watch() -> Watch:
    """Return a watch that has seen the one cry of a recording reported."""
    cry = Event(kind="cry", start_s=10.0, end_s=30.0, is_cry=True)
    watch = Watch(events=(cry,), duration_s=90.0)
    for entity, value, at_s in (
        (CRYING, "off", HOP_S),
        (AMPLITUDE, "-20", HOP_S),
        (CRYING, "on", 13.0),
        (CRYING, "off", 42.0),
    ):
        when = datetime.fromtimestamp(START + at_s, UTC).isoformat()
        watch.take({"entity_id": entity, "state": value, "last_updated": when})
    return watch


def test_it_passes_when_every_cry_and_nothing_else_was_reported(
    watch: Watch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the delay."""
    assert _judge(watch, []) == 0
    out = capsys.readouterr().out
    assert "3.0 s" in out
    assert "PASSED: 1 of 1 cries" in out


def test_it_fails_for_a_false_alarm(
    watch: Watch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And names it last, after the table."""
    watch.changes += [(60.0, True), (70.0, False)]

    assert _judge(watch, []) == 1
    assert "FAILED: out of nothing" in capsys.readouterr().out.splitlines()[-1]


def test_it_fails_for_a_missed_cry(
    watch: Watch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A detector that hears nothing does not pass."""
    watch.changes.clear()

    assert _judge(watch, []) == 1
    assert "FAILED: cry: it was not reported" in capsys.readouterr().out


def test_it_fails_for_lost_sound(
    watch: Watch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Even if every cry was heard."""
    watch.losses.append(50.0)

    assert _judge(watch, []) == 1
    assert "no sound arrived from 50 s on" in capsys.readouterr().out


def test_it_fails_for_a_warning_in_the_log_and_prints_it(
    watch: Watch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of ours may complain."""
    assert _judge(watch, ["WARNING [custom_components.cry_detector] it hangs"]) == 1
    out = capsys.readouterr().out
    assert "it hangs" in out
    assert "1 warnings or errors of cry_detector in the log" in out
