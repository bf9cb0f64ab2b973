"""The bank of stems: every recording, several times, each time as another room and microphone would have heard it.

A stem is kept as log-mel frames from the engine. Power adds where sounds do, so mixing, colouring and band-limiting of
stems is done on their mel power while training goes on (mixtures.py); what is not linear, or smears over time
(reverberation, clipping, codecs, speed), is done here, once, on the samples.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
import hashlib
import json
import multiprocessing
import os
from pathlib import Path
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment import Samples, change_speed, mu_law, overdrive, reverberate, room
from calls import call, cry
from cry_engine.features import LogMel, LogMelParameters
from recordings import SYNTHESISED, DataError, Recording, read_sound
from teacher import NOTHING_HEARD, Heard, Teacher

SCARCE = {"cat", "laughing", "scream", "squeak", "toy", "toy_squeak", "electronic_toy", "music_box", "dog_whine", "sheep", "goat"} | {
    "coughing", "sneezing", "moan", "cartoon_voice", "children_playing", "singing", "singing_vowel", "theremin", "seagull"
} | {"monkey", "wolf_howl", "small_mammal", "animal_imitation", "balloon_squeak", "chair_squeak", "whistle", "parrot", "fox"}  # fmt: skip
"""What wakes parents for nothing, and what there is little of: more variants, and wider ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bank:
    """Stems, one after the other."""

    frames: NDArray[np.float16]
    """Log-mel frames of all stems, one after the other: (frames, bands)."""
    scores: NDArray[np.uint8]
    """The teacher's scores, 0 to 255, of all windows of all stems: (windows, 521); no rows without a teacher."""
    embeddings: NDArray[np.uint8]
    """What else the teacher knew of them: (windows, 1024)."""
    stems: NDArray[np.int64]
    """A row a stem: number of the recording; first frame, frames; first of the teacher's windows, windows."""


def synthesised(calls: int, cries: int) -> list[Recording]:
    """Return what stands for so many sounds to synthesise: calls that are no cry, and crying."""
    return [
        Recording(
            path=Path(f"{label}_{number}"),
            label=label,
            sublabel=SYNTHESISED,
            group=f"{SYNTHESISED}_{label}",
            split="train",
            quality="ok",
            source=SYNTHESISED,
            licence="this project's own",
            seconds=6.0,
        )
        for label, count in (("voice", calls), ("crying", cries))
        for number in range(count)
    ]


def variants(recording: Recording, common: int, scarce: int) -> int:
    """Return how many stems a recording gets."""
    if recording.split != "train" or recording.synthesised:
        return 1
    return scarce if recording.crying or recording.sublabel in SCARCE else common


def voice(rng: np.random.Generator, sound: Samples, recording: Recording) -> Samples:
    """Return a recording as a smaller or a larger throat would have made it, faster or slower: a sound of its own."""
    spread = 0.15 if recording.crying else 0.45 if recording.sublabel in SCARCE else 0.3
    return change_speed(sound, float(2.0 ** rng.uniform(-spread, spread)))


def as_heard(rng: np.random.Generator, sound: Samples, sample_rate: int) -> Samples:
    """Return the same sound as another room and another microphone would have it."""
    if rng.random() < 0.5:
        sound = in_a_room(rng, sound, sample_rate)
    if rng.random() < 0.12:
        sound = overdrive(sound, rng.uniform(3.0, 20.0))
    if rng.random() < 0.12:
        sound = mu_law(overdrive(sound, rng.uniform(-40.0, -3.0)), sample_rate)
    return sound


