"""The bank of stems: every recording, several times, each time as another room and microphone would have heard it.

A stem is kept as log-mel frames from the engine. Power adds where sounds do, so mixing, colouring and band-limiting of
stems is done on their mel power while training goes on (mixtures.py); what is not linear, or smears over time
(reverberation, clipping, codecs, speed), is done here, once, on the samples.
"""

from collections.abc import Sequence
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
from calls import call
from cry_engine.features import LogMel, LogMelParameters
from recordings import Recording, read_sound
from teacher import NOTHING_HEARD, Heard, Teacher

SCARCE = {"cat", "laughing", "scream", "squeak", "toy", "toy_squeak", "electronic_toy", "music_box", "dog_whine", "sheep", "goat"} | {
    "coughing", "sneezing", "moan", "cartoon_voice", "children_playing", "singing", "singing_vowel", "theremin", "seagull"
} | {"monkey", "wolf_howl", "small_mammal", "animal_imitation", "balloon_squeak", "chair_squeak", "whistle", "parrot", "fox"}  # fmt: skip
"""What wakes parents for nothing, and what there is little of: more variants, and wider ones."""

SYNTHETIC = -1
"""Stands for the recording of a stem that is none of any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bank:
    """Stems, one after the other."""

    frames: NDArray[np.float16]
    """Log-mel frames of all stems, one after the other: (frames, bands)."""
    scores: NDArray[np.uint8]
    """The teacher's scores, 0 to 255, of all windows of all stems: (windows, 521); no rows without a teacher."""
    embeddings: NDArray[np.uint8]
    """What the teacher knew of the windows of each recording as it is, and so of all stems of it: (windows, 1024)."""
    stems: NDArray[np.int64]
    """A row a stem: recording, or SYNTHETIC; first frame, frames; first window of its scores, windows; first window of the
    recording's embeddings, windows."""


def variants(recording: Recording, common: int, scarce: int) -> int:
    """Return how many stems a recording gets."""
    if recording.split != "train":
        return 1
    return scarce if recording.crying or recording.sublabel in SCARCE else common


def stem_samples(
    rng: np.random.Generator, sound: Samples, recording: Recording, sample_rate: int
) -> Samples:
    """Return a recording as another room, another microphone, and a smaller or larger throat would have it."""
    spread = 0.1 if recording.crying else 0.45 if recording.sublabel in SCARCE else 0.2
    sound = change_speed(sound, float(2.0 ** rng.uniform(-spread, spread)))
    if rng.random() < 0.5:
        sound = reverberate(
            sound,
            room(rng, sample_rate, rng.uniform(0.1, 0.9), rng.uniform(-6.0, 12.0)),
        )
    if rng.random() < 0.12:
        sound = overdrive(sound, rng.uniform(3.0, 20.0))
    if rng.random() < 0.12:
        sound = mu_law(overdrive(sound, rng.uniform(-40.0, -3.0)), sample_rate)
    return sound


def synthetic_samples(rng: np.random.Generator, sample_rate: int) -> Samples:
    """Return 5 to 7 s of calls that are no cry, half of them in a room."""
    sound = call(rng, sample_rate, rng.uniform(5.0, 7.0))
    if rng.random() < 0.5:
        sound = reverberate(
            sound,
            room(rng, sample_rate, rng.uniform(0.1, 0.9), rng.uniform(-6.0, 12.0)),
        )
    return sound


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What a worker makes stems of."""

    number: int
    """Of the recording, or of the synthesised calls."""
    recording: Recording | None
    """The recording; None for synthesised calls."""
    count: int
    """Of the stems."""
    seed: int
    """Of everything drawn."""


type Stem = tuple[int, NDArray[np.float16], NDArray[np.uint8], NDArray[np.uint8]]
"""Its recording's number, its frames, the teacher's scores, and its recording's embeddings."""

_worker: dict[str, object] = {}


def _start_worker(parameters: LogMelParameters, teacher: Path | None) -> None:
    os.nice(5)
    _worker["parameters"] = parameters
    _worker["teacher"] = Teacher(teacher) if teacher else None


