"""A day in the demo nursery, as fast as it goes: memory, descriptors, and every cry.

    python -m benchmarks.soak --hours 24

The recording of the nursery is played by a real ffmpeg, over and over, through the real Listener and the shipped model.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
import gc
from pathlib import Path
import resource
import sys
import tempfile
import time

from cry_engine.classifier import Classifier
from cry_engine.episodes import Episode
from cry_engine.listener import Listener
from cry_engine.sources.ffmpeg import FfmpegSource
from demo.nursery.scene import Scene, compose, write_scene

# What memory may grow by after the first ten minutes, and the seconds that a cry may be missed by.
MOST_GROWTH_BYTES = 2 << 20
SETTLED_S = 600.0
_LATE_S = 4.0
# How often the figures are printed, in seconds of sound.
_EVERY_S = 3_600.0


@dataclass(slots=True)
class Figures:
    """What was counted."""

    settled_bytes: int = 0
    most_bytes: int = 0
    descriptors: int = 0
    most_descriptors: int = 0
    cries: int = 0
    missed: int = 0
    false: int = 0

    @property
    def growth_bytes(self) -> int:
        """Return what memory grew by after the first ten minutes."""
        return self.most_bytes - self.settled_bytes


def resident_bytes() -> int:
    """Return this process' resident memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def descriptors() -> int:
    """Return how many files and pipes are open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def cries(scene: Scene, hours: float) -> Iterator[tuple[float, float]]:
    """Yield when each cry begins and ends in so many hours of a scene played over and over, in seconds."""
    start = 0.0
    while start < hours * 3_600.0:
        for event in scene.events:
            if event.is_cry:
                yield start + event.start_s, start + event.end_s
        start += scene.duration_s


def _when(time_s: float, scene_s: float) -> str:
    """Return a time as it is found in the scene."""
    number, second = divmod(time_s, scene_s)
    return f"{second:.1f} s into scene {number + 1:.0f}"


def judge(
    figures: Figures,
    expected: list[tuple[float, float]],
    episodes: list[Episode],
    *,
    heard_s: float,
    scene_s: float,
) -> None:
    """Count and print the cries that no episode tells of, and the episodes that are none's."""

    def meet(cry: tuple[float, float], episode: Episode) -> bool:
        return cry[0] <= episode.last and episode.start <= cry[1] + _LATE_S

    heard = [cry for cry in expected if cry[1] + _LATE_S <= heard_s]
    figures.cries = len(heard)
    first = 0
    for cry in heard:
        while first < len(episodes) and episodes[first].last < cry[0]:
            first += 1
        near = episodes[first : first + 3]
        if not any(meet(cry, episode) for episode in near):
            figures.missed += 1
            print(f"missed: {_when(cry[0], scene_s)}")
    last = 0
    for episode in episodes:
        while last < len(expected) and expected[last][1] + _LATE_S < episode.start:
            last += 1
        near_cries = expected[max(0, last - 1) : last + 2]
        if not any(meet(cry, episode) for cry in near_cries):
            figures.false += 1
            print(
                f"false: {_when(episode.start, scene_s)}, {episode.duration:.1f} s long,"
                f" at most {episode.peak:.0%} sure"
            )


def soak(hours: float) -> Figures:
    """Listen for so many hours of sound; return the figures."""
    scene = compose()
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "nursery.wav"
        write_scene(scene, recording, Path(folder) / "nursery.json")
        expected = list(cries(scene, hours))
        # The samples are not needed any more, and would be counted.
        duration_s = scene.duration_s
        del scene
        gc.collect()
        classifier = Classifier.load()
        print(f"a scene of {duration_s:.0f} s, {classifier.runtime}", flush=True)
        source = FfmpegSource.from_file(
            recording,
            sample_rate=classifier.manifest.sample_rate,
            real_time=False,
            loop=True,
        )
        listener = Listener(source, classifier)
        figures, episodes = Figures(), []
        started, told = time.monotonic(), 0.0
        for observation in listener:
            if (episode := observation.episode) and episode.end is not None:
                episodes.append(episode)
            if observation.time <= SETTLED_S:
                figures.settled_bytes = resident_bytes()
                figures.descriptors = descriptors()
            elif observation.time % 60.0 < observation.span_s:
                figures.most_bytes = max(figures.most_bytes, resident_bytes())
                figures.most_descriptors = max(figures.most_descriptors, descriptors())
            if observation.time - told >= _EVERY_S:
                told = observation.time
                print(
                    f"{told / 3_600:5.1f} h  {resident_bytes() / 1e6:6.1f} MB"
                    f"  {len(episodes)} episodes"
                    f"  {told / (time.monotonic() - started):.0f} times real time",
                    flush=True,
                )
            if observation.time >= hours * 3_600.0:
                listener.close()
        if (episode := listener.finish()) is not None:
            episodes.append(episode)
    judge(figures, expected, episodes, heard_s=hours * 3_600.0, scene_s=duration_s)
    return figures


def main() -> int:
    """Read the arguments, run, and print what came of it; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hours", type=float, default=24.0)
    arguments = parser.parse_args()
    figures = soak(arguments.hours)
    print(
        f"memory {figures.settled_bytes / 1e6:.1f} MB after ten minutes,"
        f" {figures.growth_bytes / 1e6:+.2f} MB at most after that;"
        f" descriptors {figures.descriptors}, at most {figures.most_descriptors};"
        f" {figures.cries} cries, {figures.missed} missed, {figures.false} false"
    )
    passed = (
        figures.growth_bytes < MOST_GROWTH_BYTES
        and figures.most_descriptors <= figures.descriptors
        and not figures.missed
        and not figures.false
    )
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())
