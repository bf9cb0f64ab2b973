"""A detector is trained, frozen and run by the engine; what needs TensorFlow is skipped where it is not installed."""

from collections.abc import Callable
import json
from pathlib import Path
import re
import sys

import numpy as np
import pytest

from checkpoints import read
from cry_engine.classifier import Classifier
from cry_engine.features import LogMel
import freeze
from freeze import crying_labels
from recordings import DataError
import train
from train_options import parser, settings_of
from wavs import read_part
from words import which_set

from .disks import files_of_at_most
from .sounds import RATE, write_nursery

STEP = re.compile(r"Step #(\d+): rate (\d\.\d{6}), accuracy (\d+\.\d)%, cross entropy (\d+\.\d{6})")  # fmt: skip


def needs_tensorflow() -> None:
    """Skip where there is none."""
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed: nothing can be trained")  # fmt: skip
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data set that can be told apart."""
    folder = tmp_path_factory.mktemp("data")
    write_nursery(folder, 30)
    return folder


type Run = Callable[..., int]


@pytest.fixture
def run(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs train.py on the data set, with options that make it quick."""

    def start(*arguments: str) -> int:
        given = [
            "train.py",
            f"--data_dir={data_dir}",
            f"--train_dir={tmp_path / 'training'}",
            f"--sample_rate={RATE}",
            "--feature_bin_count=20",
            "--window_stride_ms=20",
            "--window_size_ms=32",
            "--validation_percentage=20",
            "--testing_percentage=20",
            "--batch_size=16",
            "--unknown_percentage=50",
        ]
        monkeypatch.setattr(sys, "argv", [*given, *arguments])
        return train.main()

    return start


