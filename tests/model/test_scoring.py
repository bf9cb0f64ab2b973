"""The measures are what they are called, and clips are heard as the engine hears them."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
import pytest

from cry_engine.classifier import Classifier
from cry_engine.listener import Detector
import scoring

RATE = 22_050


def noise(seconds: float) -> NDArray[np.float32]:
    """Return white noise at -20 dBFS."""
    samples = np.random.default_rng(1).standard_normal(round(seconds * RATE))
    return (0.1 * samples).astype(np.float32)


def test_auc_counts_pairs_in_the_right_order_and_ties_half() -> None:
    """Against counting them."""
    rng = np.random.default_rng(2)
    scores = rng.integers(0, 8, 60).astype(np.float32)
    crying = rng.random(60) < 0.3
    pairs = [(cry, other) for cry in scores[crying] for other in scores[~crying]]
    wanted = np.mean(
        [1.0 if cry > other else 0.5 if cry == other else 0.0 for cry, other in pairs]
    )
    assert scoring.auc(scores, crying) == pytest.approx(wanted)


def test_recall_is_at_the_threshold_that_lets_so_many_others_through() -> None:
    """One in a hundred and one of them."""
    scores = np.concatenate([np.linspace(0, 1, 101), [0.985, 0.995, 2.0, 0.5]]).astype(
        np.float32
    )
    crying = np.arange(105) >= 101
    # One in a hundred others is the one at 1.0, so that the threshold is the next, at 0.99.
    assert scoring.recall_at(scores, crying, 0.01) == 0.5
    assert scoring.recall_at(scores, crying, 0.001) == 0.25


def test_the_interval_holds_the_measure_and_widens_with_fewer_groups() -> None:
    """Clips of one group are alike, and drawn together: ten copies tell no more than one."""
    rng = np.random.default_rng(3)
    crying = np.repeat(rng.random(30) < 0.4, 10)
    scores = np.repeat(rng.normal(0, 1, 30), 10).astype(np.float32) + crying
    widths = []
    for groups in (300, 30):
        names = [str(clip * groups // 300) for clip in range(300)]
        low, high = scoring.interval(scoring.auc, scores, crying, names, draws=300)
        assert low <= scoring.auc(scores, crying) <= high
        widths.append(high - low)
    assert 0 < 2 * widths[0] < widths[1]


def test_a_clip_is_scored_as_the_engine_hears_it() -> None:
    """The highest mean of two hops, the last of which may be shorter."""
    classifier = Classifier.load(runtime="numpy")
    for seconds in (0.01, 0.3, 3.2):
        detector = Detector(classifier)
        heard = [*detector.push(noise(seconds)), *detector.flush()]
        confidence = [observation.confidence for observation in heard]
        means = [sum(pair) / 2 for pair in pairwise(confidence)]
        wanted = max([confidence[0], *means])
        score = scoring.clip_score(classifier, noise(seconds))
        assert score == pytest.approx(wanted, rel=1e-5)


def test_calibration_undoes_overconfidence_and_another_share_of_cries() -> None:
    """Logits twice too large are halved, and crying's comes down as far as it was too high."""
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 2, (4_000, 4)).astype(np.float32)
    odds = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    crying = (odds[:, 3] > rng.random(4_000)).astype(np.float32)
    logits[:, 3] += 1.5
    found = scoring.best_calibration(
        2.0 * logits, crying, 3, np.geomspace(1.0, 4.0, 15), np.linspace(-3.0, 0.0, 31)
    )
    assert found == (pytest.approx(2.0, rel=0.15), pytest.approx(-1.5, abs=0.25))


def test_calibration_error_is_the_gap_between_said_and_so() -> None:
    """Eighty percent said, sixty so."""
    said = np.full(1_000, 0.8, np.float32)
    so = (np.arange(1_000) < 600).astype(np.float32)
    assert scoring.calibration_error(said, so) == pytest.approx(0.2, abs=1e-3)
    assert scoring.calibration_error(so, so) == 0.0


def test_average_precision_counts_the_cries_found_so_far() -> None:
    """Against counting, ties found together."""
    crying = np.array([True, False, True, False, True, False])
    scores = np.array([0.9, 0.8, 0.7, 0.7, 0.2, 0.1], np.float32)
    wanted = (1 / 1 + 2 / 4 + 3 / 5) / 3
    assert scoring.average_precision(scores, crying) == pytest.approx(wanted)
    assert scoring.average_precision(crying.astype(np.float32), crying) == 1.0


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (9, 10, 0.5958, 0.9821), (81, 263, 0.2553, 0.3662)],
)
def test_the_interval_of_a_share(hits: int, of: int, low: float, high: float) -> None:
    """Against published examples (R. G. Newcombe, Statist. Med. 17, 1998, table I: 81 of 263)."""
    assert scoring.share_interval(hits, of) == pytest.approx((low, high), abs=1e-3)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.39), (100, 81.36, 121.6)],
)
def test_the_interval_of_a_rate(count: int, low: float, high: float) -> None:
    """Against tables of the exact limits of a Poisson count."""
    found = scoring.rate_interval(count, 1.0)
    assert found == pytest.approx((low, high), rel=1e-3, abs=1e-3)
    assert scoring.rate_interval(count, 4.0)[1] == pytest.approx(high / 4.0, rel=1e-3)


def test_a_calibration_curve_has_the_bins_that_hold_something() -> None:
    """With what was said and what was so in each."""
    said = np.concatenate([np.full(50, 0.05), np.full(50, 0.95), [1.0]])
    so = np.concatenate([np.zeros(50), np.ones(40), np.zeros(10), [1.0]])
    curve = scoring.calibration_curve(said, so)
    assert [row["windows"] for row in curve["curve"]] == [50, 51]
    assert curve["curve"][1]["crying"] == pytest.approx(41 / 51, abs=1e-4)
    gaps = 50 * 0.05 + abs(50 * 0.95 + 1.0 - 41)
    assert curve["expected_calibration_error"] == pytest.approx(gaps / 101, abs=1e-3)
