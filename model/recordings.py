"""The recordings to train and to choose on: their manifest, and their sound."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path
import zlib

import numpy as np
from numpy.typing import NDArray

SYNTHESISED = "synthesised"
"""The source of what is no recording."""

# Of the manifest; those that are not named are for people.
_COLUMNS = ("path", "label", "sublabel", "group", "split", "seconds", "quality", "source", "licence")  # fmt: skip


class DataError(Exception):
    """The data cannot be used; the message names the file and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """One clip, as its row in manifest.csv describes it."""

    path: Path
    """Where the sound is."""
    label: str
    """The folder's label: crying, silence, speech, music, animal, person, household or ambient."""
    sublabel: str
    """What it is, more finely: cat, laughing, speech_child."""
    group: str
    """Speaker, baby or original recording: clips of one group are alike, so never on both sides of a split."""
    split: str
    """train or val."""
    quality: str
    """ok; weak_label where nobody listened; suspect where a published tagger disagrees with the label."""
    source: str
    """The corpus it came from."""
    licence: str
    """Its licence, as the manifest words it."""
    seconds: float
    """How long it is."""
    original: str = ""
    """Its file in the corpus, where the manifest names it."""

    @property
    def crying(self) -> bool:
        """Whether it is labelled as a baby's cry."""
        return self.label == "crying"

    @property
    def synthesised(self) -> bool:
        """Whether it is no recording at all, but made by code (calls.py)."""
        return self.source == SYNTHESISED


def read_manifest(data_dir: Path) -> list[Recording]:
    """Read the manifest of a folder of recordings.

    Raises:
        DataError: there is no manifest, a row lacks something, or a group is on both sides of the split.
    """
    manifest = data_dir / "manifest.csv"
    try:
        with manifest.open(newline="", encoding="utf-8") as lines:
            rows = csv.DictReader(lines)
            recordings = [
                _recording(row, data_dir, f"{manifest}, line {rows.line_num}")
                for row in rows
            ]
    except OSError as error:
        raise DataError(
            f"{manifest}: cannot be read ({error.strerror}): give its folder with --data_dir"
        ) from error
    except (UnicodeError, csv.Error) as error:
        raise DataError(f"{manifest}: is no CSV in UTF-8 ({error})") from error
    check_split(recordings)
    return recordings


def _recording(row: dict[str, str | None], data_dir: Path, place: str) -> Recording:
    """Return what a row describes; `place` is where it stands, for the message."""
    values = {name: value for name, value in row.items() if value is not None}
    if missing := [name for name in _COLUMNS if name not in values]:
        raise DataError(
            f"{place}: has no {', '.join(missing)}: complete the row, or fetch the manifest again"
        )
    try:
        seconds = float(values["seconds"])
    except ValueError:
        raise DataError(
            f"{place}: seconds is no number but {values['seconds']!r}: give the recording's length"
        ) from None
    return Recording(
        path=data_dir / values["path"],
        label=values["label"],
        sublabel=values["sublabel"],
        group=values["group"],
        split=values["split"],
        quality=values["quality"],
        source=values["source"],
        licence=values["licence"],
        seconds=seconds,
        original=values.get("original_path", ""),
    )


def check_split(recordings: list[Recording]) -> None:
    """Make sure that no group is on both sides of the split.

    Raises:
        DataError: a group is; the message names it.
    """
    side: dict[str, str] = {}
    for recording in recordings:
        if side.setdefault(recording.group, recording.split) != recording.split:
            raise DataError(
                f"{recording.path}: the group {recording.group} is in train and in val: keep it in one"
            )


def cross_validation(
    recordings: list[Recording], folds: int, fold: int
) -> list[Recording]:
    """Return the same recordings with one of so many folds of the groups, from 0 up, in val and the rest in train.

    The group alone decides on the fold, so that it stays what it is when recordings are added.
    """
    return [
        replace(
            recording,
            split="val"
            if zlib.crc32(recording.group.encode()) % folds == fold
            else "train",
        )
        for recording in recordings
    ]


def read_sound(path: Path, sample_rate: int) -> NDArray[np.float32]:
    """Return the samples of a recording, shape (n,), full scale -1 to 1.

    Raises:
        DataError: it cannot be read, or it has another sample rate or more than one channel.
    """
    import soundfile  # Here, so that what needs no sound files runs where soundfile is not installed.

    try:
        samples, rate = soundfile.read(path, dtype="float32")
    except (OSError, soundfile.LibsndfileError) as error:
        raise DataError(f"{path}: cannot be read as sound: {error}") from error
    if rate != sample_rate or samples.ndim != 1:
        raise DataError(
            f"{path}: must be mono at {sample_rate} Hz, not {rate} Hz with shape {samples.shape}"
        )
    clipped: NDArray[np.float32] = np.clip(samples, -1.0, 1.0)
    return clipped
