"""What each fold gave of what it had set aside comes together, and each score stays with its recording."""

import json
from pathlib import Path

import numpy as np
import pytest

from cross_validate import main, peer_scores, pooled
from recordings import DataError, Recording, cross_validation, read_manifest

from .test_evaluate import write_recordings
from .test_peers import PEER

FOLDS = 2


def write_folds(folder: Path, recordings: list[Recording]) -> list[Path]:
    """Write scores of cries that are over all others, one fold after the other."""
    folders = []
    for fold in range(FOLDS):
        split = cross_validation(recordings, FOLDS, fold)
        scores = [0.9 if r.crying else 0.2 for r in split if r.split == "val"]
        folders.append(mine := folder / f"fold_{fold}")
        mine.mkdir()
        np.save(mine / "scores.npy", np.array(scores, np.float32))
    return folders


def test_folds_are_pooled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of train count too; each recording once."""
    data = write_recordings(tmp_path)
    folders = write_folds(tmp_path, read_manifest(data))
    arguments = [*map(str, folders), f"--data_dir={data}", f"--out={tmp_path}"]
    assert main(arguments) == 0
    results = json.loads((tmp_path / "cross_validation.json").read_text())
    assert results["folds"] == FOLDS
    assert results["ours"]["clips"] == 9 and results["ours"]["cries"] == 4
    # Had they been mixed up, some cries would have the lower score.
    assert results["ours"]["auc"] == 1.0
    assert "recall at 1 percent" in capsys.readouterr().out


def test_scores_of_other_folds_are_refused(tmp_path: Path) -> None:
    """One fold left out, or none of it there: each says what to do."""
    recordings = read_manifest(write_recordings(tmp_path))
    folders = write_folds(tmp_path, recordings)
    with pytest.raises(DataError, match="name the folders of all folds"):
        pooled(recordings, folders[:1])
    (folders[1] / "scores.npy").unlink()
    with pytest.raises(DataError, match=r"fold_1/scores\.npy.*--folds 2 1"):
        pooled(recordings, folders)
    (folders[0] / "scores.npy").write_bytes(b"no scores")
    with pytest.raises(DataError, match="fold_0"):
        pooled(recordings, folders)


def test_the_program_names_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is written."""
    data = write_recordings(tmp_path)
    arguments = [str(tmp_path), f"--data_dir={data}", f"--out={tmp_path / 'out'}"]
    assert main(arguments) == 1
    assert "scores.npy" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


def test_variants_of_one_fold_have_a_row_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of what the fold set aside; scores of another fold are refused."""
    data = write_recordings(tmp_path)
    recordings = read_manifest(data)
    fold_0, fold_1 = write_folds(tmp_path, recordings)
    worse = tmp_path / "worse"
    worse.mkdir()
    np.save(worse / "scores.npy", 1.0 - np.load(fold_1 / "scores.npy"))
    options = ["--variants", str(FOLDS), "1", f"--data_dir={data}", f"--out={tmp_path}"]

    assert main([str(fold_1), str(worse), *options]) == 0
    results = json.loads((tmp_path / "ablation.json").read_text())
    aside = [r for r in cross_validation(recordings, FOLDS, 1) if r.split == "val"]
    assert (results["folds"], results["fold"]) == (FOLDS, 1)
    assert results["fold_1"]["clips"] == results["worse"]["clips"] == len(aside)
    assert (results["fold_1"]["auc"], results["worse"]["auc"]) == (1.0, 0.0)
    assert main([str(fold_0), *options]) == 1
    assert "fold 1 of 2 has" in capsys.readouterr().err


def test_the_peer_scores_each_recording(tmp_path: Path) -> None:
    """Tones and noise are no cries to it."""
    if not PEER.is_file():
        pytest.skip(f"no published model: {PEER} is not there")
    recordings = read_manifest(write_recordings(tmp_path))
    scores = peer_scores(PEER, recordings)
    assert scores.shape == (len(recordings),)
    assert scores.min() >= 0.0 and scores.max() < 0.2
