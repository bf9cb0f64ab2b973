"""The demo night: what its timeline says is what is heard."""

from pathlib import Path
import wave

import numpy as np
import pytest

from demo.nursery import Scene, compose, read_timeline, write_scene
from demo.nursery.scene import ROOM_DBFS, TAIL_S
from demo.nursery.sound import rms_dbfs
from demo.recording import ensure_recording


def test_the_night_holds_every_kind_of_sound(scene: Scene) -> None:
    """Three episodes of crying, and what parents say wakes them for nothing."""
    kinds = {event.kind for event in scene.events}

    assert sum(event.is_cry for event in scene.events) == 3
    assert kinds >= {
        "footsteps",
        "door",
        "talk",
        "music box",
        "white-noise machine",
        "cat",
    }
    assert [event.start_s for event in scene.events] == sorted(
        event.start_s for event in scene.events
    )
    assert 180.0 < scene.duration_s < 260.0


def test_every_sound_stands_out_of_the_room_when_the_timeline_says(
    scene: Scene,
) -> None:
    """The room before and after is 6 dB quieter than any sound in it."""
    for event in scene.events:
        start, end = (round(at * scene.rate_hz) for at in (event.start_s, event.end_s))
        assert rms_dbfs(scene.samples[start:end]) > ROOM_DBFS + 6.0, event.kind


def test_the_night_is_quiet_where_the_timeline_names_nothing(scene: Scene) -> None:
    """Between the sounds there is the room alone, once its reverberation is over."""
    sounding = np.zeros(len(scene.samples), bool)
    for event in scene.events:
        start = round((event.start_s - 0.05) * scene.rate_hz)
        sounding[start : round((event.end_s + 0.5) * scene.rate_hz)] = True

    assert rms_dbfs(scene.samples[~sounding]) == pytest.approx(ROOM_DBFS, abs=1.0)


def test_a_cry_is_over_long_before_the_next_sound_that_is_none(scene: Scene) -> None:
    """So that the end of one report and a false start of the next are told apart."""
    cries = [event for event in scene.events if event.is_cry]
    others = [event for event in scene.events if not event.is_cry]
    for cry in cries:
        after = [event.start_s for event in others if event.start_s > cry.end_s]
        assert min(after, default=scene.duration_s) - cry.end_s >= 15.0, cry.kind
    assert scene.duration_s - max(event.end_s for event in scene.events) >= TAIL_S - 1.0


def test_one_cry_is_over_the_white_noise_machine_and_one_is_far(scene: Scene) -> None:
    """The hard ones: masked, and quiet."""
    machine = next(event for event in scene.events if "machine" in event.kind)
    masked = [
        event
        for event in scene.events
        if event.is_cry
        and machine.start_s < event.start_s
        and event.end_s < machine.end_s
    ]
    levels = [
        rms_dbfs(
            scene.samples[
                round(event.start_s * scene.rate_hz) : round(
                    event.end_s * scene.rate_hz
                )
            ]
        )
        for event in scene.events
        if event.is_cry
    ]

    assert len(masked) == 1
    assert max(levels) - min(levels) > 15.0


def test_the_same_seed_gives_the_same_night(scene: Scene) -> None:
    """The check of the demo is the same check every time."""
    again = compose()

    assert np.array_equal(scene.samples, again.samples)
    assert scene.events == again.events


def test_a_written_night_reads_back(scene: Scene, tmp_path: Path) -> None:
    """The WAV file and its timeline are what was composed."""
    recording, timeline = tmp_path / "night" / "n.wav", tmp_path / "night" / "n.json"
    write_scene(scene, recording, timeline)

    duration_s, events = read_timeline(timeline)
    assert events == scene.events
    assert duration_s == pytest.approx(scene.duration_s, abs=0.01)
    with wave.open(str(recording)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert file.getframerate() == scene.rate_hz
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert np.abs(frames / 32767.0 - scene.samples).max() < 1e-4


def test_the_recording_is_made_once(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second start of the demo takes the recording that is there, unless it is damaged."""
    made: list[int] = []

    def count() -> Scene:
        made.append(1)
        return scene

    monkeypatch.setattr("demo.recording.compose", count)
    path, duration_s, events = ensure_recording(tmp_path)
    assert ensure_recording(tmp_path) == (path, duration_s, events)
    assert len(made) == 1

    path.unlink()
    ensure_recording(tmp_path)
    assert len(made) == 2
    assert path.is_file()
