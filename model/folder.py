"""The folder that record.py fills: recordings named by time, within a budget, and one program at a time."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
import errno
import fcntl
from pathlib import Path
import re

from recordings import DataError
from wavs import UNFINISHED

_NAME = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d(_\d+)?\.wav")


class Full(DataError):
    """The budget is used up, and nothing may be removed."""


def disk_full(error: OSError) -> bool:
    """Return whether an error says that the disk is full, or what one may use of it."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


class Folder:
    """Where recordings are kept, within a budget."""

    def __init__(self, path: Path, budget_bytes: float, when_full: str) -> None:
        """Take an existing folder."""
        self.path = path
        self._budget_bytes, self._when_full = budget_bytes, when_full

    def recordings(self) -> list[Path]:
        """Return the recordings that were made here and not renamed since, the oldest first."""
        return sorted(
            file for file in self.path.iterdir() if _NAME.fullmatch(file.name)
        )

    def make_room(self, size_bytes: int) -> None:
        """Remove the oldest recordings until one of this size fits into the budget.

        Raises:
            Full: it does not, and nothing may be removed.
        """
        sizes: list[tuple[Path, int]] = []
        for file in self.recordings():
            # Somebody may be moving recordings away at this moment: that is what they are for.
            with suppress(FileNotFoundError):
                sizes.append((file, file.stat().st_size))
        total = sum(size for _, size in sizes) + size_bytes
        for file, size in sizes:
            if total <= self._budget_bytes:
                return
            if self._when_full == "stop":
                break
            file.unlink(missing_ok=True)
            total -= size
        if total > self._budget_bytes:
            raise Full(
                f"{self.path}: the budget of {self._budget_bytes / 1e6:g} MB is used up:"
                " take recordings away, or give a larger --budget_mb"
            )

    def free(self, size_bytes: int) -> bool:
        """Remove the oldest recordings until so much has been freed, whatever the budget; return whether there were any.

        None is removed where it is to stop instead.
        """
        freed = 0
        for file in self.recordings() if self._when_full == "oldest" else ():
            # As above, somebody may be moving them away.
            with suppress(FileNotFoundError):
                size = file.stat().st_size
                file.unlink()
                freed += size
            if freed >= size_bytes:
                break
        return freed > 0

    def name(self, now: datetime) -> Path:
        """Return the name of a recording that begins now; in autumn the clock shows an hour twice."""
        stem = f"{now:%Y-%m-%d_%H-%M-%S}"
        path = self.path / f"{stem}.wav"
        number = 2
        while path.exists():
            path = self.path / f"{stem}_{number}.wav"
            number += 1
        return path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from recording into the folder, and remove what one left that was cut off.

        Raises:
            DataError: another one is recording into it.
        """
        with (self.path / ".record.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise DataError(
                    f"{self.path}: another record is at work in it: give this one another --out_dir"
                ) from error
            for file in self.path.glob(f".*{UNFINISHED}"):
                if _NAME.fullmatch(file.name.removeprefix(".").removesuffix(UNFINISHED)):  # fmt: skip
                    file.unlink()
            yield
