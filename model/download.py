"""Fetches an archive of labelled clips, as --data_url asks for."""

from collections.abc import Iterator
import gzip
from http.client import HTTPException
from pathlib import Path
import tarfile
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen
import zlib

from progress import Progress
from recordings import DataError

_PIECE_BYTES = 1 << 20
_TIMEOUT_S = 60.0


def fetch(url: str, data_dir: Path) -> None:
    """Download a .tar or .tar.gz into a folder and unpack it there; an archive that is there is not fetched again.

    Raises:
        DataError: it cannot be had or unpacked; the message names it.
    """
    name = Path(urlsplit(url).path).name
    if urlsplit(url).scheme not in ("http", "https") or not name:
        raise DataError(
            f"--data_url={url}: must be the http:// or https:// address of a .tar.gz, or empty for what is there"
        )
    archive = data_dir / name
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not archive.exists():
            _download(url, archive)
            print(f"Downloaded {archive} ({archive.stat().st_size} bytes)", flush=True)
        _unpack(archive, data_dir)
    except (URLError, HTTPException, ConnectionError, TimeoutError) as error:
        raise DataError(
            f"{url}: cannot be downloaded ({error}): try again; or fetch it yourself, unpack it into {data_dir},"
            " and give --data_url= with nothing behind it"
        ) from error
    except OSError as error:
        raise DataError(
            f"{error.filename or data_dir}: cannot be written ({error.strerror or error}):"
            " make room, or give another folder with --data_dir"
        ) from error


def _unpack(archive: Path, data_dir: Path) -> None:
    try:
        with tarfile.open(archive) as opened:
            # All of it is read before anything is written, to the checksum at its end: what is damaged leaves no half clip.
            members, content = opened.getmembers(), opened.fileobj
            while content and content.read(_PIECE_BYTES):
                pass
            # The filter refuses what would land outside of the folder.
            opened.extractall(data_dir, members, filter="data")
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{archive}: cannot be unpacked ({error}): remove it to have it fetched again"
        ) from error


def _download(url: str, archive: Path) -> None:
    unfinished = archive.with_name(f".{archive.name}.part")
    try:
        with (
            # Over http or https alone, as fetch has checked.
            urlopen(url, timeout=_TIMEOUT_S) as answer,  # nosec B310
            unfinished.open("wb") as file,
        ):
            total = int(answer.headers.get("Content-Length", 0))
            with Progress("bytes", total) as progress:
                for piece in _pieces(answer):
                    file.write(piece)
                    progress.update(file.tell())
        if total and unfinished.stat().st_size != total:
            raise URLError("the connection broke off")
        unfinished.replace(archive)
    finally:
        unfinished.unlink(missing_ok=True)


def _pieces(answer: Any) -> Iterator[bytes]:
    """Yield what comes; what ends it too early is the connection's fault, not the disk's."""
    try:
        while piece := answer.read(_PIECE_BYTES):
            yield piece
    except (OSError, HTTPException) as error:
        raise URLError(f"the connection broke off: {error}") from error
