"""The issues that a detector can have in Home Assistant's repairs: created and cleared here."""

from enum import StrEnum
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN

_HELP: Final = (
    "https://github.com/cry-detector/cry-detector/blob/main/docs/troubleshooting.md"
)


class Problem(StrEnum):
    """What can be wrong for long; also the keys of the translations."""

    FFMPEG_MISSING = "ffmpeg_missing"
    MODEL_BROKEN = "model_broken"
    ONLY_SILENCE = "only_silence"
    OWN_MODEL_BROKEN = "own_model_broken"
    OWN_MODEL_TOO_SLOW = "own_model_too_slow"
    SOURCE_LOST = "source_lost"
    SOURCE_SLOW = "source_slow"
    SOURCE_STUCK = "source_stuck"
    TOO_SLOW = "too_slow"


FIXABLE: Final = set(Problem) - {
    Problem.FFMPEG_MISSING,
    Problem.MODEL_BROKEN,
    Problem.TOO_SLOW,
}
"""Those that a flow mends; the others say in words what to do."""
_WARNINGS: Final = {Problem.OWN_MODEL_TOO_SLOW, Problem.TOO_SLOW}


def issue_id(problem: Problem, entry: ConfigEntry) -> str:
    """Return what an issue is called in the registry."""
    if problem is Problem.FFMPEG_MISSING:
        # It is missing for all of them: once is enough to say so.
        return problem.value
    return f"{problem}_{entry.entry_id}"


@callback
def async_create(
    hass: HomeAssistant, entry: ConfigEntry, problem: Problem, cause: str
) -> None:
    """Create an issue, or renew its cause."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(problem, entry),
        data={"entry_id": entry.entry_id, "problem": problem.value},
        is_fixable=problem in FIXABLE,
        learn_more_url=_HELP,
        severity=ir.IssueSeverity.WARNING
        if problem in _WARNINGS
        else ir.IssueSeverity.ERROR,
        translation_key=problem.value,
        translation_placeholders={"name": entry.title, "cause": cause},
    )


@callback
def async_clear(hass: HomeAssistant, entry: ConfigEntry, problem: Problem) -> None:
    """Take an issue away, if it is there."""
    ir.async_delete_issue(hass, DOMAIN, issue_id(problem, entry))
