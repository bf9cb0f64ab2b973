"""Measure the model that ships, or another, through the engine.

    python model/evaluate.py --data_dir=../shared/audio --peer=../shared/peers/yamnet.tflite

lets it hear the recordings set aside (val) as they are, through 8 kHz G.711, very quiet and over noise; then nights put
together from them; and writes results.json and pictures beside it. With --peer YAMNet hears all the same.
"""

import argparse
from datetime import date
from pathlib import Path
import sys
from typing import Any

from album import draw
from costs import cost
from cry_engine.classifier import DEFAULT_MODEL, Classifier
from cry_engine.errors import ModelError
from night import KINDS, Kind
from peers import WINDOW_S, load_yamnet
from progress import print_any_name
from recordings import DataError, read_manifest
from results import about, clip_results, night_results
from targets import print_table, table
from workers import NightJob, Setup, hear_clips, hear_nights
from writing import check_writable, write_json

ROOT = Path(__file__).resolve().parent.parent

SHARES: dict[Kind, float] = {"mixed": 1.0, "confusers": 1.0, "noise": 0.5, "g711": 0.5}
"""Hours of each kind of night, as part of --hours."""


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Add the options for what is measured, and on what."""
    add = parser.add_argument
    add("--data_dir", type=Path, default=ROOT.parent / "shared/audio", metavar="DIR",
        help="recordings and their manifest.csv (%(default)s)")  # fmt: skip
    add("--model", type=Path, default=DEFAULT_MODEL, metavar="FILE",
        help="the .tflite file to measure, its manifest beside it; by default the one that ships")  # fmt: skip
    add("--workers", type=int, default=2, metavar="N", help="processes (%(default)s)")


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add_inputs(parser)
    add(
        "--peer",
        type=Path,
        metavar="FILE",
        help="YAMNet's .tflite file, to measure beside it",
    )
    add("--ablation", type=Path, nargs="+", default=[], metavar="DIR",
        help="folders with other models; each gets a row with the same measures of recordings")  # fmt: skip
    add("--baseline", type=Path, metavar="FILE",
        help="the series' own network (--model_architecture=conv of train.py, frozen): what it costs beside this")  # fmt: skip
    add("--hours", type=float, default=8.0, metavar="N",
        help="of mixed nights and of nights of confusers, half of it of each other kind; 0 for none (%(default)g)")  # fmt: skip
    add("--seed", type=int, default=1, metavar="N", help="of the nights (%(default)s)")
    add("--out", type=Path, default=ROOT / "model", metavar="DIR",
        help="where results.json and pictures/ are written (%(default)s)")  # fmt: skip
    return parser.parse_args(arguments)


def models_of(args: argparse.Namespace) -> dict[str, Path]:
    """Return the models to measure by their names in the results, first the one that it is about.

    Raises:
        ModelError: a folder of the ablation holds none.
    """
    models = {"ours": args.model}
    for folder in args.ablation:
        files = sorted(folder.glob("*.tflite"))
        if not files:
            raise ModelError(f"{folder}: there is no .tflite file in it")
        for file in files:
            name = folder.name if len(files) == 1 else f"{folder.name}/{file.stem}"
            models[name] = file
    return models


def jobs_of(hours: float, seed: int) -> list[NightJob]:
    """Return the nights to hear, none longer than an hour, so that all processes have some to the end."""
    jobs: list[NightJob] = []
    for kind in KINDS:
        left, number = hours * SHARES[kind], 1_000 * seed
        while left > 0.0:
            jobs.append((kind, number, min(1.0, left)))
            left, number = left - 1.0, number + 1
    return jobs


def evaluate(args: argparse.Namespace) -> tuple[Path, list[dict[str, Any]]]:
    """Measure, write and draw; return the results' file and the rows of what must hold.

    Raises:
        DataError: the recordings cannot be used.
        ModelError: a model cannot be used.
        OSError: a file cannot be written.
    """
    path = args.out / "results.json"
    # Found out now, not after half an hour.
    check_writable(path)
    recordings = tuple(r for r in read_manifest(args.data_dir) if r.split == "val")
    if not any(r.crying for r in recordings) or all(r.crying for r in recordings):
        raise DataError(
            f"{args.data_dir / 'manifest.csv'}: val must hold cries and what is none"
        )
    models = models_of(args)
    compared = models | ({"conv": args.baseline} if args.baseline else {})
    setup = Setup(recordings=recordings, models=models, peer=args.peer)
    if args.peer:
        load_yamnet(args.peer, WINDOW_S)
    main_model = Classifier.load(args.model)
    manifest = main_model.manifest
    results: dict[str, Any] = {
        "measured": date.today().isoformat(),
        "model": about(manifest, main_model.runtime),
        "cost": {name: cost(path) for name, path in compared.items()},
    }
    clips = hear_clips(setup, args.workers)
    results["clips"] = clip_results(setup, clips, manifest.on_threshold)
    if "ms_a_window_litert" in results["cost"]["ours"]:
        # Else both are numpy.
        results["numpy_differs_by_at_most"] = max(clip.difference for clip in clips)
    nights = hear_nights(setup, jobs_of(args.hours, args.seed), args.workers)
    if nights:
        results["nights"] = night_results(setup, nights, manifest)
    results["must_hold"] = table(results)
    write_json(path, results)
    if not draw(args.out / "pictures", setup, manifest, results, clips, nights):
        print("no pictures: matplotlib is not installed (scripts/setup --model)")
    return path, results["must_hold"]


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, measure, print."""
    print_any_name()
    args = options(arguments)
    try:
        path, must_hold = evaluate(args)
    except (DataError, ModelError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print_table(must_hold)
    print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
