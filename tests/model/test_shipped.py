"""The model that ships: small, calm where there is nothing, and sure of real cries that it never heard."""

from contextlib import suppress
from pathlib import Path
import shutil

import numpy as np
from numpy.typing import NDArray
import pytest

from benchmarks.soak import soak
from cry_engine.classifier import DEFAULT_MODEL, Classifier
from cry_engine.errors import SourceEndedError
from cry_engine.listener import Detector
from cry_engine.sources.ffmpeg import FfmpegSource
from kinds import kind_of
from recordings import Recording, read_manifest
from scoring import auc, clip_score

RATE = 22_050


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """Return the model, run in numpy."""
    return Classifier.load(runtime="numpy")


def confidences(classifier: Classifier, samples: NDArray[np.float32]) -> list[float]:
    """Return the confidence of each hop of a sound."""
    detector = Detector(classifier)
    heard = [*detector.push(samples), *detector.flush()]
    return [observation.confidence for observation in heard]


def samples_of(recording: Path) -> NDArray[np.float32]:
    """Return the sound of a recording."""
    pieces: list[NDArray[np.float32]] = []
    source = FfmpegSource.from_file(recording, sample_rate=RATE, real_time=False)
    with source, suppress(SourceEndedError):
        while True:
            pieces.append(source.read().samples)
    return np.concatenate(pieces)


def test_model_and_manifest_are_under_four_megabytes() -> None:
    """Together, as they are installed."""
    files = (DEFAULT_MODEL, DEFAULT_MODEL.with_suffix(".json"))
    assert sum(file.stat().st_size for file in files) < 4_000_000


def test_what_it_was_trained_on_is_said(classifier: Classifier) -> None:
    """Every corpus with its licence, and what it reached on recordings set aside."""
    training = classifier.manifest.training
    assert training["validation"]["auc"] >= 0.92
    for corpus in training["data"]:
        assert corpus["source"]
        assert corpus["licence"]
        assert corpus["clips"] > 0


@pytest.mark.parametrize("level_dbfs", [-200, -90, -70, -50, -30, -15])
def test_steady_noise_is_no_cry(classifier: Classifier, level_dbfs: int) -> None:
    """From digital silence to a white-noise machine beside the microphone, from the first hop on."""
    noise = np.random.default_rng(1).standard_normal(12 * RATE).astype(np.float32)
    noise *= np.float32(10.0 ** (level_dbfs / 20.0))
    assert max(confidences(classifier, noise)) < classifier.manifest.off_threshold


def test_a_steady_tone_is_no_cry(classifier: Classifier) -> None:
    """Nor is one at the pitch of a cry."""
    for hz in (60, 450, 1_000, 3_000):
        tone = 0.2 * np.sin(2 * np.pi * hz * np.arange(8 * RATE) / RATE)
        heard = confidences(classifier, tone.astype(np.float32))
        assert max(heard) < classifier.manifest.on_threshold, hz


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_it_hears_each_cry_of_the_demo_nursery_and_nothing_else() -> None:
    """Twice through it: a model that is better on recordings may be deaf to what is made by code."""
    figures = soak(hours=500.0 / 3_600.0)
    assert (figures.cries, figures.missed, figures.false) == (6, 0, 0)


def test_it_tells_real_cries_from_all_else(
    classifier: Classifier, shared_audio: Path
) -> None:
    """The cries set aside, against some of every kind of sound that is none."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed: no recording can be read")
    aside = [r for r in read_manifest(shared_audio) if r.split == "val"]
    others: dict[str, list[Recording]] = {}
    for recording in aside:
        if not recording.crying:
            others.setdefault(kind_of(recording), []).append(recording)
    chosen = [recording for recording in aside if recording.crying]
    for kind in others.values():
        chosen += kind[:: max(1, len(kind) // 10)]
    scores = [clip_score(classifier, samples_of(r.path)) for r in chosen]
    crying = np.array([recording.crying for recording in chosen])
    assert auc(np.array(scores, np.float32), crying) >= 0.92
