"""Pool the folds of a cross-validation: each recording of train and val, scored by the network that has not learnt its group.

    for fold in 0 1 2; do
        python model/ship.py --data_dir=../shared/audio --folds 3 $fold --train_dir=training/fold_$fold
    done
    python model/cross_validate.py training/fold_{0,1,2} --data_dir=../shared/audio

writes cross_validation.json; ship.py takes its other options as for what ships. With --peer YAMNet scores the same recordings.
"""

import argparse
from collections.abc import Sequence
import json
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
from progress import Progress
from recordings import DataError, Recording, cross_validation, read_manifest, read_sound
from report import figures, print_confusers, print_figures
from scoring import Floats
from workers import PEER, PEER_HOP

ROOT = Path(__file__).resolve().parent.parent


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("folds", type=Path, nargs="+", metavar="DIR",
        help="the --train_dir of each fold, from fold 0 up, with its scores.npy")  # fmt: skip
    add("--data_dir", type=Path, default=ROOT.parent / "shared/audio", metavar="DIR",
        help="recordings and their manifest.csv, as they were trained on (%(default)s)")  # fmt: skip
    add("--peer", type=Path, metavar="FILE", help="YAMNet's .tflite file")
    add("--out", type=Path, default=ROOT / "model", metavar="DIR",
        help="where cross_validation.json is written (%(default)s)")  # fmt: skip
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
        path = folder / "scores.npy"
        split = cross_validation(recordings, len(folders), fold)
        aside = [recording for recording in split if recording.split == "val"]
        try:
            mine = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise DataError(
                f"{path}: cannot be read ({error}): run ship.py"
                f" --folds {len(folders)} {fold} --train_dir={folder}"
            ) from error
        if mine.shape != (len(aside),):
            raise DataError(
                f"{path}: {mine.size} scores, but fold {fold} of {len(folders)} has {len(aside)}"
                " recordings: name the folders of all folds, in their order, and the same --data_dir"
            )
        heard += aside
        scores.append(mine.astype(np.float32))
    return heard, np.concatenate(scores)


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


def main(arguments: list[str] | None = None) -> int:
    """Pool, write, print."""
    args = options(arguments)
    try:
        recordings, scores = pooled(read_manifest(args.data_dir), args.folds)
        on = Manifest.load(DEFAULT_MODEL).on_threshold
        of = {"ours": scores}
        if args.peer:
            of[PEER] = peer_scores(args.peer, recordings)
    except (DataError, ModelError) as error:
        print(error, file=sys.stderr)
        return 1
    results: dict[str, Any] = {
        "folds": len(args.folds),
        **{name: measure(recordings, theirs, on) for name, theirs in of.items()},
    }
    for name, theirs in of.items():
        print_figures(name, figures(recordings, theirs))
    print_confusers(recordings, scores, on)
    path = args.out / "cross_validation.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
