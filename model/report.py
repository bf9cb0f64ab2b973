"""What a detector does on recordings that it was not trained on: figures for the terminal and for the manifest."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from kinds import kind_of
from recordings import Recording
from scoring import Bools, Floats, auc, average_precision, interval, recall_at


def figures(recordings: Sequence[Recording], scores: Floats) -> dict[str, Any]:
    """Return the figures of one detector's clip scores: AUC and recall, with 95 % intervals over groups."""
    crying = np.array([recording.crying for recording in recordings])
    groups = [recording.group for recording in recordings]
    suspect = np.array([r.crying and r.quality == "suspect" for r in recordings])
    # Above all uploads of the nursery app that were thrown out as no cry, of which some do hold one.
    doubtful = np.array([not r.crying and r.quality != "ok" for r in recordings])
    low, high = interval(auc, scores, crying, groups)
    return {
        "clips": len(recordings),
        "cries": int(crying.sum()),
        "auc": round(auc(scores, crying), 4),
        "auc_95_percent": [round(low, 4), round(high, 4)],
        **_recall(scores, crying, groups, 0.01),
        **_recall(scores, crying, groups, 0.001),
        "average_precision": round(average_precision(scores, crying), 4),
        "average_precision_95_percent": [
            round(edge, 4)
            for edge in interval(average_precision, scores, crying, groups)
        ],
        **_without("suspect_cries", suspect, scores, crying),
        **_without("doubtful_others", doubtful, scores, crying),
        **_without("doubtful_labels", suspect | doubtful, scores, crying),
    }


def _without(
    name: str, left_out: Bools, scores: Floats, crying: Bools
) -> dict[str, float]:
    """Return what the figures are where recordings are left out; none where nothing is left to compare."""
    scores, crying = scores[~left_out], crying[~left_out]
    if crying.all() or not crying.any():
        return {}
    return {
        f"auc_without_{name}": round(auc(scores, crying), 4),
        **{
            f"recall_without_{name}_at_{percent:g}_percent": round(
                recall_at(scores, crying, percent / 100.0), 3
            )
            for percent in (1.0, 0.1)
        },
    }


def _recall(
    scores: Floats, crying: Bools, groups: Sequence[str], false_positives: float
) -> dict[str, Any]:
    at = partial(recall_at, false_positives=false_positives)
    name = f"recall_at_{100 * false_positives:g}_percent_false_positives"
    low, high = interval(at, scores, crying, groups)
    return {
        name: round(at(scores, crying), 3),
        f"{name}_95_percent": [round(low, 3), round(high, 3)],
    }


def print_figures(name: str, values: dict[str, Any]) -> None:
    """Print the figures of one detector."""
    print(f"{name}:")
    for key, value in values.items():
        print(f"  {key.replace('_', ' '):<52}{value}")


def print_confusers(
    recordings: Sequence[Recording], scores: Floats, threshold: float, most: int = 12
) -> None:
    """Print what is taken for a cry at a threshold, by kind, by corpus and by name."""
    others = [
        (float(score), recording)
        for score, recording in zip(scores, recordings, strict=True)
        if not recording.crying
    ]
    for title, of in (
        ("kind", kind_of),
        ("sublabel", lambda r: r.sublabel),
        ("corpus", lambda r: r.source),
    ):
        print(f"taken for a cry at {threshold:g}, by {title}:")
        names = [of(recording) for _, recording in others]
        over = [of(recording) for score, recording in others if score >= threshold]
        for name in sorted(
            set(over), key=lambda name: -over.count(name) / names.count(name)
        )[:most]:
            print(f"  {over.count(name):4d} of {names.count(name):4d}  {name}")
    print("highest scores of what is no cry:")
    for score, recording in sorted(others, key=lambda other: -other[0])[:most]:
        print(f"  {score:.3f}  {recording.sublabel:<24}{recording.path.name}")
