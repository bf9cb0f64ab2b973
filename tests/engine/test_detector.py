"""The pipeline behind the source: live settings, test alarms, evidence, and keeping up."""

from dataclasses import replace
import threading
import time
import tracemalloc

import numpy as np
from numpy.typing import NDArray
import pytest

from cry_engine.classifier import Classifier
from cry_engine.detector import Detector
from cry_engine.episodes import EpisodeSettings
from cry_engine.health import Health
from cry_engine.observation import Observation
from cry_engine.pace import Pace
from cry_engine.pauses import Pauses
from cry_engine.sources import MISSING, SourceKind

from .stand_in import LoudIsCrying, loud_is_crying
from .test_ffmpeg import tone
from .test_level import RATE, noise

SETTINGS = EpisodeSettings(smoothing_s=0.0, hold_s=2.0)


def quiet(seconds: float) -> NDArray[np.float32]:
    """Return a quiet room."""
    return noise(seconds, 0.0005)


def crying(seconds: float) -> NDArray[np.float32]:
    """Return what the stand-in takes for crying, as a microphone hears it."""
    return tone(RATE, seconds) + noise(seconds, 0.0005)


def detector(kind: SourceKind = SourceKind.DEVICE, **how: float) -> Detector:
    """Return a detector that follows what it is told at once."""
    return Detector(loud_is_crying(), SETTINGS, kind=kind, **how)


def hear(one: Detector, samples: NDArray[np.float32]) -> list[Observation]:
    """Return what is observed."""
    return list(one.push(samples))


def test_an_observation_spans_a_hop() -> None:
    """It says how much sound it is about, and what that cost."""
    heard = hear(detector(), quiet(3.0))
    assert {observation.span_s for observation in heard} == {0.5}
    assert 0.0 < heard[-1].load < 1.0
    assert heard[-1].lost_s == heard[-1].behind_s == 0.0


def test_the_noise_floor_stays_through_crying() -> None:
    """Crying is loud, and is not the room."""
    one = detector()
    before = hear(one, quiet(20.0))[-1]
    assert before.noise_floor_dbfs == pytest.approx(-66.5, abs=2.0)
    assert not before.loud
    during = hear(one, crying(180.0))
    assert all(observation.loud for observation in during)
    assert {observation.noise_floor_dbfs for observation in during} == {
        before.noise_floor_dbfs
    }


def test_gain_comes_before_all_else() -> None:
    """Twenty decibels more are twenty decibels more, and a far cry becomes one that is heard."""
    far = crying(1.0) * np.float32(0.02)
    plain = hear(detector(), far)[-1]
    amplified = hear(detector(gain_db=20.0), far)[-1]
    assert amplified.level.rms_dbfs == pytest.approx(
        plain.level.rms_dbfs + 20.0, abs=0.01
    )
    assert amplified.confidence > plain.confidence
    assert not plain.crying
    assert amplified.crying


def test_gain_neither_makes_nor_hides_clipping() -> None:
    """It is the input that clips; what the gain drives over full scale is cut, and no more."""
    loud = hear(detector(gain_db=30.0), crying(0.5))[0]
    assert loud.health is Health.OK
    assert loud.level.peak_dbfs == 0.0
    clipped = np.clip(crying(0.5) * 9.0, -1.0, 1.0)
    assert hear(detector(gain_db=-20.0), clipped)[0].health is Health.CLIPPING


def test_settings_hold_from_the_next_hop_on() -> None:
    """Thresholds, hold, gain and margin, while it listens."""
    one = detector()
    middling = crying(0.5) * np.float32(0.1)
    assert 0.4 < hear(one, middling)[0].confidence < 0.95
    assert hear(one, middling)[0].crying
    one.settings = replace(SETTINGS, on_threshold=0.99, off_threshold=0.98, hold_s=0.0)
    assert not hear(one, middling)[-1].crying
    one.settings = SETTINGS
    assert hear(one, middling)[0].crying
    one.gain_db = 6.0
    assert hear(one, middling)[0].level.rms_dbfs == pytest.approx(-27.5, abs=0.5)
    hear(one, quiet(10.0))
    one.loud_margin_db = 60.0
    assert not hear(one, np.concatenate([quiet(3.0), middling]))[-1].loud
    one.loud_margin_db = 10.0
    assert hear(one, middling)[-1].loud


def test_a_test_alarm_is_an_episode_that_says_so() -> None:
    """It goes through the real thresholds and hold, and its end is a test's end."""
    one = detector()
    hear(one, quiet(2.0))
    one.test_alarm(3.0)
    heard = hear(one, quiet(10.0))
    assert [observation.confidence for observation in heard[:6]] == [1.0] * 6
    assert heard[6].confidence < 0.5
    assert [observation.crying for observation in heard] == [True] * 9 + [False] * 11
    assert all(observation.test for observation in heard[:10])
    assert not any(observation.test for observation in heard[10:])
    episode = heard[9].episode
    assert episode is not None
    assert episode.test
    assert (episode.start, episode.end) == (2.5, 5.0)


