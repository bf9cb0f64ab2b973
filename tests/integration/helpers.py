"""What the tests of the integration do again and again."""

import asyncio
from collections.abc import Callable, Mapping
import os
from pathlib import Path
import threading
import time
from typing import Any
import wave

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant, State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import numpy as np
from numpy.typing import NDArray
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.cry_detector.const import DOMAIN

RATE = 22_050


def write_wav(path: Path, samples: NDArray[np.floating[Any]]) -> Path:
    """Write samples of full scale -1 to 1 as a WAV file of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())
    return path


def room(duration_s: float, level_dbfs: float = -50.0) -> NDArray[np.float64]:
    """Return the noise of a quiet room."""
    count = round(duration_s * RATE)
    noise = np.random.default_rng(1).standard_normal(count)
    return noise * 10 ** (level_dbfs / 20)


def file_entry(
    path: Path, *, loop: bool = True, title: str = "Nursery"
) -> MockConfigEntry:
    """Return an entry that listens to a file."""
    return entry_for({"source": "file", "path": str(path), "loop": loop}, title=title)


def stream_entry(url: str, *, title: str = "Nursery") -> MockConfigEntry:
    """Return an entry that listens to a stream."""
    return entry_for({"source": "stream", "url": url}, title=title)


def entry_for(
    data: Mapping[str, Any],
    *,
    title: str = "Nursery",
    options: Mapping[str, Any] | None = None,
    entry_id: str | None = None,
) -> MockConfigEntry:
    """Return an entry as the config flow makes it."""
    return MockConfigEntry(
        domain=DOMAIN,
        title=title,
        data=dict(data),
        options=dict(options or {}),
        entry_id=entry_id,
    )


async def async_set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Add an entry to Home Assistant, which then sets it up."""
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


def state_of(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> str:
    """Return the state of an entry's entity, found as its unique id says."""
    return full_state_of(hass, entry, key).state


def full_state_of(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> State:
    """Return the state of an entry's entity with its attributes."""
    state = hass.states.get(entity_id_of(hass, entry, key))
    assert state
    return state


def entity_id_of(hass: HomeAssistant, entry: MockConfigEntry, key: str) -> str:
    """Return the id of an entry's entity, found as its unique id says."""
    found = [
        item.entity_id
        for item in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if item.unique_id == f"{entry.entry_id}_{key}"
    ]
    assert len(found) == 1
    return found[0]


async def async_wait_for(
    condition: Callable[[], bool], *, timeout_s: float = 20.0
) -> float:
    """Wait until something is so; return how many seconds that took."""
    start = time.monotonic()
    while not condition():
        waited_s = time.monotonic() - start
        assert waited_s < timeout_s, f"still not so after {timeout_s:g} s"
        await asyncio.sleep(0.02)
    return time.monotonic() - start


async def async_wait_for_state(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    key: str,
    state: str,
    *,
    timeout_s: float = 20.0,
) -> float:
    """Wait until an entry's entity has a state; return how many seconds that took."""
    return await async_wait_for(
        lambda: state_of(hass, entry, key) == state, timeout_s=timeout_s
    )


def listening_threads() -> list[str]:
    """Return the names of the threads that listen for a detector."""
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(DOMAIN)
    ]


def children() -> dict[int, str]:
    """Return this process's children that are ffmpeg, zombies too, by process id."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # Other people's processes may have names in any encoding.
            stat = (folder / "stat").read_text(errors="replace")
            command = (folder / "cmdline").read_text(errors="replace")
        except OSError:
            continue
        name, _, rest = stat.rpartition(")")
        if int(rest.split()[1]) == os.getpid() and "ffmpeg" in name:
            found[int(folder.name)] = command.replace("\0", " ") or "a zombie"
    return found


def listening_tasks() -> list[str]:
    """Return the names of the tasks that go on for a detector."""
    names = [task.get_name() for task in asyncio.all_tasks()]
    return [name for name in names if name.startswith(DOMAIN)]


def open_files() -> int:
    """Return how many file descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def nothing_listens() -> bool:
    """Whether no thread and no child process of a detector is left."""
    return not listening_threads() and not children()


async def async_start_flow(hass: HomeAssistant, kind: str) -> ConfigFlowResult:
    """Start a config flow, and choose a kind of source from its menu."""
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": "user"})
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["microphone", "camera", "stream", "file"]
    form = await hass.config_entries.flow.async_configure(
        menu["flow_id"], {"next_step_id": kind}
    )
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == kind
    assert not form["errors"]
    return form


async def async_submit(
    hass: HomeAssistant, flow_id: str, user_input: dict[str, Any]
) -> ConfigFlowResult:
    """Submit a form, and wait until the source has been tried."""
    result = await hass.config_entries.flow.async_configure(flow_id, user_input)
    return await async_trial(hass, result)


async def async_trial(
    hass: HomeAssistant, result: ConfigFlowResult
) -> ConfigFlowResult:
    """Wait until the source has been tried."""
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    assert result["progress_action"] == "listen"
    while result["type"] is FlowResultType.SHOW_PROGRESS:
        await asyncio.sleep(0.05)
        result = await hass.config_entries.flow.async_configure(result["flow_id"])
    return result
