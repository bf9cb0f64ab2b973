"""What alarms are worth: episodes found, how late, what was taken for a cry, and for how long it went on."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hearing import GRACE_S, Alarm
from night import Crying, Night
from scoring import rate_interval, share_interval

EARLY_S = 1.0
"""An alarm that begins this long before crying does was given for something else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one episode of crying."""

    crying: Crying
    delay_s: float | None
    """From its onset to the alarm; None where there was none, 0 where one was going on."""
    alarms: int
    """How many alarms it gave: 1 where the sensor does not flicker."""
    over_held_s: float
    """How long the sensor still said crying when it was over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FalseAlarm:
    """An alarm where nobody cried."""

    kind: str
    """What was heard: a kind of confuser, or the background."""
    name: str
    """The confuser's recording; for a background, what it was."""
    on_s: float
    seconds: float
    """How long the sensor said crying."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What became of a night."""

    hours: float
    outcomes: tuple[Outcome, ...]
    false_alarms: tuple[FalseAlarm, ...]


def judge(night: Night, given: Sequence[Alarm]) -> Verdict:
    """Compare alarms with what there was to be heard.

    An episode is found by an alarm that lasts into it or begins by GRACE_S after its end. An alarm is false where it
    finds none, and also where it began over EARLY_S before the episode that it lasts into.
    """
    outcomes = []
    for crying in night.crying:
        at_it = [
            alarm
            for alarm in given
            if alarm.on_s <= crying.end_s + GRACE_S and alarm.last_s >= crying.start_s
        ]
        outcomes.append(
            Outcome(
                crying=crying,
                delay_s=max(0.0, at_it[0].on_s - crying.start_s) if at_it else None,
                alarms=len(at_it),
                over_held_s=max(0.0, at_it[-1].off_s - crying.end_s) if at_it else 0.0,
            )
        )
    false = []
    for alarm in given:
        if any(
            crying.start_s - EARLY_S <= alarm.on_s <= crying.end_s + GRACE_S
            for crying in night.crying
        ):
            continue
        kind, name = _cause(night, alarm.on_s)
        false.append(
            FalseAlarm(
                kind=kind, name=name, on_s=alarm.on_s, seconds=alarm.off_s - alarm.on_s
            )
        )
    return Verdict(
        hours=night.hours, outcomes=tuple(outcomes), false_alarms=tuple(false)
    )


def _cause(night: Night, time_s: float) -> tuple[str, str]:
    """Return the kind and the name of what was heard last before a time."""
    for confuser in reversed(night.confusers):
        if confuser.start_s <= time_s <= confuser.end_s + GRACE_S:
            return confuser.kind, confuser.name
    begun = [each for each in night.backgrounds if each.start_s <= time_s]
    return begun[-1].scene, begun[-1].name


def summary(verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """Return the figures of some nights, with 95 % intervals."""
    verdicts = list(verdicts)
    outcomes = [outcome for verdict in verdicts for outcome in verdict.outcomes]
    false = [alarm for verdict in verdicts for alarm in verdict.false_alarms]
    hours = sum(verdict.hours for verdict in verdicts)
    figures: dict[str, Any] = {"hours": round(hours, 3)}
    if outcomes:
        figures |= {
            "episodes": found(outcomes, lambda _: True),
            "episodes_10_s_5_db": found(
                outcomes, lambda c: c.duration_s >= 10.0 and c.snr_db >= 5.0
            ),
            "episodes_10_s": found(outcomes, lambda c: c.duration_s >= 10.0),
            "by_snr_db": _by(outcomes, _snr_band),
            "by_background": _by(outcomes, lambda crying: crying.background),
            "episodes_10_s_by_background": _by(
                (o for o in outcomes if o.crying.duration_s >= 10.0),
                lambda crying: crying.background,
            ),
            "delay_s": delays(outcomes),
            "over_held_s": over_held(outcomes),
            "missed_of_baby": _missed(outcomes),
            "alarms_an_episode": round(
                float(np.mean([o.alarms for o in outcomes if o.alarms] or [0])), 2
            ),
        }
    low, high = rate_interval(len(false), hours)
    figures["false_alarms_an_hour"] = {
        "value": round(len(false) / hours, 3),
        "count": len(false),
        "interval": [round(low, 3), round(high, 3)],
        "by_kind": {
            kind: round(count / hours, 3)
            for kind, count in Counter(alarm.kind for alarm in false).most_common()
        },
        "by_name": dict(
            Counter(f"{alarm.kind}: {alarm.name}" for alarm in false).most_common(12)
        ),
        "minutes_an_hour": round(
            sum(alarm.seconds for alarm in false) / 60.0 / hours, 3
        ),
    }
    return figures


def found(outcomes: Iterable[Outcome], of: Callable[[Crying], bool]) -> dict[str, Any]:
    """Return how many of some episodes were found."""
    members = [outcome for outcome in outcomes if of(outcome.crying)]
    hits = sum(outcome.delay_s is not None for outcome in members)
    if not members:
        return {"count": 0}
    low, high = share_interval(hits, len(members))
    return {
        "count": len(members),
        "found": hits,
        "share": round(hits / len(members), 4),
        "interval": [round(low, 4), round(high, 4)],
    }


def _snr_band(crying: Crying) -> str:
    low = min(15, int(crying.snr_db // 5) * 5)
    return f"{low} to {low + 5}"


def _by(
    outcomes: Iterable[Outcome], name_of: Callable[[Crying], str]
) -> dict[str, Any]:
    """Return how many episodes of each kind were found."""
    kinds: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        kinds.setdefault(name_of(outcome.crying), []).append(outcome)
    return {name: found(kinds[name], lambda _: True) for name in sorted(kinds)}


def _missed(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Return, for each baby of whom an episode was missed, how many of how many were."""
    counts: dict[str, list[int]] = {}
    for outcome in outcomes:
        row = counts.setdefault(outcome.crying.baby, [0, 0])
        row[0] += outcome.delay_s is None
        row[1] += 1
    worst = sorted(counts.items(), key=lambda item: -item[1][0])
    return {baby: f"{missed} of {of}" for baby, (missed, of) in worst if missed}


def delays(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Return the median and the 90th percentile of the delay of what was found, with intervals by bootstrap."""
    return _percentiles([o.delay_s for o in outcomes if o.delay_s is not None])


def over_held(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Return the median and the 90th percentile of how long alarms outlasted the crying."""
    return _percentiles([o.over_held_s for o in outcomes if o.alarms])


def _percentiles(values: Sequence[float], draws: int = 1_000) -> dict[str, Any]:
    if not values:
        return {}
    sample = np.array(values)
    drawn = np.random.default_rng(0).choice(sample, (draws, len(sample)))
    return {
        name: {
            "value": round(float(np.percentile(sample, percent)), 2),
            "interval": [
                round(float(edge), 2)
                for edge in np.percentile(
                    np.percentile(drawn, percent, axis=1), [2.5, 97.5]
                )
            ],
        }
        for name, percent in (("median", 50), ("90_percent", 90))
    }
