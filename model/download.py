"""Fetches an archive of labelled clips, as --data_url asks for."""

from pathlib import Path
import tarfile
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

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
        with tarfile.open(archive) as opened:
            # The filter refuses what would land outside of the folder.
            opened.extractall(data_dir, filter="data")
    except (URLError, TimeoutError) as error:
        raise DataError(
            f"{url}: cannot be downloaded ({error}): fetch it yourself, and give --data_url= with nothing behind it"
        ) from error
    except tarfile.TarError as error:
        raise DataError(
            f"{archive}: cannot be unpacked ({error}): remove it to have it fetched again"
        ) from error
    except OSError as error:
        raise DataError(f"{archive}: cannot be written ({error})") from error


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
                while piece := answer.read(_PIECE_BYTES):
                    file.write(piece)
                    progress.update(file.tell())
        if total and unfinished.stat().st_size != total:
            raise URLError("the connection broke off")
        unfinished.replace(archive)
    finally:
        unfinished.unlink(missing_ok=True)
