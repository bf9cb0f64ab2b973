"""Train the detector that ships.

    python model/ship.py --data_dir=../shared/audio --teacher=../shared/peers/yamnet.tflite

makes stems of the recordings, trains on mixtures of them, prints what the detector does on the recordings set aside (val),
and writes cry.tflite and cry.json. The other options' defaults are what the shipped model was trained with.
"""

import argparse
from collections.abc import Sequence
from functools import partial
import hashlib
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
from recordings import DataError, Recording, read_manifest, read_sound
from report import figures, print_confusers, print_figures
from scoring import Floats, best_temperature, calibration_error, clip_score
import stems
from teacher import CRYING

ROOT = Path(__file__).resolve().parent.parent
WINDOW_S, HOP_S = 5.0, 0.5

# Where crying begins and ends, at medium sensitivity and at the two others: chosen on nights put together from val. At low
# sensitivity hardly anything that is no cry reaches the first, and one cry in five is missed; at high it is the other way round.
THRESHOLDS: dict[str, Any] = {
    "on": 0.75,
    "off": 0.45,
    "low": {"on": 0.9, "off": 0.6},
    "high": {"on": 0.6, "off": 0.4},
}


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--data_dir", type=Path, default=ROOT.parent / "shared/audio"
    )  # recordings and their manifest.csv
    add("--train_dir", type=Path, default=ROOT / "training")  # stems and checkpoints
    add(
        "--out_dir",
        type=Path,
        default=ROOT / "custom_components/cry_detector/engine/models",
    )  # cry.tflite, cry.json
    add(
        "--teacher", type=Path
    )  # YAMNet's .tflite; without it nothing is learnt from it
    add("--common", type=int, default=2)  # stems of each recording
    add(
        "--scarce", type=int, default=6
    )  # stems of each cry and of what is most often taken for one
    add("--synthetic", type=int, default=600)  # stems of synthesised calls
    add("--steps", type=int, default=6_800)  # batches
    add("--batch", type=int, default=64)  # windows in a batch
    add(
        "--learning_rate", type=float, default=2e-3
    )  # at its peak, after a twentieth of the steps
    add(
        "--widths", type=int, nargs="+", default=[16, 32, 64, 96]
    )  # channels of each stage
    add("--head", type=int, default=96)  # channels once the bands are read
    add("--blocks", type=int, default=2)  # that look over time
    add("--dropout", type=float, default=0.2)  # of the pooled features
    add("--decay", type=float, default=1e-5)  # L2 of the convolutions
    add(
        "--tag_weight", type=float, default=20.0
    )  # of the loss of the teacher's scores beside the labels'
    add("--embedding_weight", type=float, default=100.0)  # of its embeddings' loss
    add(
        "--start", type=Path
    )  # a cry.keras of an earlier run, whose weights to start from
    add("--seed", type=int, default=1)  # of everything drawn but the stems
    add("--stems_seed", type=int, default=1)  # of the stems
    add(
        "--threads", type=int, default=2
    )  # of TensorFlow, and processes that make stems
    add("--version", default=time.strftime("%Y.%m.%d"))  # of the model, in its manifest
    return parser.parse_args()


def calibrate(model: keras.Model, mixtures: Mixtures) -> float:
    """Return the temperature that fits mixtures of recordings set aside; print how far confidence is off."""
    batches = [mixtures.batch(64) for _ in range(64)]
    labels = np.concatenate([batch.labels for batch in batches])
    logits = np.concatenate(
        [model.predict_on_batch(batch.features)["labels"] for batch in batches]
    )
    half = len(logits) // 2
    temperature = best_temperature(logits[:half], labels[:half])
    for name, divisor in (
        ("as trained", 1.0),
        (f"at temperature {temperature:.2f}", temperature),
    ):
        confidence = keras.ops.convert_to_numpy(
            keras.ops.softmax(logits[half:] / divisor)
        )[:, CRY]
        print(
            f"calibration error {name}: {calibration_error(confidence, labels[half:, CRY]):.3f}"
        )
    return temperature


def scores_of(classifier: Classifier, recordings: Sequence[Recording]) -> Floats:
    """Return the score of each recording, from what ships and as the engine hears it."""
    rate = classifier.manifest.sample_rate
    scores = [
        clip_score(classifier, read_sound(recording.path, rate))
        for recording in recordings
    ]
    return np.array(scores, np.float32)


def main() -> int:
    """Train, measure, write."""
    args = options()
    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    parameters = LogMelParameters()
    frames = parameters.frames_in(round(WINDOW_S * parameters.sample_rate))
    try:
        recordings = read_manifest(args.data_dir)
        bank = stems.build(
            recordings, parameters, args.train_dir / "stems", common=args.common, scarce=args.scarce,
            synthetic=args.synthetic, teacher=args.teacher, seed=args.stems_seed, workers=args.threads,
        )  # fmt: skip
        draw = partial(
            Mixtures, recordings, bank=bank, parameters=parameters, window_frames=frames,
            step_frames=network.step_frames(args.widths), recipe=Recipe(), seed=args.seed,
        )  # fmt: skip
        keras.utils.set_random_seed(args.seed)
        model = network.build(
            frames, parameters.bands, args.widths, args.head, args.blocks,
            dropout=args.dropout, decay=args.decay, tags=args.teacher is not None,
        )  # fmt: skip
        if args.start:
            network.start_from(model, args.start)
        learn(
            model, draw("train"), steps=args.steps, batch=args.batch, learning_rate=args.learning_rate,
            tag_weight=args.tag_weight, embedding_weight=args.embedding_weight,
            checkpoint=args.train_dir / "cry.keras",
        )  # fmt: skip
        temperature = calibrate(model, draw("val"))
        detector = network.detector(model, temperature)
        training = {
            "data": data_of([r for r in recordings if r.split == "train"]),
            "teacher": "YAMNet (Apache-2.0), for two heads that are not in here"
            if args.teacher
            else None,
            "temperature": round(temperature, 3),
            "weights": detector.count_params(),
            "steps": args.steps,
        }
        if args.start:
            content = args.start.read_bytes()
            training["started_from"] = hashlib.sha256(content).hexdigest()
        ship = partial(
            write, content=network.to_tflite(detector), version=args.version, parameters=parameters,
            window_s=WINDOW_S, hop_s=HOP_S, thresholds=THRESHOLDS,
        )  # fmt: skip
        ship(args.train_dir, training=training)
        aside = [recording for recording in recordings if recording.split == "val"]
        scores = scores_of(Classifier.load(args.train_dir / "cry.tflite"), aside)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    np.save(args.train_dir / "scores.npy", scores)
    validation = figures(aside, scores)
    print_figures("val", validation)
    if args.teacher:
        heard = [
            bank.scores[w : w + n, CRYING].max()
            for r, _, _, w, n, *_ in bank.stems
            if r != stems.SYNTHETIC and recordings[r].split == "val"
        ]
        print_figures("val, the teacher", figures(aside, np.array(heard, np.float32)))
    print_confusers(aside, scores, THRESHOLDS["on"])
    # Only what has been measured is put in the place of what shipped before.
    ship(args.out_dir, training=training | {"validation": validation})
    return 0


if __name__ == "__main__":
    sys.exit(main())
