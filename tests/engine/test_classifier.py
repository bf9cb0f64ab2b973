"""A model and its manifest become scores, in LiteRT and in numpy alike."""

from collections.abc import Callable
import csv
import hashlib
import json
from pathlib import Path
import sys
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest

from cry_engine import classifier as module
from cry_engine.classifier import DEFAULT_MODEL, Classifier, Tensor
from cry_engine.errors import ModelError
from cry_engine.listener import Listener
from cry_engine.manifest import CRYING, Manifest
from cry_engine.sources.ffmpeg import FfmpegSource

from .stand_in import LoudIsCrying, manifest_values


def has_litert() -> bool:
    """Return whether LiteRT is installed here."""
    try:
        return Classifier.load(runtime="litert").runtime.startswith("LiteRT")
    except ModelError:
        return False


def window(seed: int = 0) -> NDArray[np.float32]:
    """Return something that could be a log-mel window."""
    shape = Classifier.load(runtime="numpy").manifest.input_shape
    return np.random.default_rng(seed).normal(-12.0, 3.0, shape).astype(np.float32)


def copy_of_the_model(folder: Path, **changes: object) -> Path:
    """Copy the shipped model and its manifest, with changes to the latter."""
    path = folder / "cry.tflite"
    path.write_bytes(DEFAULT_MODEL.read_bytes())
    values = json.loads(DEFAULT_MODEL.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(values | changes))
    return path


def test_the_shipped_model_is_whole() -> None:
    """It loads in numpy, and has the labels of the series."""
    classifier = Classifier.load(runtime="numpy")
    assert classifier.runtime == f"numpy {np.__version__}"
    manifest = classifier.manifest
    assert manifest.labels == ("_silence_", "_unknown_", "silence", CRYING)
    assert manifest.sample_rate == 22_050
    assert manifest.window_s == 5.0


def test_the_manifest_says_what_it_was_trained_on() -> None:
    """Each source of recordings stands there with its licence."""
    data = Classifier.load(runtime="numpy").manifest.training["data"]
    assert data
    assert all(row["source"] and row["licence"] for row in data)


def test_scores_are_a_distribution() -> None:
    """A score for each label, from 0 to 1; the confidence is that of crying."""
    scores = Classifier.load(runtime="numpy").score(window())
    assert set(scores.by_label) == {"_silence_", "_unknown_", "silence", CRYING}
    assert sum(scores.by_label.values()) == pytest.approx(1.0, abs=1e-5)
    assert scores.confidence == scores.by_label[CRYING]


def test_litert_and_numpy_agree() -> None:
    """The same windows get the same scores."""
    if not has_litert():
        pytest.skip("LiteRT is not installed")
    ours = Classifier.load(runtime="numpy")
    theirs = Classifier.load()
    assert theirs.runtime.startswith("LiteRT ")
    for seed in range(20):
        assert ours.score(window(seed)).by_label == pytest.approx(
            theirs.score(window(seed)).by_label, abs=1e-5
        )


def test_without_litert_numpy_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither of LiteRT's packages imports, everything works."""
    for name in module.LITERT:
        monkeypatch.setitem(sys.modules, name, None)
    classifier = Classifier.load()
    assert classifier.runtime.startswith("numpy ")
    assert 0.0 <= classifier.score(window()).confidence <= 1.0
    with pytest.raises(ModelError, match="ai-edge-litert"):
        Classifier.load(runtime="litert")


