"""The whole pipeline, from a source to observations."""

import itertools
from pathlib import Path
import threading
import time

import numpy as np
from numpy.typing import NDArray
import pytest

from cry_engine.episodes import EpisodeSettings
from cry_engine.errors import SourceStalledError, SourceUnavailableError
from cry_engine.listener import PATIENCE_S, Detector, Health, Listener, Observation
from cry_engine.pauses import Pauses
from cry_engine.sources import READ_TIMEOUT_S
from cry_engine.sources.ffmpeg import FfmpegSource
from tests import streams

from .stand_in import loud_is_crying
from .test_detector import slow_classifier
from .test_ffmpeg import RATE, leaves_nothing, tone
from .test_level import noise, write_wav

__all__ = ["leaves_nothing"]

SETTINGS = EpisodeSettings(smoothing_s=0.0, hold_s=2.0)


def loud_from_to(start_s: float, end_s: float, seconds: float) -> NDArray[np.float32]:
    """Return a quiet room with a loud tone in it."""
    samples = noise(seconds, 0.0005)
    first, last = round(start_s * RATE), round(end_s * RATE)
    samples[first:last] += tone(RATE, seconds)[first:last]
    return samples


def hiss(seconds: float) -> NDArray[np.float32]:
    """Return the noise of a room at the servers' rate."""
    return noise(seconds * streams.RATE / RATE, 0.003)


def replay(path: Path, settings: EpisodeSettings = SETTINGS) -> Listener:
    """Return a listener to a file, as fast as it goes."""
    source = FfmpegSource.from_file(path, sample_rate=RATE, real_time=False)
    return Listener(source, loud_is_crying(), settings)


def test_a_recording_becomes_observations(tmp_path: Path) -> None:
    """One a hop, with time, level, scores, and the episode from its start to its end."""
    write_wav(tmp_path / "night.wav", loud_from_to(4.0, 6.0, 12.0))
    heard = list(replay(tmp_path / "night.wav"))
    assert [observation.time for observation in heard] == [
        pytest.approx(hop / 2) for hop in range(1, 25)
    ]
    crying = [observation.time for observation in heard if observation.crying]
    # It starts with the first half second that is loud, and two seconds of hold follow
    # the last, the very end of which still holds a frame of the tone.
    assert crying[0] == 4.5
    assert 7.5 <= crying[-1] <= 8.5
    assert crying == [crying[0] + 0.5 * n for n in range(len(crying))]
    during = heard[10]
    assert during.level.rms_dbfs == pytest.approx(-13.5, abs=0.2)
    assert during.confidence == during.scores.by_label["crying"] > 0.9
    assert during.episode is not None
    assert during.episode.end is None
    (ended,) = [
        observation.episode
        for observation in heard
        if observation.episode and observation.episode.end is not None
    ]
    assert ended.start == 4.5
    assert 6.0 <= (ended.end or 0.0) <= 6.5
    assert heard[0].episode is None
    assert heard[-1].episode is None
    assert heard[0].health is Health.OK


@pytest.mark.parametrize("size", [1_000, 11_025, 100_000])
def test_pieces_make_no_difference(size: int) -> None:
    """The observations of a stream do not depend on how it is cut."""
    samples = loud_from_to(2.0, 3.3, 7.2)

    def observe(size: int) -> list[Observation]:
        detector = Detector(loud_is_crying(), SETTINGS)
        heard: list[Observation] = []
        for start in range(0, len(samples), size):
            heard += detector.push(samples[start : start + size])
        return heard + list(detector.flush())

    pieces, whole = observe(size), observe(len(samples))
    assert len(pieces) == len(whole) == 15
    for piece, one in zip(pieces, whole, strict=True):
        assert piece.time == one.time
        assert piece.crying == one.crying
        assert piece.confidence == pytest.approx(one.confidence, abs=1e-5)
        assert piece.level.rms_dbfs == pytest.approx(one.level.rms_dbfs, abs=1e-6)