def frozen(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run freeze.py; return its exit status."""
    monkeypatch.setattr(sys, "argv", ["freeze.py", *arguments])
    return freeze.main()


@pytest.mark.parametrize("architecture", ["tiny_conv", "cry"])
def test_it_learns_and_the_engine_runs_what_it_learnt(
    run: Run,
    data_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    architecture: str,
) -> None:
    """The tutorial's lines, files and labels; then the same probabilities in numpy and in LiteRT as in Keras."""
    needs_tensorflow()
    steps = ["--how_many_training_steps=150,10", "--learning_rate=0.005,0.0005"]
    assert run(f"--model_architecture={architecture}", "--optimizer=adam", "--eval_step_interval=80", *steps) == 0  # fmt: skip
    lines = capsys.readouterr().out.splitlines()
    training = tmp_path / "training"
    learnt = [match for line in lines if (match := STEP.fullmatch(line))]
    assert [int(match[1]) for match in learnt] == list(range(1, 161))
    assert (learnt[149][2], learnt[150][2]) == ("0.005000", "0.000500")
    assert lines.count("Confusion Matrix:") == 3
    assert any(re.fullmatch(r"Step 80: Validation accuracy = \d+\.\d% \(N=\d+\)", line) for line in lines)  # fmt: skip
    final = re.fullmatch(r"Final test accuracy = (\d+\.\d)% \(N=\d+\)", lines[-1])
    assert final
    assert float(final[1]) >= 85.0
    labels = (training / f"{architecture}_labels.txt").read_text().split()
    assert labels == ["_silence_", "_unknown_", "silence", "crying"]
    for name in ("accuracy.png", "cross_entropy.png", "confusion_matrix.png"):
        assert (training / name).stat().st_size > 5_000
    assert list((training / "logs" / "validation").iterdir())

    checkpoint = training / f"{architecture}.ckpt-160"
    model = tmp_path / "mine.tflite"
    assert frozen(monkeypatch, f"--start_checkpoint={checkpoint}", f"--output_file={model}") == 0  # fmt: skip
    assert {file.name for file in tmp_path.iterdir()} == {"mine.json", "mine.tflite", "training"}  # fmt: skip
    keras_model = freeze.load(read(checkpoint))
    clips = sorted(data_dir.glob("crying/*.wav"))[:4] + sorted(data_dir.glob("hum/*.wav"))[:4]  # fmt: skip
    for runtime in ("numpy", "litert"):
        classifier = Classifier.load(model, runtime=runtime)  # type: ignore[arg-type]
        assert classifier.manifest.labels == tuple(labels)
        assert classifier.manifest.window_s == 1.0
        assert classifier.manifest.training["test_accuracy"] >= 0.85
        assert classifier.manifest.features is not None
        for clip in clips:
            frames = LogMel(classifier.manifest.features).push(read_part(clip, 0, RATE))
            expected = np.asarray(keras_model(frames[None]))[0]
            scores = classifier.score(frames)
            np.testing.assert_allclose(list(scores.by_label.values()), expected, atol=1e-5)  # fmt: skip
            assert (scores.confidence > 0.5) is (clip.parent.name == "crying")


def test_the_series_network_fits_into_the_engine_at_the_series_size(
    tmp_path: Path,
) -> None:
    """5 seconds at 22,050 Hz: untrained, with the probabilities that Keras gives."""
    needs_tensorflow()
    from architectures import build, probabilities
    from export import write
    from network import to_tflite

    series = ["--sample_rate=22050", "--clip_duration_ms=5000"]
    settings = settings_of(parser("").parse_args(series))
    model = probabilities(build(settings))
    for weights in model.trainable_variables:
        weights.assign(np.random.default_rng(1).normal(0.0, 0.02, weights.shape))
    path = write(
        tmp_path, to_tflite(model), version="1", parameters=settings.features, window_s=5.0, hop_s=0.5,
        thresholds={"on": 0.7, "off": 0.5}, training={}, labels=settings.labels,
    )  # fmt: skip

    assert freeze.check(model, path, settings) < 1e-3


def test_same_padding_is_tensorflow_s() -> None:
    """What is computed in strips is what one convolution of padding "same" gives."""
    needs_tensorflow()
    import keras

    import architectures

    window = keras.Input((101, 13, 3))
    whole = keras.layers.Conv2D(5, (20, 8), padding="same", activation="relu")
    stripes = architectures._same_convolution(window, 5, (20, 8))
    few = keras.Model(window, stripes)
    limit = architectures._MOST_PATCH_BYTES
    architectures._MOST_PATCH_BYTES = 100_000
    try:
        many = keras.Model(window, architectures._same_convolution(window, 5, (20, 8)))
    finally:
        architectures._MOST_PATCH_BYTES = limit
    one = keras.Model(window, whole(window))
    for model in (few, many):
        model.set_weights(one.get_weights())
    sound = np.random.default_rng(0).normal(size=(2, 101, 13, 3)).astype(np.float32)

    assert len(many.layers) == len(few.layers) + 1
    for model in (few, many):
        np.testing.assert_allclose(model(sound), one(sound), atol=1e-5)


def test_training_goes_on_from_a_checkpoint(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    """With its weights, its optimizer and its step; the whole run is in the history."""
    needs_tensorflow()
    quick = ["--model_architecture=tiny_conv", "--optimizer=momentum", "--learning_rate=0.01"]  # fmt: skip
    assert run(*quick, "--how_many_training_steps=30") == 0
    before = capsys.readouterr().out
    checkpoint = tmp_path / "training" / "tiny_conv.ckpt-30"
    with (tmp_path / "training" / "tiny_conv_history.csv").open("a") as history:
        history.write("train,31,0.")
    assert run(*quick, "--how_many_training_steps=40", f"--start_checkpoint={checkpoint}") == 0  # fmt: skip
    after = capsys.readouterr().out
    assert "Training from step: 31" in after
    assert "tiny_conv_history.csv: left out what was unfinished, 1 of its rows" in after
    first = float(STEP.search(before)[4])  # type: ignore[index]
    assert float(STEP.search(after)[4]) < first  # type: ignore[index]
    rows = (tmp_path / "training" / "tiny_conv_history.csv").read_text().splitlines()
    assert [int(row.split(",")[1]) for row in rows if row.startswith("train")] == list(range(1, 41))  # fmt: skip

    assert run(*quick, "--how_many_training_steps=40", f"--start_checkpoint={checkpoint.with_name('tiny_conv.ckpt-40')}") == 1  # fmt: skip
    assert "has 40 of 40 steps behind it" in capsys.readouterr().err


def test_a_run_is_repeated_by_its_seed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    needs_tensorflow()
    quick = ["--model_architecture=tiny_conv", "--how_many_training_steps=5", "--learning_rate=0.01"]  # fmt: skip
    heard = []
    for seed in (1, 1, 2):
        assert run(*quick, f"--seed={seed}") == 0
        out = capsys.readouterr().out
        heard.append([float(match[4]) for match in STEP.finditer(out)])

    assert heard[0] == pytest.approx(heard[1], abs=1e-5)
    assert heard[0] != pytest.approx(heard[2], abs=1e-3)


def test_ctrl_c_leaves_a_checkpoint_to_go_on_from(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    needs_tensorflow()
    noted = train.Run._note

    def interrupt(self: train.Run, point: train.Point) -> None:
        noted(self, point)
        if point.step == 7:
            raise KeyboardInterrupt

    monkeypatch.setattr(train.Run, "_note", interrupt)
    assert run("--model_architecture=tiny_conv", "--how_many_training_steps=50", "--learning_rate=0.01") == 130  # fmt: skip
    assert "tiny_conv.ckpt-7" in capsys.readouterr().err
    assert read(tmp_path / "training" / "tiny_conv.ckpt-7").step == 7


def test_empty_sets_are_said_not_divided_by(run: Run, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    needs_tensorflow()
    assert run(
        "--model_architecture=tiny_conv", "--how_many_training_steps=2", "--learning_rate=0.01",
        "--validation_percentage=0", "--testing_percentage=0", "--verbosity=warn",
    ) == 0  # fmt: skip
    out = capsys.readouterr().out
    assert "none of the recordings falls into the validation set" in out
    assert "raise --testing_percentage" in out
    assert "Step #" not in out


def test_a_set_without_cries_is_said_before_anything_slow(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    """Else the accuracy of silence alone is taken for the detector's."""
    monkeypatch.setitem(sys.modules, "keras", None)
    write_nursery(tmp_path / "few")
    for clip in (tmp_path / "few" / "crying").iterdir():
        if which_set(clip.name, 20, 20) == "testing":
            clip.unlink()
    assert run(f"--data_dir={tmp_path / 'few'}", "--verbosity=error") == 1
    lines = capsys.readouterr().out.splitlines()

    assert len(lines) == 1
    assert re.match("No crying in the testing set: its accuracy .*--testing_percentage", lines[0])  # fmt: skip


def test_a_full_disk_is_said_and_leaves_no_half_checkpoint(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the weights, or where TensorBoard's files find no room."""
    needs_tensorflow()
    quick = ["--model_architecture=tiny_conv", "--how_many_training_steps=2", "--learning_rate=0.01"]  # fmt: skip
    with files_of_at_most(100_000):
        assert run(*quick, "--feature_bin_count=40", "--window_stride_ms=5") == 1
    assert re.search(r"train: \S+tiny_conv\.ckpt-2: cannot be written \(.*make room", capsys.readouterr().err)  # fmt: skip
    assert not list((tmp_path / "training").glob("*ckpt*"))

    (tmp_path / "afile").write_text("")
    assert run(*quick, f"--summaries_dir={tmp_path / 'afile'}") == 1
    assert "afile: TensorBoard's files cannot be written there" in capsys.readouterr().err  # fmt: skip


def test_learning_that_runs_away_is_ended(run: Run, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    needs_tensorflow()
    assert run("--model_architecture=tiny_conv", "--how_many_training_steps=50", "--learning_rate=1e18") == 1  # fmt: skip
    assert "lower --learning_rate" in capsys.readouterr().err


def test_a_damaged_checkpoint_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    needs_tensorflow()
    assert run("--model_architecture=tiny_conv", "--how_many_training_steps=2", "--learning_rate=0.01") == 0  # fmt: skip
    checkpoint = tmp_path / "training" / "tiny_conv.ckpt-2"
    description = checkpoint.with_name("tiny_conv.ckpt-2.json")
    values = json.loads(description.read_text())
    values["settings"]["labels"].append("laughing")
    description.write_text(json.dumps(values))

    assert frozen(monkeypatch, f"--start_checkpoint={checkpoint}", f"--output_file={tmp_path / 'a.tflite'}") == 1  # fmt: skip
    assert "tiny_conv.ckpt-2: its weights cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "a.tflite").exists()


def test_errors_come_before_anything_slow(run: Run, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    """Without TensorFlow, too."""
    assert run("--wanted_words=laughing") == 1
    assert "no clips of laughing" in capsys.readouterr().err
    assert run("--start_checkpoint=nowhere/conv.ckpt-1") == 1
    assert "conv.ckpt-1: no such checkpoint" in capsys.readouterr().err


def test_where_tensorflow_is_missing_it_is_said_what_to_run(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As by the Python of the tests or of the engine."""
    monkeypatch.setitem(sys.modules, "architectures", None)
    monkeypatch.setitem(sys.modules, "keras", None)
    assert run() == 1
    err = capsys.readouterr().err
    assert "is not installed here: run it by .venv-model/bin/python" in err


@pytest.mark.parametrize(
    ("labels", "named", "crying"),
    [
        (("silence", "crying"), None, ("crying",)),
        (("silence", "whining", "screaming"), "screaming,whining", ("screaming", "whining")),
        (("crying", "whining"), "whining", ("whining",)),
    ],
)  # fmt: skip
def test_labels_that_mean_crying_are_found_or_named(
    labels: tuple[str, ...], named: str | None, crying: tuple[str, ...]
) -> None:
    assert crying_labels(labels, named) == crying


@pytest.mark.parametrize(
    ("named", "words"),
    [
        (None, "none of its labels is crying.*silence, whining.*--crying=LABEL"),
        ("crying", "'crying' is none of its labels"),
        ("", "'' is none of its labels"),
    ],
)
def test_a_model_that_cannot_cry_is_refused_with_what_to_do(
    named: str | None, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        crying_labels(("silence", "whining"), named)


def test_a_disk_that_fills_while_it_is_frozen_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where the system does not say which file it has no room for."""

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(freeze, "freeze", full)
    assert frozen(monkeypatch, "--start_checkpoint=x", f"--output_file={tmp_path / 'a.tflite'}") == 1  # fmt: skip
    assert f"freeze: {tmp_path / 'a.tflite'}: No space left on device" in capsys.readouterr().err  # fmt: skip


def test_a_model_file_has_the_engine_s_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    assert frozen(monkeypatch, "--start_checkpoint=x", f"--output_file={tmp_path / 'a.pb'}") == 1  # fmt: skip
    assert "must end in .tflite" in capsys.readouterr().err
