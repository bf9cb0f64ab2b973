"""What a detector makes of single recordings: figures for all of them, by corpus, and by what is taken for a cry."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment import Samples, mu_law
from hearing import Heard
from house import RATE, activity
from kinds import kind_of
from recordings import Recording
from report import figures
from scoring import (
    Bools,
    Floats,
    Measure,
    auc,
    average_precision,
    calibration_curve,
    intervals,
    recall_at,
    share_interval,
    threshold_at,
)

CONDITIONS = ("as recorded", "g711", "quiet", "noise")
"""As they are; through 8 kHz G.711; at -55 dBFS in 16 bits; over white noise as loud as they are."""

_PART_DRAWS = 300
"""Of the bootstrap, for each part of the recordings."""

CRYING_S = 1.0
"""A window with as much crying in it counts as crying; one with some, but less, as neither."""


def changed(samples: Samples, condition: str, seed: int) -> Samples:
    """Return a recording under one of CONDITIONS."""
    rms = float(np.sqrt(max(1e-12, float(np.mean(np.square(samples))))))
    if condition == "g711":
        return mu_law(samples, RATE)
    if condition == "quiet":
        quiet = samples * np.float32(10.0 ** (-55.0 / 20.0) / rms)
        return (np.round(quiet * 32_768.0) / 32_768.0).astype(np.float32)
    if condition == "noise":
        noise = np.random.default_rng(seed).standard_normal(len(samples))
        return np.clip(samples + (rms * noise).astype(np.float32), -1.0, 1.0)
    return samples


@dataclass(frozen=True, kw_only=True, slots=True)
class Windows:
    """Windows of recordings, and whether there is crying in them; what has a little of it is left out."""

    confidence: NDArray[np.float64]
    crying: NDArray[np.float64]
    """1 or 0."""


def windows_of(
    recording: Recording, samples: Samples, heard: Heard, window_s: float
) -> Windows:
    """Return the windows of one recording that is played from its start.

    Those of a cry which hold less than CRYING_S of it are left out: what else is in the recording is not known.
    """
    if not recording.crying:
        return Windows(
            confidence=heard.confidence, crying=np.zeros(len(heard.confidence))
        )
    active = np.concatenate([[0.0], np.cumsum(activity(samples)) * 0.02])
    times = np.arange(len(active)) * 0.02
    inside = np.interp(heard.times_s, times, active)
    inside = inside - np.interp(heard.times_s - window_s, times, active)
    cries = heard.confidence[inside >= CRYING_S]
    return Windows(confidence=cries, crying=np.ones(len(cries)))


def judged(confidence: NDArray[np.float64], crying_s: NDArray[np.float64]) -> Windows:
    """Return the windows that are clearly crying or clearly not, by the seconds of crying in them."""
    clear = (crying_s >= CRYING_S) | (crying_s <= 0.0)
    return Windows(
        confidence=confidence[clear],
        crying=(crying_s[clear] >= CRYING_S).astype(np.float64),
    )


def calibration(parts: Sequence[Windows]) -> dict[str, Any]:
    """Return the calibration curve of some windows, and its expected calibration error."""
    return calibration_curve(
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.crying for part in parts]),
    )


def confusion(recordings: Sequence[Recording], scores: Floats, on: float) -> Any:
    """Return, by label, how many recordings reach a threshold and how many do not."""
    labels = sorted({r.label for r in recordings}, key=lambda name: name != "crying")
    table = {}
    for label in labels:
        over = [
            bool(score >= on)
            for score, r in zip(scores, recordings, strict=True)
            if r.label == label
        ]
        table[label] = {"crying": sum(over), "not crying": len(over) - sum(over)}
    return table


def by(
    names: Sequence[str],
    groups: Sequence[str],
    crying: Bools,
    scores: Floats,
    on: float,
) -> dict[str, Any]:
    """Return the figures of each part of the recordings, against all of the other class.

    Args:
        names: which part each recording is of.
        groups: which group each is of.
        crying: which are cries.
        scores: theirs.
        on: the threshold that ships.
    """
    strict = threshold_at(scores, crying, 0.01)
    table: dict[str, Any] = {}
    part_of, group_of = np.array(names), np.array(groups)
    for name in sorted(set(names)):
        mine = part_of == name
        row: dict[str, Any] = {}
        for title, members, others in (
            ("cries", mine & crying, ~crying),
            ("others", mine & ~crying, crying),
        ):
            if not members.any():
                continue
            both = members | others
            over = int((scores[members] > strict).sum())
            low, high = share_interval(over, int(members.sum()))
            row[title] = {
                "clips": int(members.sum()),
                **_part(scores[both], crying[both], group_of[both].tolist()),
                "over_threshold_of_1_percent": over,
                "interval": [round(low, 3), round(high, 3)],
                "over_threshold_that_ships": int((scores[members] >= on).sum()),
            }
        table[name] = row
    return table


_MEASURES: dict[str, Measure] = {
    "auc": auc,
    "recall_at_1_percent_false_positives": partial(recall_at, false_positives=0.01),
    "recall_at_0.1_percent_false_positives": partial(recall_at, false_positives=0.001),
    "average_precision": average_precision,
}


def _part(scores: Floats, crying: Bools, groups: Sequence[str]) -> dict[str, Any]:
    """Return the figures of a part, with intervals over groups; few draws, as there are many parts."""
    edges = intervals(
        list(_MEASURES.values()), scores, crying, groups, draws=_PART_DRAWS
    )
    figures: dict[str, Any] = {}
    for (name, of), (low, high) in zip(_MEASURES.items(), edges, strict=True):
        figures[name] = round(of(scores, crying), 4)
        figures[f"{name}_95_percent"] = [round(low, 4), round(high, 4)]
    return figures


def measure(
    recordings: Sequence[Recording], scores: Floats, on: float
) -> dict[str, Any]:
    """Return all figures of one detector's scores of recordings as they are."""
    crying = np.array([recording.crying for recording in recordings])
    groups = [recording.group for recording in recordings]
    return figures(recordings, scores) | {
        "confusion_at_threshold_that_ships": confusion(recordings, scores, on),
        "by_source": by([r.source for r in recordings], groups, crying, scores, on),
        "by_kind": by([kind_of(r) for r in recordings], groups, crying, scores, on),
        "by_sublabel_of_false_positives": _worst_sublabels(recordings, scores),
        "missed_cries": _missed(recordings, scores),
        "worst_false_positives": _worst(recordings, scores),
    }


