"""The record of episodes: what counts to which day, and what is kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.util import dt as dt_util
from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.cry_detector import journal as journal_module
from custom_components.cry_detector.journal import Journal, JournalEpisode, today

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def time_zone() -> Iterator[None]:
    """Put the time zone back that a test has changed."""
    before = dt_util.DEFAULT_TIME_ZONE
    yield
    dt_util.set_default_time_zone(before)


def live_in(zone: str) -> None:
    dt_util.set_default_time_zone(ZoneInfo(zone))


def episode(
    start: datetime, lasts: timedelta = MINUTE, *, test: bool = False
) -> JournalEpisode:
    """Return an episode that goes on and has lasted for a while."""
    return JournalEpisode(
        start=start,
        last=start + lasts,
        peak_confidence=0.9,
        loudest_dbfs=-20.0,
        test=test,
    )


def record(journal: Journal, *episodes: JournalEpisode) -> None:
    for one in episodes:
        journal.follow(one)
        journal.close()


def test_a_day_without_crying_is_all_zeros() -> None:
    figures = Journal().figures()
    assert figures.crying_today == timedelta(0)
    assert figures.episodes_today == 0
    assert figures.current == timedelta(0)
    assert figures.last_start is None
    assert figures.last_duration is None


def test_an_episode_counts_from_its_first_second(
    freezer: FrozenDateTimeFactory,
) -> None:
    """While it goes on, too; it is the last one when it is over."""
    freezer.move_to("2026-11-01T12:00:00+00:00")
    now = dt_util.utcnow()
    journal = Journal()
    journal.follow(episode(now, 2 * MINUTE))
    figures = journal.figures()
    assert figures.crying_today == figures.current == 2 * MINUTE
    assert figures.episodes_today == 1
    assert figures.last_start is None

    closed = journal.close()
    assert closed
    assert (closed.start, closed.end, closed.sound_lost) == (
        now,
        now + 2 * MINUTE,
        False,
    )
    figures = journal.figures()
    assert figures.crying_today == 2 * MINUTE
    assert figures.current == timedelta(0)
    assert (figures.last_start, figures.last_duration) == (now, 2 * MINUTE)
    assert journal.close() is None


def test_a_test_counts_for_nothing(freezer: FrozenDateTimeFactory) -> None:
    """It is seen while it goes on, and forgotten when it is over."""
    freezer.move_to("2026-11-01T12:00:00+00:00")
    now = dt_util.utcnow()
    journal = Journal()
    journal.follow(episode(now, test=True))
    assert journal.current
    assert journal.figures().current == MINUTE
    assert journal.episodes_today == 0
    assert journal.as_list() == []
    closed = journal.close()
    assert closed
    assert closed.test
    assert journal.last is None
    assert journal.crying_today == timedelta(0)
    assert journal.episodes(now - MINUTE, now + MINUTE) == []


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
def test_an_episode_over_midnight_counts_to_each_day_for_its_part(
    freezer: FrozenDateTimeFactory, zone: str
) -> None:
    """Ten minutes before local midnight, twenty after it."""
    live_in(zone)
    midnight = datetime(2026, 11, 2, tzinfo=ZoneInfo(zone))
    journal = Journal()
    freezer.move_to(midnight - timedelta(seconds=1))
    journal.follow(episode(midnight - 10 * MINUTE, 10 * MINUTE))
    assert journal.crying_today == 10 * MINUTE
    assert journal.episodes_today == 1

    freezer.move_to(midnight)
    assert journal.crying_today == timedelta(0)
    freezer.move_to(midnight + 20 * MINUTE)
    journal.follow(episode(midnight - 10 * MINUTE, 30 * MINUTE))
    assert journal.crying_today == 20 * MINUTE
    assert journal.episodes_today == 1
    assert journal.figures().current == 30 * MINUTE
    journal.close()
    assert journal.crying_today == 20 * MINUTE


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        # The clock is put forward at midnight: the day begins at one.
        ("Africa/Cairo", "2026-04-24", 23),
        # It is put back at one, to midnight: that is twice in the day.
        ("America/Havana", "2026-11-01", 25),
        # It is put back at midnight: the last hour is twice in the day before.
        ("Asia/Beirut", "2026-10-24", 25),
        ("UTC", "2026-06-01", 24),
    ],
)
def test_days_are_as_long_as_they_are(
    freezer: FrozenDateTimeFactory, zone: str, day: str, hours: int
) -> None:
    """All their crying is theirs, none is another day's, when the clock is changed, too."""
    live_in(zone)
    freezer.move_to(
        datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=ZoneInfo(zone))
    )
    start, end = today()
    assert end - start == timedelta(hours=hours)
    journal = Journal()
    record(journal, episode(start - MINUTE, timedelta(hours=hours) + 2 * MINUTE))
    assert journal.crying_today == timedelta(hours=hours)
    for moment in (start, end - timedelta(seconds=1)):
        freezer.move_to(moment)
        assert today() == (start, end)


