"""The check of the demo finds hits, misses, late ones, false alarms and reports that stick."""

import pytest

from demo.judge import (
    LONGEST_DELAY_S,
    LONGEST_HOLD_S,
    Finding,
    Report,
    judge,
    reports_from,
)
from demo.nursery.scene import Event
from demo.table import table

CRY = Event(kind="cry", start_s=40.0, end_s=60.0, is_cry=True)
CAT = Event(kind="cat", start_s=100.0, end_s=105.0, is_cry=False)
SECOND = Event(kind="second cry", start_s=150.0, end_s=170.0, is_cry=True)
NIGHT = (CRY, CAT, SECOND)
HIT = Report(start_s=43.2, end_s=71.0)
SECOND_HIT = Report(start_s=153.0, end_s=181.0)


def faults(*reports: Report) -> dict[str, str]:
    """Return what is wrong, by sound."""
    return {
        finding.what: finding.fault
        for finding in judge(NIGHT, reports)
        if finding.fault is not None
    }


def test_every_cry_and_nothing_else_is_faultless() -> None:
    """All is well."""
    findings = judge(NIGHT, [HIT, SECOND_HIT])

    assert [finding.fault for finding in findings] == [None, None, None]
    assert [finding.delay_s for finding in findings] == [pytest.approx(3.2), None, 3.0]


def test_a_cry_that_was_not_reported_is_a_fault() -> None:
    """A miss."""
    assert faults(HIT) == {"second cry": "it was not reported"}


def test_nothing_reported_misses_every_cry() -> None:
    """A dead detector does not pass."""
    assert set(faults()) == {"cry", "second cry"}


def test_a_report_during_another_sound_is_a_false_alarm_that_names_it() -> None:
    """The cat is not a baby."""
    found = faults(HIT, Report(start_s=103.0, end_s=115.0), SECOND_HIT)

    assert found == {"during cat": "crying was reported where there was none"}


def test_a_report_in_a_quiet_room_is_a_false_alarm() -> None:
    """It belongs to nothing."""
    found = faults(Report(start_s=5.0, end_s=15.0), HIT, SECOND_HIT)

    assert found == {"out of nothing": "crying was reported where there was none"}


def test_a_second_report_of_the_same_cry_is_a_false_alarm() -> None:
    """A report that flickers with the breaths is not one report."""
    found = faults(
        Report(start_s=43.0, end_s=52.0), Report(start_s=54.0, end_s=70.0), SECOND_HIT
    )

    assert list(found) == ["out of nothing"]


def test_a_report_before_the_cry_does_not_count_as_hearing_it() -> None:
    """Being on already is not hearing."""
    assert set(faults(Report(start_s=20.0, end_s=71.0), SECOND_HIT)) == {
        "cry",
        "out of nothing",
    }


def test_a_late_report_is_a_fault() -> None:
    """Parents are told within the stated delay."""
    late = Report(start_s=CRY.start_s + LONGEST_DELAY_S + 2.0, end_s=71.0)

    assert "later than" in faults(late, SECOND_HIT)["cry"]


def test_a_report_that_ends_during_the_cry_is_a_fault() -> None:
    """The breaths between cries must not clear it."""
    found = faults(Report(start_s=43.0, end_s=47.0), SECOND_HIT)

    assert found == {"cry": "its end was reported while it went on"}


def test_a_report_that_is_held_for_ever_is_a_fault() -> None:
    """On for ever is as bad as never."""
    held = Report(start_s=43.0, end_s=CRY.end_s + LONGEST_HOLD_S + 2.0)

    assert "held for longer" in faults(held, SECOND_HIT)["cry"]


def test_a_report_that_never_ends_is_a_fault() -> None:
    """So is one that is still on when the recording is over."""
    found = faults(HIT, Report(start_s=153.0, end_s=None))

    assert found == {"second cry": "its end was not reported"}


@pytest.mark.parametrize(
    ("changes", "reports"),
    [
        ([], []),
        ([(1.0, True), (2.0, False)], [Report(start_s=1.0, end_s=2.0)]),
        ([(1.0, True)], [Report(start_s=1.0, end_s=None)]),
        (
            [(1.0, True), (1.5, True), (2.0, False), (2.5, False), (3.0, True)],
            [Report(start_s=1.0, end_s=2.0), Report(start_s=3.0, end_s=None)],
        ),
    ],
)
def test_changes_become_reports(
    changes: list[tuple[float, bool]], reports: list[Report]
) -> None:
    """On and off pair up, and what is said twice counts once."""
    assert reports_from(changes) == reports


def test_the_table_says_what_was_expected_reported_and_how_late() -> None:
    """A line for each sound, and one for each false alarm."""
    findings: list[Finding] = judge(NIGHT, [HIT, Report(start_s=103.0, end_s=115.0)])
    lines = table(findings).splitlines()

    assert lines[1].split() == [
        *("cry", "crying", "0:40-1:00", "0:43-1:11", "3.2", "s", "ok"),
    ]
    assert lines[2].split() == ["cat", "nothing", "1:40-1:45", "-", "-", "ok"]
    assert "FAULT: it was not reported" in lines[3]
    assert lines[4].startswith("during cat")
    assert "1:43-1:55" in lines[4]
