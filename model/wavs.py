"""WAV files: written whole or not at all, and read in part."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
import wave

import numpy as np
from numpy.typing import NDArray

from recordings import DataError

SAMPLE_BYTES = 2
HEADER_BYTES = 44

UNFINISHED = ".part"
"""How the names of files end that are still being written; they begin with a dot."""


class WavWriter:
    """Writes a mono WAV file of 16 bits under a temporary name, and gives it its own once it is whole.

    As a context manager it does so at the end of the block, and leaves nothing behind where the block failed or discarded it.
    """

    def __init__(self, path: Path, sample_rate: int) -> None:
        """Begin the file.

        Raises:
            OSError: it cannot be created.
        """
        self.path = path
        self.samples = 0
        """How many have been written."""
        self._discarded = False
        self._unfinished = path.with_name(f".{path.name}{UNFINISHED}")
        self._file = self._unfinished.open("wb")
        self._wave = wave.open(self._file, "wb")
        self._wave.setnchannels(1)
        self._wave.setsampwidth(SAMPLE_BYTES)
        self._wave.setframerate(sample_rate)

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append samples of shape (n,), full scale -1 to 1; what lies beyond is cut off.

        Raises:
            OSError: the disk is full or gone.
        """
        steps = (
            np.rint(np.clip(samples, -1.0, 1.0) * 32_768.0)
            .clip(-32_768.0, 32_767.0)
            .astype("<i2")
        )
        self._wave.writeframesraw(steps.tobytes())
        self.samples += len(samples)

    def finish(self) -> None:
        """Give the file its name; what had that name before is replaced."""
        self._wave.close()
        self._file.close()
        self._unfinished.replace(self.path)

    def discard(self) -> None:
        """Remove what was written."""
        self._discarded = True
        try:
            self._wave.close()
            self._file.close()
        except OSError:
            # A full disk refuses even the header's last word; the file goes all the same.
            pass
        finally:
            self._unfinished.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish it, or discard it after an error."""
        if kind is not None:
            self.discard()
        elif not self._discarded:
            self.finish()


def length_of(path: Path, sample_rate: int) -> int:
    """Return the number of samples in a WAV file, after a look at its header alone.

    Raises:
        DataError: it cannot be read, or is not mono, of 16 bits, at this sample rate.
    """
    with _opened(path) as file:
        rate, channels, width = (
            file.getframerate(),
            file.getnchannels(),
            file.getsampwidth(),
        )
        if (rate, channels, width) != (sample_rate, 1, SAMPLE_BYTES):
            raise DataError(
                f"{path}: must be mono, 16 bits, {sample_rate} Hz, not {channels} channels, {8 * width} bits, {rate} Hz:"
                " model/prepare.py makes it so; or give its rate with --sample_rate"
            )
        return file.getnframes()


def read_part(path: Path, start: int, count: int) -> NDArray[np.float32]:
    """Return `count` samples of a mono WAV file of 16 bits from `start` on, shape (count,); silence where it ends before.

    Raises:
        DataError: it cannot be read.
    """
    part = np.zeros(count, np.float32)
    with _opened(path) as file:
        file.setpos(min(start, file.getnframes()))
        data = file.readframes(count)
    samples = np.frombuffer(data[: len(data) - len(data) % SAMPLE_BYTES], "<i2")
    part[: len(samples)] = samples / np.float32(32_768.0)
    return part


@contextmanager
def _opened(path: Path) -> Iterator[wave.Wave_read]:
    try:
        with wave.open(str(path), "rb") as file:
            yield file
    except (OSError, EOFError, wave.Error) as error:
        raise DataError(
            f"{path}: cannot be read as WAV: {error or 'it ends too early'}: take it away, or make it anew with model/prepare.py"
        ) from error