def test_episodes_of_a_range_are_those_that_touch_it(
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to("2026-11-01T12:00:00+00:00")
    now = dt_util.utcnow()
    early, late = episode(now - 10 * MINUTE), episode(now - 5 * MINUTE)
    journal = Journal()
    record(journal, early, late)
    journal.follow(episode(now - MINUTE))
    starts = [one.start for one in journal.episodes(now - 5 * MINUTE, now)]
    assert starts == [late.start, now - MINUTE]
    assert [one.end for one in journal.episodes(now - 2 * MINUTE, now)] == [None]
    assert journal.episodes(now - 9 * MINUTE, now - 5 * MINUTE) == []
    assert len(journal.episodes(now - 30 * MINUTE, now + MINUTE)) == 3


def test_what_is_old_is_forgotten(freezer: FrozenDateTimeFactory) -> None:
    """After thirty days."""
    journal = Journal()
    freezer.move_to("2026-10-01T12:00:00+00:00")
    record(journal, episode(dt_util.utcnow()))
    freezer.move_to("2026-10-31T11:00:00+00:00")
    record(journal, episode(dt_util.utcnow()))
    assert len(journal.as_list()) == 2
    freezer.move_to("2026-10-31T13:00:00+00:00")
    record(journal, episode(dt_util.utcnow()))
    assert len(journal.as_list()) == 2


def test_what_is_too_much_is_forgotten_but_not_of_today(
    freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The day's figures never fall before midnight."""
    monkeypatch.setattr(journal_module, "MOST_EPISODES", 10)
    live_in("UTC")
    freezer.move_to("2026-10-31T12:00:00+00:00")
    journal = Journal()
    for number in range(8):
        record(journal, episode(dt_util.utcnow() + number * MINUTE))
    freezer.move_to("2026-11-01T12:00:00+00:00")
    for number in range(15):
        record(journal, episode(dt_util.utcnow() + number * MINUTE))
        assert journal.episodes_today == number + 1
    assert len(journal.as_list()) == 15
    freezer.move_to("2026-11-02T12:00:00+00:00")
    record(journal, episode(dt_util.utcnow()))
    assert len(journal.as_list()) == 10


def test_what_is_stored_comes_back(freezer: FrozenDateTimeFactory) -> None:
    """The episode that went on comes back as one whose end was not heard."""
    freezer.move_to("2026-11-01T12:00:00+00:00")
    now = dt_util.utcnow()
    journal = Journal()
    record(journal, episode(now - 10 * MINUTE))
    journal.follow(episode(now - MINUTE))
    again = Journal(JournalEpisode.from_dict(stored) for stored in journal.as_list())
    assert again.current is None
    first, second = again.episodes(now - 20 * MINUTE, now + MINUTE)
    assert (first.start, first.end) == (now - 10 * MINUTE, now - 9 * MINUTE)
    assert not first.sound_lost
    assert (second.start, second.end) == (now - MINUTE, now)
    assert second.sound_lost
    assert again.crying_today == journal.crying_today


@pytest.mark.parametrize(
    "change",
    [
        {"start": None},
        {"start": "yesterday"},
        {"start": "2026-11-01T12:00:00"},
        {"end": "2026-10-01T12:00:00+00:00"},
        {"peak_confidence": "much"},
        {"loudest_dbfs": None},
    ],
)
def test_a_damaged_episode_is_refused(change: dict[str, object]) -> None:
    stored = episode(datetime(2026, 11, 1, 12, tzinfo=UTC)).as_dict()
    assert JournalEpisode.from_dict(stored)
    with pytest.raises((TypeError, ValueError)):
        JournalEpisode.from_dict(stored | change)


@hypothesis_settings(max_examples=200, deadline=None)
@given(
    gaps=st.lists(
        st.tuples(st.integers(1, 40_000), st.integers(0, 30_000)), max_size=15
    ),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/Havana"]),
)
def test_the_days_add_up_to_all_crying(gaps: list[tuple[int, int]], zone: str) -> None:
    """For any row of episodes: no second is in two days, and none in no day."""
    live_in(zone)
    moment = datetime(2026, 10, 24, 3, tzinfo=UTC)
    episodes = []
    for calm_s, crying_s in gaps:
        moment += timedelta(seconds=calm_s)
        lasts = timedelta(seconds=crying_s)
        episodes.append(episode(moment, lasts).closed(sound_lost=False))
        moment += lasts
    total = timedelta(0)
    day = datetime(2026, 10, 23).date()
    while day < moment.date() + timedelta(days=3):
        start = dt_util.as_utc(dt_util.start_of_local_day(day))
        end = dt_util.as_utc(dt_util.start_of_local_day(day + timedelta(days=1)))
        total += sum((one.overlap(start, end) for one in episodes), timedelta(0))
        day += timedelta(days=1)
    assert total == sum((one.duration for one in episodes), timedelta(0))