def test_the_older_package_is_used_where_it_is_what_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`tflite-runtime` has the same interface under another name."""
    real = pytest.importorskip("ai_edge_litert.interpreter")
    older = ModuleType("tflite_runtime.interpreter")
    older.Interpreter = real.Interpreter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime", ModuleType("tflite_runtime"))
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", older)
    assert Classifier.load().runtime == "LiteRT"


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    """One flipped bit is enough."""
    path = copy_of_the_model(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"cry\.tflite is damaged"):
        Classifier.load(path)


@pytest.mark.parametrize("runtime", ["numpy", "litert"])
def test_a_foreign_file_is_refused(tmp_path: Path, runtime: Any) -> None:
    """A file that is no model, with a manifest that vouches for it."""
    if runtime == "litert" and not has_litert():
        pytest.skip("LiteRT is not installed")
    content = b"no model at all"
    digest = hashlib.sha256(content).hexdigest()
    path = copy_of_the_model(tmp_path, sha256=digest)
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"cry\.tflite"):
        Classifier.load(path, runtime=runtime)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"window_s": 4.0}, "its manifest describes"),
        ({"labels": ["calm", CRYING]}, "2 labels"),
    ],
)
def test_a_manifest_of_another_model_is_refused(
    tmp_path: Path, changes: dict[str, object], complaint: str
) -> None:
    """Input and output must be those that the manifest describes."""
    with pytest.raises(ModelError, match=complaint):
        Classifier.load(copy_of_the_model(tmp_path, **changes), runtime="numpy")


def test_a_published_tagger_hears_crying(
    tmp_path: Path, yamnet: Path, shared_audio: Path
) -> None:
    """A model that takes samples, with labels of its own, needs but a manifest."""
    content = yamnet.read_bytes()
    with yamnet.with_name("yamnet_class_map.csv").open(newline="") as file:
        labels = [row["display_name"] for row in csv.DictReader(file)]
    path = tmp_path / "yamnet.tflite"
    path.write_bytes(content)
    values = {
        "format": 1,
        "name": "YAMNet",
        "version": "1",
        "sample_rate": 16_000,
        "window_s": 0.975,
        "hop_s": 0.4875,
        "labels": labels,
        "crying": ["Crying, sobbing", "Baby cry, infant cry", "Whimper"],
        "thresholds": {"on": 0.5, "off": 0.3},
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    path.with_suffix(".json").write_text(json.dumps(values))
    classifier = Classifier.load(path, runtime="numpy")

    def surest(label: str, quality: str) -> list[float]:
        with (shared_audio / "manifest.csv").open(newline="") as file:
            rows = [
                row
                for row in csv.DictReader(file)
                if (row["label"], row["quality"], row["split"])
                == (label, quality, "val")
            ]
        found = []
        for row in rows[:8]:
            source = FfmpegSource.from_file(
                shared_audio / row["path"], sample_rate=16_000, real_time=False
            )
            heard = Listener(source, classifier)
            found.append(max(observation.confidence for observation in heard))
        return found

    assert np.median(surest("crying", "ok")) > 0.5
    assert np.median(surest("music", "ok")) < 0.1


class Stub(LoudIsCrying):
    """A runtime whose tensors and outputs a test can set."""

    def __init__(
        self,
        output: object,
        dtype: str = "f4",
        scale: float = 0.0,
        zero_point: int = 0,
    ) -> None:
        """Give an output for every window."""
        super().__init__(248, 64)
        kind = np.dtype(dtype)
        self.input = Tensor((1, 248, 64), kind, scale, zero_point)
        self.output = Tensor((1, 4), kind, scale, zero_point)
        self._output = np.array([output], kind)
        self.given: NDArray[Any] | None = None

    def run(self, window: NDArray[Any]) -> NDArray[Any]:
        """Keep what was given."""
        self.given = window
        return self._output


def of(stub: Stub) -> Classifier:
    """Return a classifier around a stub."""
    return Classifier(Manifest.from_dict(manifest_values()), stub)


def test_eight_bit_models_are_fed_and_read_as_they_ask() -> None:
    """Windows are quantised, clipped to the type, and scores turned back."""
    stub = Stub([-128, 0, 64, 127], "i1", 1 / 256, -128)
    features = np.full((248, 64), 0.25, np.float32)
    features[0] = 5.0
    scores = of(stub).score(features)
    assert stub.given is not None
    assert stub.given.dtype == np.int8
    assert stub.given.shape == (1, 248, 64)
    assert (stub.given[0, 0] == 127).all()
    assert (stub.given[0, 1] == -64).all()
    assert scores.by_label == {
        "_silence_": 0.0,
        "_unknown_": 0.5,
        "silence": 0.75,
        CRYING: 255 / 256,
    }


@pytest.mark.parametrize(
    "make", [lambda: Stub([0] * 4, "i4"), lambda: Stub([0] * 4, "i1", 0.0)]
)
def test_types_that_cannot_be_fed_are_refused(make: Callable[[], Stub]) -> None:
    """Neither another type, nor 8 bits without a scale."""
    with pytest.raises(ModelError, match="8 bits"):
        of(make())


@pytest.mark.parametrize("wild", [np.nan, np.inf])
def test_a_score_that_is_no_number_is_an_error(wild: float) -> None:
    """It would pass every threshold, or none."""
    with pytest.raises(ModelError, match="no number"):
        of(Stub([0.0, 0.0, 0.0, wild])).score(np.zeros((248, 64), np.float32))


def test_scores_stay_within_0_and_1() -> None:
    """Rounding in a model does not lead out of the range."""
    scores = of(Stub([-1e-7, 0.0, 0.0, 1.0000001])).score(
        np.zeros((248, 64), np.float32)
    )
    assert scores.by_label["_silence_"] == 0.0
    assert scores.confidence == 1.0


def test_the_surest_of_several_labels_counts() -> None:
    """A tagger may have more than one name for it."""
    values = manifest_values() | {"crying": ["silence", CRYING]}
    classifier = Classifier(Manifest.from_dict(values), Stub([0.0, 0.1, 0.7, 0.2]))
    scores = classifier.score(np.zeros((248, 64), np.float32))
    assert scores.confidence == pytest.approx(0.7)
