"""Was every cry reported, and nothing else? Pure functions of times.

All times are seconds since the recording began to play.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .nursery.scene import Event

# A cry must be reported this soon after it begins: a window of 5 s has to fill with
# it, and it has to be confirmed.
LONGEST_DELAY_S = 10.0
# The breaths between cries must not clear the report, so it is held for a while; it
# may not be held for ever.
LONGEST_HOLD_S = 25.0
# How wrong the clocks may be: when the recording began to play is known to a hop.
CLOCK_ERROR_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Report:
    """A time for which crying was reported."""

    start_s: float
    end_s: float | None
    """None if it was still reported at the end."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What became of one sound, or of a report that belongs to none."""

    what: str
    expected: Event | None
    report: Report | None
    fault: str | None
    """None if all is as it should be."""

    @property
    def delay_s(self) -> float | None:
        """Return how long after its beginning a cry was reported."""
        if self.expected is None or self.report is None:
            return None
        return self.report.start_s - self.expected.start_s


def reports_from(changes: Sequence[tuple[float, bool]]) -> list[Report]:
    """Return the times of crying in a row of changes, (time, crying) by time."""
    reports: list[Report] = []
    start_s: float | None = None
    for time_s, crying in changes:
        if crying and start_s is None:
            start_s = time_s
        elif not crying and start_s is not None:
            reports.append(Report(start_s=start_s, end_s=time_s))
            start_s = None
    if start_s is not None:
        reports.append(Report(start_s=start_s, end_s=None))
    return reports


def judge(events: Sequence[Event], reports: Sequence[Report]) -> list[Finding]:
    """Return a finding for each sound, then one for each report that no cry explains."""
    left = list(reports)
    findings: list[Finding] = []
    for event in events:
        report = _belonging(event, left) if event.is_cry else None
        if report is not None:
            left.remove(report)
        findings.append(
            Finding(
                what=event.kind,
                expected=event,
                report=report,
                fault=_fault(event, report),
            )
        )
    for report in left:
        during = [
            event.kind
            for event in events
            if not event.is_cry
            and event.start_s <= report.start_s <= event.end_s + LONGEST_DELAY_S
        ]
        findings.append(
            Finding(
                what=f"during {' and '.join(during)}" if during else "out of nothing",
                expected=None,
                report=report,
                fault="crying was reported where there was none",
            )
        )
    return findings


def _belonging(cry: Event, reports: Sequence[Report]) -> Report | None:
    """Return the first report that begins during a cry."""
    for report in reports:
        if cry.start_s - CLOCK_ERROR_S <= report.start_s <= cry.end_s + CLOCK_ERROR_S:
            return report
    return None


def _fault(event: Event, report: Report | None) -> str | None:
    """Return what is wrong with how a sound was reported, or None."""
    if not event.is_cry:
        return None
    if report is None:
        return "it was not reported"
    if report.start_s - event.start_s > LONGEST_DELAY_S + CLOCK_ERROR_S:
        return f"it was reported later than {LONGEST_DELAY_S:.0f} s after it began"
    if report.end_s is None:
        return "its end was not reported"
    if report.end_s < event.end_s - LONGEST_DELAY_S:
        return "its end was reported while it went on"
    if report.end_s - event.end_s > LONGEST_HOLD_S + CLOCK_ERROR_S:
        return f"it was held for longer than {LONGEST_HOLD_S:.0f} s"
    return None