def _make(job: Job) -> list[Stem]:
    parameters, teacher = _worker["parameters"], _worker["teacher"]
    assert isinstance(parameters, LogMelParameters)
    rate, recording = parameters.sample_rate, job.recording
    if recording is None:
        rng = np.random.default_rng([job.seed, 0x611DE, job.number])
        sounds = [synthetic_samples(rng, rate)]
    else:
        sound = read_sound(recording.path, rate)
        sounds = [sound] + [
            stem_samples(
                np.random.default_rng([job.seed, job.number, variant]),
                sound,
                recording,
                rate,
            )
            for variant in range(1, job.count)
        ]
    # What another room or microphone made of a recording, the student shall know as the teacher knew it as it was.
    known = _hear(teacher, sounds[0], rate).embeddings
    number = SYNTHETIC if recording is None else job.number
    return [(number, *_heard(sound, parameters, teacher), known) for sound in sounds]


def _hear(teacher: object, samples: Samples, sample_rate: int) -> Heard:
    if not isinstance(teacher, Teacher):
        return NOTHING_HEARD
    return teacher.hear(samples, sample_rate)


def _heard(
    samples: Samples, parameters: LogMelParameters, teacher: object
) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
    # At half of full scale, so that what is faint in it stays clear of the offset under the logarithm.
    peak = max(1e-6, float(np.max(np.abs(samples), initial=0.0)))
    samples = samples * np.float32(0.5 / peak)
    padded = np.pad(samples, (0, max(0, parameters.frame_length - len(samples))))
    frames = LogMel(parameters).push(padded).astype(np.float16)
    return frames, _hear(teacher, samples, parameters.sample_rate).scores


def build(
    recordings: Sequence[Recording],
    parameters: LogMelParameters,
    folder: Path,
    *,
    common: int,
    scarce: int,
    synthetic: int,
    teacher: Path | None,
    seed: int,
    workers: int,
) -> Bank:
    """Make the bank, or load it where the same one was made before.

    Args:
        recordings: of which stems are made; the first stem of each is the recording as it is.
        parameters: of the log-mel frames.
        folder: where the bank is kept.
        common: stems of each recording.
        scarce: stems of each cry and of each recording of what is SCARCE.
        synthetic: stems of synthesised calls.
        teacher: the tagger's .tflite file, or None.
        seed: of everything drawn.
        workers: processes.
    """
    jobs = [
        Job(number=n, recording=r, count=variants(r, common, scarce), seed=seed)
        for n, r in enumerate(recordings)
    ]
    jobs += [
        Job(number=n, recording=None, count=1, seed=seed) for n in range(synthetic)
    ]
    settings = json.dumps(
        [
            asdict(parameters),
            bool(teacher),
            seed,
            synthetic,
            [(str(j.recording.path), j.count) for j in jobs if j.recording],
        ]
    )
    folder = folder / hashlib.sha256(settings.encode()).hexdigest()[:12]
    names = ("frames", "scores", "embeddings", "stems")
    if all((folder / f"{name}.npy").exists() for name in names):
        return Bank(**{name: np.load(folder / f"{name}.npy") for name in names})
    pieces: dict[str, list[NDArray[Any]]] = {name: [] for name in names}
    rows: list[tuple[int, ...]] = []
    frame = window = known = done = 0
    total, started = sum(job.count for job in jobs), time.monotonic()
    with multiprocessing.get_context("spawn").Pool(
        workers, _start_worker, (parameters, teacher)
    ) as pool:
        for made in pool.imap(_make, jobs, chunksize=16):
            embeddings = made[0][3]
            pieces["embeddings"].append(embeddings)
            for number, frames, scores, _ in made:
                rows.append(
                    (
                        number,
                        frame,
                        len(frames),
                        window,
                        len(scores),
                        known,
                        len(embeddings),
                    )
                )
                pieces["frames"].append(frames)
                pieces["scores"].append(scores)
                frame, window, done = (
                    frame + len(frames),
                    window + len(scores),
                    done + 1,
                )
                if done % 500 == 0 or done == total:
                    left_s = (time.monotonic() - started) * (total - done) / done
                    print(
                        f"stems: {done} of {total}, {left_s / 60:.1f} min left",
                        flush=True,
                    )
            known += len(embeddings)
    pieces["stems"].append(np.array(rows, np.int64))
    bank = Bank(**{name: np.concatenate(pieces[name]) for name in names})
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        np.save(folder / f"{name}.npy", getattr(bank, name))
    return bank
