"""Models by their names: the shipped one, and the user's own, from one folder alone."""

from pathlib import Path
import shutil

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.cry_detector.const import DOMAIN
from custom_components.cry_detector.engine.classifier import DEFAULT_MODEL
from custom_components.cry_detector.errors import NoSoundError
from custom_components.cry_detector.models import async_load_classifier, list_models
from tests.integration.ear import Ear
from tests.integration.helpers import async_set_up, entry_for, state_of


@pytest.fixture
def folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return the folder for the user's models, with one in it."""
    hass.config.config_dir = str(tmp_path)
    folder = tmp_path / DOMAIN
    folder.mkdir()
    copy(folder / "own.tflite")
    return folder


def copy(model: Path) -> None:
    """Copy the shipped model and its manifest."""
    shutil.copy(DEFAULT_MODEL, model)
    shutil.copy(DEFAULT_MODEL.with_suffix(".json"), model.with_suffix(".json"))


def test_models_are_listed_that_have_a_manifest(
    hass: HomeAssistant, folder: Path
) -> None:
    assert list_models(hass) == ["own.tflite"]
    copy(folder / "another.tflite")
    (folder / "another.json").unlink()
    (folder / "notes.txt").write_text("no model")
    copy(folder.parent / "elsewhere.tflite")
    for suffix in (".tflite", ".json"):
        link = folder / f"link{suffix}"
        link.symlink_to(folder.parent / f"elsewhere{suffix}")
    assert list_models(hass) == ["own.tflite"]
    shutil.rmtree(folder)
    assert list_models(hass) == []


async def test_a_model_of_ones_own_is_loaded(hass: HomeAssistant, folder: Path) -> None:
    own = await async_load_classifier(hass, "own.tflite")
    shipped = await async_load_classifier(hass)
    assert own.manifest == shipped.manifest


@pytest.mark.parametrize(
    "name",
    [
        "missing.tflite",
        "own.json",
        "../own.tflite",
        "sub/own.tflite",
        "/etc/passwd",
        "..",
        ".",
        "link.tflite",
        "own\0.tflite",
    ],
)
async def test_nothing_is_loaded_from_elsewhere(
    hass: HomeAssistant, folder: Path, name: str
) -> None:
    """Whatever a name tries: up, down, through a link, with a null byte."""
    copy(folder.parent / "own.tflite")
    (folder / "sub").mkdir()
    copy(folder / "sub" / "own.tflite")
    (folder / "link.tflite").symlink_to(folder.parent / "own.tflite")
    with pytest.raises(NoSoundError) as err:
        await async_load_classifier(hass, name)
    assert err.value.translation_key == "model_not_found"


async def test_a_damaged_model_says_so(hass: HomeAssistant, folder: Path) -> None:
    (folder / "own.tflite").write_bytes(b"no model")
    with pytest.raises(NoSoundError) as err:
        await async_load_classifier(hass, "own.tflite")
    assert err.value.translation_key == "model_error"
    assert err.value.translation_placeholders
    assert "own.tflite is damaged" in err.value.translation_placeholders["cause"]


async def test_a_detector_runs_the_model_that_was_chosen(
    hass: HomeAssistant, folder: Path, ear: Ear
) -> None:
    """And is not set up with another when that is gone."""
    data = {"source": "stream", "url": "http://camera.local/nursery"}
    entry = entry_for(data, options={"model": "own.tflite"})
    await async_set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert state_of(hass, entry, "model").startswith(
        entry.runtime_data.classifier.manifest.name
    )
    (folder / "own.tflite").unlink()
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "model_not_found"
