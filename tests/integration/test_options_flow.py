"""The options: what is behind each choice is shown, and what makes no sense is refused."""

import json
from pathlib import Path
import shutil
from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cry_detector import models
from custom_components.cry_detector.const import DOMAIN
from custom_components.cry_detector.engine.classifier import DEFAULT_MODEL
from custom_components.cry_detector.engine.manifest import Manifest
from custom_components.cry_detector.engine.sensitivity import (
    Sensitivity,
    episode_settings,
)
from custom_components.cry_detector.settings import DEFAULTS
from tests.integration.flows import shown
from tests.integration.helpers import async_set_up, async_wait_for, file_entry, state_of


@pytest.fixture
async def entry(hass: HomeAssistant, room_file: Path) -> MockConfigEntry:
    """Return a detector that listens to a quiet room."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    return entry


@pytest.fixture
def models_folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return the folder of the user's own models, in a configuration of this test's."""
    hass.config.config_dir = str(tmp_path)
    folder = tmp_path / DOMAIN
    folder.mkdir()
    return folder


def add_model(folder: Path, name: str) -> Path:
    """Put a model into a folder, under a name of its own."""
    path = folder / f"{name}.tflite"
    shutil.copy(DEFAULT_MODEL, path)
    manifest = json.loads(DEFAULT_MODEL.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(manifest | {"name": name}))
    return path


