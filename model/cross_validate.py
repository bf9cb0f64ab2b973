"""Pool the folds of a cross-validation: each recording of train and val, scored by the network that has not learnt its group.

    for fold in 0 1 2; do
        python model/ship.py --data_dir=../shared/audio --folds 3 $fold --train_dir=training/fold_$fold
    done
    python model/cross_validate.py training/fold_{0,1,2} --data_dir=../shared/audio

writes cross_validation.json; ship.py takes its other options as for what ships. With --peer YAMNet scores the same recordings.

    python model/cross_validate.py training/narrow training/wide --variants 3 0 --data_dir=../shared/audio

compares networks that were trained without the same fold, here 0 of 3, each in another way, and writes ablation.json.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
import sys
from typing import Any

import numpy as np

from clips import measure
from cry_engine.classifier import DEFAULT_MODEL
from cry_engine.errors import ModelError
from cry_engine.manifest import Manifest
from hearing import hear, peak
from house import RATE
from peers import load_yamnet
from progress import Progress, print_any_name
from recordings import DataError, Recording, cross_validation, read_manifest, read_sound
from report import figures, print_confusers, print_figures
from scoring import Floats
from workers import PEER, PEER_HOP
from writing import check_writable, write_json

ROOT = Path(__file__).resolve().parent.parent


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("folders", type=Path, nargs="+", metavar="DIR",
        help="the --train_dir of each fold, from fold 0 up, with its scores.npy; or of each variant")  # fmt: skip
    add("--variants", type=int, nargs=2, metavar=("COUNT", "FOLD"),
        help="the folders are of the same fold of so many, trained in different ways")  # fmt: skip
    add("--data_dir", type=Path, default=ROOT.parent / "shared/audio", metavar="DIR",
        help="recordings and their manifest.csv, as they were trained on (%(default)s)")  # fmt: skip
    add("--peer", type=Path, metavar="FILE", help="YAMNet's .tflite file")
    add("--out", type=Path, default=ROOT / "model", metavar="DIR",
        help="where cross_validation.json or ablation.json is written (%(default)s)")  # fmt: skip
    return parser.parse_args(arguments)


def pooled(
    recordings: list[Recording], folders: Sequence[Path]
) -> tuple[list[Recording], Floats]:
    """Return all recordings, fold by fold, and their scores, shape (recordings,).

    Args:
        recordings: of train and val, in the order of their manifest.
        folders: one for each fold, from 0 up; its scores.npy is of what it set aside.

    Raises:
        DataError: scores cannot be read, or are not of these recordings.
    """
    heard: list[Recording] = []
    scores: list[Floats] = []
    for fold, folder in enumerate(folders):
        aside, mine = scored(recordings, folder, (len(folders), fold))
        heard += aside
        scores.append(mine)
    return heard, np.concatenate(scores)


def scored(
    recordings: list[Recording], folder: Path, folds: tuple[int, int]
) -> tuple[list[Recording], Floats]:
    """Return the recordings that a fold (of how many, which) set aside, and their scores, shape (recordings,).

    Raises:
        DataError: scores cannot be read, or are not of these recordings.
    """
    path = folder / "scores.npy"
    count, fold = folds
    split = cross_validation(recordings, count, fold)
    aside = [recording for recording in split if recording.split == "val"]
    try:
        scores = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: cannot be read ({error}): run ship.py"
            f" --folds {count} {fold} --train_dir={folder}"
        ) from error
    if scores.shape != (len(aside),):
        raise DataError(
            f"{path}: {scores.size} scores, but fold {fold} of {count} has {len(aside)}"
            " recordings: name the folders of all folds, in their order, and the same --data_dir"
        )
    return aside, scores.astype(np.float32)


def compare(recordings: list[Recording], args: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of each variant, by its folder's name.

    Raises:
        DataError: as scored.
    """
    count, fold = args.variants
    results: dict[str, Any] = {"folds": count, "fold": fold}
    for folder in args.folders:
        results[folder.name] = figures(*scored(recordings, folder, (count, fold)))
        print_figures(folder.name, results[folder.name])
    return results


def peer_scores(path: Path, recordings: Sequence[Recording]) -> Floats:
    """Return the peer's score of each recording, shape (recordings,).

    Raises:
        DataError: a recording cannot be read.
        ModelError: the peer's file cannot be used.
    """
    peer = load_yamnet(path, PEER_HOP)
    scores = np.empty(len(recordings), np.float32)
    with Progress("recordings", len(recordings)) as progress:
        for number, recording in enumerate(recordings):
            heard = hear(peer, [read_sound(recording.path, RATE)], RATE)
            # As in workers.py: not smoothed, as its window is a second.
            scores[number] = peak(heard, smoothing_s=0.0)
            progress.update(number + 1)
    return scores


def pool(recordings: list[Recording], args: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of all folds together, and the peer's where it is there.

    Raises:
        DataError: as scored, or a recording cannot be read.
        ModelError: the peer's file cannot be used.
    """
    heard, scores = pooled(recordings, args.folders)
    on = Manifest.load(DEFAULT_MODEL).on_threshold
    of = {"ours": scores}
    if args.peer:
        of[PEER] = peer_scores(args.peer, heard)
    for name, theirs in of.items():
        print_figures(name, figures(heard, theirs))
    print_confusers(heard, scores, on)
    return {
        "folds": len(args.folders),
        **{name: measure(heard, theirs, on) for name, theirs in of.items()},
    }


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, compare or pool, write."""
    print_any_name()
    args = options(arguments)
    path = args.out / ("ablation.json" if args.variants else "cross_validation.json")
    try:
        check_writable(path)
        recordings = read_manifest(args.data_dir)
        write_json(path, (compare if args.variants else pool)(recordings, args))
    except (DataError, ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
