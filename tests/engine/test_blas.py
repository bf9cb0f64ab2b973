"""Products in pieces are the products."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
import pytest

from cry_engine.blas import matmul, rows_at_a_time


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
