"""The hour of faults judges what it is to judge: a fault that is not noticed, a cry that is missed, calm that is none."""

import socket
import time

import numpy as np
import pytest

from benchmarks.fault_hour import Record, Sample, faults_in_log, judge_memory
from benchmarks.fault_judge import UNAVAILABLE, Outage, cut_off, heard_parts, met, tally
from benchmarks.nursery_stream import NurseryStream, cries
from demo.nursery.scene import Event
from tests.faults.server import PASSWORD
from tests.streams import HTTP_OK, PACKET, RATE, WAV_HEADER, mu_law

OUTAGE = Outage(name="stalls", began_s=100.0, ended_s=120.0, within_s=15.0)
# Crying goes away as the fault is noticed, and is there again when it is over.
PROPER = [(10.0, "off"), (108.0, UNAVAILABLE), (124.0, "off")]


def state(entity: str, value: str, second: int, **attributes: str) -> dict[str, object]:
    """Return a state as Home Assistant sends it."""
    when = f"2026-11-01T03:00:{second:02d}.000000+00:00"
    return {
        "entity_id": entity,
        "state": value,
        "attributes": attributes,
        "last_updated": when,
    }


def test_a_fault_that_is_met_as_it_should_be() -> None:
    found = met(OUTAGE, PROPER, 10.0)
    assert (found.noticed_s, found.recovered_s) == (8.0, 4.0)
    assert found.heard_again == 124.0
    assert found.wrong == ()


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ([(10.0, "off")], "not noticed"),
        ([(10.0, "off"), (111.0, UNAVAILABLE), (124.0, "off")], "not noticed"),
        ([*PROPER[:2], (112.0, "off"), (113.0, UNAVAILABLE)], "was off while"),
        ([*PROPER[:2], (112.0, "on"), (121.0, "off")], "was on while"),
        ([*PROPER[:2], (136.0, "off")], "not recovered"),
        (PROPER[:2], "not recovered"),
    ],
)
def test_a_fault_that_is_not(changes: list[tuple[float, str]], wrong: str) -> None:
    assert any(wrong in what for what in met(OUTAGE, changes, 10.0).wrong)


def test_what_cannot_show_need_not_be_noticed() -> None:
    """Who is suspended tells nothing; what comes out as it goes on is of that time."""
    outage = Outage(
        name="suspended", began_s=100.0, ended_s=120.0, within_s=15.0, shows=False
    )
    found = met(outage, [(10.0, "off"), (200.0, UNAVAILABLE)], 10.0)
    assert (found.noticed_s, found.recovered_s, found.wrong) == (None, 0.0, ())
    found = met(outage, [(10.0, "off"), (121.0, UNAVAILABLE), (123.0, "off")], 10.0)
    assert (found.recovered_s, found.heard_again, found.wrong) == (3.0, 123.0, ())


def test_what_is_left_of_a_cry() -> None:
    """Before, between and after what was lost."""
    lost = [(0.0, 5.0), (10.0, 20.0), (25.0, 26.0), (90.0, 99.0)]
    assert list(heard_parts((30.0, 60.0), lost)) == [(30.0, 60.0)]
    assert list(heard_parts((4.0, 40.0), lost)) == [
        (5.0, 10.0),
        (20.0, 25.0),
        (26.0, 40.0),
    ]
    assert list(heard_parts((12.0, 18.0), lost)) == []


def test_cries_that_are_reported() -> None:
    """Whole, in part, or gone with a fault: none of them is missed."""
    changes = [
        (0.0, "off"),
        (32.0, "on"),
        (66.0, "off"),
        (122.0, "on"),
        (140.0, UNAVAILABLE),
        (150.0, "off"),
        (155.0, "on"),
        (186.0, "off"),
    ]
    spans = [(30.0, 60.0), (120.0, 180.0), (300.0, 320.0)]
    found = tally(spans, [(135.0, 150.0), (295.0, 315.0)], changes)
    assert (found.heard, found.cut, found.gone) == (1, 1, 1)
    assert (found.missed, found.false, found.cleared) == ((), (), ())
    assert cut_off(changes) == [140.0]


def test_who_is_suspended_cannot_say_that_it_is_calm() -> None:
    """The time is not counted in which nothing could be reported."""
    changes = [(0.0, "off"), (32.0, "on"), (140.0, "off")]
    assert tally([(30.0, 60.0)], [(62.0, 138.0)], changes).false == ()
    assert tally([(30.0, 60.0)], [(62.0, 100.0)], changes).false != ()