def lost(plain: Floats, other: Floats, crying: Bools) -> dict[str, float]:
    """Return what a condition costs."""
    return {
        "auc": round(auc(other, crying), 4),
        "auc_lost": round(auc(plain, crying) - auc(other, crying), 4),
        "recall_at_1_percent_false_positives": round(recall_at(other, crying, 0.01), 3),
        "recall_at_0.1_percent_false_positives": round(
            recall_at(other, crying, 0.001), 3
        ),
    }


def _missed(recordings: Sequence[Recording], scores: Floats) -> list[dict[str, Any]]:
    """Return the cries that no threshold finds which lets less than a tenth of all else through, the faintest first."""
    others = np.sort(
        [s for s, r in zip(scores, recordings, strict=True) if not r.crying]
    )
    rows = []
    for score, recording in zip(scores, recordings, strict=True):
        over = float((others >= score).mean())
        if recording.crying and over > 0.1:
            rows.append(
                {
                    "name": recording.path.name,
                    "quality": recording.quality,
                    "seconds": recording.seconds,
                    "score": round(float(score), 4),
                    "others_at_least_as_high": round(over, 3),
                }
            )
    return sorted(rows, key=lambda row: row["score"])


def _worst(
    recordings: Sequence[Recording], scores: Floats, most: int = 20
) -> list[dict[str, Any]]:
    order = sorted(zip(scores.tolist(), range(len(recordings)), strict=True))[::-1]
    worst = [(s, recordings[n]) for s, n in order if not recordings[n].crying]
    return [
        {"name": r.path.name, "sublabel": r.sublabel, "score": round(score, 4)}
        for score, r in worst[:most]
    ]


def _worst_sublabels(
    recordings: Sequence[Recording], scores: Floats
) -> dict[str, list[int]]:
    """Return, by sublabel, how many pass at 1 % false positives, of how many, the most frequent first."""
    crying = np.array([recording.crying for recording in recordings])
    strict = threshold_at(scores, crying, 0.01)
    counts: dict[str, list[int]] = {}
    for score, recording in zip(scores, recordings, strict=True):
        if not recording.crying:
            row = counts.setdefault(recording.sublabel, [0, 0])
            row[0] += int(score > strict)
            row[1] += 1
    over = {name: row for name, row in counts.items() if row[0]}
    return dict(sorted(over.items(), key=lambda item: -item[1][0]))
