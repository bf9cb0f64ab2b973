"""What a run leaves to look at."""

from pathlib import Path

import numpy as np
import pytest

from recordings import DataError
from summaries import History, Point, TensorBoard, draw_confusion, smooth

from .disks import files_of_at_most

POINTS = [
    Point("train", 1, 0.25, 1.5),
    Point("train", 2, 0.5, 1.25),
    Point("validation", 2, 0.5, 1.0),
    Point("train", 3, 0.75, 1.0),
]


def filled(path: Path) -> History:
    """Return a history of three steps."""
    history = History(path)
    for point in POINTS:
        history.add(point)
    return history


def test_a_history_is_taken_up_where_a_run_goes_on(tmp_path: Path) -> None:
    """What came after the checkpoint is dropped: it is learnt again."""
    filled(tmp_path / "a.csv")
    again = History(tmp_path / "a.csv", 2)

    assert again.points == POINTS[:3]
    assert History(tmp_path / "a.csv", 9).points == POINTS[:3]


def test_a_run_from_the_start_begins_anew(tmp_path: Path) -> None:
    filled(tmp_path / "a.csv")

    assert History(tmp_path / "a.csv").points == []
    assert (tmp_path / "a.csv").read_text().split() == ["set,step,accuracy,cross_entropy"]  # fmt: skip


@pytest.mark.parametrize(
    "unfinished", ["tr", "train,3", "train,3,0.75", "train,3,0.75,", "train,3,0.75,1.0", "\0\0"]
)  # fmt: skip
def test_a_row_that_was_cut_off_is_left_out(tmp_path: Path, unfinished: str) -> None:
    """Where the disk was full or the power went; also where its last number may be short of digits."""
    path = tmp_path / "a.csv"
    filled(path)
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:-1]) + unfinished.encode())
    again = History(path, 9)

    assert again.points == POINTS[:3]
    assert again.unreadable == 1
    assert path.read_bytes() == b"".join(whole[:-1])
    assert History(path, 9).unreadable == 0


def test_an_empty_history_has_no_points(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("")

    assert History(tmp_path / "a.csv", 9).points == []


def test_smoothing_follows_without_the_first_value_s_pull() -> None:
    assert smooth([3.0, 3.0, 3.0]) == pytest.approx([3.0, 3.0, 3.0])
    assert smooth([0.0] * 50 + [1.0] * 200)[-1] > 0.99


def test_pictures_are_drawn(tmp_path: Path) -> None:
    """Of a size that can be looked at, and nothing half is left."""
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    filled(tmp_path / "a.csv").draw(tmp_path)
    matrix = np.array([[3, 1], [0, 5]])
    draw_confusion(tmp_path / "confusion_matrix.png", matrix, ["calm", "crying"], "x")
    names = {"accuracy.png", "confusion_matrix.png", "cross_entropy.png"}

    assert {file.name for file in tmp_path.iterdir()} == names | {"a.csv"}
    for name in names:
        content = (tmp_path / name).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert int.from_bytes(content[16:20]) > 600


def test_a_place_that_tensorboard_s_files_cannot_go_to_is_named(
    tmp_path: Path,
) -> None:
    """With what to do, and without TensorFlow's own words for where it was."""
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    (tmp_path / "afile").write_text("")

    with pytest.raises(DataError, match=r"afile: TensorBoard.*not a directory\).*--summaries_dir") as caught:  # fmt: skip
        TensorBoard(tmp_path / "afile")
    assert "function_node" not in str(caught.value)


def test_a_disk_that_fills_under_tensorboard_is_named(tmp_path: Path) -> None:
    """As soon as it has, so that nobody trains for hours without them."""
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    def fill(board: TensorBoard) -> None:
        for _ in range(100):
            board.add(POINTS[0])
            board.flush()

    with TensorBoard(tmp_path) as board, files_of_at_most(1_000), pytest.raises(DataError, match=r"TensorBoard.*File too large.*--summaries_dir"):  # fmt: skip
        fill(board)


def test_what_ended_a_run_is_told_rather_than_what_cannot_be_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that Ctrl-C still leaves a checkpoint."""
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

    def full() -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    board = TensorBoard(tmp_path)
    monkeypatch.setattr(board._writers["train"], "close", full)
    with pytest.raises(KeyboardInterrupt), board:
        raise KeyboardInterrupt
    with pytest.raises(DataError, match="No space left"):
        board.__exit__(None, None, None)


def test_tensorboard_reads_both_curves(tmp_path: Path) -> None:
    """As two runs, with their steps."""
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    import tensorflow as tf
    from tensorflow.core.util import event_pb2

    with TensorBoard(tmp_path) as board:
        for point in POINTS:
            board.add(point)
    seen = {}
    for side in ("train", "validation"):
        (file,) = (tmp_path / side).iterdir()
        for record in tf.data.TFRecordDataset(str(file)).as_numpy_iterator():
            event = event_pb2.Event.FromString(record)
            for value in event.summary.value:
                seen[side, event.step, value.tag] = float(tf.make_ndarray(value.tensor))

    assert seen == {
        (point.set, point.step, name): getattr(point, name)
        for point in POINTS
        for name in ("accuracy", "cross_entropy")
    }
