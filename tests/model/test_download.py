"""An archive of clips is fetched once, whole, and unpacked where it was asked for."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
import io
from pathlib import Path
import tarfile
import threading
from typing import override

import pytest

from download import fetch
from recordings import DataError


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing."""

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


try:
    import pytest_socket
except ImportError:
    pytest_socket = None


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Return a folder and the address that it is served at; sockets are forbidden beside Home Assistant's test plugin."""
    if pytest_socket is not None:
        pytest_socket.enable_socket()
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def pack(path: Path, name: str) -> None:
    """Write an archive with one file."""
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 5
        archive.addfile(entry, io.BytesIO(b"sound"))


def test_an_archive_is_fetched_once_and_unpacked(
    served: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run does without the network."""
    folder, address = served
    pack(folder / "clips.tar.gz", "crying/a_nohash_0.wav")
    fetch(f"{address}/clips.tar.gz", tmp_path / "data")
    (folder / "clips.tar.gz").unlink()
    fetch(f"{address}/clips.tar.gz", tmp_path / "data")

    assert (tmp_path / "data/crying/a_nohash_0.wav").read_bytes() == b"sound"
    assert capsys.readouterr().out.count("Downloaded") == 1


def test_nothing_is_unpacked_outside_of_the_folder(
    served: tuple[Path, str], tmp_path: Path
) -> None:
    folder, address = served
    pack(folder / "clips.tar.gz", "../outside.wav")

    with pytest.raises(DataError, match="cannot be unpacked"):
        fetch(f"{address}/clips.tar.gz", tmp_path / "data")
    assert not (tmp_path / "outside.wav").exists()


@pytest.mark.parametrize("content", [None, b"no archive"])
def test_what_cannot_be_had_or_unpacked_is_named(
    served: tuple[Path, str], tmp_path: Path, content: bytes | None
) -> None:
    """And leaves nothing half."""
    folder, address = served
    if content is not None:
        (folder / "clips.tar.gz").write_bytes(content)
    with pytest.raises(DataError, match=r"clips\.tar\.gz: cannot be"):
        fetch(f"{address}/clips.tar.gz", tmp_path / "data")
    assert not list((tmp_path / "data").glob(".*"))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/a.tar", "http://host/", "clips"])  # fmt: skip
def test_other_addresses_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(DataError, match="--data_url"):
        fetch(url, tmp_path)
