"""What is exported is what was trained, and the engine reads it."""

from pathlib import Path

import numpy as np
import pytest

from cry_engine.errors import ModelError
from cry_engine.features import LogMelParameters
from cry_engine.manifest import Manifest, read_model
from cry_engine.tflite import Interpreter
from export import data_of, write
from mixtures import LABELS
from recordings import Recording

from .disks import files_of_at_most

PARAMETERS = LogMelParameters()


def recording(source: str, licence: str, seconds: float) -> Recording:
    """Return a row of a manifest."""
    return Recording(
        path=Path("x.ogg"),
        label="animal",
        sublabel="cat",
        group="x",
        split="train",
        quality="ok",
        source=source,
        licence=licence,
        seconds=seconds,
    )


def test_data_is_summed_up_by_corpus_with_every_licence() -> None:
    """Where the licence was found is left out."""
    assert data_of(
        [
            recording("b", "CC0", 1.0),
            recording("a", "CC BY 3.0 (by one)", 2.0),
            recording("a", "CC BY 3.0 (by another)", 3.4),
            recording("a", "CC0", 1.0),
        ]
    ) == [
        {"source": "a", "licence": "CC BY 3.0; CC0", "clips": 3, "seconds": 6},
        {"source": "b", "licence": "CC0", "clips": 1, "seconds": 1},
    ]


def test_the_engine_reads_what_was_written(tmp_path: Path) -> None:
    """Manifest and digest."""
    write(
        tmp_path,
        b"model",
        version="1",
        parameters=PARAMETERS,
        window_s=5.0,
        hop_s=0.5,
        thresholds={"on": 0.7, "off": 0.5},
        training={"steps": 3},
    )
    manifest = Manifest.load(tmp_path / "cry.tflite")
    assert manifest.labels == LABELS
    assert manifest.features == PARAMETERS
    assert (manifest.on_threshold, manifest.off_threshold) == (0.7, 0.5)
    assert manifest.training["steps"] == 3
    assert read_model(tmp_path / "cry.tflite", manifest) == b"model"


def test_a_model_of_one_s_own_has_another_name_and_other_labels(
    tmp_path: Path,
) -> None:
    """And says which of them mean crying; nothing half is left beside it."""
    path = write(
        tmp_path,
        b"model",
        version="1",
        parameters=PARAMETERS,
        window_s=5.0,
        hop_s=0.5,
        thresholds={"on": 0.7, "off": 0.5},
        training={},
        name="mine",
        labels=("calm", "whining", "screaming"),
        crying=("whining", "screaming"),
    )

    assert path == tmp_path / "mine.tflite"
    assert {file.name for file in tmp_path.iterdir()} == {"mine.tflite", "mine.json"}
    manifest = Manifest.load(path)
    assert manifest.name == "mine"
    assert manifest.labels == ("calm", "whining", "screaming")
    assert manifest.crying == ("whining", "screaming")


def test_what_the_engine_would_refuse_is_not_written(tmp_path: Path) -> None:
    """None of these labels means crying."""
    with pytest.raises(ModelError, match="labels must include"):
        write(
            tmp_path,
            b"model",
            version="1",
            parameters=PARAMETERS,
            window_s=5.0,
            hop_s=0.5,
            thresholds={"on": 0.7, "off": 0.5},
            training={},
            labels=("calm", "whining"),
        )
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_is_named_and_leaves_what_was_there(tmp_path: Path) -> None:
    """The model and not the file beside it, which is gone."""
    (tmp_path / "cry.tflite").write_bytes(b"before")
    with (
        files_of_at_most(1_000),
        pytest.raises(OSError, match=r"[^.]cry\.tflite") as caught,
    ):
        write(
            tmp_path,
            bytes(10_000),
            version="1",
            parameters=PARAMETERS,
            window_s=5.0,
            hop_s=0.5,
            thresholds={"on": 0.7, "off": 0.5},
            training={},
        )

    assert caught.value.filename == str(tmp_path / "cry.tflite")
    assert [file.name for file in tmp_path.iterdir()] == ["cry.tflite"]
    assert (tmp_path / "cry.tflite").read_bytes() == b"before"


@pytest.mark.parametrize("members", [1, 2])
def test_the_exported_model_gives_the_same_in_the_engine(members: int) -> None:
    """To a hundred thousandth; of several networks the mean, without what they learnt from the teacher."""
    pytest.importorskip(
        "tensorflow", reason="TensorFlow is not installed: nothing can be exported"
    )
    import network

    models = [
        network.build(248, 64, (4, 6), 8, 1, dropout=0.1, decay=0.0, tags=True)
        for _ in range(members)
    ]
    mean = network.mean_of(models)
    detector = network.detector(mean, 1.7)
    assert detector.count_params() < members * 10_000
    content = network.to_tflite(detector)
    window = np.random.default_rng(0).uniform(-20, -3, (1, 248, 64)).astype(np.float32)
    logits = [model(window)["labels"].numpy() for model in models]
    np.testing.assert_allclose(
        mean(window)["labels"].numpy(), np.mean(logits, axis=0), atol=1e-5
    )
    (scores,) = Interpreter(content).run(window)
    assert scores.shape == (1, len(LABELS))
    assert float(scores.sum()) == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(scores, detector(window).numpy(), atol=1e-5)
