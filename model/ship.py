"""Train the detector that ships.

    python model/ship.py --data_dir=../shared/audio --teacher=../shared/peers/yamnet.tflite

makes stems of the recordings, trains on mixtures of them, prints what the detector does on the recordings set aside (val),
and writes cry.tflite and cry.json. The other options' defaults are what the shipped model was trained with.
"""

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
import multiprocessing
from pathlib import Path
import sys
import time
from typing import Any

import onednn  # noqa: F401 - before TensorFlow

# isort: split
import keras
import numpy as np
import tensorflow as tf

from cry_engine.classifier import Classifier
from cry_engine.features import LogMelParameters
from distilling import learn
from export import data_of, write
from mixtures import CRY, Mixtures, Recipe
import network
from opinions import opinions
from progress import print_any_name
from recordings import DataError, Recording, cross_validation, read_manifest, read_sound
from report import figures, print_confusers, print_figures
from scoring import Floats, best_calibration, calibration_error, clip_score
import stems

ROOT = Path(__file__).resolve().parent.parent
WINDOW_S, HOP_S = 5.0, 0.5

# Where crying begins and ends, at medium sensitivity and at the two others: chosen by choose.py, on nights put together from
# val with other seeds than those that are reported on. At low sensitivity one episode in thirteen is missed, and next to nothing
# that is no cry reaches the first; at high half of what medium misses is found, and all of it earlier.
THRESHOLDS: dict[str, Any] = {
    "on": 0.88,
    "off": 0.53,
    "low": {"on": 0.93, "off": 0.56},
    "high": {"on": 0.6, "off": 0.36},
}


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data_dir", type=Path, default=ROOT.parent / "shared/audio", metavar="DIR",
        help="recordings and their manifest.csv (%(default)s)")  # fmt: skip
    add("--train_dir", type=Path, default=ROOT / "training", metavar="DIR",
        help="where stems, kept for the next time, and networks are written (%(default)s)")  # fmt: skip
    add("--out_dir", type=Path, default=ROOT / "custom_components/cry_detector/engine/models", metavar="DIR",
        help="where cry.tflite and cry.json are written (%(default)s)")  # fmt: skip
    add("--teacher", type=Path, metavar="FILE",
        help="YAMNet's .tflite file; without it the labels alone are learnt")  # fmt: skip
    add("--common", type=int, default=2, metavar="N",
        help="stems of each recording (%(default)s)")  # fmt: skip
    add("--scarce", type=int, default=8, metavar="N",
        help="stems of each cry and of what is most often taken for one (%(default)s)")  # fmt: skip
    add("--calls", type=int, default=600, metavar="N",
        help="stems of synthesised calls that are no cry (%(default)s)")  # fmt: skip
    add("--cries", type=int, default=300, metavar="N",
        help="stems of synthesised crying (%(default)s)")  # fmt: skip
    add("--members", type=int, default=2, metavar="N",
        help="networks, whose mean is what ships (%(default)s)")  # fmt: skip
    stages = parser.add_argument_group(
        "stages", "A network learns in as many as these have values."
    )
    stages.add_argument("--steps", type=int, nargs="+", default=[6_000, 6_000], metavar="N",
        help="batches of each stage, for each network (%(default)s)")  # fmt: skip
    stages.add_argument("--learning_rate", type=float, nargs="+", default=[2e-3, 1.2e-3], metavar="X",
        help="of each at its peak, after a twentieth of its steps (%(default)s)")  # fmt: skip
    stages.add_argument("--warp", type=float, nargs="+", default=[0.0, 0.7], metavar="X",
        help="of each: how many of the sources, 0 to 1, are drawn at another pitch and another pace (%(default)s)")  # fmt: skip
    add("--batch", type=int, default=64, metavar="N", help="windows in a batch (%(default)s)")  # fmt: skip
    add("--widths", type=int, nargs="+", default=[24, 48, 96, 160], metavar="N",
        help="channels of each stride-2 convolution (%(default)s)")  # fmt: skip
    add("--head", type=int, default=160, metavar="N",
        help="channels once the bands are read (%(default)s)")  # fmt: skip
    add("--blocks", type=int, default=3, metavar="N",
        help="that look over time (%(default)s)")  # fmt: skip
    add("--dropout", type=float, default=0.2, metavar="X",
        help="of the pooled features, 0 to 1 (%(default)s)")  # fmt: skip
    add("--decay", type=float, default=1e-5, metavar="X",
        help="L2 of the convolutions (%(default)s)")  # fmt: skip
    add("--crying_weight", type=float, default=1.0, metavar="X",
        help="of the loss of crying at each step, where the labels' is 1 (%(default)s)")  # fmt: skip
    add("--tag_weight", type=float, default=20.0, metavar="X",
        help="of the loss of the teacher's scores (%(default)s)")  # fmt: skip
    add("--embedding_weight", type=float, default=100.0, metavar="X",
        help="of the loss of the teacher's embeddings (%(default)s)")  # fmt: skip
    add("--seed", type=int, default=1, metavar="N",
        help="of the first network, and of all that is drawn but stems (%(default)s)")  # fmt: skip
    add("--stems_seed", type=int, default=1, metavar="N", help="of the stems (%(default)s)")  # fmt: skip
    add("--threads", type=int, default=2, metavar="N",
        help="to compute with, in one process or several (%(default)s)")  # fmt: skip
    add("--networks", type=Path, nargs="+", metavar="FILE",
        help="the cry_N.keras of a --train_dir, with the other options as they were trained: their mean is calibrated,"
             " measured and written, and nothing is trained")  # fmt: skip
    add("--folds", type=int, nargs=2, metavar=("COUNT", "FOLD"),
        help="cross-validation: set that fold of so many aside instead of val; nothing is shipped")  # fmt: skip
    add("--version", default=time.strftime("%Y.%m.%d"), metavar="TEXT",
        help="of the model, in its manifest (%(default)s)")  # fmt: skip
    args = parser.parse_args()
    if not len(args.steps) == len(args.learning_rate) == len(args.warp):
        parser.error("give --steps, --learning_rate and --warp one value a stage each")
    return args


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """What networks are trained on and measured with."""

    recordings: list[Recording]
    """Those of --data_dir, then those that are synthesised."""
    bank: stems.Bank
    """Their stems."""
    parameters: LogMelParameters
    window_frames: int

    def mixtures(
        self,
        args: argparse.Namespace,
        split: str,
        judged: Floats,
        *,
        recipe: Recipe,
        seed: int,
    ) -> Mixtures:
        """Return mixtures of train or val, after second opinions on all stems."""
        return Mixtures(
            self.recordings, split, self.bank, judged, parameters=self.parameters, window_frames=self.window_frames,
            step_frames=network.step_frames(args.widths), recipe=recipe, seed=seed,
        )  # fmt: skip


