"""The peer is run by its own rules."""

from pathlib import Path

import numpy as np
import pytest

from cry_engine.errors import ModelError
from hearing import Alarm, Heard, hear
from peers import BEST, FRIGATE, WINDOW_S, load_yamnet

from .synthetic import RATE, tone

PEER = Path(__file__).parents[3] / "shared" / "peers" / "yamnet.tflite"


def heard(confidence: list[float], rms: float) -> Heard:
    """Return windows of equal level."""
    return Heard(
        times_s=WINDOW_S * np.arange(1.0, len(confidence) + 1.0),
        confidence=np.array(confidence),
        rms_dbfs=np.full(len(confidence), 20.0 * np.log10(rms / 32_768.0)),
    )


def test_frigate_is_on_over_its_threshold_and_off_after_30_s() -> None:
    """0.8 itself is not over it."""
    scores = [0.1, 0.8, 0.81, 0.1, 0.9] + 40 * [0.3] + [0.95] + 40 * [0.0]
    loud = heard(scores, 501.0)
    first, second = FRIGATE.alarms(loud)
    assert first.on_s == pytest.approx(3 * WINDOW_S)
    assert first.last_s == pytest.approx(5 * WINDOW_S)
    assert 30.0 <= first.off_s - first.last_s < 31.0
    assert second.on_s == pytest.approx(46 * WINDOW_S)


def test_frigate_is_deaf_under_its_least_volume_and_the_best_setting_is_not() -> None:
    """A far cry."""
    soft = heard([0.9, 0.9], 499.0)
    assert FRIGATE.alarms(soft) == []
    assert BEST.alarms(soft) == [Alarm(WINDOW_S, 2 * WINDOW_S, 2 * WINDOW_S)]


def test_a_missing_peer_is_named(tmp_path: Path) -> None:
    """And one that is another model is refused."""
    with pytest.raises(ModelError, match=r"peer\.tflite"):
        load_yamnet(tmp_path / "peer.tflite", WINDOW_S)
    (tmp_path / "other.tflite").write_bytes(b"no model at all")
    with pytest.raises(ModelError, match=r"other\.tflite"):
        load_yamnet(tmp_path / "other.tflite", WINDOW_S)


def test_the_real_peer_hears_without_overlap() -> None:
    """A window of 0.975 s each, a tone is no cry."""
    if not PEER.is_file():
        pytest.skip(f"no published model: {PEER} is not there")
    made = hear(load_yamnet(PEER, WINDOW_S), [tone(10.0)], RATE)
    assert made.times_s[:3] == pytest.approx(WINDOW_S * np.arange(1, 4))
    assert made.confidence.max() < 0.2