@pytest.mark.parametrize("confirm_s", [0.5, 3.0, 60.0])
def test_a_test_alarm_lasts_until_it_has_been_an_episode(confirm_s: float) -> None:
    """However long crying must be to be one: its time begins with it."""
    one = detector()
    one.settings = replace(SETTINGS, confirm_s=confirm_s)
    one.test_alarm(3.0)
    heard = hear(one, quiet(confirm_s + 10.0))
    begun = round(confirm_s / 0.5)
    crying = [observation.crying for observation in heard]
    assert crying == [False] * begun + [True] * 9 + [False] * 11
    assert all(observation.test for observation in heard[: begun + 9])
    assert heard[begun + 6].confidence < 0.5


@pytest.mark.parametrize(("before_s", "after_s"), [(60.0, 0.0), (2.0, 8.0)])
def test_a_test_alarm_goes_by_the_settings_of_the_moment(
    before_s: float, after_s: float
) -> None:
    """They may be changed before it has become an episode."""
    one = detector()
    one.settings = replace(SETTINGS, confirm_s=before_s)
    one.test_alarm(1.0)
    assert not any(observation.crying for observation in hear(one, quiet(2.0)))
    one.settings = replace(SETTINGS, confirm_s=after_s)
    heard = hear(one, quiet(12.0))
    # Two hops of it and four of the hold, of which the last ends it.
    assert sum(observation.crying for observation in heard) == 5


def test_a_test_alarm_does_not_hide_a_cry() -> None:
    """What begins as a test is real as soon as something real is in it; and a real one stays real."""
    one = detector()
    one.test_alarm(2.0)
    heard = hear(one, np.concatenate([quiet(3.0), crying(2.0)]))
    assert heard[3].episode is not None
    assert heard[3].episode.test
    assert heard[-1].crying
    assert heard[-1].episode is not None
    assert not heard[-1].episode.test
    one.test_alarm(1.0)
    (during, *_) = hear(one, crying(1.0))
    assert during.episode is not None
    assert not during.episode.test


def test_a_cry_within_a_test_alarm_is_real() -> None:
    """Also one that is over before the alarm is: who does not mind tests must hear of it."""
    one = detector()
    hear(one, quiet(2.0))
    one.test_alarm(10.0)
    heard = hear(one, np.concatenate([quiet(3.0), crying(2.0), quiet(10.0)]))
    tests = [observation.episode.test for observation in heard if observation.episode]
    assert tests == [True] * 6 + [False] * 18
    (ended,) = [
        observation.episode
        for observation in heard
        if observation.episode and observation.episode.end
    ]
    assert not ended.test


def test_a_test_alarm_does_not_move_the_noise_floor() -> None:
    """The room is what it was."""
    one = detector()
    before = hear(one, quiet(20.0))[-1].noise_floor_dbfs
    one.test_alarm(5.0)
    assert hear(one, quiet(5.0))[-1].noise_floor_dbfs == before


def test_a_muted_microphone_ends_no_cry() -> None:
    """Silence that no room can give is no calm: the cry goes on until the sound is known to be lost."""
    one = detector()
    hear(one, crying(3.0))
    heard = hear(one, np.zeros(12 * RATE, np.float32))
    dead = next(
        number for number, one in enumerate(heard) if one.health is Health.SILENT
    )
    assert all(observation.crying for observation in heard[:dead])
    assert not any(observation.crying for observation in heard[dead:])
    ended = heard[dead].episode
    assert ended is not None
    assert ended.lost
    assert ended.end == 3.0
    assert not any(observation.crying for observation in hear(one, quiet(2.0)))


def missing(seconds: float) -> NDArray[np.float32]:
    """Return what stands for sound that never came."""
    return np.full(round(seconds * RATE), MISSING, np.float32)


def pausing() -> Detector:
    """Return a detector for a stream that is known to pause, in the midst of a cry."""
    pauses = Pauses()
    one = Detector(loud_is_crying(), SETTINGS, kind=SourceKind.STREAM, pauses=pauses)
    pause = np.zeros(4 * RATE, np.float32)
    assert hear(one, np.concatenate([quiet(1.0), pause, crying(3.0)]))[-1].crying
    assert pauses.learnt
    return one


