"""How well a detector tells crying from all else, measured as a parent would meet it: clip by clip, hop by hop."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

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
_ALL_OF_IT = EpisodeSettings(on_threshold=1e-12, off_threshold=1e-12)


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
    """Return the part of cries over the threshold that this part of everything else reaches."""
    others = np.sort(scores[~crying])[::-1]
    threshold = others[min(len(others) - 1, int(false_positives * len(others)))]
    return float((scores[crying] > threshold).mean())


def interval(
    measure: Callable[[Floats, Bools], float],
    scores: Floats,
    crying: Bools,
    groups: Sequence[str],
    *,
    draws: int = 1_000,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % interval of a measure by bootstrap: groups are drawn, as the clips of one group are alike."""
    rng = np.random.default_rng(seed)
    _, group = np.unique(np.array(groups), return_inverse=True)
    members = [np.flatnonzero(group == number) for number in range(group.max() + 1)]
    measured = []
    for _ in range(draws):
        drawn = np.concatenate(
            [members[number] for number in rng.integers(0, len(members), len(members))]
        )
        if crying[drawn].any() and not crying[drawn].all():
            measured.append(measure(scores[drawn], crying[drawn]))
    low, high = np.percentile(measured, [2.5, 97.5])
    return float(low), float(high)


def calibration_error(confidence: Floats, crying: Floats, bins: int = 10) -> float:
    """Return the expected calibration error: how far confidence is from the part that cries, over bins of equal width."""
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(float((confidence[number == n] - crying[number == n]).sum()))
        for n in range(bins)
    ]
    return sum(gaps) / len(confidence)


def best_temperature(
    logits: Floats,
    labels: Floats,
    candidates: Iterable[float] = tuple(np.geomspace(0.5, 3.0, 60)),
) -> float:
    """Return the temperature that makes probable labels likeliest (Guo et al., ICML 2017)."""

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        top = scaled.max(axis=1, keepdims=True)
        return float(
            -(
                labels
                * (
                    scaled
                    - top
                    - np.log(np.exp(scaled - top).sum(axis=1, keepdims=True))
                )
            ).sum()
        )

    return min(candidates, key=loss)
