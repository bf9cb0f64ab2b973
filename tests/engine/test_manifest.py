"""Manifests: what is read, and what is refused with a reason."""

from collections.abc import Callable
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from cry_engine.errors import ModelError
from cry_engine.features import LogMelParameters
from cry_engine.manifest import Manifest, read_model

from .stand_in import manifest_values


def write(tmp_path: Path, values: object) -> Path:
    """Write a manifest; return the path of the model that it belongs to."""
    (tmp_path / "own.json").write_text(json.dumps(values))
    return tmp_path / "own.tflite"


def test_a_manifest_is_read(tmp_path: Path) -> None:
    """All that the engine needs is there, with units."""
    manifest = Manifest.load(write(tmp_path, manifest_values()))
    assert manifest.name == "stand-in"
    assert manifest.features == LogMelParameters()
    assert manifest.sample_rate == 22_050
    assert manifest.window_samples == 110_250
    assert manifest.hop_samples == 11_025
    assert manifest.input_shape == (248, 64)
    assert manifest.labels == ("_silence_", "_unknown_", "silence", "crying")
    assert manifest.crying == ("crying",)
    assert (manifest.on_threshold, manifest.off_threshold) == (0.6, 0.4)


def test_a_tagger_that_takes_samples_is_described(tmp_path: Path) -> None:
    """A model without features has a sample rate, and labels of its own for crying."""
    values = manifest_values() | {
        "sample_rate": 16_000,
        "window_s": 0.975,
        "labels": ["Speech", "Crying, sobbing", "Baby cry, infant cry"],
        "crying": ["Crying, sobbing", "Baby cry, infant cry"],
    }
    del values["features"]
    manifest = Manifest.load(write(tmp_path, values))
    assert manifest.input_shape == (15_600,)
    assert manifest.crying == ("Crying, sobbing", "Baby cry, infant cry")


def without(key: str) -> Callable[[dict[str, Any]], None]:
    """Return what takes a key out of a manifest."""
    return lambda values: values.pop(key)


def changed(**changes: object) -> Callable[[dict[str, Any]], None]:
    """Return what changes keys of a manifest."""
    return lambda values: values.update(changes)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (without("format"), "format"),
        (changed(format=2), "format is 2"),
        (without("name"), "name"),
        (without("labels"), "labels"),
        (changed(labels=["a", "b"]), "crying"),
        (changed(labels=["crying", "crying"]), "twice"),
        (changed(labels=["crying", 3]), "names"),
        (changed(crying=["weeping"]), "weeping"),
        (changed(crying=[]), "crying"),
        (without("sha256"), "sha256"),
        (without("thresholds"), "thresholds"),
        (changed(thresholds={"on": 0.5}), "off"),
        (changed(thresholds={"on": 0.4, "off": 0.5}), "off must not be over on"),
        (changed(thresholds={"on": 4, "off": 0.5}), "on must be 1e-06 to 1"),
        (changed(thresholds={"on": 0.5, "off": 0.0}), "off must be 1e-06 to 1"),
        (changed(window_s="5"), "window_s must be a number"),
        (changed(window_s=True), "window_s must be a number"),
        (changed(window_s=1e9), "window_s must be 0.05 to 60"),
        (changed(window_s=float("nan")), "window_s"),
        (changed(hop_s=0.0), "hop_s"),
        (changed(hop_s=9.0), "hop_s must be 0.05 to 2"),
        (changed(hop_s=10**400), "hop_s must be 0.05 to 2"),
        (changed(window_s=0.4), "hop_s must not be over window_s"),
        (changed(features={}), "features"),
        (changed(features=None), "sample_rate"),
        (changed(features=[1]), "features"),
        (changed(training=[]), "training"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], complaint: str
) -> None:
    """The error holds the file's name and the key."""
    values = manifest_values()
    change(values)
    with pytest.raises(ModelError, match=complaint) as raised:
        Manifest.load(write(tmp_path, values))
    assert "own.json" in str(raised.value)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"x"', "[" * 100_000, "\udcff"]
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    """A foreign file is an error with its name, whatever is in it."""
    (tmp_path / "own.json").write_text(text, errors="surrogateescape")
    with pytest.raises(ModelError, match=r"own\.json"):
        Manifest.load(tmp_path / "own.tflite")


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    """The error holds the path that was looked for."""
    with pytest.raises(ModelError, match=r"own\.json cannot be read: No such file"):
        Manifest.load(tmp_path / "own.tflite")


def test_a_model_must_be_the_one_described(tmp_path: Path) -> None:
    """One flipped bit, and the file is refused."""
    content = b"a model"
    values = manifest_values() | {"sha256": hashlib.sha256(content).hexdigest()}
    path = write(tmp_path, values)
    manifest = Manifest.load(path)
    path.write_bytes(content)
    assert read_model(path, manifest) == content
    path.write_bytes(b"b model")
    with pytest.raises(ModelError, match="damaged"):
        read_model(path, manifest)
    path.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        read_model(path, manifest)
