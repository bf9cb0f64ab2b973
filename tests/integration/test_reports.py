"""What is reported when: the most of an interval, and at once what matters."""

import itertools

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.cry_detector.engine.episodes import Episode
from custom_components.cry_detector.reports import Report, Reporter
from tests.integration.ear import HOP_S, observation

INTERVAL_S = 15.0
CRYING = Episode(1.0, None, 1.0, 0.9)


class Ticking:
    """A reporter that hears a hop every half second."""

    def __init__(self) -> None:
        """Start long after the clock did."""
        self.reporter = Reporter()
        self.now_s = 1_000.0

    def hear(self, hops: int = 1, **what: object) -> list[Report | None]:
        """Hear the same thing for some hops; return what is reported at each."""
        reports = []
        for _ in range(hops):
            self.now_s += HOP_S
            reports.append(
                self.reporter.heard(
                    observation(**what),  # type: ignore[arg-type]
                    self.now_s,
                    0.0,
                    INTERVAL_S,
                )
            )
        return reports


def test_the_first_sound_is_reported_at_once() -> None:
    (first,) = Ticking().hear(rms_dbfs=-40.0, confidence=0.25)
    assert first
    assert (first.amplitude_dbfs, first.peak_dbfs) == (-40.0, -37.0)
    assert (first.confidence, first.crying) == (0.25, False)


def test_an_interval_reports_its_loudest_and_its_surest() -> None:
    """A short cry between two reports is in the second, and in no other."""
    ticking = Ticking()
    ticking.hear()
    assert ticking.hear(rms_dbfs=-20.0, confidence=0.1) == [None]
    assert ticking.hear(rms_dbfs=-40.0, confidence=0.9) == [None]
    *none, second = ticking.hear(28)
    assert set(none) == {None}
    assert second
    assert (second.amplitude_dbfs, second.confidence) == (-20.0, 0.9)
    *none, third = ticking.hear(30)
    assert set(none) == {None}
    assert third
    assert (third.amplitude_dbfs, third.confidence) == (-50.0, 0.0)


def test_crying_does_not_wait() -> None:
    """Neither its beginning nor its end."""
    ticking = Ticking()
    ticking.hear(3)
    (on,) = ticking.hear(episode=CRYING, confidence=0.8)
    assert on
    assert on.crying
    assert on.confidence == 0.8
    assert ticking.hear(3, episode=CRYING) == [None, None, None]
    (off,) = ticking.hear()
    assert off
    assert not off.crying


def test_a_loud_sound_does_not_wait_but_its_end_does() -> None:
    """And it takes nothing else with it: the levels wait for their time."""
    ticking = Ticking()
    (first,) = ticking.hear(rms_dbfs=-50.0)
    (loud,) = ticking.hear(rms_dbfs=-20.0, loud=True)
    assert first
    assert loud
    assert loud.loud
    assert loud.amplitude_dbfs == first.amplitude_dbfs
    *none, report = ticking.hear(29)
    assert set(none) == {None}
    assert report
    assert not report.loud
    assert report.amplitude_dbfs == -20.0


def test_the_load_is_reported_every_five_minutes() -> None:
    """It is never quite the same, and nobody wants that in a database."""
    ticking = Ticking()
    loads = itertools.count(1)
    shown = [
        report.load
        for _ in range(1800)
        for report in ticking.hear(load=next(loads) / 10_000)
        if report
    ]
    assert len(shown) == 60
    assert len(set(shown)) == 3


def test_after_a_loss_it_begins_anew() -> None:
    ticking = Ticking()
    ticking.hear(5, rms_dbfs=-10.0)
    ticking.reporter.forget()
    (report,) = ticking.hear(rms_dbfs=-60.0)
    assert report
    assert report.amplitude_dbfs == -60.0


@hypothesis_settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.booleans(), st.booleans(), st.floats(-120.0, 0.0)),
        min_size=1,
        max_size=300,
    )
)
def test_nothing_is_lost_and_little_is_said(
    hops: list[tuple[bool, bool, float]],
) -> None:
    """For any sound: the last word on crying is right, the loudest hop is in some report."""
    ticking = Ticking()
    reports: list[Report] = []
    changes = 0
    was_crying = hops[0][0]
    for crying, loud, rms_dbfs in hops:
        changes += crying is not was_crying
        was_crying = crying
        found = ticking.hear(
            rms_dbfs=rms_dbfs, loud=loud, episode=CRYING if crying else None
        )
        reports += [report for report in found if report]
        assert reports[-1].crying is crying
        assert reports[-1].loud or not loud
    reports += [report for report in ticking.hear(30) if report]
    loudest = max(rms_dbfs for _, _, rms_dbfs in hops)
    assert max(report.amplitude_dbfs for report in reports) == pytest.approx(
        max(loudest, -50.0)
    )
    intervals = (len(hops) + 30) * HOP_S / INTERVAL_S
    assert len(reports) <= 2 * (1 + changes + intervals) + 2
