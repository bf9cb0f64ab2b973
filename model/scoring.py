"""How well a detector tells crying from all else, measured as a parent would meet it: clip by clip, hop by hop."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment import Samples
from cry_engine.classifier import Classifier
from cry_engine.episodes import EpisodeSettings
from cry_engine.listener import Detector

type Floats = NDArray[np.float32]
type Bools = NDArray[np.bool_]


# Thresholds that every confidence passes: a whole recording is one episode then, and its peak
# the highest that the smoothed confidence came to.
_ALL_OF_IT = EpisodeSettings(on_threshold=1e-12, off_threshold=1e-12, smoothing_s=1.0)


def clip_score(classifier: Classifier, samples: Samples) -> float:
    """Return a clip's score: the highest smoothed confidence, as the engine hears it from its start."""
    detector = Detector(classifier, _ALL_OF_IT)
    for _ in chain(detector.push(samples), detector.flush()):
        pass
    episode = detector.finish()
    return 0.0 if episode is None else episode.peak


def auc(scores: Floats, crying: Bools) -> float:
    """Return the area under the ROC curve: how often a cry scores over what is none (ties count half)."""
    order = np.sort(scores[~crying])
    cries = scores[crying]
    wins = np.searchsorted(order, cries, "left") + np.searchsorted(
        order, cries, "right"
    )
    return float(wins.sum() / (2.0 * len(order) * len(cries)))


def recall_at(scores: Floats, crying: Bools, false_positives: float) -> float:
    """Return the part of cries over the threshold that this part of everything else passes."""
    threshold = threshold_at(scores, crying, false_positives)
    return float((scores[crying] > threshold).mean())


def threshold_at(scores: Floats, crying: Bools, false_positives: float) -> float:
    """Return the lowest score that no more than this part of what is no cry lies over."""
    others = np.sort(scores[~crying])[::-1]
    return float(others[min(len(others) - 1, int(false_positives * len(others)))])


type Measure = Callable[[Floats, Bools], float]
"""From scores and which of them are cries to a figure."""


def interval(
    measure: Measure,
    scores: Floats,
    crying: Bools,
    groups: Sequence[str],
    *,
    draws: int = 1_000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % interval of a measure by bootstrap: groups are drawn, as the clips of one group are alike."""
    (only,) = intervals([measure], scores, crying, groups, draws=draws, seed=seed)
    return only


def intervals(
    measures: Sequence[Measure],
    scores: Floats,
    crying: Bools,
    groups: Sequence[str],
    *,
    draws: int = 1_000,
    seed: int = 0,
) -> list[tuple[float, float]]:
    """Return the intervals of several measures, on the same draws."""
    rng = np.random.default_rng(seed)
    _, group = np.unique(np.array(groups), return_inverse=True)
    members = [np.flatnonzero(group == number) for number in range(group.max() + 1)]
    measured = []
    for _ in range(draws):
        drawn = np.concatenate(
            [members[number] for number in rng.integers(0, len(members), len(members))]
        )
        if crying[drawn].any() and not crying[drawn].all():
            measured.append([of(scores[drawn], crying[drawn]) for of in measures])
    edges = np.percentile(measured, [2.5, 97.5], axis=0)
    return [(float(low), float(high)) for low, high in edges.T]


def average_precision(scores: Floats, crying: Bools) -> float:
    """Return the mean precision over all cries, each at the threshold that just finds it; ties are found together."""
    order = np.argsort(-scores, kind="stable")
    ranked = crying[order]
    # Of equal scores the last one's precision holds for all.
    last = np.searchsorted(-scores[order], -scores[order], side="right") - 1
    precision = (np.cumsum(ranked) / np.arange(1, len(ranked) + 1))[last]
    return float(precision[ranked].mean())


def share_interval(hits: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927)."""
    z = 1.959964
    share = hits / of
    middle = share + z * z / (2 * of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1.0 + z * z / of
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def rate_interval(count: int, over: float) -> tuple[float, float]:
    """Return the exact 95 % interval of a rate from a count of events (F. Garwood, Biometrika 28, 1936)."""

    def at_most(events: int, mean: float) -> float:
        logs = [k * math.log(mean) - math.lgamma(k + 1) for k in range(events + 1)]
        return sum(math.exp(log - mean) for log in logs)

    def mean_where(events: int, chance: float) -> float:
        low, high = 1e-9, 10.0 + 2.0 * events + 10.0 * math.sqrt(events + 1)
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (
                (middle, high) if at_most(events, middle) > chance else (low, middle)
            )
        return (low + high) / 2

    lowest = mean_where(count - 1, 0.975) if count else 0.0
    return lowest / over, mean_where(count, 0.025) / over


def calibration_error(confidence: Floats, crying: Floats, bins: int = 10) -> float:
    """Return the expected calibration error: how far confidence is from the part that cries, over bins of equal width."""
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(float((confidence[number == n] - crying[number == n]).sum()))
        for n in range(bins)
    ]
    return sum(gaps) / len(confidence)


def calibration_curve(
    confidence: NDArray[np.floating], crying: NDArray[np.floating], bins: int = 10
) -> dict[str, Any]:
    """Return, for bins of equal width, the mean confidence and the part that cries, and the expected calibration error."""
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    rows = [
        {
            "windows": int((number == n).sum()),
            "confidence": round(float(confidence[number == n].mean()), 4),
            "crying": round(float(crying[number == n].mean()), 4),
        }
        for n in range(bins)
        if (number == n).any()
    ]
    error = sum(abs(row["confidence"] - row["crying"]) * row["windows"] for row in rows)
    return {
        "windows": len(confidence),
        "expected_calibration_error": round(error / max(1, len(confidence)), 4),
        "curve": rows,
    }


def best_calibration(
    logits: Floats,
    crying: Floats,
    label: int,
    temperatures: Iterable[float] = tuple(np.geomspace(0.4, 4.0, 60)),
    biases: Iterable[float] = tuple(np.linspace(-4.0, 4.0, 161)),
) -> tuple[float, float]:
    """Return the temperature and the bias of crying's logit that make what was found likeliest.

    The first as in Guo et al., ICML 2017, the second as in J. Platt, Advances in Large Margin Classifiers, 1999.

    Args:
        logits: of the labels, shape (windows, labels).
        crying: how likely there is crying, shape (windows,).
        label: crying's number among the labels.
        temperatures: to choose from; logits are divided by it.
        biases: to choose from; added to crying's logit after that.
    """
    others = np.delete(logits, label, axis=1)
    best = (math.inf, 1.0, 0.0)
    for temperature in temperatures:
        rest = np.logaddexp.reduce(others / temperature, axis=1)
        against = logits[:, label] / temperature - rest
        for bias in biases:
            odds = against + bias
            loss = float((np.logaddexp(0.0, odds) - crying * odds).mean())
            best = min(best, (loss, float(temperature), float(bias)))
    return best[1], best[2]
