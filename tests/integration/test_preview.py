"""The live preview: what is heard now is seen in the dialogs, over a real WebSocket."""

from collections.abc import AsyncIterator
from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant
import numpy as np
import pytest
from pytest_homeassistant_custom_component.typing import (
    MockHAClientWebSocket,
    WebSocketGenerator,
)

from custom_components.cry_detector import source_flow, trial
from tests.integration.flows import async_close_dialog, async_decide, async_hear, shown
from tests.integration.helpers import (
    async_set_up,
    async_submit,
    async_wait_for,
    file_entry,
    listening_threads,
    nothing_listens,
    room,
    state_of,
    stream_entry,
    write_wav,
)
from tests.streams import HttpStream

LEVELS = re.compile(r"(-?\d+) dBFS, crying (\d+) %")


@pytest.fixture
async def client(
    hass: HomeAssistant, socket_enabled: None, hass_ws_client: WebSocketGenerator
) -> MockHAClientWebSocket:
    """Return what the frontend is to Home Assistant."""
    return await hass_ws_client(hass)


async def async_preview(
    client: MockHAClientWebSocket, flow: Any, user_input: dict[str, Any] | None = None
) -> int:
    """Ask for the preview of a dialog, as the frontend does; return its id."""
    kind = "options_flow" if flow["step_id"] == "init" else "config_flow"
    await client.send_json_auto_id(
        {
            "type": "cry_detector/start_preview",
            "flow_id": flow["flow_id"],
            "flow_type": kind,
            "user_input": user_input or {},
        }
    )
    answer = await client.receive_json()
    assert answer["success"], answer
    return int(answer["id"])


async def async_events(client: MockHAClientWebSocket) -> AsyncIterator[dict[str, Any]]:
    """Yield what is to be shown."""
    while True:
        message = await client.receive_json(timeout=15)
        assert message["type"] == "event", message
        yield message["event"]


async def async_level(client: MockHAClientWebSocket) -> int:
    """Return the next level that is shown."""
    async for event in async_events(client):
        if found := LEVELS.match(event["state"]):
            return int(found[1])
    raise AssertionError


async def async_error(client: MockHAClientWebSocket) -> str:
    """Return why the preview ends."""
    async for event in async_events(client):
        if error := event.get("error"):
            return str(error)
    raise AssertionError


@pytest.mark.usefixtures("quick_trial")
async def test_the_preview_follows_the_room(
    hass: HomeAssistant, media: Path, client: MockHAClientWebSocket
) -> None:
    """It goes up by as much as the room gets louder, and stands under the detector's name."""
    sound = np.concatenate([room(8), room(8, level_dbfs=-10)])
    path = write_wav(media / "room.wav", sound)
    result = await async_hear(
        hass, "file", {"path": str(path), "loop": True}, name="Den"
    )
    await async_preview(client, result)
    shown = [event async for event in async_take(client, 24)]
    assert shown[0]["state"] == "Listening …"
    assert {event["domain"] for event in shown} == {"sensor"}
    assert {event["attributes"]["friendly_name"] for event in shown} == {"Den"}
    found = [LEVELS.fullmatch(event["state"]) for event in shown[1:]]
    levels = [int(match[1]) for match in found if match]
    assert len(levels) == len(shown) - 1
    assert min(levels) in range(-52, -48)
    assert max(levels) in range(-12, -8)
    await async_close_dialog(hass, result)


async def async_take(
    client: MockHAClientWebSocket, count: int
) -> AsyncIterator[dict[str, Any]]:
    """Yield so many of the next events."""
    async for event in async_events(client):
        yield event
        count -= 1
        if not count:
            return


