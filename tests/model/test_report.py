"""What is told of clip scores, with and without those whose label is in doubt."""

from dataclasses import replace

import numpy as np
import pytest

from recordings import Recording
from report import figures

from .test_mixtures import recording

CRY, CAT = recording("crying", "crying_baby", "val"), recording("animal", "cat", "val")


def scored(*rows: tuple[Recording, float]) -> dict[str, object]:
    """Return the figures of some recordings and their scores."""
    recordings, scores = zip(*rows, strict=True)
    return figures(recordings, np.array(scores, np.float32))


@pytest.mark.parametrize(
    ("left_out", "auc"),
    [("suspect_cries", 0.5), ("doubtful_others", 0.5), ("doubtful_labels", 1.0)],
)
def test_recordings_whose_label_is_in_doubt_are_left_out(
    left_out: str, auc: float
) -> None:
    """Cries that may be none, what may be a cry, and both."""
    told = scored(
        (CRY, 0.8), (replace(CRY, quality="suspect"), 0.1),
        (CAT, 0.2), (replace(CAT, quality="weak_label"), 0.9),
    )  # fmt: skip
    assert told["auc"] == 0.25
    assert told[f"auc_without_{left_out}"] == pytest.approx(auc)
    over = {"suspect_cries": 0.0, "doubtful_others": 0.5, "doubtful_labels": 1.0}
    assert told[f"recall_without_{left_out}_at_0.1_percent"] == over[left_out]


def test_nothing_is_told_where_nothing_is_left() -> None:
    """All of what is no cry may be in doubt."""
    told = scored((CRY, 0.8), (replace(CAT, quality="weak_label"), 0.9))
    assert told["auc"] == 0.0
    assert "auc_without_doubtful_others" not in told
    assert told["auc_without_suspect_cries"] == 0.0
