"""Another source, or another password, for a detector that there is: it stays the same detector."""

import base64
from pathlib import Path
import socket
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import numpy as np
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.flows import (
    async_close_dialog,
    async_decide,
    check_result,
    choices,
    suggested,
)
from tests.integration.helpers import (
    async_set_up,
    async_start_flow,
    async_submit,
    async_wait_for,
    children,
    file_entry,
    room,
    state_of,
    stream_entry,
    write_wav,
)
from tests.streams import HttpStream

USER = "parent"
OLD_PASSWORD = "alt@1"
NEW_PASSWORD = "neu/2"


class LockedStream(HttpStream):
    """A stream for those who know the password."""

    password = OLD_PASSWORD

    @override
    def _serve(self, connection: socket.socket) -> None:
        head = connection.recv(4096, socket.MSG_PEEK).decode()
        token = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        if f"Authorization: Basic {token}" in head:
            super()._serve(connection)
            return
        connection.sendall(
            b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n"
            b'WWW-Authenticate: Basic realm="nursery"\r\nConnection: close\r\n\r\n'
        )

    def url_with(self, password: str) -> str:
        """Return the URL of somebody who knows a password."""
        return self.url.replace("//", f"//{USER}:{password}@")


@pytest.fixture
async def entry(hass: HomeAssistant, room_file: Path) -> MockConfigEntry:
    """Return a detector that listens to a quiet room."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    return entry


async def async_reconfigure(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str
) -> ConfigFlowResult:
    """Start to reconfigure a detector; return the form of a kind of source."""
    menu = await entry.start_reconfigure_flow(hass)
    assert menu["type"] is FlowResultType.MENU
    assert menu["step_id"] == "reconfigure"
    assert menu["menu_options"] == ["microphone", "camera", "stream", "file"]
    assert menu["description_placeholders"] == {"name": entry.title}
    form = await hass.config_entries.flow.async_configure(
        menu["flow_id"], {"next_step_id": kind}
    )
    assert form["type"] is FlowResultType.FORM
    return form


def unique_ids(hass: HomeAssistant, entry: MockConfigEntry) -> set[tuple[str, str]]:
    """Return what the entities of an entry are known by."""
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {(entity.entity_id, entity.unique_id) for entity in found}


@pytest.mark.usefixtures("quick_trial")
async def test_a_detector_gets_a_source_of_another_kind(
    hass: HomeAssistant, entry: MockConfigEntry, room_stream: HttpStream
) -> None:
    """Its name, its entities and its options stay; nothing of the old source does."""
    hass.config_entries.async_update_entry(entry, options={"hold": 9})
    before = unique_ids(hass, entry)
    assert before
    form = await async_reconfigure(hass, entry, "stream")
    assert [str(key) for key in form["data_schema"].schema] == ["url"]
    result = await async_submit(hass, form["flow_id"], {"url": room_stream.url})
    check_result(result)
    assert choices(result) == ["use", "listen", "change"]
    assert state_of(hass, entry, "crying") == "off"
    result = await async_decide(hass, result, "use")
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.title == "Nursery"
    assert dict(entry.data) == {"source": "stream", "url": room_stream.url}
    assert dict(entry.options) == {"hold": 9}
    assert unique_ids(hass, entry) == before
    await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
    assert len(children()) == 1


@pytest.mark.usefixtures("quick_trial")
async def test_what_there_is_is_shown_and_can_be_changed(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Only the repeating of a file, for instance."""
    form = await async_reconfigure(hass, entry, "file")
    entered = suggested(form)
    assert entered == {"path": entry.data["path"], "loop": True}
    result = await async_submit(hass, form["flow_id"], entered | {"loop": False})
    await async_decide(hass, result, "use")
    await hass.async_block_till_done()
    assert entry.data["loop"] is False


async def test_the_source_that_is_heard_already_is_not_opened_twice(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """A microphone may let itself be opened only once."""
    form = await async_reconfigure(hass, entry, "file")
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], suggested(form)
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.usefixtures("quick_trial")
async def test_a_dead_source_is_refused_and_the_old_one_goes_on(
    hass: HomeAssistant, entry: MockConfigEntry, media: Path
) -> None:
    """Until the user decides, nothing has changed."""
    data = dict(entry.data)
    form = await async_reconfigure(hass, entry, "file")
    missing = {"path": str(media / "missing.wav"), "loop": True}
    result = await async_submit(hass, form["flow_id"], missing)
    assert result["errors"] == {"path": "file_not_found"}
    write_wav(media / "missing.wav", room(5))
    result = await async_submit(hass, form["flow_id"], missing)
    menu = await async_decide(hass, result, "change")
    assert menu["step_id"] == "reconfigure"
    hass.config_entries.flow.async_abort(menu["flow_id"])
    await async_wait_for(lambda: len(children()) == 1)
    assert dict(entry.data) == data
    assert state_of(hass, entry, "crying") == "off"


