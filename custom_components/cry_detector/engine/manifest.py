"""A model's manifest: what it was trained on, what it listens to and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
from typing import Any, Self

from .errors import ModelError
from .features import LogMelParameters

# The layout of the manifest that this reads.
FORMAT = 1

# The score that this project is about.
CRYING = "crying"

_LARGEST_MANIFEST = 1 << 20
_LARGEST_MODEL = 64 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """Where crying begins and where it is over, as smoothed confidence from 0 to 1."""

    on: float
    """From here on it counts as crying."""
    off: float
    """Under this it is calm."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a `.json` beside a `.tflite` of the same name says about it."""

    name: str
    version: str
    sample_rate: int
    """Samples a second that the model listens at."""
    window_s: float
    """Seconds of sound that one score is about."""
    hop_s: float
    """Seconds from one score to the next."""
    features: LogMelParameters | None
    """What the model is fed; None for one that takes the samples themselves."""
    labels: tuple[str, ...]
    """What its outputs stand for, in their order."""
    crying: tuple[str, ...]
    """The labels that mean crying; the surest of them is the confidence."""
    on_threshold: float
    """Smoothed confidence from which on it counts as crying."""
    off_threshold: float
    """Smoothed confidence under which it is calm."""
    low_thresholds: Thresholds | None = None
    """The pair for low sensitivity, not under the two above; None where nobody has measured it."""
    high_thresholds: Thresholds | None = None
    """The pair for high sensitivity, not over the two above; None where nobody has measured it."""
    sha256: str
    """Digest of the `.tflite`, in hexadecimal."""
    training: Mapping[str, Any]
    """Data, licences and results; for people to read."""

    @property
    def window_samples(self) -> int:
        """Samples in a window."""
        return round(self.window_s * self.sample_rate)

    @property
    def hop_samples(self) -> int:
        """Samples in a hop."""
        return round(self.hop_s * self.sample_rate)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of a window as the model is fed: (frames, bands), or (samples,)."""
        if self.features is None:
            return (self.window_samples,)
        return self.features.frames_in(self.window_samples), self.features.bands

    @classmethod
    def load(cls, model: Path) -> Self:
        """Read the manifest that belongs to a model file.

        Raises:
            ModelError: there is none, or something in it is missing or wrong.
        """
        path = model.with_suffix(".json")
        try:
            text = _read(path, _LARGEST_MANIFEST).decode()
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{path.name} is not JSON: {error}") from error
        try:
            return cls.from_dict(values)
        except ModelError as error:
            raise ModelError(f"{path.name}: {error}") from error

    @classmethod
    def from_dict(cls, values: Any) -> Self:
        """Check what a manifest's file holds.

        Raises:
            ModelError: something in it is missing or wrong.
        """
        if not isinstance(values, dict):
            raise ModelError("the manifest must be an object")
        if values.get("format") != FORMAT:
            raise ModelError(
                f"its format is {values.get('format')!r}, this version reads {FORMAT}"
            )
        features = values.get("features")
        if features is not None:
            features = LogMelParameters.from_dict(_as(dict, values, "features"))
        labels = _labels(values, "labels")
        crying = _labels(values, "crying") if "crying" in values else (CRYING,)
        if not crying or not set(crying) <= set(labels):
            raise ModelError(
                f"its labels must include what means crying: {', '.join(crying)}"
            )
        thresholds = _as(dict, values, "thresholds")
        medium = _thresholds(thresholds)
        manifest = cls(
            name=_as(str, values, "name"),
            version=_as(str, values, "version"),
            sample_rate=(
                features.sample_rate
                if features
                else int(_number(values, "sample_rate", 1_000, 192_000))
            ),
            window_s=_number(values, "window_s", 0.05, 60.0),
            hop_s=_number(values, "hop_s", 0.05, 2.0),
            features=features,
            labels=labels,
            crying=crying,
            on_threshold=medium.on,
            off_threshold=medium.off,
            low_thresholds=_other_thresholds(thresholds, "low"),
            high_thresholds=_other_thresholds(thresholds, "high"),
            sha256=_as(str, values, "sha256"),
            training=_as(dict, values, "training") if "training" in values else {},
        )
        for lower, higher in (
            (medium, manifest.low_thresholds),
            (manifest.high_thresholds, medium),
        ):
            if lower and higher and (lower.on > higher.on or lower.off > higher.off):
                raise ModelError(
                    "thresholds: low sensitivity has the highest, high the lowest"
                )
        if manifest.hop_s > manifest.window_s:
            raise ModelError("hop_s must not be over window_s: sound would be left out")
        if 0 in manifest.input_shape:
            raise ModelError("window_s is shorter than a frame of its features")
        return manifest


def read_model(path: Path, manifest: Manifest) -> bytes:
    """Return a model file's content, once it is the one that its manifest describes.

    Raises:
        ModelError: it cannot be read, is too large or has another digest.
    """
    content = _read(path, _LARGEST_MODEL)
    if hashlib.sha256(content).hexdigest() != manifest.sha256.lower():
        raise ModelError(
            f"{path.name} is damaged or not the file that its manifest describes:"
            " copy both again"
        )
    return content


def _read(path: Path, largest: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > largest:
        raise ModelError(f"{path} is larger than {largest >> 20} MB")
    return content


def _as[T](kind: type[T], values: Mapping[str, Any], key: str) -> T:
    value = values.get(key)
    if not isinstance(value, kind):
        raise ModelError(f"{key} is missing or wrong: {value!r:.100}")
    return value


def _number(
    values: Mapping[str, Any], key: str, lowest: float, highest: float
) -> float:
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelError(f"{key} must be a number, not {value!r:.100}")
    if not lowest <= value <= highest:
        raise ModelError(f"{key} must be {lowest:g} to {highest:g}, not {value!r:.40}")
    return value


def _thresholds(values: Mapping[str, Any]) -> Thresholds:
    # Over 0, since everything reaches that.
    on, off = _number(values, "on", 1e-6, 1.0), _number(values, "off", 1e-6, 1.0)
    if off > on:
        raise ModelError("thresholds: off must not be over on")
    return Thresholds(on=on, off=off)


def _other_thresholds(values: Mapping[str, Any], key: str) -> Thresholds | None:
    return _thresholds(_as(dict, values, key)) if key in values else None


def _labels(values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    labels = _as(list, values, key)
    if not all(isinstance(label, str) for label in labels):
        raise ModelError(f"{key} must be a list of names")
    if len(set(labels)) != len(labels):
        raise ModelError(f"{key} holds a name twice")
    return tuple(labels)
