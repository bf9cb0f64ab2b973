"""What must hold is looked up where it is measured, and the peer must be beaten, not equalled."""

import pytest

from targets import TARGETS, print_table, table


def results(auc: float, peer_auc: float | None, false_alarms: float) -> dict:
    """Return results with two of the measures."""
    clips = {"ours": {"auc": auc}}
    if peer_auc is not None:
        clips["yamnet"] = {"auc": peer_auc}
    rate = {"medium": {"false_alarms_an_hour": {"value": false_alarms}}}
    return {"clips": clips, "nights": {"confusers": rate}}


@pytest.mark.parametrize(
    ("auc", "peer", "holds", "aim"),
    [
        (0.980, 0.97, True, False),
        (0.980, 0.98, False, False),
        (0.974, 0.90, False, False),
        (0.992, None, True, True),
    ],
)
def test_more_is_better(auc: float, peer: float | None, holds: bool, aim: bool) -> None:
    """Over the limit, and over the peer where it was measured."""
    row = table(results(auc, peer, 0.0))[0]
    assert row["measure"] == "clip AUC"
    assert (row["holds"], row["aim_reached"]) == (holds, aim)
    assert row["yamnet"] == peer


@pytest.mark.parametrize(
    ("rate", "holds", "aim"),
    [(0.3, False, False), (0.25, True, False), (0.0, True, True)],
)
def test_less_is_better(rate: float, holds: bool, aim: bool) -> None:
    """Where it counts faults."""
    row = table(results(0.98, None, rate))[1]
    assert row["measure"].startswith("nights of confusers")
    assert (row["holds"], row["aim_reached"]) == (holds, aim)


def test_what_was_not_measured_has_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    """And what was has one line."""
    assert table({}) == []
    print_table(table(results(0.98, 0.97, 0.3)))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("holds") and lines[2].endswith("FAILS")


@pytest.mark.parametrize(
    ("milliseconds", "over_litert", "holds"),
    [(9.0, 8.0, True), (20.0, 5.0, True), (20.0, 7.0, False), (20.0, None, False)],
)
def test_a_slow_machine_is_judged_by_what_litert_takes_on_it(
    milliseconds: float, over_litert: float | None, holds: bool
) -> None:
    """Where that is installed."""
    cost = {"ms_a_window_numpy": milliseconds}
    if over_litert is not None:
        cost["numpy_over_litert"] = over_litert
    (row,) = table({"cost": {"ours": cost}})
    assert row["holds"] is holds


def test_every_limit_lies_on_the_near_side_of_its_aim() -> None:
    """Or one of the two is wrong."""
    for target in TARGETS:
        assert (target.aim > target.least) == target.more_is_better
