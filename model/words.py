"""Which clip is what, and on which side of the split: folders are labels, as in TensorFlow's audio recognition tutorial.

`data/crying/a_nohash_0.wav` is a clip of `crying`. Folders that are not asked for make up `_unknown_`, `_silence_` is made of
nothing or of `_background_noise_`, whose recordings are mixed into the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
import hashlib
import math
import os
from pathlib import Path
import random

from progress import Progress
from recordings import DataError
from wavs import length_of

SILENCE = "_silence_"
UNKNOWN = "_unknown_"
BACKGROUND_NOISE = "_background_noise_"
SILENCE_INDEX, UNKNOWN_INDEX = range(2)

SETS = ("training", "validation", "testing")

# Part of the tutorial's rule for the split: the same names fall into the same sets as there.
_MOST_CLIPS = 2**27 - 1


@dataclass(frozen=True, slots=True)
class Example:
    """One clip to learn from or to measure with."""

    path: Path | None
    """Where the sound is; None for `_silence_`."""
    label: int
    """Its label's place among the labels."""


@dataclass(frozen=True, slots=True)
class Examples:
    """What a folder of labelled clips holds."""

    labels: tuple[str, ...]
    """`_silence_`, `_unknown_`, then the wanted words in the order in which they were asked for."""
    sets: dict[str, tuple[Example, ...]]
    """By the names of SETS."""
    background: tuple[tuple[Path, int], ...]
    """The recordings of background noise and their lengths in samples."""


def labels_for(words: Sequence[str]) -> tuple[str, ...]:
    """Return the labels of a model that is to know these words.

    Raises:
        DataError: a word is empty, given twice or stands for something else.
    """
    for word in words:
        if not word or word != word.strip() or words.count(word) > 1:
            raise DataError(
                f"--wanted_words={','.join(words)}: names, parted by commas without spaces, each once"
            )
        if word in (SILENCE, UNKNOWN, BACKGROUND_NOISE):
            raise DataError(
                f"--wanted_words: {word} is made by itself: leave it out, and rename a folder of that name"
            )
    return (SILENCE, UNKNOWN, *words)


def which_set(
    name: str, validation_percentage: float, testing_percentage: float
) -> str:
    """Return the set that a clip belongs to, by the SHA-1 of its name up to `_nohash_`.

    So pieces of one recording are never on both sides, and a clip stays where it is when others come. The rule is the
    tutorial's: data that was split by it is split alike.
    """
    recording = name.partition("_nohash_")[0]
    digest = int(
        hashlib.sha1(os.fsencode(recording), usedforsecurity=False).hexdigest(), 16
    )
    percentage = digest % (_MOST_CLIPS + 1) * (100.0 / _MOST_CLIPS)
    if percentage < validation_percentage:
        return "validation"
    if percentage < validation_percentage + testing_percentage:
        return "testing"
    return "training"


