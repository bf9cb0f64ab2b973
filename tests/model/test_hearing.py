"""What is measured is what the engine does: the same confidences, the same alarms."""

from contextlib import suppress

import numpy as np
import pytest

from cry_engine.episodes import EpisodeSettings
from cry_engine.listener import Detector
from cry_engine.sensitivity import Sensitivity, episode_settings
from hearing import Ear, Heard, alarms, hear, peak
from scoring import clip_score
from tests.engine.stand_in import loud_is_crying

from .synthetic import RATE, Samples, quiet, tone


def evening() -> Samples:
    """Return two minutes with three loud stretches, and some faint ones."""
    rng = np.random.default_rng(1)
    sound = 1e-4 * rng.standard_normal(120 * RATE).astype(np.float32)
    for start, seconds, amplitude in (
        (10, 6, 0.3), (30, 1, 0.02), (50, 20, 0.05), (73, 3, 0.2), (100, 20, 0.1),
    ):  # fmt: skip
        sound[start * RATE : (start + seconds) * RATE] += tone(
            seconds, amplitude=amplitude
        )
    return sound


@pytest.mark.parametrize("sensitivity", list(Sensitivity))
@pytest.mark.parametrize("hold_s", [6.0, 2.0])
def test_alarms_are_those_of_the_pipeline(
    sensitivity: Sensitivity, hold_s: float
) -> None:
    """At each sensitivity, however the sound comes in pieces."""
    classifier = loud_is_crying()
    thresholds = episode_settings(classifier.manifest, sensitivity)
    settings = EpisodeSettings(
        on_threshold=thresholds.on_threshold,
        off_threshold=thresholds.off_threshold,
        hold_s=hold_s,
    )
    sound = evening()
    detector = Detector(classifier, settings)
    seen = [*detector.push(sound), *detector.flush()]
    crying = np.array([observation.crying for observation in seen])
    episodes = {
        observation.episode.start: observation.episode.last
        for observation in seen
        if observation.episode
    }

    heard = hear(classifier, np.array_split(sound, 7), RATE)
    given = alarms(heard, settings)
    assert len(given) >= 2
    on = np.zeros(len(seen), bool)
    for alarm in given:
        on |= (heard.times_s >= alarm.on_s) & (heard.times_s < alarm.off_s)
    # At the end of the recording the last alarm is still on.
    on[-1] = crying[-1]
    assert np.array_equal(on, crying)
    assert {alarm.on_s: alarm.last_s for alarm in given} == pytest.approx(episodes)
    confidence = [observation.confidence for observation in seen]
    assert heard.confidence == pytest.approx(np.array(confidence))
    levels = [observation.level.rms_dbfs for observation in seen]
    assert heard.rms_dbfs == pytest.approx(np.array(levels))


def test_an_alarm_that_waits_to_be_sure_begins_when_it_is_told() -> None:
    """Not where the episode is dated back to: nobody knew then."""
    settings = EpisodeSettings(on_threshold=0.6, off_threshold=0.4, confirm_s=3.0)
    sound = np.concatenate([quiet(10.0), tone(20.0), quiet(20.0)])
    heard = hear(loud_is_crying(), [sound], RATE)
    (alarm,) = alarms(heard, settings)
    assert alarm.on_s == pytest.approx(13.5, abs=0.6)
    assert alarm.off_s == pytest.approx(alarm.last_s + 6.0, abs=0.6)


def test_the_peak_is_the_score_of_a_clip() -> None:
    """As training measures it."""
    classifier = loud_is_crying()
    for amplitude in (0.001, 0.01, 0.2):
        sound = np.concatenate([quiet(0.3), tone(0.7, amplitude=amplitude), quiet(1.0)])
        heard = hear(classifier, [sound], RATE)
        assert peak(heard) == pytest.approx(clip_score(classifier, sound))
    assert peak(heard, smoothing_s=0.0) == heard.confidence.max()


def test_another_sample_rate_is_resampled_as_it_comes() -> None:
    """And no sound is lost at the end."""
    ear = Ear(loud_is_crying(), 2 * RATE)
    for piece in np.array_split(np.repeat(evening(), 2), 11):
        ear.push(piece)
    heard = ear.finish()
    wanted = hear(loud_is_crying(), [evening()], RATE)
    assert heard.times_s[-1] == pytest.approx(120.0, abs=0.01)
    assert heard.confidence == pytest.approx(wanted.confidence, abs=0.05)


def test_a_gate_makes_deaf_to_what_is_soft() -> None:
    """And to nothing else."""
    heard = Heard(
        times_s=np.arange(3.0),
        confidence=np.array([0.9, 0.8, 0.7]),
        rms_dbfs=np.array([-50.0, -30.0, -36.0]),
    )
    assert heard.gated(-36.0).confidence.tolist() == [0.0, 0.8, 0.7]
    with suppress(ValueError):
        assert peak(heard.gated(0.0)) == 0.0