@pytest.mark.parametrize("stride", [1, 4])
def test_a_gap_of_the_network_ends_no_cry(
    stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does what is calm after it, before it has been so for as long as the hold; also where windows are left out."""
    one = pausing()
    monkeypatch.setattr(Pace, "stride", lambda pace, hops: stride)
    gap = np.concatenate([missing(7.0), quiet(1.5)])
    assert all(observation.crying for observation in one.push(gap, live=True))
    assert all(observation.crying for observation in hear(one, crying(1.0)))


def test_calm_after_a_gap_ends_a_cry() -> None:
    """When it has been for as long as the hold, which the gap is no part of; the end is where it was heard last."""
    one = pausing()
    heard = hear(one, np.concatenate([quiet(1.0), missing(7.0), quiet(2.0)]))
    ended = heard[18].episode
    assert [observation.crying for observation in heard] == [True] * 18 + [False] * 2
    assert ended is not None
    # The first hop of calm still holds the end of a frame of crying.
    assert (ended.end, ended.lost) == (8.5, False)


def test_a_stuck_buffer_of_crying_does_not_cry_for_ever() -> None:
    """It sounds like crying, and is no fresh evidence of any."""
    one = detector()
    buffer = crying(0.4)
    heard = hear(one, np.tile(buffer, 40))
    assert heard[0].crying
    assert heard[-1].health is Health.STUCK
    assert not heard[-1].crying
    assert one.finish() is None


def test_sound_that_comes_too_slowly_ends_an_episode_as_lost() -> None:
    """And none begins while it does."""
    one = detector()
    hear(one, crying(2.0))
    (lost, *others) = one.push(crying(2.0), live=True, slow=True)
    assert lost.health is Health.SLOW
    assert lost.episode is not None
    assert lost.episode.lost
    assert not lost.crying
    assert not any(observation.crying for observation in others)


def test_silence_in_a_recording_is_calm() -> None:
    """An episode in a file ends as it would in a quiet room."""
    heard = hear(
        detector(SourceKind.RECORDING),
        np.concatenate([crying(3.0), np.zeros(12 * RATE, np.float32)]),
    )
    (ended,) = [
        observation.episode
        for observation in heard
        if observation.episode and observation.episode.end
    ]
    assert not ended.lost


class Slow(LoudIsCrying):
    """A model for a faster machine."""

    cost_s = 0.0

    def run(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take so many seconds for a window."""
        time.sleep(self.cost_s)
        return super().run(window)


def slow_classifier(cost_s: float) -> Classifier:
    """Return a classifier that takes so long for a window."""
    manifest = loud_is_crying().manifest
    runtime = Slow(*manifest.input_shape)
    runtime.cost_s = cost_s
    return Classifier(manifest, runtime)


def test_windows_are_left_out_never_sound() -> None:
    """All samples are heard, the newest window is scored, and the span says what was skipped."""
    one = Detector(slow_classifier(0.3), SETTINGS, kind=SourceKind.DEVICE)
    for _ in range(6):
        list(one.push(quiet(0.5), live=True))
    loud = np.concatenate([quiet(2.0), crying(0.5), quiet(2.5)])
    heard = list(one.push(loud, live=True))
    assert len(heard) < 10
    assert sum(observation.span_s for observation in heard) == pytest.approx(5.0)
    assert heard[-1].time == pytest.approx(8.0)
    assert max(observation.level.rms_dbfs for observation in heard) > -30.0


def test_what_waits_is_not_copied() -> None:
    """However much that is: memory is taken for a hop at a time, and what is left over holds no more than itself."""
    one = detector(SourceKind.RECORDING)
    hear(one, quiet(1.0))
    much = quiet(60.2)
    tracemalloc.start()
    try:
        hear(one, much)
        left, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < much.nbytes / 4
    assert left < much.nbytes / 20


def test_a_recording_is_never_hurried() -> None:
    """Every window of a file counts, however slow the machine is."""
    one = Detector(slow_classifier(0.02), SETTINGS)
    assert len(hear(one, quiet(20.0))) == 40


@pytest.mark.parametrize(
    ("cost_s", "hops", "stride"),
    [(0.0, 100, 1), (0.1, 5, 1), (0.1, 6, 2), (0.1, 24, 5), (0.8, 1, 1), (0.8, 7, 7)],
)
def test_what_waits_is_done_within_a_hop(cost_s: float, hops: int, stride: int) -> None:
    """So many are left out that those that are not take no longer."""
    pace = Pace(0.5)
    for _ in range(60):
        pace.note(cost_s, 0.5)
    assert pace.stride(hops) == stride
    assert pace.load == pytest.approx(min(cost_s / 0.5, 2.0), abs=0.1)


def test_settings_may_come_from_another_thread() -> None:
    """While one listens, another turns every knob; nothing breaks."""
    one = detector()
    done = threading.Event()

    def turn() -> None:
        while not done.is_set():
            for on in (0.2, 0.9):
                one.settings = replace(SETTINGS, on_threshold=on, off_threshold=on / 2)
                one.gain_db = 20.0 * on
                one.loud_margin_db = 20.0 * on
                one.test_alarm(0.5)

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        heard = hear(one, np.concatenate([quiet(5.0), crying(5.0)]))
    finally:
        done.set()
        thread.join()
    assert len(heard) == 20
