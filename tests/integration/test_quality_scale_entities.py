"""The rules of the Integration Quality Scale that are about entities, on those of a real detector."""

import importlib
import json
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.cry_detector as integration
from custom_components.cry_detector.const import DOMAIN
from tests.integration.helpers import (
    async_set_up,
    async_wait_for,
    file_entry,
    nothing_listens,
    state_of,
)

INTEGRATION = Path(integration.__file__).parent
ENGLISH: dict[str, Any] = json.loads((INTEGRATION / "translations/en.json").read_text())
ICONS: dict[str, Any] = json.loads((INTEGRATION / "icons.json").read_text())

# For these there is no device class: levels in dBFS and ratios in dB are no sound
# pressure, and a probability, a count, a name, a choice, an occasion and a button that
# does something of its own have none.
WITHOUT_DEVICE_CLASS = {
    "amplitude",
    "confidence",
    "cry",
    "engine",
    "episodes_today",
    "gain",
    "load",
    "model",
    "noise_floor",
    "peak",
    "sensitivity",
    "test_alarm",
}
DISABLED = {"noise_floor", "peak"}
CONFIG = {"gain", "hold", "sensitivity"}
DIAGNOSTIC = {"audio_input", "audio_lost", "engine", "load", "model", "test_alarm"}
# What is known, or can be set, with and without sound.
ALWAYS_AVAILABLE = (
    CONFIG
    | DIAGNOSTIC
    | {
        "cry",
        "crying_today",
        "episodes_today",
        "last_cry",
        "last_cry_duration",
        "listening",
    }
) - {"load"}


def platforms() -> list[str]:
    """Return the modules that have entities."""
    return [
        platform.value
        for platform in Platform
        if (INTEGRATION / f"{platform.value}.py").exists()
    ]


def key_of(item: er.RegistryEntry, entry: MockConfigEntry) -> str:
    """Return by what key an entity goes."""
    prefix = f"{entry.entry_id}_"
    assert item.unique_id.startswith(prefix)
    return item.unique_id.removeprefix(prefix)


@pytest.fixture
async def entry(hass: HomeAssistant, room_file: Path) -> MockConfigEntry:
    """Return a detector that hears."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: entry.runtime_data.audio_ok)
    return entry


@pytest.fixture
def entities(
    hass: HomeAssistant, entry: MockConfigEntry
) -> dict[str, er.RegistryEntry]:
    """Return its entities by their keys."""
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    by_key = {key_of(item, entry): item for item in found}
    assert {item.domain for item in found} == set(platforms())
    assert len(by_key) == len(found)
    return by_key


def test_entity_unique_id(
    entities: dict[str, er.RegistryEntry], entry: MockConfigEntry
) -> None:
    """Each is the entry's with the key of the entity: never a name, which may change."""
    for key, item in entities.items():
        assert item.unique_id == f"{entry.entry_id}_{key}"
        assert key == item.translation_key


def test_has_entity_name(entities: dict[str, er.RegistryEntry]) -> None:
    """Their names are their own; the device's comes before them."""
    for item in entities.values():
        assert item.has_entity_name
        assert item.original_name


def test_devices(hass: HomeAssistant, entities: dict[str, er.RegistryEntry]) -> None:
    """All belong to one device, which says what it is."""
    (device_id,) = {item.device_id for item in entities.values()}
    assert device_id
    device = dr.async_get(hass).async_get(device_id)
    assert device
    assert device.name == "Nursery"
    assert device.manufacturer
    assert device.model
    assert device.sw_version


def test_entity_category(entities: dict[str, er.RegistryEntry]) -> None:
    """Settings are settings, and what says how the detector itself does is diagnostic."""
    categories = {
        category: {
            key for key, item in entities.items() if item.entity_category is category
        }
        for category in EntityCategory
    }
    assert categories == {
        EntityCategory.CONFIG: CONFIG,
        EntityCategory.DIAGNOSTIC: DIAGNOSTIC,
    }


def test_entity_device_class(entities: dict[str, er.RegistryEntry]) -> None:
    """Whatever there is a device class for has it."""
    without = {key for key, item in entities.items() if not item.original_device_class}
    assert without == WITHOUT_DEVICE_CLASS


def test_entity_disabled_by_default(entities: dict[str, er.RegistryEntry]) -> None:
    """What few look at, and what changes with every report, is off at first."""
    assert {key for key, item in entities.items() if item.disabled_by} == DISABLED


def test_entity_translations(entities: dict[str, er.RegistryEntry]) -> None:
    """Each has its name in the translations, and no name is left over; options, too."""
    names = {
        (platform, key)
        for platform, keys in ENGLISH["entity"].items()
        for key, words in keys.items()
        if words["name"]
    }
    assert names == {(item.domain, key) for key, item in entities.items()}
    for key, item in entities.items():
        options = (item.capabilities or {}).get("options")
        if options:
            words = ENGLISH["entity"][item.domain][key]
            assert set(words["state"]) == set(options)


def test_icon_translations(entities: dict[str, er.RegistryEntry]) -> None:
    """Each has its icon there, and none carries one itself."""
    icons = {
        (platform, key) for platform, keys in ICONS["entity"].items() for key in keys
    }
    assert icons == {(item.domain, key) for key, item in entities.items()}
    assert not any(item.original_icon for item in entities.values())
    for keys in ICONS["entity"].values():
        for icon in keys.values():
            assert icon["default"].startswith("mdi:")


@pytest.mark.parametrize("platform", platforms())
def test_parallel_updates(platform: str) -> None:
    """Every platform says how many of its entities may be called upon at once."""
    module = importlib.import_module(f"custom_components.{DOMAIN}.{platform}")
    assert module.PARALLEL_UPDATES in (0, 1)


async def test_entity_unavailable(hass: HomeAssistant, media: Path) -> None:
    """What depends on sound is unavailable without, and only that; Audio input says so."""
    entry = file_entry(media / "missing.wav")
    await async_set_up(hass, entry)
    await async_wait_for(lambda: entry.runtime_data.lost_since is not None)
    states = {
        key_of(item, entry): state_of(hass, entry, key_of(item, entry))
        for item in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if not item.disabled_by
    }
    available = {key for key, state in states.items() if state != STATE_UNAVAILABLE}
    assert available == ALWAYS_AVAILABLE
    assert states["audio_input"] == "off"


async def test_log_when_unavailable(
    hass: HomeAssistant, media: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Once when the sound is lost, however often it is tried again; test_coordinator has the way back."""
    entry = file_entry(media / "missing.wav")
    await async_set_up(hass, entry)
    coordinator = entry.runtime_data
    reconnector = coordinator._reconnector
    await async_wait_for(lambda: reconnector._failures >= 3)
    warnings = [
        record
        for record in caplog.records
        if record.name.startswith(integration.__name__) and record.levelname != "DEBUG"
    ]
    assert [record.levelname for record in warnings] == ["WARNING"]


async def test_config_entry_unloading(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """It ends without a restart; test_init counts what is left."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert nothing_listens()
    assert state_of(hass, entry, "crying") == STATE_UNAVAILABLE
