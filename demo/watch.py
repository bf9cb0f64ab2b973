"""Follows what the detector reports, beside what the nursery plays."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .nursery.scene import Event

CRYING = "binary_sensor.nursery_crying"
AMPLITUDE = "sensor.nursery_amplitude"
CONFIDENCE = "sensor.nursery_confidence"
UNHEARD = {"unavailable", "unknown"}

# The first report comes when the first half second of the recording has been heard.
HOP_S = 0.5

BAR_WIDTH = 24
BAR_FLOOR_DBFS = -72.0


@dataclass(kw_only=True)
class Watch:
    """What has been reported so far.

    The recording begins to play when the detector opens it, which nothing tells: it is
    taken to be a hop before the first report.
    """

    events: Sequence[Event]
    duration_s: float
    started_at: float | None = None
    """When the recording began to play, as a timestamp; None until something is heard."""
    values: dict[str, str] = field(default_factory=dict)
    """The latest state of each entity."""
    changes: list[tuple[float, bool]] = field(default_factory=list)
    """When crying began and ended, in seconds since the recording began."""
    losses: list[float] = field(default_factory=list)
    """When the entities became unavailable."""
    _waiting_since: float | None = None
    """When an amplitude came whose confidence has not."""

    def take(self, state: dict[str, Any]) -> str | None:
        """Take a new state, and return the line to print, if one is due."""
        entity, value = state["entity_id"], state["state"]
        if entity not in (CRYING, AMPLITUDE, CONFIDENCE):
            return None
        time = datetime.fromisoformat(state["last_updated"]).timestamp()
        previous = self.values.get(entity)
        # Both come with each report, the confidence last; but it comes only if it changed,
        # so that a report may have to be printed by the next, as it was.
        late = None
        if entity == AMPLITUDE and self._waiting_since is not None:
            late = self._line(self._waiting_since)
        self.values[entity] = value
        if value in UNHEARD:
            if entity == CRYING and previous not in (None, *UNHEARD):
                self.losses.append(self.position_s(time))
                return self._headline(time, "NO SOUND ARRIVES")
            return None
        if self.started_at is None:
            self.started_at = time - HOP_S
        if entity == CRYING:
            has_changed = value != previous and (value == "on" or previous)
            return self._crying(time, value == "on") if has_changed else None
        if entity == AMPLITUDE:
            self._waiting_since = time
            return late
        self._waiting_since = None
        return self._line(time)

    def _crying(self, time: float, is_crying: bool) -> str | None:
        at_s = self.position_s(time)
        if not is_crying and not (self.changes and self.changes[-1][1]):
            return None
        self.changes.append((at_s, is_crying))
        return self._headline(time, "CRYING" if is_crying else "calm again")

    def position_s(self, time: float) -> float:
        """Return how much of the recording had been played at a time."""
        return 0.0 if self.started_at is None else time - self.started_at

    def playing(self, at_s: float) -> str:
        """Return what the nursery plays at a position, in words."""
        at_s %= self.duration_s
        sounds = [
            event.kind
            for event in self.events
            if event.start_s <= at_s < max(event.end_s, event.start_s + 1.0)
        ]
        return " + ".join(sounds) or "quiet room"

    def _headline(self, time: float, what: str) -> str:
        return f"{self._when(time)} {f' {what} ':#^28}{'':23}{self._what(time)}"

    def _line(self, time: float) -> str:
        heard = self.values.get(AMPLITUDE, "unknown")
        sure = self.values.get(CONFIDENCE, "unknown")
        level = "" if heard in UNHEARD else f"{float(heard):6.1f} dBFS"
        confidence = "" if sure in UNHEARD else f"{float(sure):4.0f} %"
        return (
            f"{self._when(time)} [{bar(heard)}] {level:>12} {confidence:>8}  "
            f"{self._what(time)}"
        )

    def _when(self, time: float) -> str:
        clock = datetime.fromtimestamp(time).strftime("%H:%M:%S")
        return f"{clock}  {minutes(self.position_s(time) % self.duration_s)} "

    def _what(self, time: float) -> str:
        return f"plays: {self.playing(self.position_s(time))}"


def bar(level_dbfs: str) -> str:
    """Return a level as a bar, empty at -72 dBFS and full at 0."""
    try:
        level = float(level_dbfs)
    except ValueError:
        return " " * BAR_WIDTH
    filled = round(BAR_WIDTH * min(1.0, max(0.0, 1.0 - level / BAR_FLOOR_DBFS)))
    return "=" * filled + " " * (BAR_WIDTH - filled)


def minutes(time_s: float) -> str:
    """Return a time as minutes and seconds."""
    whole = max(0, int(time_s))
    return f"{whole // 60}:{whole % 60:02d}"
