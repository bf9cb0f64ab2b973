"""An alarm is what a parent would call it: at a cry, late, false, or going on for too long."""

import numpy as np
import pytest

from hearing import Alarm
from judging import judge, summary
from night import Background, Confuser, Crying, Night


def night(*crying: tuple[float, float, float]) -> Night:
    """Return a night of an hour with episodes (start, end, SNR), and a cat at 1,000 s."""
    return Night(
        kind="mixed",
        seed=0,
        hours=1.0,
        crying=tuple(
            Crying(
                start_s=a,
                end_s=b,
                snr_db=snr,
                background="appliance",
                baby="baby",
                reverberant=False,
            )
            for a, b, snr in crying
        ),
        spans_s=np.zeros((0, 2)),
        confusers=(Confuser(start_s=1_000.0, end_s=1_003.0, kind="cat", name="c.ogg"),),
        backgrounds=(
            Background(start_s=0.0, scene="quiet room", name="room.ogg", rms=0.001),
            Background(start_s=1_500.0, scene="appliance", name="fan.ogg", rms=0.01),
        ),
        placed=(),
    )


def test_an_episode_is_found_late_and_held() -> None:
    """By the first alarm that lasts into it; how often it flickered is counted."""
    given = [Alarm(103.0, 110.0, 116.0), Alarm(120.0, 128.0, 134.0)]
    verdict = judge(night((100.0, 127.0, 6.0), (300.0, 309.0, 12.0)), given)
    first, second = verdict.outcomes
    assert (first.delay_s, first.alarms, first.over_held_s) == (3.0, 2, 7.0)
    assert (second.delay_s, second.alarms, second.over_held_s) == (None, 0, 0.0)
    assert verdict.false_alarms == ()


def test_an_alarm_just_after_the_cry_is_still_at_it() -> None:
    """A model looks back over its window; later than that it is false."""
    truth = night((100.0, 103.0, 6.0))
    at_it = judge(truth, [Alarm(106.0, 107.0, 113.0)])
    assert at_it.outcomes[0].delay_s == 6.0 and at_it.false_alarms == ()
    too_late = judge(truth, [Alarm(108.5, 109.0, 115.0)])
    assert too_late.outcomes[0].delay_s is None
    assert len(too_late.false_alarms) == 1


def test_a_false_alarm_is_put_down_to_what_was_heard() -> None:
    """The confuser, while it lasts and for a window after it; else the background."""
    given = [Alarm(1_002.0, 1_004.0, 1_010.0), Alarm(2_000.0, 2_001.0, 2_007.0)]
    cat, fan = judge(night(), given).false_alarms
    assert (cat.kind, cat.name, cat.seconds) == ("cat", "c.ogg", 8.0)
    assert (fan.kind, fan.name) == ("appliance", "fan.ogg")


def test_an_alarm_that_was_on_before_the_cry_is_false_and_yet_finds_it() -> None:
    """It was given for something else; but who looks, sees it on."""
    verdict = judge(night((100.0, 130.0, 6.0)), [Alarm(80.0, 128.0, 134.0)])
    assert verdict.outcomes[0].delay_s == 0.0
    assert len(verdict.false_alarms) == 1


def test_the_figures_of_nights() -> None:
    """Counted over all of them, with what the table of requirements asks for apart."""
    truth = night((100.0, 127.0, 6.0), (300.0, 309.0, 12.0), (500.0, 520.0, 2.0))
    given = [Alarm(102.0, 125.0, 131.0), Alarm(504.0, 521.0, 527.0)]
    cat = Alarm(1_001.0, 1_002.0, 1_031.0)
    figures = summary([judge(truth, given), judge(truth, [*given, cat])])
    assert figures["hours"] == 2.0
    assert figures["episodes"]["found"] == 4 and figures["episodes"]["count"] == 6
    assert figures["episodes_10_s_5_db"] == {
        "count": 2, "found": 2, "share": 1.0, "interval": [pytest.approx(0.342, abs=0.001), 1.0],
    }  # fmt: skip
    assert figures["by_snr_db"]["10 to 15"]["found"] == 0
    assert figures["by_background"]["appliance"]["found"] == 4
    assert figures["delay_s"]["median"]["value"] == 3.0
    assert figures["missed_of_baby"] == {"baby": "2 of 6"}
    rate = figures["false_alarms_an_hour"]
    assert (rate["value"], rate["count"]) == (0.5, 1)
    assert rate["by_kind"] == {"cat": 0.5} and rate["by_name"] == {"cat: c.ogg": 1}
    assert rate["minutes_an_hour"] == 0.25
    assert rate["interval"] == [pytest.approx(0.0127, abs=1e-3), pytest.approx(2.786, abs=1e-3)]  # fmt: skip


def test_nights_without_crying_have_false_alarms_alone() -> None:
    """And none of them is none."""
    figures = summary([judge(night(), [])])
    assert set(figures) == {"hours", "false_alarms_an_hour"}
    assert figures["false_alarms_an_hour"]["value"] == 0.0
    assert figures["false_alarms_an_hour"]["interval"][1] == pytest.approx(3.689, abs=1e-3)  # fmt: skip
