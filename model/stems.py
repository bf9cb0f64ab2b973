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

import numpy as np
from numpy.typing import NDArray

from augment import Samples, change_speed, glide, mu_law, overdrive, reverberate, room
from cry_engine.features import LogMel, LogMelParameters
from recordings import Recording, read_sound
from teacher import CLASSES, Teacher

SCARCE = {"cat", "laughing", "scream", "squeak", "toy", "toy_squeak", "electronic_toy", "music_box", "dog_whine", "sheep", "goat"} | {
    "coughing", "sneezing", "moan", "cartoon_voice", "children_playing", "singing", "singing_vowel", "theremin", "seagull"
} | {"monkey", "wolf_howl", "small_mammal", "animal_imitation", "balloon_squeak", "chair_squeak", "whistle", "parrot", "fox"}  # fmt: skip
"""What wakes parents for nothing, and what there is little of: more variants, and wider ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bank:
    """Stems; those of recording r are rows first[r] to first[r + 1] of `stems`."""

    frames: NDArray[np.float16]
    """Log-mel frames of all stems, one after the other: (frames, bands)."""
    scores: NDArray[np.uint8]
    """The teacher's scores, 0 to 255, of all windows of all stems: (windows, 521); no rows without a teacher."""
    stems: NDArray[np.int64]
    """A row a stem: recording, first frame, frames, first window, windows."""


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


type Job = tuple[int, Recording, int, int]
type Stem = tuple[int, NDArray[np.float16], NDArray[np.uint8]]

_worker: dict[str, object] = {}


def _start_worker(parameters: LogMelParameters, teacher: Path | None) -> None:
    os.nice(5)
    _worker["parameters"] = parameters
    _worker["teacher"] = Teacher(teacher) if teacher else None


def _make(job: Job) -> list[Stem]:
    number, recording, count, seed = job
    parameters, teacher = _worker["parameters"], _worker["teacher"]
    assert isinstance(parameters, LogMelParameters)
    rate = parameters.sample_rate
    sound = read_sound(recording.path, rate)
    made: list[Stem] = []
    for variant in range(count):
        rng = np.random.default_rng([seed, number, variant])
        samples = stem_samples(rng, sound, recording, rate) if variant else sound
        # At half of full scale, so that what is faint in it stays clear of the offset under the logarithm.
        samples = samples * np.float32(
            0.5 / max(1e-6, float(np.max(np.abs(samples), initial=0.0)))
        )
        padded = np.pad(samples, (0, max(0, parameters.frame_length - len(samples))))
        frames = LogMel(parameters).push(padded).astype(np.float16)
        scores = (
            teacher.scores(samples, rate)
            if isinstance(teacher, Teacher)
            else np.zeros((0, CLASSES), np.uint8)
        )
        made.append((number, frames, scores))
    return made


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
        recordings: of which stems are made; the first stem of each is the recording as it is.
        parameters: of the log-mel frames.
        folder: where the bank is kept.
        common: stems of each recording.
        scarce: stems of each cry and of each recording of what is SCARCE.
        teacher: the tagger's .tflite file, or None.
        seed: of everything drawn.
        workers: processes.
    """
    jobs: list[Job] = [
        (n, r, variants(r, common, scarce), seed) for n, r in enumerate(recordings)
    ]
    settings = json.dumps(
        [
            asdict(parameters),
            bool(teacher),
            seed,
            [(str(j[1].path), j[2]) for j in jobs],
        ]
    )
    folder = folder / hashlib.sha256(settings.encode()).hexdigest()[:12]
    names = ("frames", "scores", "stems")
    if all((folder / f"{name}.npy").exists() for name in names):
        return Bank(**{name: np.load(folder / f"{name}.npy") for name in names})
    frames: list[NDArray[np.float16]] = []
    scores: list[NDArray[np.uint8]] = []
    rows: list[tuple[int, int, int, int, int]] = []
    frame = window = done = 0
    total, started = sum(job[2] for job in jobs), time.monotonic()
    with multiprocessing.get_context("spawn").Pool(
        workers, _start_worker, (parameters, teacher)
    ) as pool:
        for made in pool.imap(_make, jobs, chunksize=16):
            for number, stem_frames, stem_scores in made:
                rows.append((number, frame, len(stem_frames), window, len(stem_scores)))
                frames.append(stem_frames)
                scores.append(stem_scores)
                frame, window, done = (
                    frame + len(stem_frames),
                    window + len(stem_scores),
                    done + 1,
                )
                if done % 500 == 0 or done == total:
                    left_s = (time.monotonic() - started) * (total - done) / done
                    print(
                        f"stems: {done} of {total}, {left_s / 60:.1f} min left",
                        flush=True,
                    )
    bank = Bank(
        frames=np.concatenate(frames),
        scores=np.concatenate(scores),
        stems=np.array(rows, np.int64),
    )
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        np.save(folder / f"{name}.npy", getattr(bank, name))
    return bank


def glides(
    parameters: LogMelParameters, count: int, seed: int
) -> list[NDArray[np.float16]]:
    """Return stems of synthesised calls with a gliding pitch, 5 to 7 s each, half of them in a room."""
    made = []
    for number in range(count):
        rng = np.random.default_rng([seed, 0x611DE, number])
        sound = glide(rng, parameters.sample_rate, rng.uniform(5.0, 7.0))
        if rng.random() < 0.5:
            sound = reverberate(
                sound,
                room(
                    rng,
                    parameters.sample_rate,
                    rng.uniform(0.1, 0.9),
                    rng.uniform(-6.0, 12.0),
                ),
            )
        made.append(
            LogMel(parameters).push(sound * np.float32(0.25)).astype(np.float16)
        )
    return made
