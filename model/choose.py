"""What each threshold would give, to choose those that ship by.

    python model/choose.py --data_dir=../shared/audio --model=training/cry.tflite

lets a model hear nights put together from the recordings set aside (val), with other seeds than evaluate.py reports
on, and prints what an alarm from each smoothed confidence on would find, how late, and how often for nothing. With

    python model/choose.py --data_dir=../shared/audio --folds 3 0 --model=training/fold_0/cry.tflite

the nights are put together from what a fold of a cross-validation set aside of train, so that val has no say.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
import sys
from typing import Any

from cry_engine.classifier import Classifier
from cry_engine.episodes import SUSTAINED_S, EpisodeSettings
from cry_engine.errors import ModelError
from cry_engine.sensitivity import episode_settings
from evaluate import add_inputs, jobs_of
from hearing import Heard, alarms
from house import Library
from judging import judge, summary
from night import Night
from nights import plan
from progress import print_any_name
from recordings import DataError, Recording, cross_validation, read_manifest
from targets import value_at
from workers import Setup, hear_nights

ON = (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.83, 0.85, 0.88, 0.9, 0.93, 0.95, 0.97)
OFF = 0.6
"""What was crying stays so down to this part of what it begins from."""
SMOOTHING_S = (1.0, 1.5, 2.0, 3.0)


COLUMNS: dict[str, tuple[str, ...]] = {
    "10 s 5 dB": ("mixed", "episodes_10_s_5_db", "share"),
    "episodes": ("mixed", "episodes", "share"),
    "in noise": ("noise", "episodes_10_s", "share"),
    "delay s": ("mixed", "delay_s", "median", "value"),
    "90 % s": ("mixed", "delay_s", "90_percent", "value"),
    "false/h": ("mixed", "false_alarms_an_hour", "value"),
    "confusers": ("confusers", "false_alarms_an_hour", "value"),
}
"""What is printed of the figures of nights, by the kind of night."""

type Pair = tuple[Night, Heard]
"""A night, and what the model made of it."""


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add_inputs(parser)
    add("--hours", type=float, default=4.0, metavar="N",
        help="of mixed nights and of nights of confusers, half of it over noise, of each seed (%(default)g)")  # fmt: skip
    add("--seed", type=int, nargs="+", default=[2, 3, 4], metavar="N",
        help="of the nights, as many hours of each (%(default)s)")  # fmt: skip
    add("--folds", type=int, nargs=2, metavar=("COUNT", "FOLD"),
        help="nights of what that fold of so many, from 0 up, set aside of train")  # fmt: skip
    add("--sustained", type=float, default=SUSTAINED_S, metavar="S",
        help="seconds that what is likely must last to be an episode, 0 for never (%(default)g)")  # fmt: skip
    return parser.parse_args(arguments)


def set_aside(
    recordings: list[Recording], folds: tuple[int, int] | None
) -> tuple[Recording, ...]:
    """Return val, or what a fold (how many there are, and which) sets aside of train."""
    if folds is None:
        return tuple(r for r in recordings if r.split == "val")
    split = cross_validation(recordings, *folds)
    return tuple(
        aside
        for recording, aside in zip(recordings, split, strict=True)
        if recording.split == "train" and aside.split == "val"
    )


def told(nights: Sequence[Pair], settings: EpisodeSettings) -> str:
    """Return what some nights come to with these settings, as a line."""
    figures: dict[str, Any] = {
        kind: summary(
            judge(night, alarms(heard, settings))
            for night, heard in nights
            if night.kind == kind
        )
        for kind in {night.kind for night, _ in nights}
    }
    values = (value_at(figures, path) for path in COLUMNS.values())
    columns = ["-" if value is None else f"{value:.3g}" for value in values]
    chosen = [f"{settings.on_threshold:.2f}", f"{settings.smoothing_s:g}"]
    return "".join(f"{column:>10}" for column in (*chosen, *columns))


def main(arguments: list[str] | None = None) -> int:
    """Listen, and print the table."""
    print_any_name()
    args = options(arguments)
    try:
        recordings = set_aside(read_manifest(args.data_dir), args.folds)
        library = Library(recordings)
        setup = Setup(recordings=recordings, models={"ours": args.model}, peer=None)
        base = episode_settings(Classifier.load(args.model).manifest)
    except (DataError, ModelError) as error:
        print(error, file=sys.stderr)
        return 1
    jobs = [
        job
        for seed in args.seed
        for job in jobs_of(args.hours, seed)
        if job[0] != "g711"
    ]
    nights = [
        (plan(library, each.kind, each.seed, each.hours), each.heard["ours"])
        for each in hear_nights(setup, jobs, args.workers)
    ]
    print("".join(f"{name:>10}" for name in ("on", "smooth s", *COLUMNS)))
    for smoothing_s, on in product(SMOOTHING_S, ON):
        settings = replace(
            base,
            on_threshold=on,
            off_threshold=OFF * on,
            smoothing_s=smoothing_s,
            sustained_s=args.sustained,
        )
        print(told(nights, settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
