"""The check reads Home Assistant's log for complaints that name the detector."""

from pathlib import Path

import pytest

from demo.errors import DemoError
from demo.log import complaints, log_lines

NOTICE = (
    "2026-11-01 03:00:00.000 WARNING (SyncWorker_0) [homeassistant.loader] We found a "
    "custom integration cry_detector which has not been tested by Home Assistant."
)
OURS = "2026-11-01 03:00:01.000+00:00 WARNING (MainThread) [custom_components.cry_detector.coordinator] Nursery: no sound"
BLOCKING = "2026-11-01 03:00:02.000 WARNING (MainThread) [homeassistant.util.loop] Detected blocking call to open by custom integration 'cry_detector'"
ERROR = "2026-11-01 03:00:03.000 ERROR (MainThread) [homeassistant] Error doing job"
INFO = "2026-11-01 03:00:04.000 INFO (MainThread) [custom_components.cry_detector] fine"
FOREIGN = "2026-11-01 03:00:05.000 ERROR (MainThread) [homeassistant.components.met] no"


def test_a_clean_log_has_no_complaints() -> None:
    """What others complain of, and what is no complaint, is left out."""
    assert complaints([NOTICE, INFO, FOREIGN]) == []


def test_our_warnings_are_found() -> None:
    """By logger, or by being named."""
    assert complaints([NOTICE, OURS, FOREIGN, BLOCKING]) == [OURS, BLOCKING]


def test_an_error_is_ours_if_its_traceback_is() -> None:
    """The lines below an entry belong to it."""
    trace = [
        "Traceback (most recent call last):",
        '  File ".../custom_components/cry_detector/sensor.py", line 3',
        "ValueError",
    ]

    assert complaints([ERROR, *trace, FOREIGN]) == ["\n".join([ERROR, *trace])]
    assert complaints([FOREIGN, "Traceback", ERROR]) == []


def test_a_log_that_cannot_be_read_is_not_clean(tmp_path: Path) -> None:
    """Else the next change of its form would let every check pass."""
    log = tmp_path / "home-assistant.log"
    log.write_text(f"{NOTICE}\n{OURS}")
    assert log_lines(log) == [NOTICE, OURS]
    log.write_text("03:00 warning: cry_detector")
    with pytest.raises(DemoError, match="cannot be read"):
        log_lines(log)
