"""The whole program, on a handful of synthesised recordings and some minutes of night."""

from collections.abc import Sequence
import csv
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
import json
from pathlib import Path
import shutil

import numpy as np
import pytest

from costs import milliseconds, parameters
from cry_engine.classifier import DEFAULT_MODEL, Classifier
from cry_engine.tflite.schema import read_graph
from evaluate import jobs_of, main
import nights
from recordings import Recording, read_manifest
from workers import NightJob, Setup, hear_nights

from .synthetic import RATE, Samples, read, recording

COLUMNS = ("path", "label", "sublabel", "group", "split", "seconds", "quality", "source", "licence")  # fmt: skip


def write_recordings(folder: Path, more: Sequence[Recording] = ()) -> Path:
    """Write a data set: three cries, some of what is none, and more."""
    soundfile = pytest.importorskip("soundfile")
    members = [
        *(recording(f"cry-{n}", "crying") for n in range(3)),
        *(recording(f"cat-{n}", "animal", "cat") for n in range(3)),
        *(recording(f"room-{n}", "silence", "nursery_phone_silence") for n in range(2)),
        recording("trained-on", "crying", split="train"),
        *more,
    ]
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for member in members:
            values = {name: getattr(member, name) for name in COLUMNS}
            table.writerow(values | {"path": f"{member.path.stem}.wav"})
            sound: Samples = read(member.path, RATE)
            soundfile.write(folder / f"{member.path.stem}.wav", sound, RATE)
    return folder


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let episodes be short and follow each other soon, so that a short night holds some."""
    monkeypatch.setattr(nights, "EPISODE_S", (5.0, 8.0))
    monkeypatch.setattr(nights, "CALM_S", (8.0, 10.0))


@pytest.mark.usefixtures("busy")
def test_an_evaluation_from_recordings_to_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Recordings, nights, costs and another model's row; nothing of what was trained on is heard."""
    data = tmp_path / "data"
    data.mkdir()
    write_recordings(data)
    other = tmp_path / "without-rooms"
    other.mkdir()
    for file in (DEFAULT_MODEL, DEFAULT_MODEL.with_suffix(".json")):
        shutil.copy(file, other)
    out = tmp_path / "out"
    arguments = [
        f"--data_dir={data}", f"--out={out}", "--hours=0.02", "--workers=1",
        "--ablation", str(other), f"--baseline={DEFAULT_MODEL}",
    ]  # fmt: skip
    assert main(arguments) == 0
    results = json.loads((out / "results.json").read_text())
    assert set(results["clips"]) == {"ours", "without-rooms"}
    ours, same = results["clips"]["ours"], results["clips"]["without-rooms"]
    assert ours["clips"] == 8 and ours["cries"] == 3
    assert ours["conditions"] == same["conditions"]
    assert set(ours["conditions"]) == {"as recorded", "g711", "quiet", "noise"}
    assert ours["conditions"]["as recorded"]["auc_lost"] == 0.0
    # Without LiteRT there is nothing to differ from.
    assert ("numpy_differs_by_at_most" in results) == bool(find_spec("ai_edge_litert"))
    assert results.get("numpy_differs_by_at_most", 0.0) < 1e-4
    heard = results["nights"]
    assert set(heard) == {"mixed", "noise", "g711", "confusers", "calibration"}
    assert set(heard["mixed"]) == {"low", "medium", "high"}
    assert heard["mixed"]["medium"]["episodes"]["count"] >= 2
    assert heard["noise"]["medium"]["episodes"]["count"] >= 1
    assert set(heard["noise"]["medium"]["episodes_10_s_by_background"]) <= {
        "white noise",
        "pink noise",
    }
    assert heard["confusers"]["medium"]["hours"] == 0.02
    assert heard["noise"]["medium"]["hours"] == 0.01
    assert set(results["cost"]) == {"ours", "without-rooms", "conv"}
    cost = results["cost"]["ours"]
    assert cost["bytes"] == DEFAULT_MODEL.stat().st_size
    assert cost["ms_a_window_numpy"] > 0.0
    assert "trained-on" not in (out / "results.json").read_text()
    printed = capsys.readouterr().out
    assert "clip AUC" in printed and "results.json" in printed
    assert {row["measure"] for row in results["must_hold"]} >= {"clip AUC"}
    drawn = {picture.name for picture in (out / "pictures").glob("*.png")}
    if find_spec("matplotlib"):
        assert drawn >= {
            "recall.png",
            "calibration.png",
            "night.png",
            "false_alarms.png",
            "false_positives.png",
        }
        assert "no pictures" not in printed
    else:
        assert not drawn
        assert "no pictures" in printed


