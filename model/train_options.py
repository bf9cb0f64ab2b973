"""The command line of train.py: the options of TensorFlow's audio recognition tutorial, their defaults, and what they mean."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from batches import Augmentation
from recordings import DataError
from settings import ARCHITECTURES, LOG_MEL, MFCC, ModelSettings, features_for
from words import labels_for

OPTIMIZERS = ("gradient_descent", "momentum", "adam")
LEVELS = ("DEBUG", "INFO", "WARN", "ERROR", "FATAL")


# Of each option its name, type, default and meaning. What has no default takes the architecture's.
_DATA = (
    ("data_url", str, "", "address of a .tar.gz with the folders of clips; empty takes what is there"),
    ("data_dir", Path, Path("data"), "holds a folder of clips for each label"),
    ("wanted_words", str, "silence,crying", "labels to tell apart; all other folders are _unknown_"),
    ("silence_percentage", float, 10.0, "examples of _silence_ to add, of the wanted ones"),
    ("unknown_percentage", float, 10.0, "examples of _unknown_ to add, of the wanted ones"),
    ("validation_percentage", float, 10.0, "of the recordings, to measure with on the way"),
    ("testing_percentage", float, 10.0, "of the recordings, to measure with at the end"),
    ("background_volume", float, 0.1, "the loudest that background noise is mixed in, 0 to 1"),
    ("background_frequency", float, 0.8, "part of the clips that it is mixed into, 0 to 1"),
    ("time_shift_ms", float, 100.0, "furthest that a clip is moved to and fro"),
)  # fmt: skip
_SOUND = (
    ("sample_rate", int, 16_000, "of the clips, in Hz"),
    ("clip_duration_ms", int, 1_000, "length of a clip"),
    ("window_size_ms", float, None, "length of a frame"),
    ("window_stride_ms", float, None, "from one frame's start to the next's"),
    ("feature_bin_count", int, None, "mel bands, and coefficients of the MFCC"),
    ("lower_frequency_hz", float, None, "lower edge of the lowest band"),
    ("upper_frequency_hz", float, None, "upper edge of the highest band"),
    ("preprocess", str, None, "what the network is fed with: mfcc or log_mel"),
)  # fmt: skip
_LEARNING = (
    ("model_architecture", tuple(ARCHITECTURES), "conv", "conv is the series', cry the one that ships"),
    ("how_many_training_steps", str, "15000,3000", "steps at each of the learning rates"),
    ("learning_rate", str, "0.001,0.0001", "learning rates, one after the other"),
    ("optimizer", OPTIMIZERS, None, "how it learns"),
    ("batch_size", int, 100, "clips in a batch"),
    ("eval_step_interval", int, 400, "steps from one validation to the next"),
    ("seed", int, 59_185, "of everything drawn"),
)  # fmt: skip
_RESULTS = (
    ("train_dir", Path, Path("training"), "checkpoints, labels and pictures go here"),
    ("summaries_dir", str, "", "TensorBoard's files; empty is logs in --train_dir"),
    ("save_step_interval", int, 100, "steps from one checkpoint to the next"),
    ("start_checkpoint", str, "", "go on from this one: training/conv.ckpt-1200"),
    ("verbosity", LEVELS, "INFO", "from WARN on, only the final figures are printed"),
)  # fmt: skip


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return the parser of train.py's command line."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for title, options in (
        ("data", _DATA),
        ("sound", _SOUND),
        ("learning", _LEARNING),
        ("results", _RESULTS),
    ):
        group = parser.add_argument_group(title)
        for name, kind, default, meaning in options:
            choices = kind if isinstance(kind, tuple) else None
            group.add_argument(
                f"--{name}",
                type=kind if callable(kind) else str.upper if kind is LEVELS else str,
                choices=choices,
                default=default,
                metavar=_METAVARS.get(kind, "NAME"),
                help="".join(
                    [
                        meaning,
                        f": {', '.join(choices)}" if choices else "",
                        _default(name, default),
                    ]
                ),
            )
    learning = parser.add_argument_group("faults")
    learning.add_argument(
        "--check_nans",
        type=_truth,
        nargs="?",
        const=True,
        default=False,
        metavar="true|false",
        help="stop at the first operation that gives no number (default: false; true where nothing follows)",
    )
    return parser


_METAVARS: Mapping[object, str] = {str: "TEXT", Path: "DIR", int: "N", float: "N"}


def _truth(text: str) -> bool:
    # Not bool, as the tutorial has it: that takes "False" for true.
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"must be true or false, not {text!r}")
    return text.lower() == "true"


def _default(name: str, default: object) -> str:
    if default == "":
        return ""
    if default is not None:
        return " (default: %(default)s)"
    ours = getattr(ARCHITECTURES["cry"], name)
    tutorials = getattr(ARCHITECTURES["conv"], name)
    if isinstance(ours, float):
        ours, tutorials = f"{ours:.6g}", f"{tutorials:.6g}"
    return f" (default: {tutorials}, for cry {ours})"


def words_of(options: argparse.Namespace) -> list[str]:
    """Return the wanted words, which like the folders' names count in lower case."""
    return [word.lower() for word in options.wanted_words.split(",")]


