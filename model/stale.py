"""What is in the folder of clips though no recording stands behind it any more: of another label, gone, or unfinished."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
import fcntl
import os
from pathlib import Path

import numpy as np

from cry_engine.errors import SourceError
from cutting import Cut, Samples, chunks_of, clip_of, clips_in, pieces_of
from recordings import DataError
from wavs import UNFINISHED, length_of, read_part

# From this correlation on a clip is what a recording holds: what 16 bits leave of a quiet room differs by less.
_ALIKE = 0.99

_MOST_NAMES = 10


@contextmanager
def alone_in(out_dir: Path) -> Iterator[None]:
    """Keep another prepare.py out of a folder, as its unfinished clips would be taken for leftovers.

    Raises:
        DataError: one is at work in it.
    """
    folder = os.open(out_dir, os.O_RDONLY)
    try:
        # Not every file system knows locks: there people must take care themselves.
        with suppress(OSError):
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise DataError(
                    f"{out_dir}: another prepare is at work in it: wait for it, or give another --out_dir"
                ) from error
        yield
    finally:
        os.close(folder)


def clear_unfinished(out_dir: Path) -> None:
    """Remove the clips that a run which was cut off left half."""
    for folder in _label_folders(out_dir):
        for file in folder.iterdir():
            name = file.name
            if name.startswith(".") and name.endswith(UNFINISHED) and clip_of(name[1 : -len(UNFINISHED)]):  # fmt: skip
                file.unlink()


def clear_moved(
    recordings: Sequence[Path], in_dir: Path, out_dir: Path, cut: Cut
) -> Iterator[str]:
    """Take away the clips of recordings that are under another label now; yield a line on them, and on those that are kept.

    Labels often have recordings of the same name, so a name alone does not tell that one has moved: the clips must also hold
    what it holds. So nothing goes that could not be made again. All others whose recording is not there are kept.

    Raises:
        OSError: a clip cannot be removed.
    """
    by_stem: dict[str, list[Path]] = {}
    for recording in recordings:
        by_stem.setdefault(recording.stem, []).append(recording)
    for folder in _label_folders(out_dir):
        gone: dict[str, int] = {}
        for stem, clips in clips_in(folder).items():
            named_so = by_stem.get(stem, [])
            if not named_so:
                gone[stem] = len(clips)
            elif folder.name not in {each.parent.name.lower() for each in named_so}:
                yield from _clear(clips, named_so, folder, cut)
        if gone:
            yield (
                f"kept: {folder}: {sum(gone.values())} clips of {len(gone)} recordings that no folder of {in_dir} holds"
                f" ({_some(list(gone))}): put the recordings back, or remove the clips"
            )


def _clear(
    clips: dict[int, Path], named_so: Sequence[Path], folder: Path, cut: Cut
) -> Iterator[str]:
    """Take away those of a recording's clips that one of the recordings of its name holds."""
    for recording in named_so:
        same = _held_by(recording, clips, cut)
        for number in same:
            clips.pop(number).unlink()
        if same:
            # Without clips it is no label, and an empty folder of noise is refused in training.
            with suppress(OSError):
                folder.rmdir()
            yield f"taken away: {folder}: {len(same)} clips of what is {recording} now"
    if clips:
        yield (
            f"kept: {folder}: {len(clips)} clips, {_some([file.name for file in clips.values()])},"
            f" that are not what {named_so[0]} holds there: remove them, unless they are of another recording"
        )


def _held_by(recording: Path, clips: Mapping[int, Path], cut: Cut) -> list[int]:
    """Return the numbers of the clips that hold what the recording does at their place."""
    length = round(cut.clip_s * cut.sample_rate)
    held: list[int] = []
    if not clips:
        return held
    pieces = pieces_of(chunks_of(recording, cut), length)
    # One that cannot be read has been reported, and holds nothing.
    with suppress(SourceError):
        for number in range(max(clips) + 1):
            chunks = list(next(pieces))
            if not chunks:
                break
            if number in clips and _alike(clips[number], np.concatenate(chunks), cut):
                held.append(number)
    return held


def _alike(clip: Path, piece: Samples, cut: Cut) -> bool:
    """Return whether a clip, as far as the piece can reach, is the piece, be it louder or softer."""
    try:
        count = min(length_of(clip, cut.sample_rate), round(cut.clip_s * cut.sample_rate))  # fmt: skip
        ours = read_part(clip, 0, count).astype(np.float64)
    except DataError:
        return False
    if not count or count > len(piece):
        return False
    theirs = piece[:count].astype(np.float64)
    powers = float(ours @ ours), float(theirs @ theirs)
    if not all(powers):
        return not any(powers)
    return float(ours @ theirs) >= _ALIKE * float(np.sqrt(powers[0] * powers[1]))


def _label_folders(out_dir: Path) -> list[Path]:
    """Return the folders that clips may have been made in: labels are lower case there, whatever the recordings' are."""
    return [
        folder
        for folder in sorted(out_dir.iterdir())
        if folder.is_dir()
        and not folder.name.startswith(".")
        and folder.name == folder.name.lower()
    ]


def _some(names: Sequence[str]) -> str:
    others = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {others} others" if others > 0 else "")  # fmt: skip