def in_a_room(rng: np.random.Generator, sound: Samples, sample_rate: int) -> Samples:
    """Return a sound with a room's reflections."""
    return reverberate(
        sound, room(rng, sample_rate, rng.uniform(0.1, 0.9), rng.uniform(-6.0, 12.0))
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What a worker makes stems of."""

    number: int
    """Of the recording."""
    recording: Recording
    """The recording, or what stands for a sound to synthesise."""
    count: int
    """Of the stems."""
    seed: int
    """Of everything drawn."""


type Stem = tuple[int, NDArray[np.float16], Heard]
"""Its recording's number, its frames, and what the teacher heard in it."""

_worker: dict[str, object] = {}


def _start_worker(parameters: LogMelParameters, teacher: Path | None) -> None:
    os.nice(5)
    _worker["parameters"] = parameters
    _worker["teacher"] = Teacher(teacher) if teacher else None


def _make(job: Job) -> list[Stem]:
    parameters, teacher = _worker["parameters"], _worker["teacher"]
    assert isinstance(parameters, LogMelParameters)
    rate, recording = parameters.sample_rate, job.recording
    if recording.synthesised:
        rng = np.random.default_rng([job.seed, job.number])
        make = cry if recording.crying else call
        dry = make(rng, rate, recording.seconds)
        wet = in_a_room(rng, dry, rate) if rng.random() < 0.5 else dry
        sounds = [(dry, wet)]
    else:
        sound = read_sound(recording.path, rate)
        sounds = [(sound, sound)]
        for variant in range(1, job.count):
            rng = np.random.default_rng([job.seed, job.number, variant])
            dry = voice(rng, sound, recording)
            sounds.append((dry, as_heard(rng, dry, rate)))
    # What rooms and microphones make of a sound, the student shall know as the teacher knew the sound itself.
    return [
        (job.number, _frames(wet, parameters), _hear(teacher, dry, rate))
        for dry, wet in sounds
    ]


def _hear(teacher: object, samples: Samples, sample_rate: int) -> Heard:
    if not isinstance(teacher, Teacher):
        return NOTHING_HEARD
    return teacher.hear(samples, sample_rate)


def _frames(samples: Samples, parameters: LogMelParameters) -> NDArray[np.float16]:
    # At half of full scale, so that what is faint in it stays clear of the offset under the logarithm.
    peak = max(1e-6, float(np.max(np.abs(samples), initial=0.0)))
    samples = samples * np.float32(0.5 / peak)
    padded = np.pad(samples, (0, max(0, parameters.frame_length - len(samples))))
    return LogMel(parameters).push(padded).astype(np.float16)


def build(
    recordings: Sequence[Recording],
    parameters: LogMelParameters,
    folder: Path,
    *,
    common: int,
    scarce: int,
    teacher: Path | None,
    seed: int,
    workers: int,
) -> Bank:
    """Make the bank, or load it where the same one was made before.

    Args:
        recordings: of which stems are made, synthesised ones among them; the first stem of each is the recording as it is.
        parameters: of the log-mel frames.
        folder: where the bank is kept.
        common: stems of each recording.
        scarce: stems of each cry and of each recording of what is SCARCE.
        teacher: the tagger's .tflite file, or None.
        seed: of everything drawn.
        workers: processes.

    Raises:
        DataError: the teacher or a recording cannot be used, or a process was ended.
    """
    jobs = [
        Job(number=n, recording=r, count=variants(r, common, scarce), seed=seed)
        for n, r in enumerate(recordings)
    ]
    settings = json.dumps(
        [
            asdict(parameters),
            bool(teacher),
            seed,
            [(j.recording.path.name, j.count) for j in jobs],
        ]
    )
    folder = folder / hashlib.sha256(settings.encode()).hexdigest()[:12]
    names = ("frames", "scores", "embeddings", "stems")
    if all((folder / f"{name}.npy").exists() for name in names):
        return _load(folder, names)
    pieces: dict[str, list[NDArray[Any]]] = {name: [] for name in names}
    rows: list[tuple[int, ...]] = []
    frame = window = 0
    total, started = sum(job.count for job in jobs), time.monotonic()
    for number, frames, heard in _made(jobs, parameters, teacher, workers):
        windows = len(heard.scores)
        rows.append((number, frame, len(frames), window, windows))
        pieces["frames"].append(frames)
        pieces["scores"].append(heard.scores)
        pieces["embeddings"].append(heard.embeddings)
        frame, window = frame + len(frames), window + windows
        done = len(rows)
        if done % 500 == 0 or done == total:
            left_s = (time.monotonic() - started) * (total - done) / done
            print(f"stems: {done} of {total}, {left_s / 60:.1f} min left", flush=True)
    pieces["stems"].append(np.array(rows, np.int64))
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        np.save(folder / f"{name}.npy", np.concatenate(pieces.pop(name)))
    return _load(folder, names)


def _made(
    jobs: Sequence[Job],
    parameters: LogMelParameters,
    teacher: Path | None,
    workers: int,
) -> Iterator[Stem]:
    """Yield the stems of all jobs, in their order, made in several processes.

    Raises:
        DataError: as build.
    """
    if teacher:
        # What is wrong with it is found here: a process that cannot start does not say why.
        Teacher(teacher)
    executor = ProcessPoolExecutor(
        workers,
        multiprocessing.get_context("spawn"),
        _start_worker,
        (parameters, teacher),
    )
    try:
        for made in executor.map(_make, jobs, chunksize=16):
            yield from made
    except BrokenProcessPool as error:
        raise DataError(
            "a process that made stems was ended: where memory is short, give --threads=1"
        ) from error
    finally:
        # What is left undone is of no use to anybody.
        executor.shutdown(cancel_futures=True)


def _load(folder: Path, names: Sequence[str]) -> Bank:
    # Mapped, so that the processes that train networks side by side hold it once.
    files = {name: folder / f"{name}.npy" for name in names}
    return Bank(**{name: np.load(file, mmap_mode="r") for name, file in files.items()})
