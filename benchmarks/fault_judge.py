"""Was each fault noticed and recovered from, and each cry reported that could be heard? Pure functions of times.

All times are seconds on one clock.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from demo.judge import CLOCK_ERROR_S, LONGEST_DELAY_S, LONGEST_HOLD_S, reports_from

UNAVAILABLE = "unavailable"
# A window may hold the end of a cry for so long.
_LATE_S = 4.0

type Changes = Sequence[tuple[float, str]]
"""What Crying became, and when, in order."""
type Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Outage:
    """A fault of the source, and when it was one."""

    name: str
    began_s: float
    ended_s: float
    within_s: float
    """How soon after its end sound must be back."""
    shows: bool = True
    """Whether it must be noticed; else nobody could tell meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Met:
    """How a fault was met."""

    noticed_s: float | None
    """From its beginning."""
    recovered_s: float | None
    """From its end."""
    heard_again: float
    """When what is reported is what is heard again."""
    wrong: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What became of the cries."""

    heard: int
    """Those that no fault touched."""
    cut: int
    """Those that a fault took a part of, the rest long enough to be reported."""
    gone: int
    """Those of which a fault left too little."""
    missed: tuple[str, ...]
    false: tuple[str, ...]
    cleared: tuple[str, ...]
    """Reports of calm while a cry was to be heard."""


def state_at(changes: Changes, time_s: float) -> str:
    """Return what Crying was at a time."""
    return next(
        (state for at_s, state in reversed(changes) if at_s <= time_s), UNAVAILABLE
    )


def _first(changes: Changes, since_s: float, *, unavailable: bool) -> float | None:
    """Return when Crying was first unavailable, or first was not, at or after a time."""
    if (state_at(changes, since_s) == UNAVAILABLE) is unavailable:
        return since_s
    return next(
        (
            at_s
            for at_s, state in changes
            if at_s > since_s and (state == UNAVAILABLE) is unavailable
        ),
        None,
    )


def met(outage: Outage, changes: Changes, noticed_within_s: float) -> Met:
    """Return how a fault was met."""
    wrong = []
    noticed = _first(changes, outage.began_s, unavailable=True)
    # What never shows may be over before it is noticed, or show as it ends.
    if not outage.shows and noticed and noticed > outage.ended_s + outage.within_s:
        noticed = None
    if outage.shows:
        if noticed is None or noticed - outage.began_s >= noticed_within_s:
            wrong.append(f"was not noticed within {noticed_within_s:g} s")
        wrong += [
            f"was {state} while it lasted"
            for at_s, state in changes
            if noticed is not None
            and noticed < at_s < outage.ended_s
            and state != UNAVAILABLE
        ]
    since_s = outage.ended_s if noticed is None else max(noticed, outage.ended_s)
    again = _first(changes, since_s, unavailable=False)
    if again is None or again - outage.ended_s >= outage.within_s:
        wrong.append(f"was not recovered from within {outage.within_s:g} s")
    return Met(
        noticed_s=None if noticed is None else noticed - outage.began_s,
        recovered_s=None if again is None else again - outage.ended_s,
        heard_again=again if again is not None else changes[-1][0],
        wrong=tuple(wrong),
    )


def heard_parts(cry: Span, lost: Sequence[Span]) -> Iterator[Span]:
    """Yield what is left of a cry when what was lost is taken away; `lost` is in order and does not overlap."""
    start_s, end_s = cry
    for lost_from_s, lost_to_s in lost:
        if lost_to_s <= start_s or lost_from_s >= end_s:
            continue
        if lost_from_s > start_s:
            yield start_s, lost_from_s
        start_s = lost_to_s
    if start_s < end_s:
        yield start_s, end_s


def tally(cries: Sequence[Span], lost: Sequence[Span], changes: Changes) -> Tally:
    """Return what became of the cries.

    Args:
        cries: when there was crying, in order.
        lost: when it could not be heard: from a fault's beginning until sound was back.
        changes: what was reported.
    """
    on = [
        (report.start_s, report.end_s if report.end_s is not None else float("inf"))
        for report in reports_from([(at_s, state == "on") for at_s, state in changes])
    ]
    heard = cut = gone = 0
    missed: list[str] = []
    cleared: list[str] = []
    for cry in cries:
        parts = list(heard_parts(cry, lost))
        # The sooner a cry may be reported, the less of it must be there to be judged.
        telling = [part for part in parts if part[1] - part[0] >= LONGEST_DELAY_S]
        is_whole = parts == [cry]
        heard += is_whole
        cut += not is_whole and bool(telling)
        gone += not is_whole and not telling
        for start_s, end_s in telling:
            due_s = start_s + LONGEST_DELAY_S + CLOCK_ERROR_S
            if not any(from_s <= due_s and to_s > start_s for from_s, to_s in on):
                missed.append(f"{start_s:.0f} to {end_s:.0f} s")
        cleared += [
            f"{at_s:.0f} s"
            for (_, before), (at_s, state) in pairwise(changes)
            if (before, state) == ("on", "off")
            and cry[0] <= at_s < cry[1] - LONGEST_DELAY_S
        ]
    false = [
        f"{from_s:.0f} to {to_s:.0f} s"
        for from_s, to_s in on
        if not any(
            start_s - CLOCK_ERROR_S <= from_s <= end_s + _LATE_S
            and sum(part[1] - part[0] for part in heard_parts((end_s, to_s), lost))
            <= LONGEST_HOLD_S + CLOCK_ERROR_S
            for start_s, end_s in cries
        )
    ]
    return Tally(
        heard=heard,
        cut=cut,
        gone=gone,
        missed=tuple(missed),
        false=tuple(false),
        cleared=tuple(cleared),
    )


def cut_off(changes: Changes) -> list[float]:
    """Return when Crying, being on, became unavailable: each of those episodes must be recorded as lost."""
    return [
        at_s
        for (_, before), (at_s, state) in pairwise(changes)
        if (before, state) == ("on", UNAVAILABLE)
    ]
