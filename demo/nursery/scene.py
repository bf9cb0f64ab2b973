"""A night in the demo nursery: what sounds when, and the recording of it."""

from dataclasses import asdict, dataclass
import json
from pathlib import Path
import wave

import numpy as np

from .cat import meow
from .cry import episode
from .house import door, footsteps, room_tone, white_noise_machine
from .music_box import music_box
from .sound import Samples, at_level, gain, in_room, join, place, silence
from .talk import talk

RATE_HZ = 22_050
ROOM_DBFS = -58.0
# So long must the last sound be over before the recording ends and may start again.
TAIL_S = 26.0


@dataclass(frozen=True, kw_only=True)
class Event:
    """A sound of the nursery, and when it is heard."""

    kind: str
    """What a person would call it."""
    start_s: float
    end_s: float
    is_cry: bool


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A recording and the list of what is in it, by start."""

    samples: Samples
    rate_hz: int
    events: tuple[Event, ...]

    @property
    def duration_s(self) -> float:
        """Return how long it plays."""
        return len(self.samples) / self.rate_hz


@dataclass(frozen=True, kw_only=True)
class Part:
    """A sound before it is in the room: how loud (dBFS at the microphone) and how far away."""

    kind: str
    start_s: float
    sound: Samples
    level_dbfs: float
    distance_m: float
    is_cry: bool = False


def compose(seed: int = 1) -> Scene:
    """Return the demo night: three episodes of crying among what is not.

    One close by, one over the white-noise machine, one quiet and far, and between
    them enough calm that an episode's end is reported before the next sound begins.
    """
    rng = np.random.default_rng(seed)
    parts = _parts(RATE_HZ, rng)
    events: list[Event] = []
    duration_s = max(part.start_s + len(part.sound) / RATE_HZ for part in parts)
    track = silence(RATE_HZ, duration_s + TAIL_S)
    track += room_tone(RATE_HZ, rng, len(track) / RATE_HZ) * np.float32(gain(ROOM_DBFS))
    for part in parts:
        heard = in_room(part.sound, RATE_HZ, part.distance_m, rng)
        place(track, at_level(heard, part.level_dbfs), round(part.start_s * RATE_HZ))
        events.append(
            Event(
                kind=part.kind,
                start_s=round(part.start_s, 2),
                end_s=round(part.start_s + len(part.sound) / RATE_HZ, 2),
                is_cry=part.is_cry,
            )
        )
    return Scene(
        samples=np.clip(track, -1.0, 1.0), rate_hz=RATE_HZ, events=tuple(events)
    )


def _parts(rate: int, rng: np.random.Generator) -> tuple[Part, ...]:
    """Return the night's sounds, by start."""
    cats = join(*(join(meow(rate, rng), silence(rate, 1.4)) for _ in range(3)))
    return (
        Part(
            kind="footsteps",
            start_s=8.0,
            sound=footsteps(rate, rng),
            level_dbfs=-42.0,
            distance_m=4.0,
        ),
        Part(
            kind="door",
            start_s=14.0,
            sound=door(rate, rng),
            level_dbfs=-36.0,
            distance_m=3.0,
        ),
        Part(
            kind="talk",
            start_s=18.0,
            sound=talk(rate, rng),
            level_dbfs=-34.0,
            distance_m=2.5,
        ),
        Part(
            kind="cry",
            start_s=46.0,
            sound=episode(rate, rng, 26.0),
            level_dbfs=-20.0,
            distance_m=1.2,
            is_cry=True,
        ),
        Part(
            kind="music box",
            start_s=92.0,
            sound=music_box(rate, rng, 14.0),
            level_dbfs=-32.0,
            distance_m=1.5,
        ),
        Part(
            kind="white-noise machine",
            start_s=112.0,
            sound=white_noise_machine(rate, rng, 58.0),
            level_dbfs=-38.0,
            distance_m=2.0,
        ),
        Part(
            kind="cry over the white-noise machine",
            start_s=122.0,
            sound=episode(rate, rng, 24.0),
            level_dbfs=-27.0,
            distance_m=2.0,
            is_cry=True,
        ),
        Part(
            kind="cat",
            start_s=176.0,
            sound=cats,
            level_dbfs=-34.0,
            distance_m=2.5,
        ),
        Part(
            kind="cry, quiet and far",
            start_s=196.0,
            sound=episode(rate, rng, 22.0),
            level_dbfs=-38.0,
            distance_m=5.0,
            is_cry=True,
        ),
    )


def write_scene(scene: Scene, recording: Path, timeline: Path) -> None:
    """Write a scene as a 16-bit WAV file, and its events as JSON beside it."""
    recording.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(recording), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(scene.rate_hz)
        file.writeframes(np.round(scene.samples * 32767.0).astype("<i2").tobytes())
    content = {
        "duration_s": round(scene.duration_s, 2),
        "events": [asdict(event) for event in scene.events],
    }
    timeline.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_timeline(timeline: Path) -> tuple[float, tuple[Event, ...]]:
    """Return the duration in seconds and the events of a recording's timeline."""
    content = json.loads(timeline.read_text(encoding="utf-8"))
    return content["duration_s"], tuple(Event(**event) for event in content["events"])