@pytest.mark.parametrize("seconds", [0.01, 0.3, 0.5, 1.2])
def test_a_file_shorter_than_the_window_gets_its_score(
    tmp_path: Path, seconds: float
) -> None:
    """The rest that is shorter than a hop counts too."""
    write_wav(tmp_path / "short.wav", tone(RATE, seconds))
    heard = list(replay(tmp_path / "short.wav"))
    assert heard[-1].time == pytest.approx(seconds, abs=0.001)
    assert len(heard) == int(np.ceil(seconds * 2))


def test_an_episode_that_is_cut_off_can_be_finished(tmp_path: Path) -> None:
    """When the sound ends in the middle of crying, what is known is there."""
    write_wav(tmp_path / "cut.wav", loud_from_to(2.0, 5.0, 5.0))
    listener = replay(tmp_path / "cut.wav")
    assert list(listener)[-1].crying
    episode = listener.finish()
    assert episode is not None
    assert (episode.start, episode.end) == (2.5, 5.0)
    assert listener.finish() is None


def test_settings_come_from_the_model_by_default() -> None:
    """Without settings, the thresholds are those of the manifest."""
    settings = Detector(loud_is_crying()).settings
    assert (settings.on_threshold, settings.off_threshold) == (0.6, 0.4)


def test_only_silence_is_said_within_ten_seconds() -> None:
    """A pause is none of it; noise one step high is a microphone."""
    detector = Detector(loud_is_crying(), SETTINGS)
    silence = np.zeros(RATE, np.float32)

    def health(seconds: int, samples: NDArray[np.float32]) -> list[Health]:
        return [
            observation.health
            for _ in range(seconds)
            for observation in detector.push(samples)
        ]

    assert set(health(8, silence)) == {Health.OK}
    assert set(health(2, silence)[2:]) == {Health.SILENT}
    assert set(health(1, noise(1.0, 2.0**-15))) == {Health.OK}
    assert set(health(8, silence)) == {Health.OK}


def test_clipping_is_said() -> None:
    """Samples at full scale were cut off."""
    detector = Detector(loud_is_crying(), SETTINGS)
    (first, _) = detector.push(np.clip(tone(RATE, 1.0, 1.5), -1.0, 1.0))
    assert first.health is Health.CLIPPING


def test_rates_must_agree(tmp_path: Path) -> None:
    """A source at another rate would be heard at another pitch."""
    source = FfmpegSource.from_file(tmp_path / "x.wav", sample_rate=16_000)
    with pytest.raises(ValueError, match="16000"):
        Listener(source, loud_is_crying())


def test_a_stalled_stream_is_given_up() -> None:
    """Open, but without sound for as long as patience lasts: that is said, not quiet."""
    with streams.RtspStream(tone(streams.RATE, 1.0)) as server:
        source = FfmpegSource.from_url(server.url, sample_rate=RATE)
        listener = iter(Listener(source, loud_is_crying(), patience_s=2.0))
        next(listener)
        server.stalled.set()
        start = time.monotonic()
        with pytest.raises(SourceStalledError, match="no sound for 2 s"):
            list(listener)
        assert time.monotonic() - start < 6.0


def test_a_first_sound_may_be_waited_for_longer() -> None:
    """A camera wakes up; once it has begun, it has no longer than others."""
    with streams.HttpStream(hiss(7.0)) as server:
        server.stalled.set()
        threading.Timer(4.0, server.stalled.clear).start()
        source = FfmpegSource.from_url(server.url, sample_rate=RATE, patience_s=20.0)
        start = time.monotonic()
        listener = iter(
            Listener(source, loud_is_crying(), patience_s=3.0, first_patience_s=20.0)
        )
        next(listener)
        assert time.monotonic() - start > 4.0
        server.stalled.set()
        start = time.monotonic()
        with pytest.raises(SourceStalledError, match="no sound for 3 s"):
            list(listener)
        assert time.monotonic() - start < 6.0