def settings_of(options: argparse.Namespace) -> ModelSettings:
    """Return what is to be trained.

    Raises:
        DataError, ModelError: options do not fit together; the message names them.
    """
    defaults = ARCHITECTURES[options.model_architecture]
    preprocess = options.preprocess or defaults.preprocess
    if preprocess not in (MFCC, LOG_MEL):
        # The tutorial also has average and micro.
        raise DataError(
            f"--preprocess={preprocess}: the engine that listens computes log-mel frames only: take {MFCC} or {LOG_MEL}"
        )

    def given(name: str) -> float:
        value = getattr(options, name)
        return float(getattr(defaults, name) if value is None else value)

    settings = ModelSettings(
        architecture=options.model_architecture,
        labels=labels_for(words_of(options)),
        features=features_for(
            sample_rate=options.sample_rate,
            window_size_ms=given("window_size_ms"),
            window_stride_ms=given("window_stride_ms"),
            feature_bin_count=int(given("feature_bin_count")),
            lower_frequency_hz=given("lower_frequency_hz"),
            upper_frequency_hz=given("upper_frequency_hz"),
        ),
        preprocess=preprocess,
        clip_duration_ms=options.clip_duration_ms,
    )
    if not 50 <= options.clip_duration_ms <= 60_000 or not settings.frames:
        raise DataError(
            f"--clip_duration_ms={options.clip_duration_ms}: must be 50 to 60000, and longer than a frame"
        )
    return settings


def schedule_of(options: argparse.Namespace) -> list[tuple[int, float]]:
    """Return how many steps are learnt at which rate, one phase after the other.

    Raises:
        DataError: the two lists do not fit.
    """
    try:
        steps = [int(part) for part in options.how_many_training_steps.split(",")]
        rates = [float(part) for part in options.learning_rate.split(",")]
    except ValueError as error:
        raise DataError(
            f"--how_many_training_steps and --learning_rate are numbers parted by commas: {error}"
        ) from error
    if len(steps) != len(rates):
        raise DataError(
            "--how_many_training_steps and --learning_rate must be lists of equal length, "
            f"but are {len(steps)} and {len(rates)} long"
        )
    if min(steps) < 0 or min(rates) <= 0.0 or not sum(steps):
        raise DataError("there must be steps to train, and the rates be over 0")
    return list(zip(steps, rates, strict=True))


def rate_at(schedule: Sequence[tuple[int, float]], step: int) -> float:
    """Return the learning rate of a step; the first step is 1."""
    for steps, rate in schedule:
        if step <= steps:
            return rate
        step -= steps
    return schedule[-1][1]


def augmentation_of(options: argparse.Namespace) -> Augmentation:
    """Return how training clips are changed.

    Raises:
        DataError: a value is out of range.
    """
    for name in ("background_volume", "background_frequency"):
        if not 0.0 <= getattr(options, name) <= 1.0:
            raise DataError(f"--{name} must be 0 to 1, not {getattr(options, name):g}")
    if not 0.0 <= options.time_shift_ms < options.clip_duration_ms:
        raise DataError("--time_shift_ms must be 0 or more, and less than a clip")
    return Augmentation(
        background_frequency=options.background_frequency,
        background_volume=options.background_volume,
        time_shift_ms=options.time_shift_ms,
    )


def check_counts(options: argparse.Namespace) -> None:
    """Refuse what cannot be counted by.

    Raises:
        DataError: the message names the option.
    """
    for name in ("batch_size", "eval_step_interval", "save_step_interval"):
        if getattr(options, name) < 1:
            raise DataError(f"--{name} must be 1 or more, not {getattr(options, name)}")
    for name in ("silence", "unknown", "validation", "testing"):
        value = getattr(options, f"{name}_percentage")
        if not 0.0 <= value <= 1_000.0:
            raise DataError(f"--{name}_percentage must be 0 or more, not {value:g}")