def find_examples(
    data_dir: Path,
    words: Sequence[str],
    *,
    sample_rate: int,
    clip_samples: int,
    silence_percentage: float,
    unknown_percentage: float,
    validation_percentage: float,
    testing_percentage: float,
    seed: int,
) -> Examples:
    """Look through the folders of labelled clips.

    Args:
        data_dir: holds a folder for each label.
        words: the labels to tell apart; clips of every other folder are `_unknown_`.
        sample_rate: that the clips must have.
        clip_samples: of a clip.
        silence_percentage: how many examples of `_silence_` to add to each set, of its wanted ones.
        unknown_percentage: how many of `_unknown_`, at most.
        validation_percentage: of the recordings that are measured with while training goes on.
        testing_percentage: of the recordings that are measured with at the end.
        seed: of the order, and of the choice of the unknown ones.

    Raises:
        DataError: there is nothing, or not enough of a word, or a file cannot be used; the message names it.
    """
    labels = labels_for(words)
    if validation_percentage + testing_percentage >= 100:
        raise DataError(
            "--validation_percentage and --testing_percentage leave nothing to train with"
        )
    index = {word: number for number, word in enumerate(labels)}
    wanted: dict[str, list[Example]] = {name: [] for name in SETS}
    unknown: dict[str, list[Example]] = {name: [] for name in SETS}
    clips = _clips(data_dir)
    with Progress("clips looked at", len(clips)) as progress:
        for number, (word, path) in enumerate(clips, 1):
            if not length_of(path, sample_rate):
                raise DataError(f"{path}: holds no sound: take it away")
            side = which_set(path.name, validation_percentage, testing_percentage)
            kind = wanted if word in words else unknown
            kind[side].append(Example(path, index.get(word, UNKNOWN_INDEX)))
            progress.update(number)
    found = sorted({word for word, _ in clips})
    _check(data_dir, words, found, wanted["training"], index)
    # To be repeated, not to be secret.
    rng = random.Random(seed)  # nosec B311
    for name in SETS:
        size = len(wanted[name])
        silence = math.ceil(size * silence_percentage / 100.0)
        rng.shuffle(unknown[name])
        others = unknown[name][: math.ceil(size * unknown_percentage / 100.0)]
        wanted[name] += [Example(None, SILENCE_INDEX)] * silence + others
        rng.shuffle(wanted[name])
    return Examples(
        labels,
        {name: tuple(wanted[name]) for name in SETS},
        _background(data_dir, sample_rate, clip_samples),
    )


def lacking(examples: Examples) -> list[tuple[str, str]]:
    """Return each set with each wanted word that it has no example of; what is measured on it says nothing of that word.

    A set without any example is left out: nothing is measured on it.
    """
    words = list(enumerate(examples.labels))[UNKNOWN_INDEX + 1 :]
    return [
        (name, word)
        for name, of_set in examples.sets.items()
        for index, word in words
        if of_set and not any(example.label == index for example in of_set)
    ]


def _clips(data_dir: Path) -> list[tuple[str, Path]]:
    """Return every clip with its label, in an order that is the same on every machine."""
    if not data_dir.is_dir():
        raise DataError(
            f"{data_dir}: is no folder: give the one that holds a folder for each label with --data_dir"
        )
    clips = [
        (path.parent.name.lower(), path)
        for path in sorted(data_dir.glob("*/*.wav"))
        if path.parent.name.lower() != BACKGROUND_NOISE
        and not path.name.startswith(".")
    ]
    if not clips:
        raise DataError(
            f"{data_dir}: no .wav in any folder of it: put clips into {data_dir / '<label>'}, as model/prepare.py does"
        )
    return clips


def _check(
    data_dir: Path,
    words: Sequence[str],
    found: Sequence[str],
    training: Sequence[Example],
    index: dict[str, int],
) -> None:
    for word in words:
        if word not in found:
            raise DataError(
                f"{data_dir / word}: no clips of {word}, which --wanted_words asks for; there are {', '.join(found)}"
            )
        if not any(example.label == index[word] for example in training):
            raise DataError(
                f"{data_dir / word}: every clip of it is set aside to measure with: add more recordings, "
                "or lower --validation_percentage and --testing_percentage"
            )


def _background(
    data_dir: Path, sample_rate: int, clip_samples: int
) -> tuple[tuple[Path, int], ...]:
    folder = data_dir / BACKGROUND_NOISE
    if not folder.is_dir():
        return ()
    background = []
    for path in sorted(folder.glob("*.wav")):
        if path.name.startswith("."):
            continue
        length = length_of(path, sample_rate)
        if length < clip_samples:
            raise DataError(
                f"{path}: must be at least {clip_samples / sample_rate:g} s, as a clip is, "
                f"not {length / sample_rate:.1f} s: take it away or a longer one"
            )
        background.append((path, length))
    if not background:
        raise DataError(f"{folder}: holds no .wav: put noise into it, or take it away")
    return tuple(background)
