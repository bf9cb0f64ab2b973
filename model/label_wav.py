"""Print what a model hears in a recording, through the engine as Home Assistant runs it.

    python model/label_wav.py --graph=./mine.tflite --wav=./data/crying/a_nohash_0.wav

A recording as long as the model's clip gets a list of labels; a longer one gets one for each clip of it.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
import sys

import numpy as np
from numpy.typing import NDArray

from cry_engine.classifier import DEFAULT_MODEL, Classifier
from cry_engine.errors import EngineError, SourceEndedError
from cry_engine.features import LogMel
from cry_engine.manifest import Manifest
from cry_engine.sources.ffmpeg import FfmpegSource
from progress import duration, print_any_name
from quiet import quietly
from recordings import DataError

type Samples = NDArray[np.float32]


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--wav",
        type=Path,
        required=True,
        metavar="FILE",
        help="the recording; anything that ffmpeg reads",
    )
    add(
        "--graph",
        "--model",
        type=Path,
        default=DEFAULT_MODEL,
        metavar="FILE",
        help="a .tflite with its manifest beside it (default: the one that ships)",
    )
    add(
        "--labels",
        type=Path,
        metavar="FILE",
        help="the labels, one a line (default: those in the manifest)",
    )
    add(
        "--how_many_labels",
        type=int,
        default=3,
        metavar="N",
        help="how many to show, the likeliest first (default: %(default)s)",
    )
    add(
        "--runtime",
        choices=["numpy", "litert"],
        help="what runs the model (default: LiteRT where it is installed)",
    )
    add("--ffmpeg", default="ffmpeg", metavar="PROGRAM", help="the ffmpeg to use")
    return parser.parse_args()


def read_labels(path: Path, manifest: Manifest) -> list[str]:
    """Return the labels in a file.

    Raises:
        DataError: it cannot be read, or does not have as many as the model.
    """
    try:
        labels = [line.rstrip() for line in path.read_text(encoding="utf-8").splitlines()]  # fmt: skip
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
    if len(labels) != len(manifest.labels):
        raise DataError(
            f"{path}: holds {len(labels)} labels, the model knows {len(manifest.labels)}: {', '.join(manifest.labels)}"
        )
    return labels


def clips(path: Path, manifest: Manifest, ffmpeg: str) -> Iterator[tuple[int, Samples]]:
    """Yield the clips of a recording, each with the sample that it begins at.

    One shorter than a clip is followed by silence, as in training; the last clip of a longer one ends where it ends.

    Raises:
        SourceError: it cannot be read.
        DataError: there is no sound in it.
    """
    length = manifest.window_samples
    source = FfmpegSource.from_file(
        path, sample_rate=manifest.sample_rate, ffmpeg=ffmpeg, real_time=False
    )
    start, waiting = 0, np.zeros(0, np.float32)
    last = waiting
    with source:
        while True:
            try:
                waiting = np.concatenate([waiting, source.read().samples])
            except SourceEndedError:
                break
            while len(waiting) >= length:
                last, waiting = np.split(waiting, [length])
                yield start, last
                start += length
    if not start and not len(waiting):
        raise DataError(f"{path}: holds no sound")
    if not start:
        yield 0, np.pad(waiting, (0, length - len(waiting)))
    elif len(waiting):
        yield start - length + len(waiting), np.concatenate([last[len(waiting) :], waiting])  # fmt: skip


def fed(samples: Samples, manifest: Manifest) -> Samples:
    """Return a clip as the model takes it."""
    return samples if manifest.features is None else LogMel(manifest.features).push(samples)  # fmt: skip


def label(wanted: argparse.Namespace) -> None:
    """Print the labels of a recording.

    Raises:
        DataError, EngineError: with the name of the file.
    """
    if not wanted.wav.is_file():
        raise DataError(f"{wanted.wav}: no such file: give a recording with --wav")
    if wanted.how_many_labels < 1:
        raise DataError("--how_many_labels must be 1 or more")
    with quietly():
        classifier = Classifier.load(wanted.graph, runtime=wanted.runtime)
    manifest = classifier.manifest
    labels = list(manifest.labels)
    if wanted.labels:
        labels = read_labels(wanted.labels, manifest)
    scored = [
        (start, list(classifier.score(fed(samples, manifest)).by_label.values()))
        for start, samples in clips(wanted.wav, manifest, wanted.ffmpeg)
    ]
    for start, scores in scored:
        if len(scored) > 1:
            begin_s = start / manifest.sample_rate
            print(f"{duration(begin_s)} to {duration(begin_s + manifest.window_s)}")
        likeliest = np.argsort(scores)[::-1][: wanted.how_many_labels]
        for number in likeliest:
            print(f"{labels[number]} (score = {scores[number]:.5f})")


def main() -> int:
    """Run the program; return its exit status."""
    print_any_name()
    try:
        label(options())
    except (DataError, EngineError) as error:
        print(f"label_wav: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
