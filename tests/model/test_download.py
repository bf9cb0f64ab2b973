"""An archive of clips is fetched once, whole, and unpacked where it was asked for."""

from collections.abc import Iterator
from functools import partial
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
import io
from pathlib import Path
import tarfile
import threading
from typing import Self, override

import numpy as np
import pytest

import download
from download import fetch
from recordings import DataError

from .disks import files_of_at_most


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


def pack_clips(path: Path) -> bytearray:
    """Write an archive of two clips of which nothing can be compressed; return its content."""
    rng = np.random.default_rng(0)
    with tarfile.open(path, "w:gz") as archive:
        for number in range(2):
            sound = rng.bytes(20_000)
            entry = tarfile.TarInfo(f"crying/a_nohash_{number}.wav")
            entry.size = len(sound)
            archive.addfile(entry, io.BytesIO(sound))
    return bytearray(path.read_bytes())


@pytest.mark.parametrize("damage", ["cut off", "changed", "changed at its end"])
def test_of_a_damaged_archive_nothing_is_unpacked(tmp_path: Path, damage: str) -> None:
    """Not even what comes before the damage; and what to do is said."""
    archive = tmp_path / "data" / "clips.tar.gz"
    archive.parent.mkdir()
    content = pack_clips(archive)
    if damage == "cut off":
        del content[30_000:]
    elif damage == "changed":
        content[30_000:30_100] = bytes(100)
    else:
        content[-8:-4] = bytes(4)
    archive.write_bytes(content)

    with pytest.raises(DataError, match=r"clips\.tar\.gz: cannot be unpacked.*remove it"):  # fmt: skip
        fetch("http://host/clips.tar.gz", archive.parent)
    assert list(archive.parent.iterdir()) == [archive]


class Answer:
    """One that breaks off."""

    def __init__(self, error: Exception) -> None:
        """Take what it ends with."""
        self.headers = {"Content-Length": "1000"}
        self._pieces: list[bytes | Exception] = [b"half", error]

    def read(self, _: int) -> bytes:
        """Return what comes first, then fail."""
        piece = self._pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        return piece

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(104, "Connection reset by peer"),
        IncompleteRead(b"half", 996),
        TimeoutError("The read operation timed out"),
    ],
)
def test_a_connection_that_breaks_off_is_not_taken_for_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(download, "urlopen", lambda *_, **__: Answer(error))

    with pytest.raises(DataError, match=r"clips\.tar\.gz: cannot be downloaded.*broke off.*try again"):  # fmt: skip
        fetch("http://host/clips.tar.gz", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_says_nothing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: object, **__: object) -> HTTPException:
        raise RemoteDisconnected("Remote end closed connection without response")

    monkeypatch.setattr(download, "urlopen", closed)

    with pytest.raises(DataError, match=r"clips\.tar\.gz: cannot be downloaded"):
        fetch("http://host/clips.tar.gz", tmp_path)


@pytest.mark.parametrize("size", [10_000, 100_000])
def test_a_disk_that_fills_is_not_taken_for_a_connection_that_broke_off(
    served: tuple[Path, str], tmp_path: Path, size: int
) -> None:
    """While the archive comes, or as it is unpacked; nothing half is left of it."""
    folder, address = served
    with tarfile.open(folder / "clips.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("crying/a_nohash_0.wav")
        entry.size = 200_000
        sound = np.random.default_rng(0).bytes(20_000) + bytes(180_000)
        archive.addfile(entry, io.BytesIO(sound))

    with files_of_at_most(size), pytest.raises(DataError, match="data: cannot be written .*make room"):  # fmt: skip
        fetch(f"{address}/clips.tar.gz", tmp_path / "data")
    assert not list((tmp_path / "data").glob(".*"))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/a.tar", "http://host/", "clips"])  # fmt: skip
def test_other_addresses_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(DataError, match="--data_url"):
        fetch(url, tmp_path)
