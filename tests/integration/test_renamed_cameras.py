"""A camera that is given another entity id is still the detector's camera."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import numpy as np
import pytest

from tests.integration.helpers import (
    async_set_up,
    async_wait_for,
    entry_for,
    room,
    state_of,
)
from tests.integration.test_config_flow import NurseryCamera, async_add_camera
from tests.streams import HttpStream


@pytest.fixture(autouse=True)
def known_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the camera in the entity registry, as what can be renamed is."""
    monkeypatch.setattr(NurseryCamera, "_attr_unique_id", "nursery", raising=False)


async def test_a_renamed_camera_is_listened_to_on(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    """The stream that is open goes on, and the next one is asked for by the new id."""
    sound = room(10).astype(np.float32)
    with HttpStream(sound) as before:
        camera = await async_add_camera(hass, before.url)
        data = {"source": "camera", "entity_id": camera.entity_id}
        entry = entry_for(data)
        await async_set_up(hass, entry)
        await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
        requests = len(before.requests)
        er.async_get(hass).async_update_entity(
            camera.entity_id, new_entity_id="camera.crib"
        )
        await hass.async_block_till_done()
        assert dict(entry.data) == {**data, "entity_id": "camera.crib"}
        assert state_of(hass, entry, "crying") == "off"
        assert len(before.requests) == requests
    with HttpStream(sound) as after:
        camera.url = after.url
        await async_wait_for(lambda: bool(after.requests))
        await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
        await hass.config_entries.async_unload(entry.entry_id)


async def test_a_detector_that_is_off_follows_its_camera_too(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    """And no other does; nor does anything but another id change what is stored."""
    camera = await async_add_camera(hass, None)
    mine = entry_for({"source": "camera", "entity_id": camera.entity_id})
    others = entry_for({"source": "camera", "entity_id": "camera.hall"}, title="Hall")
    for entry in (mine, others):
        await async_set_up(hass, entry)
        await hass.config_entries.async_unload(entry.entry_id)
    registry = er.async_get(hass)
    registry.async_update_entity(camera.entity_id, name="Crib")
    await hass.async_block_till_done()
    assert mine.data["entity_id"] == camera.entity_id
    registry.async_update_entity(camera.entity_id, new_entity_id="camera.crib")
    await hass.async_block_till_done()
    assert mine.data["entity_id"] == "camera.crib"
    assert others.data["entity_id"] == "camera.hall"
    registry.async_remove("camera.crib")
    await hass.async_block_till_done()
    assert mine.data["entity_id"] == "camera.crib"
