"""What Home Assistant's log says about the detector."""

from collections.abc import Iterable
from pathlib import Path
import re

from .errors import DemoError

# 2026-11-23 03:05:32.123+00:00 WARNING (MainThread) [custom_components.cry_detector] Text
# Until 2026.10 there was no offset from UTC.
ENTRY = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+(?:[+-]\d\d:\d\d)? "
    r"(?P<level>[A-Z]+) \((?P<thread>.*?)\) \[(?P<logger>[^\]]+)\]"
)
COMPLAINTS = {"WARNING", "ERROR", "CRITICAL"}
# Home Assistant says this of every integration that is not its own.
STANDARD_NOTICE = "We found a custom integration cry_detector"


def log_lines(log: Path) -> list[str]:
    """Return a log's lines.

    Raises:
        DemoError: nothing in it is a line of Home Assistant's log: nothing would be found in it.
    """
    lines = log.read_text(errors="replace").splitlines()
    if not any(ENTRY.match(line) for line in lines):
        raise DemoError("the log of this Home Assistant cannot be read")
    return lines


def complaints(lines: Iterable[str]) -> list[str]:
    """Return the warnings and errors that name the detector, each with all its lines."""
    found: list[str] = []
    entry: list[str] = []

    def finish() -> None:
        text = "\n".join(entry)
        if "cry_detector" in text and STANDARD_NOTICE not in text:
            found.append(text)

    for line in lines:
        match = ENTRY.match(line)
        if match is None:
            if entry:
                entry.append(line.rstrip("\n"))
            continue
        finish()
        entry = [line.rstrip("\n")] if match["level"] in COMPLAINTS else []
    finish()
    return found
