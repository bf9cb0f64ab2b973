"""What a model hears in a recording, printed as the tutorial prints it."""

from pathlib import Path
import shutil
import sys

import numpy as np
import pytest

from cry_engine.classifier import DEFAULT_MODEL, Classifier
from cry_engine.features import LogMel
from cry_engine.manifest import Manifest
import label_wav
from wavs import read_part

from .sounds import tone, write_wav

MODEL_RATE = 22_050


@pytest.fixture(autouse=True)
def ffmpeg() -> None:
    """Skip where no recording can be read."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the program; return its exit status."""
    monkeypatch.setattr(sys, "argv", ["label_wav.py", *arguments])
    return label_wav.main()


def test_the_likeliest_labels_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the tutorial's words, with what the engine's classifier gives for these samples."""
    sound = tone(5.0, rate=MODEL_RATE)
    wav = write_wav(tmp_path / "a.wav", sound, MODEL_RATE)

    assert run(monkeypatch, f"--wav={wav}", "--runtime=numpy", "--how_many_labels=4") == 0  # fmt: skip
    lines = capsys.readouterr().out.splitlines()
    classifier = Classifier.load(runtime="numpy")
    assert classifier.manifest.features is not None
    # What 16 bits leave of the samples, as a tone has bands in which there is nothing else.
    heard = read_part(wav, 0, len(sound))
    frames = LogMel(classifier.manifest.features).push(heard)
    scores = classifier.score(frames).by_label
    printed = {}
    for line in lines:
        label, _, score = line.partition(" (score = ")
        printed[label] = float(score.removesuffix(")"))
    assert list(printed.values()) == sorted(printed.values(), reverse=True)
    assert printed == pytest.approx(dict(scores), abs=2e-5)


def test_a_recording_of_several_clips_gets_the_labels_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wav = write_wav(tmp_path / "a.wav", tone(12.0))

    assert run(monkeypatch, f"--wav={wav}", "--how_many_labels=1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[::2] == ["0:00 to 0:05", "0:05 to 0:10", "0:07 to 0:12"]


@pytest.mark.parametrize("seconds", [2.0, 5.0, 5.5, 10.0, 12.25])
def test_clips_cover_a_recording(tmp_path: Path, seconds: float) -> None:
    """Each as long as the model's; the last ends where the recording does, a short one in silence."""
    manifest = Manifest.load(DEFAULT_MODEL)
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, round(seconds * MODEL_RATE))
    sound = sound.astype(np.float32)
    wav = write_wav(tmp_path / "a.wav", sound, MODEL_RATE)
    clips = list(label_wav.clips(wav, manifest, "ffmpeg"))

    assert len(clips) == int(np.ceil(seconds / 5.0))
    for start, clip in clips:
        assert len(clip) == 5 * MODEL_RATE
        part = sound[start : start + len(clip)]
        np.testing.assert_allclose(clip[: len(part)], part, atol=1e-3)
        assert not clip[len(part) :].any()
    assert clips[-1][0] + 5 * MODEL_RATE == max(len(sound), 5 * MODEL_RATE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--wav=nowhere.wav"], "nowhere.wav: no such file"),
        (["--wav=a.wav", "--how_many_labels=0"], "--how_many_labels must be 1"),
        (["--wav=a.wav", "--graph=nowhere.tflite"], "nowhere.json cannot be read"),
        (["--wav=a.wav", "--labels=nowhere.txt"], "nowhere.txt: cannot be read"),
        (["--wav=a.wav", "--labels=two.txt"], "two.txt: holds 2 labels, the model knows 4"),
        (["--wav=two.txt"], "two.txt: "),
    ],
)  # fmt: skip
def test_what_cannot_be_labelled_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_wav(tmp_path / "a.wav", tone(1.0))
    (tmp_path / "two.txt").write_text("a\nb\n")

    assert run(monkeypatch, *arguments) == 1
    assert words in capsys.readouterr().err


def test_labels_may_come_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whose names are printed, as in the tutorial."""
    wav = write_wav(tmp_path / "a.wav", tone(1.0))
    labels = tmp_path / "labels.txt"
    labels.write_text("nothing\nother\ncalm\nloud\n")

    assert run(monkeypatch, f"--wav={wav}", f"--labels={labels}", "--how_many_labels=4") == 0  # fmt: skip
    names = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert names == {"nothing", "other", "calm", "loud"}
