"""The peer that parents can get today: YAMNet, alone and with the rules that Frigate runs it by.

Nothing of it is in what ships; its file is not part of the project.
"""

from dataclasses import dataclass
import hashlib
import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from cry_engine.classifier import Classifier
from cry_engine.episodes import EpisodeSettings
from cry_engine.errors import ModelError
from hearing import Alarm, Heard, alarms
from teacher import CLASSES, CRYING, RATE, WINDOW

WINDOW_S = WINDOW / RATE


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What turns its scores into alarms."""

    name: str
    over: float
    """A window counts where the score lies over this."""
    least_rms: float
    """A window counts where its RMS is at least this, of 32,768."""
    off_after_s: float = 30.0

    def alarms(self, heard: Heard) -> list[Alarm]:
        """Return the alarms that are given for what was heard in windows without overlap."""
        threshold = float(np.nextafter(self.over, 1.0))
        settings = EpisodeSettings(
            on_threshold=threshold,
            off_threshold=threshold,
            smoothing_s=0.0,
            hold_s=self.off_after_s,
        )
        if self.least_rms:
            heard = heard.gated(20.0 * math.log10(self.least_rms / 32_768.0))
        return alarms(heard, settings)


FRIGATE = Rules(name="yamnet_frigate", over=0.8, least_rms=500.0)
"""Frigate's defaults."""
BEST = Rules(name="yamnet_best", over=0.2, least_rms=0.0)
"""The setting that does best."""


def load_yamnet(path: Path, hop_s: float) -> Classifier:
    """Load YAMNet's .tflite for the engine, which needs a manifest beside it.

    Args:
        path: of the file.
        hop_s: from one window of 0.975 s to the next.

    Raises:
        ModelError: the file cannot be read, or is another model.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    labels = [str(number) for number in range(CLASSES)]
    manifest = {
        "format": 1,
        "name": "YAMNet",
        "version": "1",
        "sample_rate": RATE,
        "window_s": WINDOW_S,
        "hop_s": hop_s,
        "labels": labels,
        "crying": labels[CRYING],
        "thresholds": {"on": 0.5, "off": 0.5},
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    with TemporaryDirectory() as folder:
        model = Path(folder) / path.name
        model.write_bytes(content)
        model.with_suffix(".json").write_text(json.dumps(manifest))
        return Classifier.load(model)
