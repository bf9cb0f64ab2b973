"""Make a checkpoint of train.py into a model that the engine runs: a .tflite file, and its manifest beside it.

    python model/freeze.py --start_checkpoint=./training/conv.ckpt-1200 --output_file=./mine.tflite

What was trained (sample rate, clip, frames, labels) is read from the checkpoint. Before it is written, the model is run by the
engine, and must give what it gave in training.
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path
import sys
from typing import Any

import numpy as np

from checkpoints import Checkpoint, read
from cry_engine.classifier import Classifier
from cry_engine.errors import EngineError
from cry_engine.manifest import CRYING
from export import write
from progress import print_any_name
from quiet import quietly
from recordings import DataError
from settings import ModelSettings

# How far a probability may be from what it was in training: sums in another order differ by less, another network by more.
_TOLERANCE = 1e-3


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--start_checkpoint",
        type=Path,
        required=True,
        metavar="PATH",
        help="the checkpoint, without the ending .index: training/conv.ckpt-1200",
    )
    add(
        "--output_file",
        type=Path,
        required=True,
        metavar="FILE",
        help="the .tflite to write; the manifest is written beside it, as .json",
    )
    add(
        "--crying",
        metavar="LABELS",
        help=f"the labels that mean crying, parted by commas (default: {CRYING})",
    )
    add(
        "--on_threshold",
        type=float,
        default=0.75,
        metavar="C",
        help="smoothed confidence from which on it is crying (default: %(default)s)",
    )
    add(
        "--off_threshold",
        type=float,
        default=0.45,
        metavar="C",
        help="smoothed confidence under which it is calm (default: %(default)s)",
    )
    add(
        "--clip_stride_ms",
        type=int,
        default=500,
        metavar="N",
        help="from one score to the next (default: %(default)s)",
    )
    add(
        "--version",
        default=datetime.now(UTC).strftime("%Y.%m.%d"),
        metavar="TEXT",
        help="of the model, in its manifest (default: today)",
    )
    return parser.parse_args()


def crying_labels(labels: tuple[str, ...], named: str | None) -> tuple[str, ...]:
    """Return the labels that mean crying.

    Raises:
        DataError: none does, or one that was named is not among the labels.
    """
    known = ", ".join(labels)
    if named is None:
        if CRYING not in labels:
            raise DataError(
                f"none of its labels is {CRYING} (they are {known}): the engine would not know when to call it crying."
                " Say which labels mean it with --crying=LABEL,LABEL, or train anew with a folder named crying"
            )
        return (CRYING,)
    crying = tuple(dict.fromkeys(named.split(",")))
    for label in crying:
        if label not in labels:
            raise DataError(
                f"--crying={named}: {label!r} is none of its labels, which are {known}"
            )
    return crying


def load(checkpoint: Checkpoint) -> Any:
    """Return the network of a checkpoint, from log-mel frames to probabilities.

    Raises:
        DataError: the weights do not fit.
    """
    with quietly():
        from architectures import build, probabilities
        from learning import restore_weights

        model = build(checkpoint.settings)
        restore_weights(model, checkpoint.path)
        return probabilities(model)


def check(model: Any, written: Path, settings: ModelSettings) -> float:
    """Return how far the engine's probabilities are from Keras', at most, on noise of every level.

    Raises:
        DataError: too far.
        ModelError: the engine cannot run what was written.
    """
    shape = (settings.frames, settings.features.bands)
    rng = np.random.default_rng(0)
    worst = 0.0
    with quietly():
        classifiers = [
            Classifier.load(written, runtime=runtime) for runtime in ("numpy", None)
        ]
    for level in np.linspace(-23.0, 0.0, 8):
        window = rng.normal(level, 1.0, shape).astype(np.float32)
        expected = np.asarray(model(window[None]))[0]
        for classifier in classifiers:
            given = list(classifier.score(window).by_label.values())
            worst = max(worst, float(np.abs(expected - given).max()))
    if not worst <= _TOLERANCE:
        raise DataError(
            f"{written}: gives probabilities that differ by {worst:.2g} from those in training: please report it"
        )
    return worst


def freeze(wanted: argparse.Namespace) -> None:
    """Read, convert, write, check.

    Raises:
        DataError, EngineError, OSError: with the name of what is wrong.
    """
    output: Path = wanted.output_file
    if output.suffix != ".tflite":
        raise DataError(f"{output}: its name must end in .tflite")
    checkpoint = read(wanted.start_checkpoint)
    settings = checkpoint.settings
    crying = crying_labels(settings.labels, wanted.crying)
    model = load(checkpoint)
    with quietly():
        from network import to_tflite

        content = to_tflite(model)
    training = {
        "architecture": settings.architecture,
        "steps": checkpoint.step,
        "optimizer": checkpoint.optimizer,
        "weights": model.count_params(),
        **checkpoint.training,
    }
    # Written under another name first: what cannot be run takes the place of nothing.
    trial = output.with_name(f"{output.stem}-new.tflite")
    try:
        for folder, name in ((trial.parent, trial.stem), (output.parent, output.stem)):
            written = write(
                folder,
                content,
                version=wanted.version,
                parameters=settings.features,
                window_s=settings.clip_duration_ms / 1e3,
                hop_s=wanted.clip_stride_ms / 1e3,
                thresholds={"on": wanted.on_threshold, "off": wanted.off_threshold},
                training=training,
                name=name,
                labels=settings.labels,
                crying=crying,
            )
            worst = check(model, written, settings)
    finally:
        trial.unlink(missing_ok=True)
        trial.with_suffix(".json").unlink(missing_ok=True)
    print(f"Saved {output} ({len(content)} bytes) and {output.with_suffix('.json')}")
    print(f"The engine gives the probabilities of training, to {worst:.1g}")


def main() -> int:
    """Run the program; return its exit status."""
    print_any_name()
    wanted = options()
    try:
        freeze(wanted)
    except (DataError, EngineError) as error:
        print(f"freeze: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"freeze: {error.name} is not installed here: run it by .venv-model/bin/python, which scripts/setup --model makes", file=sys.stderr)  # fmt: skip
        return 1
    except OSError as error:
        print(f"freeze: {error.filename or wanted.output_file}: {error.strerror or error}", file=sys.stderr)  # fmt: skip
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
