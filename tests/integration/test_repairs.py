"""What is wrong for long stands in Home Assistant's repairs, is mended from there, and goes by itself."""

import base64
from collections.abc import Iterator
import contextlib
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
import json
from pathlib import Path
import re
import socket
import struct
import threading
from types import SimpleNamespace
from typing import Any

from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import numpy as np
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.cry_detector import repair_flows, repairs, source_flow
from custom_components.cry_detector.const import CONF_MODEL, DOMAIN
from custom_components.cry_detector.issues import FIXABLE, Problem, issue_id
from tests.integration.helpers import (
    RATE,
    async_set_up,
    async_wait_for,
    file_entry,
    room,
    stream_entry,
    write_wav,
)
from tests.streams import RATE as STREAM_RATE, mu_law

INTEGRATION = Path(repairs.__file__).parent
ISSUES: dict[str, Any] = json.loads(
    (INTEGRATION / "translations" / "en.json").read_text()
)["issues"]


class Clock:
    """The time as the repairs see it."""

    def __init__(self) -> None:
        """Start now."""
        self.ahead = timedelta(0)

    def utcnow(self) -> datetime:
        """Return the time."""
        return dt_util.utcnow() + self.ahead

    def wait(self, entry: MockConfigEntry, *, minutes: float) -> None:
        """Let time go by, as the coordinator tells its listeners every minute."""
        self.ahead += timedelta(minutes=minutes)
        entry.runtime_data.async_update_listeners()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return a clock that can be put forward."""
    clock = Clock()
    monkeypatch.setattr(repairs, "dt_util", SimpleNamespace(utcnow=clock.utcnow))
    return clock


def issues(hass: HomeAssistant) -> set[str]:
    """Return the keys of the issues that there are."""
    return {
        issue.translation_key or ""
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and issue.active
    }


def issue(
    hass: HomeAssistant, problem: Problem, entry: MockConfigEntry
) -> ir.IssueEntry:
    """Return an issue that there is."""
    found = ir.async_get(hass).async_get_issue(DOMAIN, issue_id(problem, entry))
    assert found
    return found


async def async_lose(
    hass: HomeAssistant, entry: MockConfigEntry, problem: str | None = None
) -> None:
    """Set a detector up that hears nothing, and wait until it knows."""
    await async_set_up(hass, entry)
    coordinator = entry.runtime_data
    await async_wait_for(
        lambda: (
            coordinator.lost_since is not None
            and problem in (None, coordinator.audio_problem)
        )
    )


class Dialog:
    """A repair as the frontend runs it."""

    def __init__(self, client: Any, step: dict[str, Any]) -> None:
        """Start with the first step."""
        self._client = client
        self.step = step

    async def choose(self, option: str) -> dict[str, Any]:
        """Choose from the menu that is shown; return what is shown next."""
        assert self.step["type"] == "menu"
        assert option in self.step["menu_options"]
        answer = await self._client.post(
            f"/api/repairs/issues/fix/{self.step['flow_id']}",
            json={"next_step_id": option},
        )
        assert answer.status == HTTPStatus.OK
        self.step = await answer.json()
        return self.step


async def async_fix(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    problem: Problem,
    entry: MockConfigEntry,
) -> Dialog:
    """Press *Fix*."""
    assert await async_setup_component(hass, "repairs", {})
    client = await hass_client()
    answer = await client.post(
        "/api/repairs/issues/fix",
        json={"handler": DOMAIN, "issue_id": issue_id(problem, entry)},
    )
    assert answer.status == HTTPStatus.OK
    step = await answer.json()
    assert step["step_id"] == "init"
    assert step["description_placeholders"] == {"name": entry.title}
    return Dialog(client, step)


async def test_a_source_that_is_lost_for_long_is_an_issue(
    hass: HomeAssistant, media: Path, clock: Clock
) -> None:
    """After ten minutes, with the reason; and it is gone as soon as there is sound."""
    path = media / "room.wav"
    entry = file_entry(path)
    await async_lose(hass, entry)
    clock.wait(entry, minutes=9.5)
    assert issues(hass) == set()
    clock.wait(entry, minutes=1)
    assert issues(hass) == {"source_lost"}
    found = issue(hass, Problem.SOURCE_LOST, entry)
    assert found.is_fixable
    assert found.severity is ir.IssueSeverity.ERROR
    assert found.translation_placeholders == {
        "name": "Nursery",
        "cause": f"There is no file {path}",
    }
    assert found.learn_more_url

    write_wav(path, room(20))
    await async_wait_for(lambda: entry.runtime_data.audio_ok)
    assert issues(hass) == set()


@pytest.mark.parametrize("how", ["unload", "disable", "remove", "switch off"])
async def test_what_is_not_listened_to_has_no_issue(
    hass: HomeAssistant, media: Path, clock: Clock, how: str
) -> None:
    """However it ends."""
    entry = file_entry(media / "room.wav")
    await async_lose(hass, entry)
    clock.wait(entry, minutes=11)
    assert issues(hass) == {"source_lost"}
    match how:
        case "unload":
            await hass.config_entries.async_unload(entry.entry_id)
        case "disable":
            await hass.config_entries.async_set_disabled_by(
                entry.entry_id, ConfigEntryDisabler.USER
            )
        case "remove":
            await hass.config_entries.async_remove(entry.entry_id)
        case "switch off":
            await entry.runtime_data.async_set_listening(False)
    assert issues(hass) == set()


async def test_a_file_that_has_ended_is_no_issue(
    hass: HomeAssistant, media: Path, clock: Clock
) -> None:
    """It came to its end as it should."""
    entry = file_entry(write_wav(media / "short.wav", room(1)), loop=False)
    await async_lose(hass, entry, "source_ended")
    clock.wait(entry, minutes=600)
    assert issues(hass) == set()


async def test_an_hour_of_silence_is_an_issue(
    hass: HomeAssistant, media: Path, clock: Clock
) -> None:
    """But not ten minutes of it: a camera may send none while a room is quiet."""
    entry = file_entry(write_wav(media / "mute.wav", np.zeros(2 * RATE)))
    await async_lose(hass, entry, "silent")
    clock.wait(entry, minutes=55)
    assert issues(hass) == set()
    clock.wait(entry, minutes=6)
    assert issues(hass) == {"only_silence"}
    assert issue(hass, Problem.ONLY_SILENCE, entry).is_fixable


async def test_a_source_that_is_stuck_or_slow_is_an_issue_of_its_own(
    hass: HomeAssistant, media: Path, clock: Clock
) -> None:
    """Each says what to do about it."""
    entry = file_entry(media / "room.wav")
    await async_lose(hass, entry)
    coordinator = entry.runtime_data
    clock.wait(entry, minutes=11)
    for problem in ("stuck", "slow"):
        coordinator.sound.lost(problem, hass.loop.time())
        coordinator.async_update_listeners()
        assert issues(hass) == {f"source_{problem}"}


async def test_a_model_that_fails_while_it_listens_is_an_issue_at_once(
    hass: HomeAssistant, media: Path
) -> None:
    """It will not do better by itself."""
    entry = file_entry(media / "room.wav")
    await async_lose(hass, entry)
    entry.runtime_data.sound.lost("model_error", hass.loop.time())
    entry.runtime_data.async_update_listeners()
    assert issues(hass) == {"model_broken"}


async def test_ffmpeg_is_missing_once_for_all(
    hass: HomeAssistant, room_file: Path, clock: Clock
) -> None:
    """One issue for all detectors, at once, until the last of them is gone."""
    assert await async_setup_component(
        hass, "ffmpeg", {"ffmpeg": {"ffmpeg_bin": "/nowhere/ffmpeg"}}
    )
    entries = [file_entry(room_file, title=title) for title in ("Nursery", "Parents")]
    for entry in entries:
        await async_lose(hass, entry, "ffmpeg_missing")
    found = [
        entry for entry in ir.async_get(hass).issues.values() if entry.domain == DOMAIN
    ]
    assert [one.translation_key for one in found] == ["ffmpeg_missing"]
    assert not found[0].is_fixable
    assert found[0].translation_placeholders
    assert "/nowhere/ffmpeg" in found[0].translation_placeholders["cause"]

    await hass.config_entries.async_unload(entries[0].entry_id)
    assert issues(hass) == {"ffmpeg_missing"}
    await hass.config_entries.async_unload(entries[1].entry_id)
    assert issues(hass) == set()


def report(entry: MockConfigEntry, **changes: Any) -> None:
    """Let a detector report as it last did, but for some figures."""
    coordinator = entry.runtime_data
    coordinator.async_set_updated_data(replace(coordinator.data, **changes))


@pytest.mark.parametrize("figures", [{"load": 0.95}, {"behind_s": 3.0}])
async def test_a_machine_that_is_too_slow_for_long_is_an_issue(
    hass: HomeAssistant, room_file: Path, clock: Clock, figures: dict[str, float]
) -> None:
    """A moment of it is none; and it does not come and go with every report."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: entry.runtime_data.audio_ok)
    report(entry, **figures)
    clock.wait(entry, minutes=9)
    assert issues(hass) == set()
    report(entry, load=0.1, behind_s=0.1)
    report(entry, **figures)
    clock.wait(entry, minutes=9)
    assert issues(hass) == set()
    clock.wait(entry, minutes=2)
    assert issues(hass) == {"too_slow"}
    found = issue(hass, Problem.TOO_SLOW, entry)
    assert not found.is_fixable
    assert found.severity is ir.IssueSeverity.WARNING
    report(entry, load=0.8, behind_s=0.1)
    assert issues(hass) == {"too_slow"}
    report(entry, load=0.6, behind_s=0.1)
    assert issues(hass) == set()


