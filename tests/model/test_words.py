"""Folders are labels, and a recording is on one side of the split, the side that TensorFlow's tutorial puts it on."""

from pathlib import Path
from typing import Any

import pytest

from recordings import DataError
from words import SETS, Example, Examples, find_examples, labels_for, lacking, which_set

from .sounds import RATE, tone, write_nursery, write_wav

OPTIONS: dict[str, Any] = {
    "sample_rate": RATE,
    "clip_samples": RATE,
    "silence_percentage": 10.0,
    "unknown_percentage": 10.0,
    "validation_percentage": 20.0,
    "testing_percentage": 20.0,
    "seed": 1,
}


def find(data_dir: Path, *words: str, **options: Any) -> Examples:
    """Look through a folder."""
    return find_examples(data_dir, words, **(OPTIONS | options))


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of clips of three labels and background noise."""
    folder = tmp_path_factory.mktemp("data")
    write_nursery(folder, 24)
    return folder


@pytest.mark.parametrize(
    ("name", "side"),
    [
        # As the lists that come with the Speech Commands data set have them.
        ("026290a7_nohash_0.wav", "validation"),
        ("0c40e715_nohash_0.wav", "testing"),
        ("00176480_nohash_0.wav", "training"),
    ],
)
def test_the_split_is_that_of_the_tutorial(name: str, side: str) -> None:
    assert which_set(name, 10, 10) == side


def test_pieces_of_a_recording_are_never_parted() -> None:
    """Whatever comes after _nohash_, a second _nohash_ included."""
    for night in range(50):
        sides = {
            which_set(f"night{night}_nohash_{piece}.wav", 30, 30)
            for piece in ("0", "1", "17", "0_nohash_3")
        }
        assert len(sides) == 1


def test_the_percentages_are_kept_over_many_recordings() -> None:
    names = [f"{number:05}.wav" for number in range(4_000)]
    sides = [which_set(name, 10, 25) for name in names]

    assert sides.count("validation") / 4_000 == pytest.approx(0.10, abs=0.02)
    assert sides.count("testing") / 4_000 == pytest.approx(0.25, abs=0.02)


def test_labels_come_in_the_order_of_the_tutorial() -> None:
    assert labels_for(["silence", "crying"]) == ("_silence_", "_unknown_", "silence", "crying")  # fmt: skip


@pytest.mark.parametrize("words", [[""], ["a", "a"], [" a"], ["_silence_"], ["_background_noise_"]])  # fmt: skip
def test_words_that_cannot_be_labels_are_refused(words: list[str]) -> None:
    with pytest.raises(DataError, match="--wanted_words"):
        labels_for(words)


def test_every_folder_is_found_and_none_is_on_two_sides(nursery: Path) -> None:
    """The wanted ones whole, of the others and of silence as many as asked for."""
    examples = find(nursery, "silence", "crying")
    recordings: dict[str, set[str]] = {}
    for side in SETS:
        of_side = examples.sets[side]
        counts = [sum(e.label == label for e in of_side) for label in range(4)]
        wanted = counts[2] + counts[3]
        assert counts[0] == counts[1] == -(-wanted // 10)
        recordings[side] = {
            e.path.name.partition("_nohash_")[0] for e in of_side if e.path
        }

    assert sum(e.label >= 2 for side in SETS for e in examples.sets[side]) == 96
    assert not recordings["training"] & recordings["validation"]
    assert not recordings["training"] & recordings["testing"]
    assert [path.name for path, _ in examples.background] == ["fan.wav"]


def test_the_order_is_drawn_and_the_same_for_a_seed(nursery: Path) -> None:
    first = find(nursery, "crying").sets["training"]

    assert find(nursery, "crying").sets["training"] == first
    assert find(nursery, "crying", seed=2).sets["training"] != first


def test_unfinished_files_are_no_clips(tmp_path: Path) -> None:
    """Nor is anything in them looked at."""
    write_nursery(tmp_path)
    (tmp_path / "crying" / ".a.wav.part").write_text("half")
    (tmp_path / "crying" / ".hidden.wav").write_text("half")

    assert len(find(tmp_path, "crying", unknown_percentage=0.0).sets["training"]) > 0


def test_a_word_without_clips_is_named_with_what_there_is(nursery: Path) -> None:
    with pytest.raises(DataError, match="laughing.*crying, hum, silence"):
        find(nursery, "laughing")


def test_a_word_whose_clips_are_all_set_aside_is_refused(tmp_path: Path) -> None:
    """Nothing could be learnt of it."""
    write_nursery(tmp_path)
    for number in range(100):
        if which_set(f"one{number}.wav", 20, 20) == "testing":
            write_wav(tmp_path / "rare" / f"one{number}.wav", tone(1.0))
            break

    with pytest.raises(DataError, match="rare: every clip of it is set aside"):
        find(tmp_path, "rare", "crying")


@pytest.mark.parametrize("missing", ["no such folder", "empty"])
def test_a_folder_without_clips_is_named(tmp_path: Path, missing: str) -> None:
    folder = tmp_path / missing
    if missing == "empty":
        folder.mkdir()

    with pytest.raises(DataError, match=missing):
        find(folder, "crying")


def test_a_clip_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write_nursery(tmp_path)
    (tmp_path / "crying" / "damaged.wav").write_bytes(b"RIFF")

    with pytest.raises(DataError, match=r"damaged\.wav"):
        find(tmp_path, "crying")


def test_words_that_a_set_has_no_example_of_are_found() -> None:
    """Unless the set is empty: nothing is measured on it."""
    silence, unknown, calm, crying = (Example(None, label) for label in range(4))
    sets = {
        "training": (calm, crying),
        "validation": (silence, unknown, calm),
        "testing": (),
    }
    labels = ("_silence_", "_unknown_", "calm", "crying")

    assert lacking(Examples(labels, sets, ())) == [("validation", "crying")]


def test_background_noise_shorter_than_a_clip_is_named(tmp_path: Path) -> None:
    write_nursery(tmp_path)
    write_wav(tmp_path / "_background_noise_" / "short.wav", tone(0.5))

    with pytest.raises(DataError, match=r"short\.wav: must be at least 1 s"):
        find(tmp_path, "crying")


def test_an_empty_folder_of_background_noise_is_named(tmp_path: Path) -> None:
    write_nursery(tmp_path)
    (tmp_path / "_background_noise_" / "fan.wav").unlink()

    with pytest.raises(DataError, match="_background_noise_: holds no .wav"):
        find(tmp_path, "crying")


def test_a_split_that_leaves_nothing_to_train_with_is_refused(nursery: Path) -> None:
    with pytest.raises(DataError, match="leave nothing"):
        find(nursery, "crying", validation_percentage=60.0, testing_percentage=40.0)
