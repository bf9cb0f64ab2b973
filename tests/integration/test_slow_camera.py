"""A camera that takes its time to send its first sound."""

from collections.abc import Iterator
import socket
from typing import override

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import numpy as np
import pytest

from custom_components.cry_detector.engine.sources import PATIENCE_S
from tests.faults import NOTICED_WITHIN_S
from tests.integration.flows import async_close_dialog
from tests.integration.helpers import (
    async_set_up,
    async_start_flow,
    async_submit,
    async_wait_for_state,
    room,
    state_of,
    stream_entry,
)
from tests.streams import HttpStream

WAKES_UP_S = PATIENCE_S + 4.0


class SlowCamera(HttpStream):
    """Answers each call only when it has woken up for it."""

    @override
    def _serve(self, connection: socket.socket) -> None:
        if not self.wait(WAKES_UP_S):
            super()._serve(connection)


@pytest.fixture
def slow_camera(socket_enabled: None) -> Iterator[SlowCamera]:
    """Return a camera in a quiet room."""
    with SlowCamera(room(10).astype(np.float32)) as camera:
        yield camera


async def test_a_camera_that_is_slow_to_wake_up_is_waited_for(
    hass: HomeAssistant, slow_camera: SlowCamera
) -> None:
    """It is said within ten seconds that no sound arrives, and it is heard in the end; after a loss in good time."""
    entry = stream_entry(slow_camera.url)
    await async_set_up(hass, entry)
    noticed_s = await async_wait_for_state(hass, entry, "audio_input", "off")
    assert noticed_s < NOTICED_WITHIN_S
    assert state_of(hass, entry, "crying") == "unavailable"
    await async_wait_for_state(hass, entry, "crying", "off", timeout_s=60.0)
    slow_camera.cut()
    await async_wait_for_state(hass, entry, "crying", "unavailable")
    recovered_s = await async_wait_for_state(
        hass, entry, "crying", "off", timeout_s=60.0
    )
    assert recovered_s < WAKES_UP_S + 10.0


async def test_a_camera_that_is_slow_to_wake_up_can_be_set_up(
    hass: HomeAssistant, slow_camera: SlowCamera
) -> None:
    """The page that says what was heard is shown, and no error."""
    form = await async_start_flow(hass, "stream")
    result = await async_submit(
        hass, form["flow_id"], {"name": "Nursery", "url": slow_camera.url}
    )
    assert result["type"] is FlowResultType.FORM
    assert (result["step_id"], result["errors"] or {}) == ("result", {})
    await async_close_dialog(hass, result)