def test_a_cry_that_goes_on_at_the_end_is_none_that_was_not_there() -> None:
    """It is reported, and nobody hears it end."""
    changes = [(0.0, "off"), (32.0, "on")]
    found = tally([(30.0, 60.0)], [(50.0, float("inf"))], changes)
    assert (found.cut, found.missed, found.false) == (1, (), ())
    assert tally([(30.0, 60.0)], [(50.0, float("inf"))], changes[:1]).missed


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ([(0.0, "off")], "missed"),
        ([(0.0, "off"), (42.0, "on"), (66.0, "off")], "missed"),
        # What was reported before the sound was lost is no report of what comes after.
        ([(0.0, "off"), (31.0, "on"), (34.0, UNAVAILABLE), (36.0, "off")], "missed"),
        ([(0.0, "off"), (10.0, "on"), (15.0, "off"), (32.0, "on")], "false"),
        ([(0.0, "off"), (32.0, "on"), (90.0, "off")], "false"),
        ([(0.0, "off"), (32.0, "on")], "false"),
        ([(0.0, "off"), (32.0, "on"), (40.0, "off"), (45.0, "on")], "cleared"),
    ],
)
def test_cries_that_are_not(changes: list[tuple[float, str]], field: str) -> None:
    """Missed, late or not reported again; false, held for ever; cleared in the midst of them."""
    lost = [(34.0, 36.0)] if (34.0, UNAVAILABLE) in changes else []
    found = tally([(30.0, 60.0)], lost, changes)
    assert getattr(found, field)


def test_memory_that_grows_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """From the first minutes on, and by 2 MB."""

    def record(*megabytes: float) -> Record:
        return Record(
            began=0.0,
            samples=[
                Sample(at_s=60.0 * at, resident_bytes=round(mb * 2**20), descriptors=9)
                for at, mb in enumerate(megabytes)
            ],
        )

    assert judge_memory(record(50.0, 100.0, 101.9, 100.0), 100.0) == []
    (wrong,) = judge_memory(record(50.0, 100.0, 102.1, 100.0), 100.0)
    assert "2.20 MB" in wrong
    assert "descriptors at most 9, then 9" in capsys.readouterr().out


def test_states_are_taken_as_they_come() -> None:
    """Crying, why no sound arrives, and which episodes were cut off."""
    record = Record(began=1_793_502_000.0)
    crying, audio = "binary_sensor.nursery_crying", "binary_sensor.nursery_audio_input"
    assert record.crying == UNAVAILABLE
    for one in (
        state(crying, "unknown", 0),
        state(crying, "off", 1),
        state(crying, "off", 2, since="x"),
        state(audio, "off", 3, problem="silent"),
        state(crying, "unavailable", 3),
        state("event.nursery_cry", "2026-11-01T03:00:03", 4, sound_lost="yes"),
        state("event.nursery_cry", "2026-11-01T03:00:05", 5),
        state("light.hall", "on", 6),
    ):
        record.take(one)
    assert record.changes == [(0.0, UNAVAILABLE), (1.0, "off"), (3.0, UNAVAILABLE)]
    assert record.problems == [(3.0, "silent")]
    assert record.lost_episodes == [4.0]
    assert record.crying == UNAVAILABLE


def test_the_log_may_say_that_no_sound_arrives() -> None:
    """And nothing else of us, and nothing secret."""
    head = "2026-11-01 03:00:00.000+00:00"
    ours = "[custom_components.cry_detector.hearing]"
    lost = f"{head} WARNING (MainThread) {ours} Nursery: no sound arrives: it is gone"
    error = f"{head} ERROR (MainThread) {ours} Nursery: unexpected error"
    secret = f"{head} INFO (MainThread) [other] http://parent:{PASSWORD}@camera"
    assert faults_in_log([lost]) == []
    assert len(faults_in_log([lost, error, secret])) == 2


def test_cries_go_on_scene_after_scene() -> None:
    """Those that begin within the time."""
    events = (
        Event(kind="door", start_s=5.0, end_s=6.0, is_cry=False),
        Event(kind="cry", start_s=10.0, end_s=20.0, is_cry=True),
    )
    assert list(cries(events, 100.0, 205.0)) == [(10.0, 20.0), (110.0, 120.0)]
    assert list(cries(events, 100.0, 215.0))[-1] == (210.0, 220.0)


@pytest.mark.usefixtures("socket_enabled")
def test_the_nursery_goes_on_while_nobody_listens() -> None:
    """Who comes later hears what is then, also from a server that was started anew."""
    steps = (np.arange(60) / 60.0).astype(np.float32)
    samples = np.repeat(steps, RATE // 2)
    began_s = time.monotonic()

    def hears(stream: NurseryStream) -> float:
        """Return the time in the nursery, in seconds, that a new listener hears."""
        with (
            socket.create_connection(("127.0.0.1", stream.port), 5.0) as listener,
            listener.makefile("rb") as answer,
        ):
            listener.sendall(b"GET / HTTP/1.1\r\n\r\n")
            answer.read(len(HTTP_OK) + len(WAV_HEADER))
            packet = answer.read(PACKET)
        codes = mu_law(steps)
        return codes.index(packet[-1]) / 2.0

    stream = NurseryStream(samples=samples, began_s=began_s - 10.0)
    with stream:
        assert abs(hears(stream) - 10.0 - (time.monotonic() - began_s)) < 1.0
        reopened = stream.reopened
    time.sleep(1.5)
    with reopened(0) as again:
        assert abs(hears(again) - 10.0 - (time.monotonic() - began_s)) < 1.0
