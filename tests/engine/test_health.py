"""Health: dead is told from quiet, by the samples themselves."""

import numpy as np
from numpy.typing import NDArray
import pytest

from cry_engine.health import LONGEST_PAUSE_S, Health, HealthMonitor
from cry_engine.pauses import Pauses
from cry_engine.repeats import RepeatFinder
from cry_engine.resample import Resampler
from cry_engine.sources import MISSING, SourceKind
from tests.streams import mu_law

from .test_level import RATE, noise

HOP = RATE // 2


class Heard:
    """A monitor, and what it has said."""

    def __init__(
        self, kind: SourceKind = SourceKind.DEVICE, pauses: Pauses | None = None
    ) -> None:
        """Listen to a kind of source, of whose pauses something may be known."""
        self._monitor = HealthMonitor(RATE, kind, pauses)

    def __call__(self, samples: NDArray[np.float32]) -> list[tuple[Health, bool]]:
        """Return what is said of each half second: the health, and whether it is evidence."""
        verdicts = [
            self._monitor.update(samples[start : start + HOP])
            for start in range(0, len(samples) - HOP + 1, HOP)
        ]
        return [(verdict.health, verdict.is_evidence) for verdict in verdicts]


def silence(seconds: float) -> NDArray[np.float32]:
    """Return digital silence."""
    return np.zeros(round(seconds * RATE), np.float32)


def missing(seconds: float) -> NDArray[np.float32]:
    """Return what stands for sound that never came."""
    return np.full(round(seconds * RATE), MISSING, np.float32)


OK = (Health.OK, True)


@pytest.mark.parametrize("kind", SourceKind)
def test_a_quiet_room_is_no_silence(kind: SourceKind) -> None:
    """A good microphone at night hears one step of its own noise, for ever."""
    room = np.rint(noise(60.0, 0.6)) / 2.0**15
    assert set(Heard(kind)(room.astype(np.float32))) == {OK}


def test_a_device_that_is_silent_is_muted() -> None:
    """Within ten seconds; and what is silent meanwhile is no evidence of calm."""
    heard = Heard()
    heard(noise(5.0, 0.001))
    said = heard(silence(9.5))
    assert said[:16] == [(Health.OK, False)] * 16
    assert said[-1] == (Health.SILENT, False)
    assert heard(noise(0.5, 0.001)) == [OK]


def test_a_codec_may_send_nothing_in_pauses() -> None:
    """Once a stream has come back from silence by itself, silence is the quiet of its room."""
    heard = Heard(SourceKind.STREAM)
    heard(noise(2.0, 0.01))
    heard(silence(3.0))
    heard(noise(1.0, 0.01))
    assert set(heard(silence(LONGEST_PAUSE_S - 1.0))) == {OK}
    assert heard(silence(2.0))[-1] == (Health.SILENT, False)


def test_a_stream_of_nothing_but_silence_is_silent() -> None:
    """A camera whose microphone is off gives silence from the start."""
    assert Heard(SourceKind.STREAM)(silence(9.5))[-1] == (Health.SILENT, False)


def test_a_device_does_not_pause() -> None:
    """Muted twice, it is muted twice."""
    heard = Heard()
    for _ in range(2):
        heard(noise(2.0, 0.01))
        assert heard(silence(9.5))[-1][0] is Health.SILENT


def test_a_microphone_with_a_gate_is_learnt() -> None:
    """It is silent again and again, between sounds; muting it once or twice is no gate."""
    heard = Heard()
    for _ in range(3):
        heard(noise(2.0, 0.01))
        assert (Health.OK, False) in heard(silence(3.0))
    heard(noise(2.0, 0.01))
    assert set(heard(silence(60.0))) == {OK}


def test_what_is_learnt_outlives_a_stream() -> None:
    """It is the same camera that is opened anew."""
    pauses = Pauses()
    heard = Heard(SourceKind.STREAM, pauses)
    heard(np.concatenate([noise(2.0, 0.01), silence(2.0), noise(1.0, 0.01)]))
    assert set(Heard(SourceKind.STREAM, pauses)(silence(60.0))) == {OK}


