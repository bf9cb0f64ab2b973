"""Checkpoints: `conv.ckpt-1200.index` and `.data-...` with the weights, `conv.ckpt-1200.json` with what they belong to."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
import json
from pathlib import Path
import shutil
from typing import Any

from cry_engine.errors import ModelError
from recordings import DataError
from settings import ModelSettings
from writing import write_json

KEPT = 5
"""How many checkpoints of a run are kept, the newest ones; as the tutorial's saver does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """A moment of a training run."""

    path: Path
    """Its name without `.index`, as --start_checkpoint takes it."""
    step: int
    """Steps of training behind it."""
    optimizer: str
    """That was trained with."""
    settings: ModelSettings
    """Of the model."""
    training: Mapping[str, Any]
    """How it was trained and what it reached; for people to read."""


def path_of(train_dir: Path, architecture: str, step: int) -> Path:
    """Return the name of a checkpoint."""
    return train_dir / f"{architecture}.ckpt-{step}"


def _beside(path: Path, ending: str) -> Path:
    # Not with_suffix: what follows the last dot of a checkpoint's name is part of it.
    return path.with_name(f"{path.name}{ending}")


def describe(checkpoint: Checkpoint) -> None:
    """Write the `.json` of a checkpoint whose weights have been saved; only with it is the checkpoint whole."""
    values = {
        "step": checkpoint.step,
        "optimizer": checkpoint.optimizer,
        "settings": checkpoint.settings.as_dict(),
        "training": dict(checkpoint.training),
    }
    write_json(_beside(checkpoint.path, ".json"), values)


def read(path: Path) -> Checkpoint:
    """Read what a checkpoint is of; its name may be given with or without `.index`.

    Raises:
        DataError: it is not there, or was not written by train.py.
    """
    if path.suffix in (".index", ".json"):
        path = path.with_suffix("")
    if not _beside(path, ".index").is_file():
        there = sorted(file.stem for file in path.parent.glob("*.ckpt-*.index"))
        raise DataError(
            f"{path}: no such checkpoint; {f'there are {", ".join(there)}' if there else 'there is none in its folder'}"
        )
    description = _beside(path, ".json")
    try:
        values = json.loads(description.read_text(encoding="utf-8"))
        return Checkpoint(
            path=path,
            step=int(values["step"]),
            optimizer=str(values["optimizer"]),
            settings=ModelSettings.from_dict(values["settings"]),
            training=values["training"],
        )
    except (OSError, ValueError, KeyError, TypeError, ModelError) as error:
        raise DataError(
            f"{description}: does not say what the checkpoint is of ({error!r}): train.py writes it beside the weights; "
            "take another checkpoint, or train anew"
        ) from error


def check_same(checkpoint: Checkpoint, settings: ModelSettings) -> None:
    """Make sure that training can go on from a checkpoint.

    Raises:
        DataError: it is of another model; the message says in what.
    """
    before, now = checkpoint.settings.as_dict(), settings.as_dict()
    differing = [
        f"{name} was {before[name]}, is {now[name]}"
        for name in now
        if before[name] != now[name]
    ]
    if differing:
        raise DataError(
            f"{checkpoint.path}: training cannot go on from it: {'; '.join(differing)}: give the same options"
        )


def forget_old(train_dir: Path, architecture: str, step: int) -> None:
    """Remove the checkpoints of a run but the newest KEPT up to a step."""
    steps = []
    for file in train_dir.glob(f"{architecture}.ckpt-*.index"):
        number = file.stem.rpartition("-")[2]
        if number.isdecimal() and int(number) <= step:
            steps.append(int(number))
    for old in sorted(steps)[:-KEPT]:
        path = path_of(train_dir, architecture, old)
        # The description first: without it nobody takes the rest for a checkpoint.
        _beside(path, ".json").unlink(missing_ok=True)
        for file in _weights(path):
            file.unlink(missing_ok=True)


def forget_unfinished(path: Path) -> None:
    """Remove what is left of a checkpoint that could not be written; one that was whole before stays."""
    shutil.rmtree(_beside(path, "_temp"), ignore_errors=True)
    if _beside(path, ".json").is_file():
        return
    for file in _weights(path):
        # Why it could not be written is to be told, not that this could not be removed.
        with suppress(OSError):
            file.unlink()


def _weights(path: Path) -> list[Path]:
    return [_beside(path, ".index"), *path.parent.glob(f"{path.name}.data-*")]