def test_patience_is_over_within_ten_seconds() -> None:
    """As it is by default, with the second that a read may take."""
    assert PATIENCE_S + READ_TIMEOUT_S < 10.0


def test_an_episode_is_ended_as_lost_when_the_stream_dies() -> None:
    """What is known of it is there, and that the rest is not."""
    with streams.RtspStream(tone(streams.RATE, 7.0) + hiss(7.0)) as server:
        source = FfmpegSource.from_url(server.url, sample_rate=RATE)
        listener = Listener(source, loud_is_crying(), SETTINGS)
        heard = iter(listener)
        while not next(heard).crying:
            pass
        server.cut()
        with pytest.raises(SourceUnavailableError):
            list(heard)
    episode = listener.finish()
    assert episode is not None
    assert episode.lost
    assert episode.end == episode.last


def test_an_episode_that_is_closed_is_not_lost() -> None:
    """Whoever stops listening has lost nothing."""
    with streams.RtspStream(tone(streams.RATE, 7.0) + hiss(7.0)) as server:
        source = FfmpegSource.from_url(server.url, sample_rate=RATE)
        listener = Listener(source, loud_is_crying(), SETTINGS)
        for observation in listener:
            if observation.crying:
                listener.close()
        episode = listener.finish()
    assert episode is not None
    assert not episode.lost


def test_a_network_that_is_gone_for_a_moment_costs_nothing() -> None:
    """What TCP holds back for six seconds is late, and heard: opening the stream anew would lose it."""
    with streams.RtspStream(tone(streams.RATE, 7.0) + hiss(7.0)) as server:
        source = FfmpegSource.from_url(server.url, sample_rate=RATE)
        listener = Listener(source, loud_is_crying(), SETTINGS)
        heard: list[Observation] = []
        for observation in listener:
            heard.append(observation)
            if observation.time == 8.0:
                server.held.set()
                threading.Timer(6.0, server.held.clear).start()
            if observation.time >= 20.0:
                listener.close()
    assert {observation.health for observation in heard} == {Health.OK}
    assert all(observation.crying for observation in heard)
    assert max(observation.behind_s for observation in heard) > 4.0
    assert heard[-1].behind_s < 1.5
    assert heard[-1].lost_s == 0.0


def test_a_codec_that_sends_nothing_in_silence_is_neither_slow_nor_dead() -> None:
    """Its time stamps go on: with a packet now and then, its silence lasts as long as the clock's (DTX)."""
    count = itertools.count()
    with streams.RtspStream(hiss(7.0)) as server:
        source = FfmpegSource.from_url(server.url, sample_rate=RATE)
        listener = Listener(source, loud_is_crying(), SETTINGS)
        heard: list[Observation] = []
        for observation in listener:
            heard.append(observation)
            if observation.time == 2.0:
                # A packet every 400 ms, as Opus sends them.
                server.disturb = lambda packet: (
                    packet if next(count) % 20 == 0 else None
                )
            if observation.time >= 14.0:
                listener.close()
    assert {observation.health for observation in heard} == {Health.OK}
    assert max(observation.behind_s for observation in heard) < 1.5
    assert heard[-1].lost_s == 0.0
    quiet, loud = heard[-1].level.rms_dbfs, heard[0].level.rms_dbfs
    assert quiet < loud - 6.0


def test_a_gap_of_the_network_is_no_pause_of_the_codec() -> None:
    """Packets that are lost for two seconds, once: the sound goes on, and nothing is learnt of how it is silent."""
    count = itertools.count()
    pauses = Pauses()
    with streams.RtspStream(hiss(7.0)) as server:
        server.disturb = lambda packet: None if 100 <= next(count) < 200 else packet
        source = FfmpegSource.from_url(server.url, sample_rate=RATE)
        listener = Listener(source, loud_is_crying(), SETTINGS, pauses=pauses)
        heard: list[Observation] = []
        for observation in listener:
            heard.append(observation)
            if observation.time >= 6.0:
                listener.close()
    assert {observation.health for observation in heard} == {Health.OK}
    assert sum(observation.level.peak_dbfs < -100.0 for observation in heard) >= 2
    assert heard[-1].level.peak_dbfs > -100.0
    assert not pauses.learnt