@pytest.mark.usefixtures("quick_trial")
async def test_the_source_of_another_detector_is_refused(
    hass: HomeAssistant, entry: MockConfigEntry, room_stream: HttpStream
) -> None:
    """However it is written."""
    other = stream_entry(room_stream.url, title="Den")
    await async_set_up(hass, other)
    form = await async_reconfigure(hass, entry, "stream")
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"],
        {"url": room_stream.url.replace("http://", "http://parent:secret@")},
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


@pytest.mark.usefixtures("quick_trial")
@pytest.mark.parametrize("heard", [False, True])
async def test_a_detector_that_is_removed_has_no_source_to_change(
    hass: HomeAssistant, entry: MockConfigEntry, media: Path, heard: bool
) -> None:
    """A dialog that still stands open says so."""
    page = await async_reconfigure(hass, entry, "file")
    answer: dict[str, Any] = {"path": str(media / "other.wav"), "loop": True}
    if heard:
        write_wav(media / "other.wav", room(5))
        page = await async_submit(hass, page["flow_id"], answer)
        answer = {"decision": "use"}
    await hass.config_entries.async_remove(entry.entry_id)
    result = await hass.config_entries.flow.async_configure(page["flow_id"], answer)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "removed")


async def async_sign_in(
    hass: HomeAssistant, entry: MockConfigEntry, answer: dict[str, Any]
) -> ConfigFlowResult:
    """Answer the question for a user name and a password, which is asked by itself."""

    def asked() -> list[Any]:
        return list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))

    await async_wait_for(lambda: len(asked()) == 1)
    form = await hass.config_entries.flow.async_configure(asked()[0]["flow_id"])
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "reauth_confirm"
    assert suggested(form) == {"username": USER}
    said = form["description_placeholders"]
    assert said["name"] == entry.title
    assert said["stream"].startswith("http://***@127.0.0.1:")
    return await async_submit(hass, form["flow_id"], answer)


@pytest.mark.usefixtures("quick_trial", "socket_enabled")
async def test_a_password_that_was_changed_is_asked_for(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong one is refused; the right one is written into the URL, encoded."""
    with LockedStream(room(10).astype(np.float32)) as stream:
        entry = stream_entry(stream.url_with("alt%401"))
        await async_set_up(hass, entry)
        await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
        stream.password = NEW_PASSWORD
        # Who listens already may go on, and then nobody is asked.
        stream.cut()

        wrong = {"username": USER, "password": "falsch"}
        again = await async_sign_in(hass, entry, wrong)
        assert again["type"] is FlowResultType.FORM
        assert again["errors"] == {"base": "invalid_auth"}
        assert "alt" in entry.data["url"]

        right = {"username": USER, "password": NEW_PASSWORD}
        result = await async_submit(hass, again["flow_id"], right)
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "reauth_successful"
        await hass.async_block_till_done()
        assert dict(entry.data) == {
            "source": "stream",
            "url": stream.url_with("neu%2F2"),
        }
        await async_wait_for(lambda: state_of(hass, entry, "crying") == "off")
        await hass.config_entries.async_unload(entry.entry_id)
    for secret in ("alt%401", OLD_PASSWORD, "neu%2F2", NEW_PASSWORD, "falsch"):
        assert secret not in caplog.text


@pytest.mark.usefixtures("quick_trial", "socket_enabled")
async def test_a_refused_password_is_said_when_a_stream_is_added(
    hass: HomeAssistant,
) -> None:
    """The cause is the password, not the network."""
    with LockedStream(room(10).astype(np.float32)) as stream:
        form = await async_start_flow(hass, "stream")
        result = await async_submit(
            hass,
            form["flow_id"],
            {"name": "Nursery", "url": stream.url_with("falsch")},
        )
        assert result["errors"] == {"base": "invalid_auth"}
        await async_close_dialog(hass, result)