def test_several_processes_hear_what_one_does(tmp_path: Path) -> None:
    """In the order of the jobs."""
    try:
        distribution("cry-detector")
    except PackageNotFoundError:
        pytest.skip("other processes find the engine only where it is installed")
    recordings = tuple(
        r for r in read_manifest(write_recordings(tmp_path)) if r.split == "val"
    )
    setup = Setup(recordings=recordings, models={"ours": DEFAULT_MODEL}, peer=None)
    jobs: list[NightJob] = [("confusers", 1, 0.004), ("noise", 2, 0.003)]
    for one, two in zip(
        hear_nights(setup, jobs, 1), hear_nights(setup, jobs, 2), strict=True
    ):
        assert (one.kind, one.seed) == (two.kind, two.seed)
        confidence = one.heard["ours"].confidence
        assert len(confidence) > 15
        assert np.allclose(confidence, two.heard["ours"].confidence, atol=1e-5)


def test_what_is_missing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Recordings, a model, or a folder of models."""
    assert main([f"--data_dir={tmp_path}"]) == 1
    assert "manifest.csv" in capsys.readouterr().err
    write_recordings(tmp_path)
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    for option, named in (
        (f"--model={tmp_path / 'no.tflite'}", "no.json"),
        (f"--peer={tmp_path / 'none.tflite'}", "none.tflite"),
        (f"--ablation={nothing}", "nothing"),
    ):
        arguments = [f"--data_dir={tmp_path}", "--workers=1", f"--out={tmp_path}"]
        assert main([*arguments, option]) == 1
        assert named in capsys.readouterr().err
    assert not (tmp_path / "results.json").exists()


def test_where_results_cannot_be_written_nothing_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would be for nothing."""
    write_recordings(tmp_path)
    file = tmp_path / "file"
    file.touch()
    assert main([f"--data_dir={tmp_path}", "--workers=1", f"--out={file / 'out'}"]) == 1
    printed = capsys.readouterr()
    assert str(file) in printed.err
    assert "recordings" not in printed.err


def test_nights_are_cut_into_hours_and_each_has_a_seed() -> None:
    """Half as many of the rarer kinds; none are none."""
    jobs = jobs_of(2.5, seed=3)
    assert [job for job in jobs if job[0] == "mixed"] == [
        ("mixed", 3_000, 1.0), ("mixed", 3_001, 1.0), ("mixed", 3_002, 0.5),
    ]  # fmt: skip
    assert sum(hours for kind, _, hours in jobs if kind == "g711") == 1.25
    assert jobs_of(0.0, seed=1) == []


def test_parameters_are_what_was_learnt() -> None:
    """All floating constants of the model that ships, and none of its shapes."""
    content = DEFAULT_MODEL.read_bytes()
    weights = Classifier.load().manifest.training["weights"]
    assert parameters(content) == pytest.approx(weights, rel=0.02)
    whole = sum(t.data.size for t in read_graph(content).tensors if t.data is not None)
    assert parameters(content) <= whole


def test_a_window_costs_time() -> None:
    """And one of the shipped model no more than it must."""
    taken = milliseconds(Classifier.load(runtime="numpy"))
    assert 0.0 < taken < 1_000.0
    assert np.isfinite(taken)