def test_a_machine_that_is_too_slow_falls_behind_no_further() -> None:
    """Windows are left out; what is reported stays fresh, and nothing is lost."""
    with streams.RtspStream(hiss(7.0)) as server:
        source = FfmpegSource.from_url(server.url, sample_rate=RATE)
        listener = Listener(source, slow_classifier(0.8), SETTINGS)
        heard: list[Observation] = []
        for observation in listener:
            heard.append(observation)
            if observation.time >= 12.0:
                listener.close()
    assert len(heard) < 20
    assert sum(observation.span_s for observation in heard) == heard[-1].time
    assert max(observation.behind_s for observation in heard[3:]) < 2.0
    assert heard[-1].load > 0.5
    assert heard[-1].lost_s == 0.0
    assert {observation.health for observation in heard} == {Health.OK}


def test_a_listener_that_is_held_up_loses_nothing() -> None:
    """What came meanwhile waits, and is heard then; its age says that it waited."""
    with streams.RtspStream(hiss(7.0)) as server:
        source = FfmpegSource.from_url(server.url, sample_rate=RATE)
        listener = Listener(source, loud_is_crying(), SETTINGS)
        heard: list[Observation] = []
        for observation in listener:
            heard.append(observation)
            if observation.time == 2.0:
                time.sleep(5.0)
            if observation.time >= 12.0:
                listener.close()
    assert sum(observation.span_s for observation in heard) == heard[-1].time
    assert max(observation.behind_s for observation in heard) > 4.0
    assert heard[-1].behind_s < 0.5
    assert heard[-1].lost_s == 0.0


def test_a_replay_is_not_behind(tmp_path: Path) -> None:
    """A file as fast as it goes has no clock to be late by."""
    write_wav(tmp_path / "room.wav", noise(30.0, 0.01))
    heard = list(replay(tmp_path / "room.wav"))
    assert {observation.behind_s for observation in heard} == {0.0}
    assert {observation.lost_s for observation in heard} == {0.0}
    assert len(heard) == 60


def test_knobs_are_the_detectors(tmp_path: Path) -> None:
    """What is set on a listener is what it listens with."""
    write_wav(tmp_path / "room.wav", noise(3.0, 0.001))
    listener = replay(tmp_path / "room.wav")
    listener.gain_db = 20.0
    listener.loud_margin_db = 3.0
    listener.settings = EpisodeSettings(smoothing_s=0.0, hold_s=1.0)
    listener.test_alarm(1.0)
    heard = list(listener)
    assert (listener.gain_db, listener.loud_margin_db) == (20.0, 3.0)
    assert listener.settings.hold_s == 1.0
    assert heard[0].level.rms_dbfs == pytest.approx(-40.0, abs=0.5)
    assert [observation.test for observation in heard[:3]] == [True] * 3


def test_a_source_that_cannot_be_had_is_raised(tmp_path: Path) -> None:
    """The reason comes through the listener."""
    with pytest.raises(SourceUnavailableError, match="No such file"):
        list(replay(tmp_path / "missing.wav"))


def test_closing_from_another_thread_ends_it() -> None:
    """The iteration is over within a second, as if it had ended by itself."""
    heard = threading.Event()
    ended = threading.Event()

    def listen(listener: Listener) -> None:
        for _ in listener:
            heard.set()
        ended.set()

    with streams.RtspStream(tone(streams.RATE, 1.0)) as camera:
        source = FfmpegSource.from_url(camera.url, sample_rate=RATE)
        listener = Listener(source, loud_is_crying())
        thread = threading.Thread(target=listen, args=[listener])
        thread.start()
        assert heard.wait(10.0)
        assert not ended.is_set()
        listener.close()
        assert ended.wait(1.0)
        thread.join()