@pytest.mark.usefixtures("socket_enabled")
async def test_sound_that_is_back_is_found_by_listening_again(
    hass: HomeAssistant,
    media: Path,
    clock: Clock,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It does not wait for the next attempt; what still fails is said, and can be tried again."""
    monkeypatch.setattr(repair_flows, "PATIENCE_S", 3.0)
    path = media / "room.wav"
    entry = file_entry(path)
    await async_lose(hass, entry)
    clock.wait(entry, minutes=11)
    dialog = await async_fix(hass, hass_client, Problem.SOURCE_LOST, entry)
    assert dialog.step["menu_options"] == ["listen_again", "reconfigure"]
    step = await dialog.choose("listen_again")
    assert (step["type"], step["step_id"]) == ("menu", "not_yet")
    # It is the same loss as before.
    clock.wait(entry, minutes=1)
    assert issues(hass) == {"source_lost"}
    write_wav(path, room(20))
    step = await dialog.choose("listen_again")
    assert step["type"] == "create_entry"
    assert entry.runtime_data.audio_ok
    assert issues(hass) == set()


@pytest.mark.usefixtures("socket_enabled")
async def test_listening_again_may_find_another_fault(
    hass: HomeAssistant,
    media: Path,
    clock: Clock,
    hass_client: ClientSessionGenerator,
) -> None:
    """Then the repair says that it did not help, and the other fault is an issue of its own."""
    entry = file_entry(media / "room.wav")
    await async_lose(hass, entry)
    clock.wait(entry, minutes=11)
    dialog = await async_fix(hass, hass_client, Problem.SOURCE_LOST, entry)
    hass.config_entries.async_update_entry(entry, options={CONF_MODEL: "mine.tflite"})
    step = await dialog.choose("listen_again")
    assert (step["type"], step["step_id"]) == ("menu", "not_yet")
    assert issues(hass) == {"own_model_broken"}


@pytest.mark.usefixtures("socket_enabled")
async def test_a_lost_source_can_be_changed(
    hass: HomeAssistant,
    media: Path,
    clock: Clock,
    hass_client: ClientSessionGenerator,
) -> None:
    """The repair goes on in the reconfigure flow, and stays an issue until that is done."""
    entry = file_entry(media / "room.wav")
    await async_lose(hass, entry)
    clock.wait(entry, minutes=11)
    dialog = await async_fix(hass, hass_client, Problem.SOURCE_LOST, entry)
    step = await dialog.choose("reconfigure")
    assert (step["type"], step["reason"]) == ("abort", "reconfigure")
    kind, flow_id = step["next_flow"]
    assert kind == "config_flow"
    flow = hass.config_entries.flow.async_get(flow_id)
    assert flow["context"]["source"] == "reconfigure"
    assert flow["context"]["entry_id"] == entry.entry_id
    assert issues(hass) == {"source_lost"}
    hass.config_entries.flow.async_abort(flow_id)


@pytest.mark.usefixtures("socket_enabled")
async def test_a_detector_that_is_removed_needs_no_repair(
    hass: HomeAssistant,
    media: Path,
    clock: Clock,
    hass_client: ClientSessionGenerator,
) -> None:
    """A dialog that still stands open says so."""
    entry = file_entry(media / "room.wav")
    await async_lose(hass, entry)
    clock.wait(entry, minutes=11)
    dialog = await async_fix(hass, hass_client, Problem.SOURCE_LOST, entry)
    await hass.config_entries.async_remove(entry.entry_id)
    step = await dialog.choose("listen_again")
    assert (step["type"], step["reason"]) == ("abort", "removed")


class Gate:
    """An HTTP server that streams a room to those who know the password."""

    def __init__(self, password: str) -> None:
        """Serve on a port of this machine."""
        self.password = password
        self._sound = room(30).astype(np.float32)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.answers = True
        """Whether it says anything at all."""
        self._closed = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        credentials = base64.b64encode(f"parent:{self.password}".encode())
        with contextlib.suppress(OSError), connection:
            if not self.answers:
                return
            if credentials not in connection.recv(4096):
                connection.sendall(
                    b"HTTP/1.1 401 Unauthorized\r\n"
                    b'WWW-Authenticate: Basic realm="nursery"\r\n'
                    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
                )
                return
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: audio/basic\r\n\r\n"
                b".snd" + struct.pack(">5I", 24, 0xFFFFFFFF, 1, STREAM_RATE, 1)
            )
            while not self._closed.is_set():
                for start in range(0, len(self._sound), STREAM_RATE // 5):
                    piece = self._sound[start : start + STREAM_RATE // 5]
                    connection.sendall(mu_law(piece))
                    if self._closed.wait(0.2):
                        return

    def close(self) -> None:
        """Close it, and what it serves."""
        self._closed.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def gate(socket_enabled: None) -> Iterator[Gate]:
    """Return a server that asks for a password."""
    gate = Gate("new")
    yield gate
    gate.close()


async def test_a_password_that_is_refused_is_asked_for(
    hass: HomeAssistant, gate: Gate
) -> None:
    """Once, although it is tried again and again; and no more when it is taken after all."""
    entry = stream_entry(f"http://parent:old@127.0.0.1:{gate.port}/nursery.au")
    await async_set_up(hass, entry)

    def asked() -> list[Any]:
        return list(entry.async_get_active_flows(hass, {"reauth"}))

    await async_wait_for(lambda: len(asked()) == 1)
    await async_wait_for(lambda: entry.runtime_data._reconnector._failures >= 3)
    assert len(asked()) == 1
    assert asked()[0]["step_id"] == "reauth_confirm"

    gate.password = "old"
    await async_wait_for(lambda: entry.runtime_data.audio_ok)
    assert asked() == []
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_password_refused_by_a_camera_that_was_gone_is_asked_for(
    hass: HomeAssistant, gate: Gate
) -> None:
    """That it is lost is no news then, but the reason is."""
    gate.answers = False
    entry = stream_entry(f"http://parent:old@127.0.0.1:{gate.port}/nursery.au")
    await async_lose(hass, entry)
    assert not list(entry.async_get_active_flows(hass, {"reauth"}))

    gate.answers = True
    await async_wait_for(
        lambda: len(list(entry.async_get_active_flows(hass, {"reauth"}))) == 1
    )
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_dialog_that_was_closed_keeps_no_password_from_being_asked_for(
    hass: HomeAssistant,
    gate: Gate,
    clock: Clock,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The frontend leaves the flow behind that a repair has led to; it ends by itself."""
    monkeypatch.setattr(source_flow, "ABANDONED_S", 3.0)
    gate.answers = False
    entry = stream_entry(f"http://parent:old@127.0.0.1:{gate.port}/nursery.au")
    await async_lose(hass, entry)
    clock.wait(entry, minutes=11)
    dialog = await async_fix(hass, hass_client, Problem.SOURCE_LOST, entry)
    step = await dialog.choose("reconfigure")
    _, flow_id = step["next_flow"]
    await hass.config_entries.flow.async_configure(flow_id, {"next_step_id": "stream"})

    def open_flows(source: str) -> int:
        return len(list(entry.async_get_active_flows(hass, {source})))

    gate.answers = True
    await async_wait_for(lambda: entry.runtime_data.loss.is_refusal)
    await async_wait_for(lambda: not open_flows("reconfigure"))
    clock.wait(entry, minutes=1)
    assert open_flows("reauth") == 1
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_file_is_never_asked_for_a_password(
    hass: HomeAssistant, media: Path
) -> None:
    """Whatever its name is."""
    entry = file_entry(media / "401 Unauthorized.wav")
    await async_lose(hass, entry)
    assert not list(entry.async_get_active_flows(hass, {"reauth"}))


def own_model_entry(room_file: Path) -> MockConfigEntry:
    """Return an entry whose model is the user's own."""
    return MockConfigEntry(
        domain=DOMAIN,
        title="Nursery",
        data=dict(file_entry(room_file).data),
        options={CONF_MODEL: "mine.tflite", "hold": 7.0},
    )


@pytest.mark.usefixtures("socket_enabled")
async def test_a_model_of_ones_own_that_is_broken_is_replaced_by_the_shipped_one(
    hass: HomeAssistant, room_file: Path, hass_client: ClientSessionGenerator
) -> None:
    """And no other setting is changed."""
    entry = own_model_entry(room_file)
    await async_set_up(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert issues(hass) == {"own_model_broken"}
    dialog = await async_fix(hass, hass_client, Problem.OWN_MODEL_BROKEN, entry)
    assert dialog.step["menu_options"] == ["try_again", "shipped_model"]
    step = await dialog.choose("try_again")
    assert (step["type"], step["step_id"]) == ("menu", "not_yet")
    assert issues(hass) == {"own_model_broken"}
    step = await dialog.choose("shipped_model")
    assert step["type"] == "create_entry"
    assert entry.options == {"hold": 7.0}
    assert entry.state is ConfigEntryState.LOADED
    assert issues(hass) == set()


@pytest.mark.parametrize("how", ["disable", "remove", "mend"])
async def test_a_broken_model_is_an_issue_until_it_matters_no_more(
    hass: HomeAssistant, room_file: Path, how: str
) -> None:
    """Although such a detector was never set up."""
    entry = own_model_entry(room_file)
    await async_set_up(hass, entry)
    assert issues(hass) == {"own_model_broken"}
    match how:
        case "disable":
            await hass.config_entries.async_set_disabled_by(
                entry.entry_id, ConfigEntryDisabler.USER
            )
        case "remove":
            await hass.config_entries.async_remove(entry.entry_id)
        case "mend":
            hass.config_entries.async_update_entry(entry, options={})
            await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert issues(hass) == set()


async def test_a_shipped_model_that_is_broken_is_to_be_installed_again(
    hass: HomeAssistant,
    room_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There is no other one to go back to: the issue says in words what to do."""
    broken = tmp_path / "cry.tflite"
    broken.write_bytes(b"no model")
    monkeypatch.setattr(f"custom_components.{DOMAIN}.models.DEFAULT_MODEL", broken)
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert issues(hass) == {"model_broken"}
    assert not issue(hass, Problem.MODEL_BROKEN, entry).is_fixable


@pytest.mark.usefixtures("socket_enabled")
async def test_a_model_of_ones_own_that_is_too_slow_is_replaced(
    hass: HomeAssistant,
    room_file: Path,
    clock: Clock,
    hass_client: ClientSessionGenerator,
) -> None:
    """The shipped one is faster."""
    entry = file_entry(room_file)
    await async_set_up(hass, entry)
    await async_wait_for(lambda: entry.runtime_data.audio_ok)
    hass.config_entries.async_update_entry(entry, options={CONF_MODEL: "mine.tflite"})
    report(entry, load=1.0)
    clock.wait(entry, minutes=11)
    assert issues(hass) == {"own_model_too_slow"}
    dialog = await async_fix(hass, hass_client, Problem.OWN_MODEL_TOO_SLOW, entry)
    assert dialog.step["menu_options"] == ["shipped_model"]
    step = await dialog.choose("shipped_model")
    assert step["type"] == "create_entry"
    assert entry.options == {}
    await async_wait_for(lambda: entry.runtime_data.audio_ok)
    assert issues(hass) == set()


def strings(words: Any) -> list[str]:
    """Return all texts in a part of the translations."""
    if isinstance(words, str):
        return [words]
    return [text for part in words.values() for text in strings(part)]


def test_every_issue_has_its_words() -> None:
    """And there are words for no other."""
    assert set(ISSUES) == {problem.value for problem in Problem}
    assert set(repairs._FLOWS) == FIXABLE


@pytest.mark.parametrize("problem", Problem)
def test_the_words_of_an_issue_are_whole(problem: Problem) -> None:
    """A description, or the steps of its repair; and nothing in them is left open."""
    words = ISSUES[problem]
    assert ("fix_flow" in words) is (problem in FIXABLE)
    assert ("description" in words) is (problem not in FIXABLE)
    for text in strings(words):
        assert set(re.findall(r"{(\w+)}", text)) <= {"name", "cause"}
    if "fix_flow" in words:
        menu = set(repairs._FLOWS[problem].menu)
        for step in words["fix_flow"]["step"].values():
            assert set(step["menu_options"]) == menu
