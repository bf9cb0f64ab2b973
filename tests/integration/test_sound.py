"""Whether there is fresh evidence: never without it, and never for long without saying so."""

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.cry_detector.engine.health import Health
from custom_components.cry_detector.sound import PROBATION_S, Sound, SoundState
from tests.integration.ear import HOP_S, observation

SILENCE = {"rms_dbfs": -120.0}


def waiting() -> Sound:
    sound = Sound()
    sound.start()
    sound.opened()
    return sound


def lost(health: Health) -> Sound:
    """Return a sound that was well, went dead, and was opened again."""
    sound = waiting()
    assert sound.heard(observation(), 0.5)
    assert not sound.heard(observation(health=health), 10.0)
    sound.opened()
    return sound


def test_it_begins_with_the_first_sound() -> None:
    """Nothing is known before."""
    assert Sound().state is SoundState.OFF
    sound = waiting()
    assert sound.state is SoundState.STARTING
    assert sound.heard(observation(), 0.5)
    assert sound.state is SoundState.ARRIVING
    assert sound.problem is None


def test_digital_silence_is_no_evidence_at_first() -> None:
    """A muted microphone is open, too."""
    sound = waiting()
    assert not sound.heard(observation(**SILENCE), 0.5)
    assert sound.state is SoundState.STARTING
    assert not sound.heard(observation(health=Health.SILENT, **SILENCE), 10.0)
    assert (sound.state, sound.problem) == (SoundState.LOST, "silent")


def test_what_the_engine_lets_pass_for_long_enough_is_evidence() -> None:
    """As the pauses of a codec."""
    sound = waiting()
    assert not sound.heard(observation(**SILENCE), 0.5)
    assert sound.heard(observation(**SILENCE), 0.5 + PROBATION_S)


@pytest.mark.parametrize("health", [Health.SILENT, Health.STUCK, Health.SLOW])
def test_a_dead_stream_is_lost_and_names_its_health(health: Health) -> None:
    sound = waiting()
    assert sound.heard(observation(), 0.5)
    assert not sound.heard(observation(health=health), 10.0)
    assert (sound.state, sound.problem) == (SoundState.LOST, health.value)
    # It changes by itself: the engine has heard that.
    assert sound.heard(observation(), 11.0)
    assert sound.state is SoundState.ARRIVING


def test_a_microphone_that_was_muted_is_back_with_its_first_sound() -> None:
    """Also when the source was opened again in between."""
    sound = lost(Health.SILENT)
    assert not sound.heard(observation(**SILENCE), 10.5)
    assert sound.heard(observation(), 11.0)


@pytest.mark.parametrize("health", [Health.STUCK, Health.SLOW])
def test_what_shows_in_time_only_takes_time(health: Health) -> None:
    """A stuck stream that is opened again looks well at first."""
    sound = lost(health)
    moment_s = 11.0
    while moment_s < 11.0 + PROBATION_S:
        assert not sound.heard(observation(), moment_s)
        assert sound.problem == health.value
        moment_s += HOP_S
    assert sound.heard(observation(), moment_s)


def test_what_was_not_heard_adds_up() -> None:
    """The gaps that the engine finds, and the losses; none of it twice, nor what nobody wanted to hear."""
    sound = waiting()
    sound.heard(observation(), 0.0)
    sound.heard(observation(lost_s=1.5), 10.0)
    sound.heard(observation(lost_s=2.0), 20.0)
    assert sound.lost_s(20.0) == 2.0
    sound.lost("no_sound", 20.0)
    assert sound.lost_s(25.0) == 7.0
    sound.lost("cannot_connect", 26.0)
    sound.opened()
    sound.heard(observation(lost_s=0.5), 30.0)
    assert sound.lost_s(35.0) == 12.0
    sound.lost("no_sound", 40.0)
    sound.stop(41.0)
    assert sound.state is SoundState.OFF
    assert sound.lost_s(100.0) == 13.0


def test_it_tells_for_how_long_it_arrives() -> None:
    sound = waiting()
    assert sound.arriving_for_s(5.0) == 0.0
    sound.heard(observation(), 10.0)
    sound.heard(observation(), 20.0)
    assert sound.arriving_for_s(40.0) == 30.0
    sound.lost("no_sound", 41.0)
    assert sound.arriving_for_s(42.0) == 0.0


@hypothesis_settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(
                st.sampled_from(list(Health)), st.sampled_from([-120.0, -96.5, -50.0])
            ),
            st.sampled_from(["opened", "no_sound", "cannot_connect"]),
        ),
        max_size=60,
    )
)
def test_it_never_arrives_without_evidence(happenings: list[object]) -> None:
    """Whatever happens: what is trusted is alive, and lost sound only grows."""
    sound = waiting()
    moment_s, lost_s = 0.0, 0.0
    for happening in happenings:
        moment_s += HOP_S
        if happening == "opened":
            sound.opened()
        elif isinstance(happening, str):
            sound.lost(happening, moment_s)
            assert not sound.arrives
            assert sound.problem == happening
        else:
            assert isinstance(happening, tuple)
            health, rms_dbfs = happening
            trusted = sound.heard(
                observation(health=health, rms_dbfs=rms_dbfs), moment_s
            )
            assert trusted is sound.arrives
            assert not trusted or health.alive
            assert health.alive or sound.problem == health.value
        assert sound.arrives <= (sound.problem is None)
        assert sound.lost_s(moment_s) >= lost_s
        lost_s = sound.lost_s(moment_s)
