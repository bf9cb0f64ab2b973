"""What is told of an episode: its beginning, its course, its end; and what is written down."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.cry_detector.cries import Cries, CryEvent, CryEventKind
from custom_components.cry_detector.engine.episodes import (
    Episode,
    EpisodeSettings,
    EpisodeTracker,
)
from custom_components.cry_detector.journal import Journal
from tests.integration.ear import HOP_S, observation

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def hear(
    cries: Cries,
    time: float,
    episode: Episode | None,
    *,
    reminder_s: float = 0.0,
    now: datetime | None = None,
    **more: float,
) -> list[CryEvent]:
    """Hear a hop, at noon and so many seconds."""
    return cries.heard(
        observation(time, episode=episode, **more),
        now or NOON + timedelta(seconds=time),
        reminder_s,
    )


def test_an_episode_starts_and_ends() -> None:
    """With the times of the sound, not of what reports it: the hold is no crying."""
    journal = Journal()
    cries = Cries(journal)
    assert hear(cries, 9.0, None) == []
    (started,) = hear(cries, 10.0, Episode(8.0, None, 10.0, 0.7), behind_s=0.5)
    assert started.kind == "started"
    assert started.duration_s == 2.0
    assert started.episode.start == NOON + timedelta(seconds=7.5)
    assert started.episode.end is None
    assert journal.current == started.episode
    assert hear(cries, 20.0, Episode(8.0, None, 20.0, 0.9), rms_dbfs=-12.0) == []
    assert hear(cries, 25.0, Episode(8.0, None, 20.0, 0.9)) == []
    (ended,) = hear(cries, 26.0, Episode(8.0, 20.0, 20.0, 0.9))
    assert ended.kind == "ended"
    assert ended.duration_s == 12.0
    assert ended.episode.end == NOON + timedelta(seconds=19.5)
    assert ended.episode.peak_confidence == 0.9
    assert ended.episode.loudest_dbfs == -12.0
    assert not ended.episode.sound_lost
    assert journal.current is None
    assert journal.last == ended.episode
    assert hear(cries, 27.0, None) == []


def test_it_is_told_of_again_every_so_often() -> None:
    """Every minute of crying, however seldom anything is heard."""
    cries = Cries(Journal())
    told = {}
    for time in [0.0, 30.0, 59.5, 60.0, 61.0, 119.0, 120.5, 310.0, 311.0, 360.0]:
        events = hear(cries, time, Episode(0.0, None, time, 0.9), reminder_s=60.0)
        told[time] = [(event.kind.value, event.duration_s) for event in events]
    assert {time: events for time, events in told.items() if events} == {
        0.0: [("started", 0.0)],
        60.0: [("still_crying", 60.0)],
        120.5: [("still_crying", 120.5)],
        310.0: [("still_crying", 310.0)],
        360.0: [("still_crying", 360.0)],
    }


def test_without_a_reminder_there_is_none() -> None:
    cries = Cries(Journal())
    hear(cries, 0.0, Episode(0.0, None, 0.0, 0.9))
    assert hear(cries, 7200.0, Episode(0.0, None, 7200.0, 0.9)) == []


def test_an_episode_that_the_sound_cut_off_ends_with_what_is_known() -> None:
    """The engine says so, or the source is lost."""
    journal = Journal()
    cries = Cries(journal)
    hear(cries, 1.0, Episode(1.0, None, 1.0, 0.9))
    (ended,) = hear(cries, 9.0, Episode(1.0, 5.0, 5.0, 0.9, lost=True))
    assert ended.episode.sound_lost
    assert ended.duration_s == 4.0
    hear(cries, 11.0, Episode(11.0, None, 11.0, 0.9))
    hear(cries, 14.0, Episode(11.0, None, 14.0, 0.9))
    (ended,) = cries.close(sound_lost=True)
    assert ended.episode.sound_lost
    assert ended.duration_s == 3.0
    assert cries.close(sound_lost=True) == []
    assert len(journal.episodes(NOON, NOON + timedelta(minutes=1))) == 2


def test_one_episode_may_follow_another_at_once() -> None:
    """As where windows were left out between them, or the source was opened again."""
    cries = Cries(Journal())
    hear(cries, 1.0, Episode(1.0, None, 1.0, 0.9))
    kinds = [event.kind for event in hear(cries, 20.0, Episode(15.0, None, 20.0, 0.9))]
    assert kinds == [CryEventKind.ENDED, CryEventKind.STARTED]
    # One that was over before it was heard of is not told of.
    (ended,) = hear(cries, 40.0, Episode(30.0, 32.0, 32.0, 0.9))
    assert ended.kind is CryEventKind.ENDED
    assert ended.duration_s == 5.0


@pytest.mark.parametrize("step_h", [-5, 5])
def test_a_clock_that_is_stepped_makes_no_episode_longer(step_h: int) -> None:
    cries = Cries(Journal())
    hear(cries, 1.0, Episode(1.0, None, 1.0, 0.9))
    stepped = NOON + timedelta(hours=step_h)
    (ended,) = hear(cries, 30.0, Episode(1.0, 20.0, 20.0, 0.9), now=stepped)
    assert ended.duration_s == 19.0
    assert ended.episode.duration == timedelta(seconds=19)


def test_a_baby_that_joins_a_test_is_told_of() -> None:
    """A test that turns out to be real starts again, and counts."""
    journal = Journal()
    cries = Cries(journal)
    (test,) = hear(cries, 1.0, Episode(1.0, None, 1.0, 1.0, test=True))
    assert test.episode.test
    assert hear(cries, 2.0, Episode(1.0, None, 2.0, 1.0, test=True)) == []
    (real,) = hear(cries, 3.0, Episode(1.0, None, 3.0, 1.0))
    assert real.kind is CryEventKind.STARTED
    assert not real.episode.test
    hear(cries, 9.0, Episode(1.0, 3.0, 3.0, 1.0))
    assert journal.last


@hypothesis_settings(deadline=None)
@given(
    st.lists(
        st.one_of(st.floats(0.0, 1.0), st.just("lost"), st.just("opened")), max_size=200
    )
)
def test_starts_and_ends_alternate(scores: list[float | str]) -> None:
    """For any row of scores and losses, through the engine's own episodes."""
    settings = EpisodeSettings(smoothing_s=0.0, hold_s=2.0)
    tracker = EpisodeTracker(settings)
    journal = Journal()
    cries = Cries(journal)
    told: list[CryEvent] = []
    time = clock = 0.0
    for score in [*scores, "lost"]:
        clock += HOP_S
        now = NOON + timedelta(seconds=clock)
        if isinstance(score, str):
            told += cries.close(sound_lost=True)
            tracker, time = EpisodeTracker(settings), 0.0
            continue
        time += HOP_S
        before = tracker.current
        current = tracker.update(time, score)
        episode = tracker.finished if before and not current else current
        told += hear(cries, time, episode, reminder_s=5.0, now=now)
    ends = [event for event in told if event.kind is CryEventKind.ENDED]
    marks = [event for event in told if event.kind is not CryEventKind.STILL_CRYING]
    assert [event.kind for event in marks] == [
        CryEventKind.STARTED,
        CryEventKind.ENDED,
    ] * len(ends)
    recorded = journal.episodes(NOON, NOON + timedelta(days=1))
    assert recorded == [event.episode for event in ends]
    for event in ends:
        assert event.episode.duration.total_seconds() == pytest.approx(event.duration_s)
        assert event.episode.peak_confidence >= settings.on_threshold
