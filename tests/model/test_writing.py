"""A file is written whole, or what was there before stays."""

from pathlib import Path

import pytest

from writing import check_writable, write_bytes, write_json


def test_a_file_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    """Its folder is made; nothing else is left in it."""
    path = tmp_path / "new" / "results.json"
    write_json(path, {"before": 1})
    write_json(path, {"é": 2})
    assert path.read_text(encoding="utf-8") == '{\n  "é": 2\n}\n'
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_written_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the error names the file, though the system's does not."""
    path = tmp_path / "model"
    write_bytes(path, b"before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: .*model'"):
        write_bytes(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_trial_leaves_nothing(tmp_path: Path) -> None:
    """It says beforehand what would be in the way."""
    check_writable(tmp_path / "a" / "results.json")
    assert list((tmp_path / "a").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="file"):
        check_writable(tmp_path / "file" / "results.json")
