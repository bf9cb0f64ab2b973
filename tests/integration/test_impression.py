"""The verdict on a source, from real sound through the real pipeline."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
import pytest

from custom_components.cry_detector.engine.classifier import Classifier
from custom_components.cry_detector.engine.detector import Detector
from custom_components.cry_detector.engine.health import Health
from custom_components.cry_detector.engine.observation import Observation
from custom_components.cry_detector.engine.sources import SourceKind
from custom_components.cry_detector.impression import Impression, Verdict, impression_of
from tests.integration.helpers import RATE, room


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """Return the shipped model."""
    return Classifier.load()


def observe(classifier: Classifier, sound: NDArray[np.float64]) -> list[Observation]:
    """Return what is observed of some sound of a microphone."""
    detector = Detector(classifier, kind=SourceKind.DEVICE)
    return list(detector.push(sound.clip(-1, 1).astype(np.float32)))


def hear(classifier: Classifier, sound: NDArray[np.float64]) -> Impression:
    """Return the impression that some sound of a microphone makes."""
    observations = observe(classifier, sound)
    return impression_of(observations, classifier.manifest.window_s)


@pytest.mark.parametrize(
    ("level_dbfs", "verdict"),
    [
        (-95, Verdict.FAINT),
        (-82, Verdict.FAINT),
        (-78, Verdict.QUIET),
        (-50, Verdict.QUIET),
        (-41, Verdict.QUIET),
        (-38, Verdict.LIVELY),
        (-27, Verdict.LIVELY),
        (-22, Verdict.LOUD),
    ],
)
def test_how_loud_the_room_is(
    classifier: Classifier, level_dbfs: float, verdict: Verdict
) -> None:
    heard = hear(classifier, room(8, level_dbfs=level_dbfs))
    assert heard.verdict is verdict
    assert heard.level_dbfs == pytest.approx(level_dbfs, abs=0.2)
    assert level_dbfs - 4 < heard.noise_floor_dbfs <= level_dbfs
    assert heard.verdict.usable


def test_digital_silence(classifier: Classifier) -> None:
    heard = hear(classifier, np.zeros(8 * RATE))
    assert heard.verdict is Verdict.SILENT
    assert heard.level_dbfs == heard.noise_floor_dbfs == -120.0
    assert not heard.verdict.usable


def test_one_sound_in_silence_is_sound(classifier: Classifier) -> None:
    sound = np.zeros(8 * RATE)
    sound[RATE : 2 * RATE] = room(1, level_dbfs=-30)
    assert hear(classifier, sound).verdict is not Verdict.SILENT


def test_the_same_again_and_again(classifier: Classifier) -> None:
    heard = hear(classifier, np.full(8 * RATE, 0.25))
    assert heard.verdict is Verdict.STUCK
    assert not heard.verdict.usable


def test_one_clap_may_clip_but_not_all_of_it(classifier: Classifier) -> None:
    clap = room(8)
    clap[4 * RATE : 4 * RATE + 200] = 1.0
    assert hear(classifier, clap).verdict is not Verdict.CLIPPING
    assert hear(classifier, room(8, level_dbfs=0)).verdict is Verdict.CLIPPING


def test_what_the_model_thinks_comes_with_how_sure_it_is(
    classifier: Classifier,
) -> None:
    heard = hear(classifier, room(8))
    assert heard.label in classifier.manifest.labels
    assert 0.0 < heard.confidence <= 1.0
    assert heard.label != "crying"


def test_crying_is_said_before_how_loud_it_is(classifier: Classifier) -> None:
    observations = observe(classifier, room(8, level_dbfs=-20))
    scores = replace(observations[3].scores, confidence=0.97)
    observations[3] = replace(observations[3], crying=True, scores=scores)
    heard = impression_of(observations, classifier.manifest.window_s)
    assert heard.verdict is Verdict.CRYING
    assert (heard.label, heard.confidence) == ("crying", 0.97)


def test_sound_that_comes_too_slowly(classifier: Classifier) -> None:
    observations = observe(classifier, room(8))
    observations[-1] = replace(observations[-1], health=Health.SLOW)
    heard = impression_of(observations, classifier.manifest.window_s)
    assert heard.verdict is Verdict.SLOW
    assert heard.verdict.usable


def test_a_sound_shorter_than_the_window_of_the_model(classifier: Classifier) -> None:
    heard = hear(classifier, room(1))
    assert heard.verdict is Verdict.QUIET
    assert heard.label in classifier.manifest.labels