def test_a_pause_in_which_a_stream_is_opened_anew_is_one() -> None:
    """In a quiet room the first pause may be longer than silence is trusted for: each would be the first else."""
    pauses = Pauses()
    heard = Heard(SourceKind.STREAM, pauses)
    assert heard(np.concatenate([noise(2.0, 0.01), silence(9.0)]))[-1] == (
        Health.SILENT,
        False,
    )
    again = Heard(SourceKind.STREAM, pauses)
    again(np.concatenate([silence(3.0), noise(1.0, 0.01)]))
    assert set(again(silence(60.0))) == {OK}


def test_silence_as_a_stream_starts_is_no_pause() -> None:
    """Some send it until their microphone is ready."""
    pauses = Pauses()
    Heard(SourceKind.STREAM, pauses)(noise(2.0, 0.01))
    again = Heard(SourceKind.STREAM, pauses)
    again(np.concatenate([silence(3.0), noise(1.0, 0.01)]))
    assert not pauses.learnt
    assert again(silence(9.0))[-1] == (Health.SILENT, False)


def test_a_pause_that_is_too_long_does_not_begin_anew_with_the_stream() -> None:
    """Who is muted stays muted, however often it is opened."""
    pauses = Pauses()
    heard = Heard(SourceKind.STREAM, pauses)
    heard(np.concatenate([noise(2.0, 0.01), silence(2.0), noise(1.0, 0.01)]))
    assert heard(silence(LONGEST_PAUSE_S))[-1][0] is Health.SILENT
    again = Heard(SourceKind.STREAM, pauses)
    assert set(again(silence(5.0))) == {(Health.SILENT, False)}
    assert again(noise(0.5, 0.01)) == [OK]


def test_gaps_of_a_network_are_no_pauses() -> None:
    """However many: a microphone that is muted then is noticed as soon as ever, also when it was opened anew."""
    pauses = Pauses()
    heard = Heard(SourceKind.STREAM, pauses)
    for _ in range(5):
        assert set(heard(noise(1.0, 0.01))) == {OK}
        assert set(heard(missing(2.0))) == {(Health.OK, False)}
    again = Heard(SourceKind.STREAM, pauses)
    again(np.concatenate([silence(3.0), noise(1.0, 0.01), missing(0.5)]))
    again(noise(1.0, 0.01))
    assert not pauses.learnt
    assert again(silence(9.5))[-1] == (Health.SILENT, False)


def test_a_gap_is_no_quiet_of_a_source_that_pauses() -> None:
    """Its own silence is calm; what never came may have been anything."""
    heard = Heard(SourceKind.STREAM)
    heard(np.concatenate([noise(2.0, 0.01), silence(2.0), noise(1.0, 0.01)]))
    assert set(heard(missing(9.0))) == {(Health.OK, False)}
    assert set(heard(silence(9.0))) == {OK}


def test_nothing_but_gaps_is_no_sound() -> None:
    """Who hears nothing for so long is deaf, whatever the reason."""
    assert Heard(SourceKind.STREAM)(missing(9.5))[-1] == (Health.SILENT, False)