def material(args: argparse.Namespace) -> Material:
    """Read the recordings, and make their stems where they are not there.

    Raises:
        DataError: the recordings cannot be used.
    """
    parameters = LogMelParameters()
    recordings = read_manifest(args.data_dir)
    made = stems.synthesised(args.calls, args.cries)
    bank = stems.build(
        [*recordings, *made], parameters, args.train_dir / "stems", common=args.common, scarce=args.scarce,
        teacher=args.teacher, seed=args.stems_seed, workers=args.threads,
    )  # fmt: skip
    if args.folds:
        recordings = cross_validation(recordings, *args.folds)
    return Material(
        recordings=recordings + made,
        bank=bank,
        parameters=parameters,
        window_frames=parameters.frames_in(round(WINDOW_S * parameters.sample_rate)),
    )


def compute_with(threads: int) -> None:
    """Have TensorFlow compute with so many threads; before it computes anything."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def train(args: argparse.Namespace, judged: Floats, threads: int, member: int) -> Path:
    """Train one of the networks with so many threads, in a process of its own; return the file that it is in."""
    compute_with(threads)
    of = material(args)
    keras.utils.set_random_seed(args.seed + member)
    model = network.build(
        of.window_frames, of.parameters.bands, args.widths, args.head, args.blocks,
        dropout=args.dropout, decay=args.decay, tags=args.teacher is not None,
    )  # fmt: skip
    ends = []
    stages = zip(args.steps, args.learning_rate, args.warp, strict=True)
    for stage, (steps, rate, warp) in enumerate(stages):
        name = f"network {member + 1} of {args.members}"
        if len(args.steps) > 1:
            name += f", stage {stage + 1} of {len(args.steps)}"
        # Other windows in each stage.
        seed = args.seed + member + 10 * stage
        learn(
            model, of.mixtures(args, "train", judged, recipe=Recipe(warp=warp), seed=seed), steps=steps, batch=args.batch,
            learning_rate=rate, crying_weight=args.crying_weight, tag_weight=args.tag_weight,
            embedding_weight=args.embedding_weight, checkpoint=args.train_dir / f"cry_{member}_stage_{stage + 1}.keras",
            name=name,
        )  # fmt: skip
        ends.append(model.get_weights())
    # Stages end around one wide valley of the loss, and their mean, in the middle of it, holds for more than any of them
    # (Izmailov et al., Averaging weights leads to wider optima and better generalization, 2018).
    model.set_weights([np.mean(of, axis=0) for of in zip(*ends, strict=True)])
    path: Path = args.train_dir / f"cry_{member}.keras"
    model.save(path)
    return path


def train_all(args: argparse.Namespace, judged: Floats) -> list[Path]:
    """Train the networks side by side; return their files.

    Networks of this size gain little from threads: two with one each take two thirds of the time that they take one after
    the other with two.
    """
    at_once = min(args.members, args.threads)
    with ProcessPoolExecutor(
        at_once, multiprocessing.get_context("spawn"), max_tasks_per_child=1
    ) as executor:
        one = partial(train, args, judged, args.threads // at_once)
        return list(executor.map(one, range(args.members)))


def load(path: Path) -> keras.Model:
    """Load a network that was trained.

    Raises:
        DataError: the file cannot be used.
    """
    try:
        return keras.models.load_model(path, compile=False)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: no network of ship.py's: {error}") from error


def calibrate(model: keras.Model, mixtures: Mixtures) -> tuple[float, float]:
    """Return the temperature and the bias that fit mixtures of recordings set aside; print how far confidence is off."""
    batches = [mixtures.batch(64) for _ in range(96)]
    crying = np.concatenate([batch.labels for batch in batches])[:, CRY]
    logits = np.concatenate(
        [model.predict_on_batch(batch.features)["labels"] for batch in batches]
    )
    half = len(logits) // 2
    temperature, bias = best_calibration(logits[:half], crying[:half], CRY)
    for name, divisor, shift in (
        ("as trained", 1.0, 0.0),
        (f"at temperature {temperature:.2f} and bias {bias:.2f}", temperature, bias),
    ):
        scaled = logits[half:] / divisor
        scaled[:, CRY] += shift
        confidence = keras.ops.convert_to_numpy(keras.ops.softmax(scaled))[:, CRY]
        print(
            f"calibration error {name}: {calibration_error(confidence, crying[half:]):.3f}"
        )
    return temperature, bias


def scores_of(classifier: Classifier, recordings: Sequence[Recording]) -> Floats:
    """Return the score of each recording, from what ships and as the engine hears it."""
    rate = classifier.manifest.sample_rate
    scores = [
        clip_score(classifier, read_sound(recording.path, rate))
        for recording in recordings
    ]
    return np.array(scores, np.float32)


def make(args: argparse.Namespace) -> None:
    """Train, measure, write.

    Raises:
        DataError: the recordings, the teacher or a network cannot be used.
        OSError: a file cannot be written.
    """
    of = material(args)
    judged = opinions(of.recordings, of.bank, seed=args.seed)
    files = args.networks or train_all(args, judged)
    model = network.mean_of([load(file) for file in files])
    # Less of what is heard is crying than in training, and confidence is to be right there: the nights of nights.py, whose
    # babies cry a third of the time, and val, where one window in twenty is crying, lie on both sides of this.
    temperature, bias = calibrate(
        model,
        of.mixtures(args, "val", judged, recipe=Recipe(crying=0.2), seed=args.seed),
    )
    detector = network.detector(model, temperature, bias)
    training = {
        "data": data_of([r for r in of.recordings if r.split == "train"]),
        "teacher": "YAMNet (Apache-2.0), for outputs that are not in here"
        if args.teacher
        else None,
        "temperature": round(temperature, 3),
        "bias": round(bias, 3),
        "weights": detector.count_params(),
        "members": len(files),
        "steps": sum(args.steps),
    }
    ship = partial(
        write, content=network.to_tflite(detector), version=args.version, parameters=of.parameters,
        window_s=WINDOW_S, hop_s=HOP_S, thresholds=THRESHOLDS,
    )  # fmt: skip
    ship(args.train_dir, training=training)
    aside = [recording for recording in of.recordings if recording.split == "val"]
    scores = scores_of(Classifier.load(args.train_dir / "cry.tflite"), aside)
    np.save(args.train_dir / "scores.npy", scores)
    validation = figures(aside, scores)
    print_figures("val", validation)
    print_confusers(aside, scores, THRESHOLDS["on"])
    if not args.folds:
        # Only what has been measured is put in the place of what shipped before.
        ship(args.out_dir, training=training | {"validation": validation})


def main() -> int:
    """Read the command line, and say what is wrong."""
    print_any_name()
    args = options()
    compute_with(args.threads)
    try:
        make(args)
    except (DataError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
