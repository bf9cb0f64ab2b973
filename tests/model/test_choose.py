"""What each threshold would give is told before one is chosen."""

from pathlib import Path

import pytest

from choose import COLUMNS, ON, SMOOTHING_S, main, set_aside

from .synthetic import recording
from .test_evaluate import busy, write_recordings

__all__ = ["busy"]


@pytest.mark.usefixtures("busy")
def test_each_threshold_gets_a_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From nights of the kinds that are reported on; the higher it is, the less is found, and the fewer alarms are false."""
    data = write_recordings(tmp_path)
    assert main([f"--data_dir={data}", "--hours=0.02", "--workers=1"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert all(name in head for name in ("on", "smooth", *COLUMNS))
    assert len(rows) == len(ON) * len(SMOOTHING_S)
    for first in range(0, len(rows), len(ON)):
        of_one = [row.split() for row in rows[first : first + len(ON)]]
        assert [float(row[0]) for row in of_one] == list(ON)
        column = 2 + list(COLUMNS).index("episodes")
        shares = [float(row[column]) for row in of_one]
        assert shares == sorted(shares, reverse=True)


def test_a_model_that_is_missing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And so is what data lacks."""
    data = write_recordings(tmp_path)
    assert main([f"--data_dir={data}", f"--model={tmp_path / 'no.tflite'}"]) == 1
    assert "no.json cannot be read" in capsys.readouterr().err


def test_a_fold_sets_aside_what_is_not_val() -> None:
    """Each recording of train once over all folds, and none of val."""
    members = [
        recording(f"cry-{n}", "crying", split="train" if n % 3 else "val")
        for n in range(30)
    ]
    assert set_aside(members, None) == tuple(r for r in members if r.split == "val")
    folds = [set_aside(members, (3, fold)) for fold in range(3)]
    assert all(folds)
    names = sorted(r.path.name for fold in folds for r in fold)
    assert names == sorted(r.path.name for r in members if r.split == "train")
