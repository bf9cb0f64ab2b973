"""The recordings: no group on both sides, and errors that name the file."""

from dataclasses import replace
from pathlib import Path

import pytest

from recordings import (
    DataError,
    Recording,
    check_split,
    cross_validation,
    read_manifest,
    read_sound,
)

HEADER = "path,label,sublabel,group,split,seconds,quality,source,licence\n"


def write_manifest(folder: Path, *rows: str) -> None:
    """Write a manifest with these rows."""
    (folder / "manifest.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows))


def test_a_manifest_is_read(tmp_path: Path) -> None:
    """A row becomes a recording, found beside the manifest."""
    write_manifest(
        tmp_path, "crying/a_nohash_0.ogg,crying,crying_baby,a,train,6.9,ok,corpus,CC0"
    )
    assert read_manifest(tmp_path) == [
        Recording(
            path=tmp_path / "crying/a_nohash_0.ogg",
            label="crying",
            sublabel="crying_baby",
            group="a",
            split="train",
            quality="ok",
            source="corpus",
            licence="CC0",
            seconds=6.9,
        )
    ]


def test_a_group_on_both_sides_is_refused_by_name(tmp_path: Path) -> None:
    """The clip and its group are named."""
    write_manifest(
        tmp_path,
        "x_0.ogg,crying,cry,baby-7,train,5,ok,c,CC0",
        "x_1.ogg,crying,cry,baby-7,val,5,ok,c,CC0",
    )
    with pytest.raises(DataError, match=r"x_1\.ogg.*baby-7"):
        read_manifest(tmp_path)


def test_a_missing_manifest_names_it_and_the_option(tmp_path: Path) -> None:
    """What to do is said."""
    with pytest.raises(DataError, match=r"manifest\.csv.*--data_dir"):
        read_manifest(tmp_path)


def test_a_row_without_a_length_is_refused(tmp_path: Path) -> None:
    """And the file is named."""
    write_manifest(tmp_path, "x_0.ogg,crying,cry,a,train,,ok,c,CC0")
    with pytest.raises(DataError, match=r"manifest\.csv, line 2: seconds is no number"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("unfinished", "missing"),
    [
        ("x_1.ogg,crying,cry,a,train", "seconds, quality, source, licence"),
        ("x_1.ogg,crying,cry,a,train,5,ok,corp", "licence"),
        ("x_1", "label, sublabel, group"),
    ],
)
def test_a_row_that_was_cut_off_is_named_with_its_line(
    tmp_path: Path, unfinished: str, missing: str
) -> None:
    """And with what it lacks."""
    write_manifest(tmp_path, "x_0.ogg,crying,cry,a,train,5,ok,c,CC0")
    with (tmp_path / "manifest.csv").open("a") as manifest:
        manifest.write(unfinished)

    with pytest.raises(DataError, match=rf"manifest\.csv, line 3: has no {missing}"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * 200_000])
def test_a_manifest_that_is_no_csv_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.csv").write_bytes(HEADER.encode() + content)

    with pytest.raises(DataError, match=r"manifest\.csv: is no CSV"):
        read_manifest(tmp_path)


def test_what_is_no_sound_is_named(tmp_path: Path) -> None:
    """The recording that cannot be read is."""
    pytest.importorskip(
        "soundfile", reason="soundfile is not installed: no recording can be read"
    )
    broken = tmp_path / "broken.ogg"
    broken.write_bytes(b"no sound")
    with pytest.raises(DataError, match=r"broken\.ogg"):
        read_sound(broken, 22_050)


def test_the_real_recordings_keep_groups_apart(shared_audio: Path) -> None:
    """And one moved across is found."""
    recordings = read_manifest(shared_audio)
    assert {recording.split for recording in recordings} == {"train", "val"}
    check_split(recordings)
    moved = next(
        r for r in recordings if r.split == "train" and "_nohash_1" in r.path.name
    )
    with pytest.raises(DataError, match="keep it in one"):
        check_split([*recordings, replace(moved, split="val")])


def test_each_recording_is_set_aside_in_one_fold(tmp_path: Path) -> None:
    """Whatever its split was, and no group is on both sides."""
    write_manifest(
        tmp_path,
        *(
            f"{n}.ogg,crying,cry,baby-{n // 2},{'val' if n >= 20 else 'train'},5,ok,c,CC0"
            for n in range(30)
        ),
    )
    recordings = read_manifest(tmp_path)
    aside: list[Path] = []
    for fold in range(3):
        folded = cross_validation(recordings, 3, fold)
        check_split(folded)
        assert [each.path for each in folded] == [each.path for each in recordings]
        mine = [each.path for each in folded if each.split == "val"]
        assert mine
        aside += mine
    assert sorted(aside) == sorted(each.path for each in recordings)
