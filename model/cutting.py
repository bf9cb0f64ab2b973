"""Cuts recordings into clips: in bounded memory, never half a clip, and with the reason for what is left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
import re

import numpy as np
from numpy.typing import NDArray

from cry_engine.errors import SourceEndedError
from cry_engine.level import dbfs
from cry_engine.sources.ffmpeg import FfmpegSource
from progress import duration
from recordings import DataError
from wavs import WavWriter
from words import BACKGROUND_NOISE

type Samples = NDArray[np.float32]

# The highest that a recording's peak is raised to: some codecs would cut off at 0.
_HIGHEST_DBFS = -1.0

# Under this peak there is no sound at all, but what 16 bits leave of none.
NOTHING_DBFS = -90.0


# As clips are named here, and nothing else: what is called otherwise is somebody's own.
_CLIP = re.compile(r"(.+)_nohash_(0|[1-9][0-9]*)\.wav", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that no clip was made of."""

    path: Path
    """The recording, or the file that is none."""
    why: str
    """The reason, for people."""
    rest: bool = False
    """Whether it is merely the end of a recording, too short for a clip of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """How recordings are cut."""

    sample_rate: int
    """Of the clips."""
    clip_s: float
    """Length of a clip."""
    shortest_s: float
    """A recording's last piece is kept from this length on."""
    gain_db: float
    """How much louder, as far as nothing is cut off."""
    quietest_dbfs: float
    """A clip with a lower peak is left out, unless it is of silence."""
    ffmpeg: str = "ffmpeg"


def find_recordings(in_dir: Path) -> tuple[list[Path], list[LeftOut]]:
    """Return the recordings by label and name, and what is no recording.

    Raises:
        DataError: there is none.
    """
    if not in_dir.is_dir():
        raise DataError(
            f"{in_dir}: is no folder: give the one that holds a folder for each label with --in_dir"
        )
    left_out: list[LeftOut] = []
    # A night's worth of them, where nobody has listened yet: they are counted, not listed.
    if loose := [
        file
        for file in sorted(in_dir.iterdir())
        if file.is_file() and not file.name.startswith(".")
    ]:
        others = f", nor have {len(loose) - 1} others" if len(loose) > 1 else ""
        left_out.append(
            LeftOut(
                loose[0],
                f"has no label{others}: move what you label into {in_dir / '<label>'}",
            )
        )
    recordings: dict[tuple[str, str], Path] = {}
    for file in sorted(in_dir.glob("*/*")):
        if file.name.startswith(".") or file.parent.name.startswith("."):
            continue
        if not file.is_file():
            left_out.append(LeftOut(file, "is no file: a label's folder holds recordings only"))  # fmt: skip
        elif (key := (file.parent.name.lower(), file.stem)) in recordings:
            left_out.append(LeftOut(file, f"has the name of {recordings[key]}: rename one"))  # fmt: skip
        else:
            recordings[key] = file
    if not recordings:
        raise DataError(
            f"{in_dir}: no recording in any folder of it: put them into {in_dir / '<label>'}"
        )
    return list(recordings.values()), left_out


def chunks_of(recording: Path, cut: Cut) -> Iterator[Samples]:
    """Yield the sound of a recording piece by piece.

    Raises:
        SourceError: it cannot be read to its end.
    """
    source = FfmpegSource.from_file(
        recording, sample_rate=cut.sample_rate, ffmpeg=cut.ffmpeg, real_time=False
    )
    with source:
        while True:
            try:
                samples = source.read().samples
            except SourceEndedError:
                return
            if len(samples):
                yield samples


def look_at(recording: Path, cut: Cut) -> tuple[float, int]:
    """Return a recording's peak and its length in samples: it is read whole before anything is written.

    Raises:
        SourceError: it cannot be read to its end.
    """
    peak, count = 0.0, 0
    for samples in chunks_of(recording, cut):
        count += len(samples)
        peak = max(peak, float(np.max(np.abs(samples), initial=0.0)))
    return peak, count


