"""What the model must hold, and what it aims at, beside what was measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """One measure; its path leads through the results."""

    measure: str
    path: tuple[str, ...]
    least: float
    aim: float
    more_is_better: bool = True
    over: tuple[str, ...] = ()
    """What of the peer's it must beat as well."""
    or_path: tuple[str, ...] = ()
    """Leads to what may hold in its place,"""
    or_least: float = 0.0
    """where it is at least as good as this."""


_CLIPS, _PEER = ("clips", "ours"), ("clips", "yamnet")
_NIGHTS = "nights"
_CONDITIONS = (*_CLIPS, "conditions")
_R1, _R01 = (f"recall_at_{part}_percent_false_positives" for part in ("1", "0.1"))
_DELAY = (_NIGHTS, "mixed", "medium", "delay_s")
_NOISE, _WHITE = (
    (_NIGHTS, "noise"),
    ("episodes_10_s_by_background", "white noise", "share"),
)
_RATE = ("false_alarms_an_hour", "value")

TARGETS = (
    Target("clip AUC", (*_CLIPS, "auc"), 0.975, 0.99, over=(*_PEER, "auc")),
    Target("recall at 1 % false positives", (*_CLIPS, _R1), 0.0, 0.95, over=(*_PEER, _R1)),
    Target("recall at 0.1 % false positives", (*_CLIPS, _R01), 0.0, 0.88, over=(*_PEER, _R01)),
    Target("nights: episodes of 10 s or more at 5 dB or better found",
           (_NIGHTS, "mixed", "medium", "episodes_10_s_5_db", "share"), 0.97, 0.995),
    Target("over a white-noise machine as loud as the cry: episodes of 10 s or more found",
           (*_NOISE, "medium", *_WHITE), 0.85, 0.97, over=(*_NOISE, "yamnet_best", *_WHITE)),
    Target("over white or pink noise as loud as the cry: episodes of 10 s or more found",
           (*_NOISE, "medium", "episodes_10_s", "share"), 0.85, 0.97,
           over=(*_NOISE, "yamnet_best", "episodes_10_s", "share")),
    Target("nights: delay from onset, median, s", (*_DELAY, "median", "value"), 2.5, 1.5, False),
    Target("nights: delay from onset, 90 %, s", (*_DELAY, "90_percent", "value"), 5.0, 3.0, False),
    Target("nights of confusers: false alarms an hour",
           (_NIGHTS, "confusers", "medium", *_RATE), 0.25, 0.02, False,
           over=(_NIGHTS, "confusers", "yamnet_best", *_RATE)),
    Target("AUC lost by 8 kHz G.711", (*_CONDITIONS, "g711", "auc_lost"), 0.015, 0.005, False),
    Target("AUC lost at -55 dBFS", (*_CONDITIONS, "quiet", "auc_lost"), 0.015, 0.005, False),
    Target("expected calibration error, recordings",
           (*_CLIPS, "calibration", "expected_calibration_error"), 0.05, 0.02, False),
    Target("expected calibration error, nights",
           (_NIGHTS, "calibration", "expected_calibration_error"), 0.05, 0.02, False),
    Target("numpy, ms a window (or 6 times LiteRT's)", ("cost", "ours", "ms_a_window_numpy"), 10.0, 4.0, False,
           or_path=("cost", "ours", "numpy_over_litert"), or_least=6.0),
    Target("numpy and LiteRT differ in confidence by at most", ("numpy_differs_by_at_most",), 1e-3, 1e-4, False),
)  # fmt: skip


def table(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each measure that the results hold."""
    rows = []
    for target in TARGETS:
        value = value_at(results, target.path)
        if value is None:
            continue
        sign = 1.0 if target.more_is_better else -1.0
        peer = value_at(results, target.over)
        instead = value_at(results, target.or_path)
        holds = sign * value >= sign * target.least or (
            instead is not None and sign * instead >= sign * target.or_least
        )
        rows.append(
            {
                "measure": target.measure,
                "value": value,
                "must": target.least,
                "aim": target.aim,
                "yamnet": peer,
                "holds": holds and (peer is None or sign * value > sign * peer),
                "aim_reached": sign * value >= sign * target.aim,
            }
        )
    return rows


def print_table(rows: list[dict[str, Any]]) -> None:
    """Print the rows, one a line."""
    print(f"{'':84}{'value':>9}{'must':>8}{'aim':>8}{'YAMNet':>9}")
    for row in rows:
        peer = "" if row["yamnet"] is None else f"{row['yamnet']:g}"
        kept = "aim" if row["aim_reached"] else "holds" if row["holds"] else "FAILS"
        print(
            f"{row['measure']:84}{row['value']:9g}{row['must']:8g}{row['aim']:8g}{peer:>9}  {kept}"
        )


def value_at(results: Mapping[str, Any], path: tuple[str, ...]) -> float | None:
    """Return what a path leads to, None where there is nothing."""
    value: Any = results if path else None
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return None if value is None else float(value)
