"""Products in pieces are the products."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
import pytest

from cry_engine.blas import Product, matmul, piece, rows_at_a_time


@pytest.mark.parametrize("rows", [0, 1, 7, 5_000])
def test_a_product_in_pieces_is_the_product(rows: int) -> None:
    """However many rows there are, and with a place for the result or without."""
    rng = np.random.default_rng(rows)
    left = rng.normal(size=(rows, 48)).astype(np.float32)
    right = rng.normal(size=(48, 64)).astype(np.float32)
    out = np.empty((rows, 64), np.float32)
    np.testing.assert_allclose(matmul(left, right), left @ right, atol=1e-4)
    assert matmul(left, right, out) is out
    np.testing.assert_array_equal(out, matmul(left, right))


def test_rows_may_overlap() -> None:
    """Frames that share samples need not be copied apart."""
    samples = np.random.default_rng(0).normal(size=4_000).astype(np.float32)
    frames = sliding_window_view(samples, 512)[::100]
    right = np.ones((512, 30), np.float32)
    np.testing.assert_allclose(matmul(frames, right), frames @ right, atol=1e-3)


def test_a_row_is_always_computed() -> None:
    """A single row that is over the limit is one piece."""
    assert rows_at_a_time(1_000, 1_000) == 1
    assert rows_at_a_time(64, 48) == 85
    assert rows_at_a_time(0, 0) > 0


SHAPES = [
    # One piece; an even number of rows, and one left over; pieces along the depth, the columns, both.
    (1, 3, 1),
    (7, 50, 24),
    (3_968, 50, 24),
    (997, 216, 48),
    (248, 432, 96),
    (16, 640, 160),
    (64, 864, 160),
    # What cannot be divided.
    (3, 1_009, 1_013),
]


@pytest.mark.parametrize(("rows", "depth", "columns"), SHAPES)
@pytest.mark.parametrize("turned", [False, True], ids=["rows", "columns"])
def test_a_product_in_blocks_is_the_product(
    rows: int, depth: int, columns: int, turned: bool
) -> None:
    """However the rows lie in memory, and for fewer of them too."""
    rng = np.random.default_rng(rows)
    left = rng.normal(size=(rows, depth)).astype(np.float32)
    if turned:
        left = np.asfortranarray(left)
    right = rng.normal(size=(depth, columns)).astype(np.float32)
    multiply = Product(right, rows)
    for some in {rows, max(1, rows - 1), 1}:
        out = np.full((some, columns), np.nan, np.float32)
        multiply(left[:some], out)
        np.testing.assert_allclose(out, left[:some] @ right, atol=2e-3)


def test_whole_numbers_are_summed_exactly() -> None:
    """What is quantised relies on it, in whatever order the sums are taken."""
    rng = np.random.default_rng(1)
    left = rng.integers(-128, 128, (248, 432)).astype(np.float32)
    right = rng.integers(-128, 128, (432, 96)).astype(np.float32)
    out = np.empty((248, 96), np.float32)
    Product(right, 248)(left, out)
    np.testing.assert_array_equal(out, left.astype(np.int64) @ right.astype(np.int64))


@pytest.mark.parametrize(("rows", "depth", "columns"), SHAPES)
def test_pieces_stay_on_one_thread(rows: int, depth: int, columns: int) -> None:
    """None is over the size from which OpenBLAS starts threads."""
    size = piece(rows, depth, columns)
    if size is None:
        assert (rows, depth, columns) == SHAPES[-1]
        return
    assert size[0] * size[1] * size[2] <= 4 * 65_536
    assert size[0] <= rows and depth % size[1] == 0 and columns % size[2] == 0


def test_sums_on_their_way_are_kept_where_they_are_told_to() -> None:
    """A model's memory is counted."""
    taken: list[tuple[int, ...]] = []

    def take(shape: tuple[int, ...], dtype: object) -> np.ndarray:
        taken.append(shape)
        return np.empty(shape, np.float32)

    right = np.ones((432, 96), np.float32)
    Product(right, 248, take)
    size = piece(248, 432, 96)
    assert size and taken == [(432 // size[1] * 248 * 96,)]
