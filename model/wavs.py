"""WAV files: written whole or not at all, and read in part."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
import os
from pathlib import Path
import struct
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
        self._rate = sample_rate
        self._discarded = False
        self._unfinished = path.with_name(f".{path.name}{UNFINISHED}")
        # Without a buffer, whose rest would be written, or fail to be, at a moment of its own choosing.
        self._file = self._unfinished.open("wb", buffering=0)

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append samples of shape (n,), full scale -1 to 1; what lies beyond is cut off.

        Raises:
            OSError: the disk is full or gone; they may be written again, as if they had not been before.
        """
        steps = (
            np.rint(np.clip(samples, -1.0, 1.0) * 32_768.0)
            .clip(-32_768.0, 32_767.0)
            .astype("<i2")
        )
        self._write_at(HEADER_BYTES + self.samples * SAMPLE_BYTES, steps.tobytes())
        self.samples += len(samples)

    def finish(self) -> None:
        """Give the file its name; what had that name before is replaced.

        It has it only when the disk holds all of it, so that a power cut leaves it whole or not there.

        Raises:
            OSError: the disk is full or gone; nothing is left of the file.
        """
        try:
            self._write_at(0, _header(self.samples, self._rate))
            # Samples that a full disk took in part.
            self._file.truncate(HEADER_BYTES + self.samples * SAMPLE_BYTES)
            os.fsync(self._file.fileno())
            self._file.close()
            self._unfinished.replace(self.path)
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Remove what was written.

        It says nothing where that fails, as on a disk that is gone: who discards has, or gets, the error that matters.
        """
        self._discarded = True
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._unfinished.unlink(missing_ok=True)

    def _write_at(self, position: int, data: bytes) -> None:
        """Write all of it: a disk that is nearly full takes a part first."""
        while data:
            written = os.pwrite(self._file.fileno(), data, position)
            position, data = position + written, data[written:]

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


def _header(samples: int, sample_rate: int) -> bytes:
    """Return what a WAV file begins with: mono, 16 bits."""
    size = samples * SAMPLE_BYTES
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", HEADER_BYTES - 8 + size, b"WAVE",
        b"fmt ", 16, 1, 1, sample_rate, sample_rate * SAMPLE_BYTES, SAMPLE_BYTES, 8 * SAMPLE_BYTES,
        b"data", size,
    )  # fmt: skip


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