async def async_open(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the options."""
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert form["type"] is FlowResultType.FORM
    assert (form["step_id"], form["preview"]) == ("init", DOMAIN)
    assert not form["errors"]
    return form


async def async_submit(
    hass: HomeAssistant, form: ConfigFlowResult, values: dict[str, Any]
) -> ConfigFlowResult:
    """Submit the options."""
    result = await hass.config_entries.options.async_configure(form["flow_id"], values)
    await hass.async_block_till_done()
    return result


async def test_what_is_not_changed_stays_the_default(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Also when a later version has a better one; and nothing is started anew for it."""
    coordinator = entry.runtime_data
    form = await async_open(hass, entry)
    result = await async_submit(hass, form, shown(form))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {}
    assert entry.runtime_data is coordinator


async def test_the_numbers_behind_each_sensitivity_are_shown(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """In percent, as the entity of the confidence shows it."""
    form = await async_open(hass, entry)
    said = form["description_placeholders"]
    manifest = Manifest.load(DEFAULT_MODEL)
    for level in Sensitivity:
        behind = episode_settings(manifest, level)
        assert said[f"{level}_on"] == f"{100 * behind.on_threshold:.0f}"
        assert said[f"{level}_off"] == f"{100 * behind.off_threshold:.0f}"
    assert (said["confirm"], said["hold"], said["smoothing"]) == tuple(
        f"{DEFAULTS[key]:g}" for key in ("confirm", "hold", "smoothing")
    )
    values = shown(form)
    assert values["sensitivity"] == "medium"
    assert values["thresholds"] == {
        "on_threshold": round(100 * manifest.on_threshold),
        "off_threshold": round(100 * manifest.off_threshold),
    }
    assert values["times"] == {
        key: DEFAULTS[key] for key in ("confirm", "hold", "smoothing")
    }
    assert values["own_model"] == {"model": "shipped"}


async def test_all_that_is_changed_is_used(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Stored flat, and at work after the reload that the dialog makes."""
    coordinator = entry.runtime_data
    form = await async_open(hass, entry)
    values = {
        "sensitivity": "custom",
        "thresholds": {"on_threshold": 85, "off_threshold": 45},
        "times": {"confirm": 3, "hold": 12.5, "smoothing": 2},
        "input": {"gain": 10, "loud_margin": 20},
        "reports": {"report_interval": 30, "reminder": 10},
        "own_model": {"model": "shipped"},
    }
    result = await async_submit(hass, form, values)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert dict(entry.options) == {
        "sensitivity": "custom",
        "on_threshold": 0.85,
        "off_threshold": 0.45,
        "confirm": 3,
        "hold": 12.5,
        "smoothing": 2,
        "gain": 10,
        "loud_margin": 20,
        "report_interval": 30,
        "reminder": 10,
    }
    assert entry.runtime_data is not coordinator
    settings = entry.runtime_data.settings
    assert (settings.on_threshold, settings.off_threshold) == (0.85, 0.45)
    assert (settings.hold_s, settings.gain_db, settings.confirm_s) == (12.5, 10, 3)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")

    # What was changed is shown the next time, and its sections are open.
    form = await async_open(hass, entry)
    assert shown(form) == values
    assert collapsed(form) == {
        "thresholds": False,
        "times": False,
        "input": False,
        "reports": False,
        "own_model": True,
    }


def collapsed(form: ConfigFlowResult) -> dict[str, bool]:
    """Return which sections of a form are closed at first."""
    schema = form["data_schema"]
    assert schema is not None
    return {
        str(key): field.options["collapsed"]
        for key, field in schema.schema.items()
        if hasattr(field, "options")
    }


async def test_sections_are_closed_until_something_in_them_is_changed(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A parent sees the sensitivity first."""
    assert set(collapsed(await async_open(hass, entry)).values()) == {True}
    hass.config_entries.async_update_entry(entry, options={"sensitivity": "custom"})
    sections = collapsed(await async_open(hass, entry))
    assert [name for name, closed in sections.items() if not closed] == ["thresholds"]


async def test_crying_cannot_end_at_a_higher_confidence_than_it_begins(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """The section says so, and what was entered stays."""
    form = await async_open(hass, entry)
    values = shown(form) | {
        "sensitivity": "custom",
        "thresholds": {"on_threshold": 40, "off_threshold": 41},
    }
    again = await async_submit(hass, form, values)
    assert again["type"] is FlowResultType.FORM
    assert again["errors"] == {"thresholds": "off_over_on"}
    assert shown(again) == values
    values["thresholds"] = {"on_threshold": 41, "off_threshold": 41}
    result = await async_submit(hass, again, values)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [
        ("thresholds", "on_threshold", 100),
        ("thresholds", "off_threshold", 0),
        ("times", "hold", 61),
        ("times", "confirm", -1),
        ("input", "gain", 41),
        ("reports", "report_interval", 0),
        ("reports", "reminder", -1),
        ("own_model", "model", "other.tflite"),
        ("own_model", "model", "../cry_detector/cry.tflite"),
    ],
)
async def test_what_is_out_of_range_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry, where: str, key: str, value: object
) -> None:
    """At its field, whoever sends it."""
    form = await async_open(hass, entry)
    values = shown(form)
    values[where][key] = value
    with pytest.raises(InvalidData) as refused:
        await async_submit(hass, form, values)
    assert str(where) in refused.value.schema_errors or refused.value.path[0] == where


async def test_a_model_of_ones_own(
    hass: HomeAssistant, entry: MockConfigEntry, models_folder: Path
) -> None:
    """It is listed by its name, and used."""
    add_model(models_folder, "ours")
    (models_folder / "notes.txt").write_text("not a model")
    form = await async_open(hass, entry)
    assert str(models_folder) == form["description_placeholders"]["folder"]
    values = shown(form)
    values["own_model"] = {"model": "ours.tflite"}
    result = await async_submit(hass, form, values)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert dict(entry.options) == {"model": "ours.tflite"}
    assert entry.runtime_data.classifier.manifest.name == "ours"

    # Back to the shipped one.
    form = await async_open(hass, entry)
    assert shown(form)["own_model"] == {"model": "ours.tflite"}
    await async_submit(hass, form, shown(form) | {"own_model": {"model": "shipped"}})
    assert entry.options == {}
    assert entry.runtime_data.classifier.manifest.name != "ours"


async def test_custom_thresholds_do_not_follow_another_model(
    hass: HomeAssistant, entry: MockConfigEntry, models_folder: Path
) -> None:
    """Those that the form showed are stored and in force, though they are the model's."""
    manifest = add_model(models_folder, "ours").with_suffix(".json")
    theirs = json.loads(manifest.read_text())
    theirs["thresholds"] |= {"on": 0.5, "off": 0.3}
    theirs["thresholds"] |= {"low": {"on": 0.6, "off": 0.4}}
    theirs["thresholds"] |= {"high": {"on": 0.4, "off": 0.2}}
    manifest.write_text(json.dumps(theirs))
    form = await async_open(hass, entry)
    values = shown(form) | {"sensitivity": "custom"}
    values["own_model"] = {"model": "ours.tflite"}
    await async_submit(hass, form, values)
    wanted = {key: value / 100 for key, value in values["thresholds"].items()}
    assert dict(entry.options) == {
        "sensitivity": "custom",
        "model": "ours.tflite",
        **wanted,
    }
    settings = entry.runtime_data.settings
    assert (settings.on_threshold, settings.off_threshold) == tuple(wanted.values())
    form = await async_open(hass, entry)
    assert shown(form) == values


async def test_custom_thresholds_that_are_the_models_are_not_kept_for_others(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A sensitivity takes those that are right for the model."""
    form = await async_open(hass, entry)
    await async_submit(hass, form, shown(form) | {"sensitivity": "custom"})
    assert set(entry.options) == {"sensitivity", "on_threshold", "off_threshold"}
    form = await async_open(hass, entry)
    await async_submit(hass, form, shown(form) | {"sensitivity": "medium"})
    assert entry.options == {}


async def test_a_damaged_model_is_refused_with_the_cause(
    hass: HomeAssistant, entry: MockConfigEntry, models_folder: Path
) -> None:
    """The detector goes on with the one that it has."""
    damaged = add_model(models_folder, "ours")
    damaged.write_bytes(damaged.read_bytes()[:-100])
    form = await async_open(hass, entry)
    values = shown(form) | {"own_model": {"model": "ours.tflite"}}
    again = await async_submit(hass, form, values)
    assert again["errors"] == {"own_model": "model_error"}
    assert "ours.tflite is damaged" in again["description_placeholders"]["cause"]
    assert entry.options == {}
    assert shown(again) == values


async def test_a_model_that_is_gone_is_still_shown(
    hass: HomeAssistant, entry: MockConfigEntry, models_folder: Path
) -> None:
    """And that it is gone is said, so that another one can be chosen."""
    path = add_model(models_folder, "ours")
    hass.config_entries.async_update_entry(entry, options={"model": "ours.tflite"})
    await hass.config_entries.async_unload(entry.entry_id)
    path.unlink()
    form = await async_open(hass, entry)
    assert shown(form)["own_model"] == {"model": "ours.tflite"}
    again = await async_submit(hass, form, shown(form))
    assert again["errors"] == {"own_model": "model_not_found"}
    assert again["description_placeholders"]["model"] == "ours.tflite"
    values = shown(again) | {"own_model": {"model": "shipped"}}
    result = await async_submit(hass, again, values)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {}


async def test_a_detector_that_is_removed_has_no_options(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A dialog that still stands open says so."""
    form = await async_open(hass, entry)
    await hass.config_entries.async_remove(entry.entry_id)
    result = await async_submit(hass, form, shown(form))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "removed")


async def test_without_any_whole_model_there_is_nothing_to_choose(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    models_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The dialog says what is broken."""
    await hass.config_entries.async_unload(entry.entry_id)
    monkeypatch.setattr(models, "DEFAULT_MODEL", models_folder / "missing.tflite")
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "model_error"
    assert "missing" in result["description_placeholders"]["cause"]
