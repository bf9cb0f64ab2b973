"""A checkpoint says what it is of, and only a whole one is one."""

from dataclasses import replace
import json
from pathlib import Path

import pytest

from checkpoints import (
    KEPT,
    Checkpoint,
    check_same,
    describe,
    forget_old,
    forget_unfinished,
    path_of,
    read,
)
from recordings import DataError
from train_options import parser, settings_of

SETTINGS = settings_of(parser("").parse_args(["--wanted_words=silence,crying"]))


def write(train_dir: Path, step: int, architecture: str = "conv") -> Checkpoint:
    """Write a checkpoint without its weights' content."""
    path = path_of(train_dir, architecture, step)
    for ending in (".index", ".data-00000-of-00001"):
        path.with_name(path.name + ending).write_bytes(b"weights")
    checkpoint = Checkpoint(
        path=path,
        step=step,
        optimizer="adam",
        settings=SETTINGS,
        training={"validation_accuracy": 0.9},
    )
    describe(checkpoint)
    return checkpoint


@pytest.mark.parametrize("ending", ["", ".index", ".json"])
def test_what_is_described_is_read_again(tmp_path: Path, ending: str) -> None:
    """By the name that the series uses, or by a file's."""
    written = write(tmp_path, 1_200)

    assert read(tmp_path / f"conv.ckpt-1200{ending}") == written


def test_a_checkpoint_that_is_not_there_is_named_with_those_that_are(
    tmp_path: Path,
) -> None:
    write(tmp_path, 100)

    with pytest.raises(DataError, match=r"ckpt-300: no such.*there are conv\.ckpt-100"):
        read(tmp_path / "conv.ckpt-300")


def test_an_empty_folder_holds_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is none in its folder"):
        read(tmp_path / "conv.ckpt-300")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"step": 1, "optimizer": "adam", "settings": {}}'])  # fmt: skip
def test_weights_without_a_description_are_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path, 100)
    (tmp_path / "conv.ckpt-100.json").write_text(text)

    with pytest.raises(DataError, match=r"conv\.ckpt-100\.json: does not say"):
        read(tmp_path / "conv.ckpt-100")


def test_training_goes_on_with_the_same_settings_only(tmp_path: Path) -> None:
    """What differs is named."""
    checkpoint = write(tmp_path, 100)
    check_same(checkpoint, SETTINGS)

    with pytest.raises(DataError, match="clip_duration_ms was 1000, is 5000"):
        check_same(checkpoint, replace(SETTINGS, clip_duration_ms=5_000))


def test_the_newest_are_kept(tmp_path: Path) -> None:
    """Another architecture's are left alone, and so are later ones of an earlier run."""
    for step in range(100, 1_000, 100):
        write(tmp_path, step)
    write(tmp_path, 100, "cry")
    forget_old(tmp_path, "conv", 800)
    left = sorted(int(f.stem.rpartition("-")[2]) for f in tmp_path.glob("conv.*.index"))

    assert left == [400, 500, 600, 700, 800, 900]
    assert len(left) == KEPT + 1
    assert len(list(tmp_path.glob("conv.ckpt-*"))) == 3 * len(left)
    assert read(tmp_path / "cry.ckpt-100").step == 100


@pytest.mark.parametrize("whole", [True, False])
def test_a_checkpoint_that_could_not_be_written_leaves_nothing(
    tmp_path: Path, whole: bool
) -> None:
    """Unless it had been written before: the same step is, when Ctrl-C comes right behind it."""
    write(tmp_path, 100)
    if not whole:
        (tmp_path / "conv.ckpt-100.json").unlink()
    write(tmp_path, 1)
    (tmp_path / "conv.ckpt-100_temp").mkdir()
    (tmp_path / "conv.ckpt-100_temp" / "part-0.index").write_bytes(b"half")
    forget_unfinished(tmp_path / "conv.ckpt-100")

    assert not (tmp_path / "conv.ckpt-100_temp").exists()
    assert len(list(tmp_path.glob("conv.ckpt-100*"))) == (3 if whole else 0)
    assert len(list(tmp_path.glob("conv.ckpt-1.*"))) == 3


def test_the_description_is_for_people_too(tmp_path: Path) -> None:
    write(tmp_path, 7)
    values = json.loads((tmp_path / "conv.ckpt-7.json").read_text())

    assert values["training"]["validation_accuracy"] == 0.9
    assert values["settings"]["labels"][-1] == "crying"