def test_packets_of_silence_between_gaps_are_a_pause() -> None:
    """Every 400 ms Opus says that it is still silent; what is between is not sent."""
    pause = missing(4.0)
    for start in range(0, len(pause), round(0.4 * RATE)):
        pause[start : start + RATE // 50] = 0.0
    heard = Heard(SourceKind.STREAM)
    heard(noise(2.0, 0.01))
    assert set(heard(pause)) == {(Health.OK, False)}
    heard(noise(1.0, 0.01))
    assert set(heard(np.tile(pause, 15))) == {OK}


def test_a_button_that_is_pressed_each_evening_is_no_gate() -> None:
    """A gate closes more often than that."""
    pauses = Pauses()
    for _ in range(5):
        heard = Heard(SourceKind.DEVICE, pauses)
        heard(np.concatenate([noise(2.0, 0.01), silence(30.0)]))
        heard(np.tile(noise(60.0, 0.01), 11))
    assert not pauses.learnt


def test_the_silence_of_a_recording_is_what_it_is() -> None:
    """It is said, and stays evidence: no device hangs in a file."""
    assert Heard(SourceKind.RECORDING)(silence(9.5))[-1] == (Health.SILENT, True)


def test_g711_with_an_offset_is_silence_not_stuck() -> None:
    """The codec's smallest steps, for as long as a room is quiet, are its silence."""
    heard = Heard(SourceKind.STREAM)
    heard(noise(2.0, 0.01))
    heard(silence(3.0))
    heard(noise(1.0, 0.01))
    quiet = np.full(60 * RATE, 8.0 / 2.0**15, np.float32)
    assert mu_law(quiet[:2]) != mu_law(silence(1.0)[:2])
    assert set(heard(quiet)) == {OK}


@pytest.mark.parametrize("value", [0.2, -0.7, 1.0])
@pytest.mark.parametrize("from_rate", [RATE, 48_000, 8_000])
def test_one_value_for_ever_is_stuck(value: float, from_rate: int) -> None:
    """Also after resampling, which leaves a ripple."""
    resampler = Resampler(from_rate, RATE)
    samples = resampler.push(np.full(from_rate * 12, value, np.float32))[RATE:]
    said = Heard()(samples)
    assert said[-1] == (Health.STUCK, False)
    assert (Health.OK, True) not in said[2:]


@pytest.mark.parametrize("period_s", [0.01, 0.1, 0.25, 1.0])
@pytest.mark.parametrize("from_rate", [RATE, 48_000, 44_100, 16_000])
def test_one_buffer_for_ever_is_stuck(period_s: float, from_rate: int) -> None:
    """Whatever its length, and also after resampling."""
    rng = np.random.default_rng(3)
    buffer = rng.normal(0.0, 0.1, round(period_s * from_rate)).astype(np.float32)
    repeated = np.tile(buffer, round(12.0 / period_s))
    samples = Resampler(from_rate, RATE).push(repeated)
    said = [health for health, _ in Heard()(samples[: 10 * RATE])]
    assert said[-1] is Health.STUCK


@pytest.mark.parametrize("length", [1_024, 2_048, 4_096])
def test_a_cards_buffer_for_ever_is_stuck(length: int) -> None:
    """Powers of two make whole samples at the model's rate only after some repeats."""
    rng = np.random.default_rng(4)
    buffer = rng.normal(0.0, 0.1, length).astype(np.float32)
    repeated = np.tile(buffer, 12 * 48_000 // length)
    samples = Resampler(48_000, RATE).push(repeated)
    assert Heard()(samples[: 10 * RATE])[-1][0] is Health.STUCK


def test_a_looped_recording_is_not_stuck() -> None:
    """It repeats, as it was told to."""
    looped = np.tile(noise(0.5, 0.1), 30)
    assert set(Heard(SourceKind.RECORDING)(looped)) == {OK}


def test_what_sounds_alike_is_not_stuck() -> None:
    """A tone, a music box, a fan: through a microphone no second is like another."""
    time_s = np.arange(30 * RATE) / RATE
    tone = 0.3 * np.sin(2.0 * np.pi * 441.0 * time_s) + noise(30.0, 2.0**-14)
    assert set(Heard()(tone.astype(np.float32))) == {OK}


def test_a_repeat_must_go_on() -> None:
    """What repeated once, and then goes on otherwise, starts from nothing."""
    finder = RepeatFinder(RATE)
    buffer = noise(0.5, 0.1)
    said = [finder.update(buffer) for _ in range(8)]
    assert said[-1]
    assert not finder.update(noise(0.5, 0.1, seed=9))


def test_clipping_is_said_of_what_came_in() -> None:
    """At full scale, and not a little under it."""
    assert Heard()(np.clip(noise(0.5, 2.0), -1.0, 1.0)) == [(Health.CLIPPING, True)]
    assert Heard()(np.clip(noise(0.5, 2.0), -0.9, 0.9)) == [OK]


def test_what_is_alive() -> None:
    """What is heard is trusted while the input is fine or too loud."""
    assert {health for health in Health if health.alive} == {
        Health.OK,
        Health.CLIPPING,
    }
