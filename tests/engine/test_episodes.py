"""When crying begins and when it is over."""

from dataclasses import replace

import numpy as np
import pytest

from cry_engine.episodes import Episode, EpisodeSettings, EpisodeTracker

HOP_S = 0.5
PLAIN = EpisodeSettings(
    on_threshold=0.6, off_threshold=0.4, smoothing_s=0.0, confirm_s=0.0, hold_s=2.0
)


def follow(
    settings: EpisodeSettings, scores: list[float], hop_s: float = HOP_S
) -> tuple[list[bool], list[Episode]]:
    """Return whether it was crying at each hop, and the episodes that ended."""
    tracker = EpisodeTracker(settings)
    crying, ended = [], []
    for number, score in enumerate(scores, start=1):
        before = tracker.current
        crying.append(tracker.update(number * hop_s, score) is not None)
        if before is not None and not crying[-1]:
            assert tracker.finished is not None
            ended.append(tracker.finished)
    return crying, ended


def test_an_episode_has_a_start_an_end_and_a_peak() -> None:
    """It starts with the first sure score, and ends with the last, not with the hold."""
    crying, ended = follow(PLAIN, [0.1, 0.7, 0.9, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    assert crying == [False, True, True, True, True, True, True, False, False]
    assert ended == [Episode(start=1.0, end=2.0, last=2.0, peak=0.9)]
    assert ended[0].duration == 1.0


def test_breaths_are_held_over() -> None:
    """A pause shorter than the hold does not part an episode."""
    crying, ended = follow(PLAIN, [0.9, 0.0, 0.0, 0.0, 0.9, 0.0, 0.0, 0.0, 0.0])
    assert crying == [True] * 8 + [False]
    assert ended == [Episode(start=0.5, end=2.5, last=2.5, peak=0.9)]


def test_a_score_between_the_thresholds_starts_nothing_and_ends_nothing() -> None:
    """What was goes on: no flicker around one threshold."""
    assert follow(PLAIN, [0.5] * 20) == ([False] * 20, [])
    assert follow(PLAIN, [0.6] + [0.45] * 20) == ([True] * 21, [])


SUSTAINED = replace(PLAIN, sustained_s=4.0)


def test_what_is_likely_for_long_is_an_episode() -> None:
    """No score is sure, but all of them together are: after the sustained time, not before."""
    assert SUSTAINED.sustained_threshold == 0.4
    crying, ended = follow(SUSTAINED, [0.1] * 4 + [0.5] * 9 + [0.0] * 6)
    # Six of eight scores at 0.5 and two at 0.1 make 0.4.
    assert crying == [False] * 9 + [True] * 7 + [False] * 3
    assert ended == [Episode(start=5.0, end=6.5, last=6.5, peak=0.5)]
    assert follow(PLAIN, [0.5] * 40) == ([False] * 40, [])


def test_what_is_likely_now_and_then_is_none() -> None:
    """The average counts, a third of it is none; and the first scores are no long time."""
    assert follow(SUSTAINED, [0.5, 0.5, 0.0] * 10) == ([False] * 30, [])
    assert follow(SUSTAINED, [0.5] * 8)[0] == [False] * 8


def test_the_off_threshold_must_be_sustained_at_least() -> None:
    """Else an episode would be over when it begins."""
    near = replace(SUSTAINED, off_threshold=0.55)
    assert near.sustained_threshold == 0.55
    assert follow(near, [0.5] * 20) == ([False] * 20, [])
    assert any(follow(near, [0.56] * 20)[0])


def test_an_episode_that_is_over_starts_no_other() -> None:
    """What was sustained before its end is not counted again, and silence does not start what was sustained."""
    scores = [0.9] * 8 + [0.0] * 4 + [0.5] * 4 + [0.0] * 9
    crying, ended = follow(SUSTAINED, scores)
    assert len(ended) == 1
    assert crying == [True] * 11 + [False] * 14
    unsure = replace(SUSTAINED, on_threshold=0.95)
    assert not any(follow(unsure, [0.9] * 8 + [0.0] * 4)[0])


def test_a_hole_in_the_scores_is_not_sustained() -> None:
    """What was heard before it, and a single score after it, are no evidence of what was between."""
    tracker = EpisodeTracker(SUSTAINED)
    for time in (0.5, 1.0, 1.5, 4.0, 4.5, 5.0):
        assert tracker.update(time, 0.5) is None
    tracker.finish(lost=True)
    for time in (5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0):
        assert tracker.update(time, 0.5) is None
    assert tracker.update(9.5, 0.5) is not None


def test_what_is_sustained_during_a_test_alarm_is_real() -> None:
    """As what is sure is."""
    tracker = EpisodeTracker(SUSTAINED)
    tests = []
    for number in range(1, 13):
        episode = tracker.update(number * HOP_S, 0.5, alarm=True)
        assert episode is not None
        tests.append(episode.test)
    assert tests == [True] * 8 + [False] * 4


def test_a_short_sound_is_not_confirmed() -> None:
    """With a time to confirm, what is over sooner was no episode."""
    settings = EpisodeSettings(smoothing_s=0.0, confirm_s=1.0, hold_s=1.0)
    assert follow(settings, [0.9, 0.9, 0.1, 0.9, 0.9, 0.1]) == ([False] * 6, [])
    crying, _ = follow(settings, [0.9, 0.7, 0.8])
    assert crying == [False, False, True]


def test_a_confirmed_episode_starts_where_it_was_first_heard() -> None:
    """The time to confirm delays the news, not the start, and its scores count."""
    tracker = EpisodeTracker(EpisodeSettings(smoothing_s=0.0, confirm_s=1.0))
    for time, score in ((0.5, 0.1), (1.0, 0.95), (1.5, 0.7), (2.0, 0.7)):
        tracker.update(time, score)
    assert tracker.current == Episode(start=1.0, end=None, last=2.0, peak=0.95)


def test_smoothing_averages_over_time() -> None:
    """One wild score among calm ones is not enough; the time is what counts."""
    settings = EpisodeSettings(smoothing_s=1.0, hold_s=1.0)
    assert follow(settings, [0.0, 1.0, 0.0, 0.0])[0] == [False] * 4
    assert follow(settings, [0.0, 1.0, 1.0, 0.0])[0] == [False, False, True, True]
    assert follow(settings, [0.0, 1.0], hop_s=1.0)[0] == [False, True]


@pytest.mark.parametrize(
    ("scores", "is_test"),
    [
        ([0.1] * 8, True),
        # Too short, or too little on average, to be an episode by itself.
        ([0.1, 0.9, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1], True),
        ([0.1, 0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1], False),
        ([0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9], False),
    ],
)
def test_what_is_real_in_a_test_makes_it_real(
    scores: list[float], is_test: bool
) -> None:
    """By the same thresholds, smoothing and time to confirm as without the alarm."""
    tracker = EpisodeTracker(
        EpisodeSettings(
            on_threshold=0.6, off_threshold=0.4, smoothing_s=0.75, confirm_s=0.5
        )
    )
    for number, score in enumerate(scores, start=1):
        tracker.update(number * HOP_S, score, alarm=True)
    episode = tracker.finish()
    assert episode is not None
    assert episode.test is is_test
    assert (episode.start, episode.end) == (0.5, 4.0)


def test_finish_ends_with_what_is_known() -> None:
    """When no more scores will come, the episode ends where crying was last heard."""
    tracker = EpisodeTracker(PLAIN)
    tracker.update(1.0, 0.9)
    tracker.update(1.5, 0.1)
    assert tracker.finish() == Episode(start=1.0, end=1.0, last=1.0, peak=0.9)
    assert tracker.current is None
    assert tracker.finish() is None


@pytest.mark.parametrize("seed", range(20))
def test_any_scores_give_proper_episodes(seed: int) -> None:
    """Episodes do not overlap, none lacks a score over the threshold, none is lost."""
    rng = np.random.default_rng(seed)
    settings = EpisodeSettings(
        on_threshold=0.7,
        off_threshold=float(rng.uniform(0.1, 0.7)),
        smoothing_s=0.0,
        confirm_s=float(rng.uniform(0.0, 1.5)),
        hold_s=float(rng.uniform(0.0, 5.0)),
    )
    scores = rng.beta(0.5, 0.5, 400).tolist()
    crying, ended = follow(settings, scores)
    starts = np.count_nonzero(np.diff([0, *map(int, crying)]) == 1)
    assert len(ended) == starts - crying[-1]
    times = [number * HOP_S for number in range(1, len(scores) + 1)]
    before = 0.0
    for episode in ended:
        assert episode.end is not None
        assert before < episode.start <= episode.end
        inside = [
            score
            for time, score in zip(times, scores, strict=True)
            if episode.start <= time <= episode.end
        ]
        assert max(inside) == episode.peak >= settings.on_threshold
        before = episode.end


@pytest.mark.parametrize(
    "wrong",
    [
        {"on_threshold": 0.3, "off_threshold": 0.5},
        {"on_threshold": 1.1},
        {"off_threshold": 0.0},
        {"on_threshold": float("nan")},
        {"hold_s": -1.0},
        {"hold_s": float("nan")},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    """What could never start, or never end, is not taken."""
    with pytest.raises(ValueError, match=r"thresholds|seconds"):
        EpisodeSettings(**wrong)
