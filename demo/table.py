"""The result of `scripts/demo --check` as a table."""

from collections.abc import Sequence

from .judge import Finding
from .watch import minutes

HEADINGS = ("sound", "expected", "plays", "reported", "delay", "result")


def table(findings: Sequence[Finding]) -> str:
    """Return the findings, a line each, under headings."""
    rows = [HEADINGS, *(_row(finding) for finding in findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def _row(finding: Finding) -> tuple[str, ...]:
    event, report = finding.expected, finding.report
    return (
        finding.what,
        "crying" if event and event.is_cry else "nothing",
        f"{minutes(event.start_s)}-{minutes(event.end_s)}" if event else "-",
        f"{minutes(report.start_s)}-{minutes(report.end_s) if report.end_s else ''}"
        if report
        else "-",
        f"{finding.delay_s:.1f} s" if finding.delay_s is not None else "-",
        f"FAULT: {finding.fault}" if finding.fault else "ok",
    )
