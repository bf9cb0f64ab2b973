"""The long work of an evaluation, in several processes: every recording and every night, heard by every detector."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
import multiprocessing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clips import CONDITIONS, Windows, changed, windows_of
from cry_engine.classifier import Classifier
from hearing import Ear, Heard, hear, peak
from house import RATE, Library
from night import Kind
from nights import plan
from peers import WINDOW_S, load_yamnet
from progress import Progress
from recordings import Recording, read_sound

PEER, PEER_HOP = "yamnet", WINDOW_S / 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """What is measured, and on what."""

    recordings: tuple[Recording, ...]
    """Those set aside."""
    models: Mapping[str, Path]
    """The `.tflite` files with a manifest beside them, by the name they have in the results; the first is the one."""
    peer: Path | None
    """YAMNet's file."""

    @property
    def main(self) -> str:
        """The name of the model that all this is about."""
        return next(iter(self.models))


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipHeard:
    """What the detectors made of one recording."""

    number: int
    scores: Mapping[str, tuple[float, ...]]
    """By detector, under each of CONDITIONS."""
    windows: Windows
    """Of the main model, as recorded."""
    difference: float
    """Largest difference of the main model's confidence between numpy and what runs it otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NightHeard:
    """What the main model and the peer made of one night."""

    kind: Kind
    seed: int
    hours: float
    heard: Mapping[str, Heard]
    """By detector."""
    crying_s: NDArray[np.float64]
    """Seconds of crying in each of the main model's windows."""


type NightJob = tuple[Kind, int, float]

_worker: dict[str, "_Worker"] = {}


class _Worker:
    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.models = {
            name: Classifier.load(path) for name, path in setup.models.items()
        }
        self.numpy = Classifier.load(setup.models[setup.main], runtime="numpy")
        self.peer = self.peer_of_nights = None
        if setup.peer:
            self.peer = load_yamnet(setup.peer, PEER_HOP)
            self.peer_of_nights = load_yamnet(setup.peer, WINDOW_S)
        self.library: Library | None = None

    def clip(self, number: int) -> ClipHeard:
        recording = self.setup.recordings[number]
        sound = read_sound(recording.path, RATE)
        scores: dict[str, list[float]] = {}
        for condition in CONDITIONS:
            samples = changed(sound, condition, number)
            for name, classifier in self.models.items():
                heard = hear(classifier, [samples], RATE)
                scores.setdefault(name, []).append(peak(heard))
                if name == self.setup.main and condition == CONDITIONS[0]:
                    again = hear(self.numpy, [samples], RATE)
                    difference = float(
                        np.abs(heard.confidence - again.confidence).max()
                    )
                    windows = windows_of(
                        recording, sound, heard, classifier.manifest.window_s
                    )
            if self.peer:
                # Its window is a second: smoothed, its peaks would be lower for nothing.
                heard = hear(self.peer, [samples], RATE)
                scores.setdefault(PEER, []).append(peak(heard, smoothing_s=0.0))
        return ClipHeard(
            number=number,
            scores={name: tuple(values) for name, values in scores.items()},
            windows=windows,
            difference=difference,
        )

    def night(self, job: NightJob) -> NightHeard:
        self.library = self.library or Library(self.setup.recordings)
        kind, seed, hours = job
        night = plan(self.library, kind, seed, hours)
        main = self.models[self.setup.main]
        ears = {self.setup.main: Ear(main, RATE)}
        if self.peer_of_nights:
            ears[PEER] = Ear(self.peer_of_nights, RATE)
        for piece in night.pieces():
            for ear in ears.values():
                ear.push(piece)
        heard = {name: ear.finish() for name, ear in ears.items()}
        times_s = heard[self.setup.main].times_s
        return NightHeard(
            kind=kind,
            seed=seed,
            hours=hours,
            heard=heard,
            crying_s=night.crying_s(times_s, main.manifest.window_s),
        )


def _start(setup: Setup) -> None:
    _worker["it"] = _Worker(setup)


def _clip(number: int) -> ClipHeard:
    return _worker["it"].clip(number)


def _night(job: NightJob) -> NightHeard:
    return _worker["it"].night(job)


def _done[Job, Result](
    setup: Setup,
    workers: int,
    what: str,
    work: Callable[[Job], Result],
    jobs: Sequence[Job],
) -> Iterator[Result]:
    """Yield what the work gives for each job, in their order, and show how far it is."""
    with Progress(what, len(jobs)) as progress, ExitStack() as stack:
        if workers > 1:
            executor = ProcessPoolExecutor(
                workers, multiprocessing.get_context("spawn"), _start, (setup,)
            )
            results = stack.enter_context(executor).map(work, jobs)
        else:
            _start(setup)
            results = map(work, jobs)
        for number, result in enumerate(results, 1):
            progress.update(number)
            yield result


def hear_clips(setup: Setup, workers: int) -> list[ClipHeard]:
    """Let every detector hear every recording under every condition."""
    jobs = range(len(setup.recordings))
    return list(_done(setup, workers, "recordings", _clip, jobs))


def hear_nights(
    setup: Setup, jobs: Iterable[NightJob], workers: int
) -> list[NightHeard]:
    """Let the main model and the peer hear nights: kind, seed and hours of each."""
    return list(_done(setup, workers, "nights", _night, list(jobs)))