def gain_of(peak: float, gain_db: float) -> np.float32:
    """Return by how much to multiply a recording: the gain that is asked for, or as much of it as cuts nothing off.

    One that is asked to be made no louder is left as it is, however loud.
    """
    room_db = max(0.0, _HIGHEST_DBFS - dbfs(peak))
    return np.float32(10.0 ** (min(gain_db, room_db) / 20.0))


def cut_up(recording: Path, out_dir: Path, cut: Cut) -> Iterator[Path | LeftOut]:
    """Write the clips of a recording, and yield each; what is left out is yielded with the reason.

    Raises:
        SourceError: the recording cannot be read.
        OSError: a clip cannot be written.
    """
    peak, count = look_at(recording, cut)
    folder = out_dir / recording.parent.name.lower()
    folder.mkdir(parents=True, exist_ok=True)
    for old in clips_in(folder).get(recording.stem, {}).values():
        old.unlink()
    if not count:
        yield LeftOut(recording, "holds no sound")
        return
    gain = gain_of(peak, cut.gain_db)
    length = round(cut.clip_s * cut.sample_rate)
    shortest = min(length, round(cut.shortest_s * cut.sample_rate))
    may_be_quiet = "silence" in folder.name or folder.name == BACKGROUND_NOISE
    if folder.name == BACKGROUND_NOISE:
        # It is mixed into clips from anywhere in it: so it is left whole, and must be as long as they are.
        shortest, length = length, max(length, count)
    begin = 0
    pieces = pieces_of(chunks_of(recording, cut), length)
    for number in range(-(-count // length)):
        size = min(length, count - begin)
        at = duration(begin / cut.sample_rate)
        begin += size
        path = folder / clip_name(recording.stem, number)
        left_out: LeftOut | None = None
        with WavWriter(path, cut.sample_rate) as writer:
            loudest = 0.0
            for samples in next(pieces):
                writer.write(samples * gain)
                loudest = max(loudest, float(np.max(np.abs(samples), initial=0.0)))
            loudest_dbfs = dbfs(loudest * float(gain))
            if size < shortest:
                why = f"{size / cut.sample_rate:.1f} s from {at} on are less than {shortest / cut.sample_rate:g} s"
                left_out = LeftOut(recording, why, rest=number > 0)
            elif not may_be_quiet and loudest_dbfs < cut.quietest_dbfs:
                why = f"from {at} on its peak is {loudest_dbfs:.0f} dBFS, under {cut.quietest_dbfs:g}"
                left_out = LeftOut(recording, why)
            if left_out is not None:
                writer.discard()
        yield left_out or path


def clip_name(stem: str, number: int) -> str:
    """Return what a clip of a recording is called."""
    return f"{stem}_nohash_{number}.wav"


def clip_of(name: str) -> tuple[str, int] | None:
    """Return the stem of the recording and the number of a clip by its name, or None where it is not named as clips are here."""
    named = _CLIP.fullmatch(name)
    return (named[1], int(named[2])) if named else None


def clips_in(folder: Path) -> dict[str, dict[int, Path]]:
    """Return the clips in a label's folder by the stem of their recording and by number."""
    clips: dict[str, dict[int, Path]] = {}
    for file in sorted(folder.iterdir()):
        if (named := clip_of(file.name)) and file.is_file() and not file.is_symlink():
            clips.setdefault(named[0], {})[named[1]] = file
    return clips


def pieces_of(chunks: Iterator[Samples], length: int) -> Iterator[Iterator[Samples]]:
    """Yield, for each clip, an iterator over its samples, so that no more than a chunk is held at a time."""
    rest = np.zeros(0, np.float32)

    def piece() -> Iterator[Samples]:
        nonlocal rest
        missing = length
        while missing:
            if not len(rest):
                rest = next(chunks, rest)
                if not len(rest):
                    return
            taken, rest = rest[:missing], rest[missing:]
            missing -= len(taken)
            yield taken

    while True:
        yield piece()
