"""Whether a detector is to listen, since when, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from homeassistant.util import dt as dt_util


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What the user wants: parents who are in the room need no monitor."""

    on: bool
    since: datetime
    """When they wanted it (UTC)."""
    until: datetime | None = None
    """When it becomes its opposite by itself (UTC); None for never."""

    @classmethod
    def now(cls, *, on: bool, duration: timedelta | None = None) -> Self:
        """Return a wish made now, for a while or for good."""
        since = dt_util.utcnow()
        return cls(on=on, since=since, until=since + duration if duration else None)

    def is_over(self, now: datetime) -> bool:
        """Return whether its time has passed."""
        return self.until is not None and now >= self.until

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {
            "on": self.on,
            "since": self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Self:
        """Return what was stored.

        Raises:
            KeyError, TypeError, ValueError: it is damaged.
        """
        until = stored["until"]
        return cls(
            on=bool(stored["on"]),
            since=_utc(stored["since"]),
            until=None if until is None else _utc(until),
        )


def _utc(stored: str) -> datetime:
    time = datetime.fromisoformat(stored)
    if time.tzinfo is None:
        raise ValueError(f"{stored} is in no time zone")
    return dt_util.as_utc(time)