@pytest.mark.usefixtures("quick_trial")
async def test_the_source_stays_open_only_while_it_is_watched(
    hass: HomeAssistant,
    room_file: Path,
    client: MockHAClientWebSocket,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It closes soon after the page has gone, and opens again for one that comes back."""
    monkeypatch.setattr(trial, "LINGER_S", 1.0)
    result = await async_hear(hass, "file", {"path": str(room_file), "loop": True})
    await async_preview(client, result)
    await async_level(client)
    (thread,) = listening_threads()
    await client.close()
    assert 0.5 < await async_wait_for(nothing_listens) < 4.0

    client = await hass_ws_client(hass)
    first = await async_preview(client, result)
    assert -52 <= await async_level(client) <= -48
    assert listening_threads() == [thread]
    # As when a field of the form changes: the old one ends, and a new one begins.
    await client.send_json_auto_id(
        {"type": "unsubscribe_events", "subscription": first}
    )
    while "success" not in (answer := await client.receive_json()):
        pass
    assert answer["success"]
    await async_preview(client, result)
    await async_level(client)
    assert listening_threads() == [thread]
    await async_close_dialog(hass, result)


@pytest.mark.usefixtures("quick_trial")
async def test_nobody_is_listened_to_for_ever(
    hass: HomeAssistant,
    room_file: Path,
    client: MockHAClientWebSocket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A dialog that is left open stops listening, and says so."""
    assert trial.LONGEST_WATCH_S == 600.0
    result = await async_hear(hass, "file", {"path": str(room_file), "loop": True})
    monkeypatch.setattr(trial, "LONGEST_WATCH_S", 1.5)
    await async_preview(client, result)
    assert "The preview is over" in await async_error(client)
    assert await async_wait_for(nothing_listens) < 2.0
    # What was heard can still be added.
    result = await async_decide(hass, result, "add")
    assert result["type"] == "create_entry"


@pytest.mark.usefixtures("quick_trial")
async def test_a_change_of_the_source_is_not_over_while_it_is_watched(
    hass: HomeAssistant,
    media: Path,
    room_file: Path,
    client: MockHAClientWebSocket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody has abandoned it; once the page has gone, it ends."""
    monkeypatch.setattr(source_flow, "ABANDONED_S", 2.0)
    entry = file_entry(media / "other.wav")
    entry.add_to_hass(hass)
    menu = await entry.start_reconfigure_flow(hass)
    await hass.config_entries.flow.async_configure(
        menu["flow_id"], {"next_step_id": "file"}
    )
    source = {"path": str(room_file), "loop": True}
    result = await async_submit(hass, menu["flow_id"], source)
    await async_preview(client, result)
    for _ in range(10):
        await async_level(client)
    assert hass.config_entries.flow.async_get(result["flow_id"])
    await client.close()
    await async_wait_for(lambda: not hass.config_entries.flow.async_progress())
    assert await async_wait_for(nothing_listens) < 2.0


@pytest.mark.usefixtures("quick_trial")
async def test_a_stream_that_dies_while_it_is_watched(
    hass: HomeAssistant, client: MockHAClientWebSocket
) -> None:
    """The preview says why it stands still."""
    with HttpStream(room(10).astype(np.float32)) as stream:
        result = await async_hear(hass, "stream", {"url": stream.url})
        await async_preview(client, result)
        await async_level(client)
    assert "Stream ends" in await async_error(client)
    assert nothing_listens()
    # The next one to look opens it again, and is told what is wrong.
    await async_preview(client, result)
    assert "refused" in await async_error(client)
    await async_close_dialog(hass, result)


@pytest.mark.usefixtures("quick_trial")
async def test_adding_the_detector_frees_the_source_for_it(
    hass: HomeAssistant, room_file: Path, client: MockHAClientWebSocket
) -> None:
    """The preview has ended when the detector begins."""
    result = await async_hear(hass, "file", {"path": str(room_file), "loop": True})
    await async_preview(client, result)
    await async_level(client)
    result = await async_decide(hass, result, "add")
    entry = result["result"]
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    assert len(listening_threads()) == 1


@pytest.mark.usefixtures("quick_trial")
async def test_only_who_may_add_detectors_may_listen(
    hass: HomeAssistant,
    room_file: Path,
    socket_enabled: None,
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
) -> None:
    """What is heard in a room is not everyone's affair."""
    result = await async_hear(hass, "file", {"path": str(room_file), "loop": True})
    client = await hass_ws_client(hass, hass_read_only_access_token)
    await client.send_json_auto_id(
        {
            "type": "cry_detector/start_preview",
            "flow_id": result["flow_id"],
            "flow_type": "config_flow",
            "user_input": {},
        }
    )
    answer = await client.receive_json()
    assert answer["error"]["code"] == "unauthorized"
    await async_close_dialog(hass, result)


@pytest.mark.usefixtures("quick_trial")
@pytest.mark.parametrize("kind", ["config_flow", "options_flow"])
async def test_a_dialog_that_is_closed_has_no_preview(
    hass: HomeAssistant, room_file: Path, client: MockHAClientWebSocket, kind: str
) -> None:
    """It is refused in words that the frontend shows."""
    # Commands are there from the first dialog on.
    result = await async_hear(hass, "file", {"path": str(room_file), "loop": True})
    await async_close_dialog(hass, result)
    await client.send_json_auto_id(
        {
            "type": "cry_detector/start_preview",
            "flow_id": result["flow_id"],
            "flow_type": kind,
            "user_input": {},
        }
    )
    answer = await client.receive_json()
    assert answer["error"]["code"] == "not_found"
    assert "no preview" in answer["error"]["message"]
    assert nothing_listens()


async def test_the_options_show_what_the_detector_hears(
    hass: HomeAssistant, room_file: Path, client: MockHAClientWebSocket
) -> None:
    """Through its own listener, as with the gain and the sensitivity of the form."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    form = await hass.config_entries.options.async_init(entry.entry_id)
    values = shown(form)
    assert values["input"]["gain"] == 0

    first = await async_preview(client, form, values)
    assert -52 <= await async_level(client) <= -48
    assert len(listening_threads()) == 1
    await client.send_json_auto_id(
        {"type": "unsubscribe_events", "subscription": first}
    )
    while "success" not in await client.receive_json():
        pass

    values["input"]["gain"] = 20
    values["sensitivity"] = "custom"
    values["thresholds"] = {"on_threshold": 42, "off_threshold": 20}
    await async_preview(client, form, values)
    async for event in async_events(client):
        if found := LEVELS.match(event["state"]):
            assert -32 <= int(found[1]) <= -28
            assert event["state"].endswith(" % (from 42 %)")
            break
    hass.config_entries.options.async_abort(form["flow_id"])


async def test_a_gain_that_is_turned_meanwhile_counts_once(
    hass: HomeAssistant, room_file: Path, client: MockHAClientWebSocket
) -> None:
    """The form shows the level as with its own gain, whatever the one in use is."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    values = shown(form)
    values["input"]["gain"] = 20
    await async_preview(client, form, values)
    assert -32 <= await async_level(client) <= -28
    entry.runtime_data.async_change(gain=20)
    # What was on its way was heard with the old one.
    levels = [await async_level(client) for _ in range(5)]
    assert -32 <= levels[-1] <= -28
    hass.config_entries.options.async_abort(form["flow_id"])


async def test_options_that_make_no_sense_yet_show_what_is_in_use(
    hass: HomeAssistant, room_file: Path, client: MockHAClientWebSocket
) -> None:
    """A field may be empty while somebody writes in it."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    await async_preview(client, form, {"sensitivity": "medium", "input": {}})
    assert -52 <= await async_level(client) <= -48
    hass.config_entries.options.async_abort(form["flow_id"])


async def test_the_options_of_a_detector_that_hears_nothing_say_why(
    hass: HomeAssistant, client: MockHAClientWebSocket
) -> None:
    """It is paused, or its source is lost."""
    with HttpStream(room(10).astype(np.float32)) as stream:
        entry = stream_entry(stream.url)
        await async_set_up(hass, entry)
        await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
        form = await hass.config_entries.options.async_init(entry.entry_id)
        await async_preview(client, form)
        await async_level(client)
    states = (event["state"] async for event in async_events(client))
    assert [state async for state in async_until(states, "Stream ends")]

    await entry.runtime_data.async_set_listening(False)
    assert [state async for state in async_until(states, "does not listen")]
    hass.config_entries.options.async_abort(form["flow_id"])


async def test_the_options_follow_a_detector_that_is_set_up_anew(
    hass: HomeAssistant, room_file: Path, client: MockHAClientWebSocket
) -> None:
    """While it does not run they say so, and do not stand still."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    preview = await async_preview(client, form, shown(form))
    await async_level(client)
    await hass.config_entries.async_unload(entry.entry_id)
    states = (event["state"] async for event in async_events(client))
    assert [state async for state in async_until(states, "does not run")]
    await hass.config_entries.async_setup(entry.entry_id)
    assert -52 <= await async_level(client) <= -48

    await client.send_json_auto_id(
        {"type": "unsubscribe_events", "subscription": preview}
    )
    while "success" not in await client.receive_json():
        pass
    assert not entry._on_state_change
    hass.config_entries.options.async_abort(form["flow_id"])


async def async_until(states: AsyncIterator[str], text: str) -> AsyncIterator[str]:
    """Yield states up to the one that holds a text."""
    async for state in states:
        yield state
        if text in state:
            return


async def test_a_detector_that_does_not_run_has_no_preview(
    hass: HomeAssistant, room_file: Path, client: MockHAClientWebSocket
) -> None:
    """Its options can be changed all the same."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert form["step_id"] == "init"
    await client.send_json_auto_id(
        {
            "type": "cry_detector/start_preview",
            "flow_id": form["flow_id"],
            "flow_type": "options_flow",
            "user_input": {},
        }
    )
    answer = await client.receive_json()
    assert answer["error"]["code"] == "not_found"
    hass.config_entries.options.async_abort(form["flow_id"])
