"""The fault bench in a Home Assistant: what breaks is shown, never as calm, and comes back by itself.

Each fault has a detector of its own, and they are shown side by side in one Home Assistant, since
waiting is most of it. `CRY_LONG=1` shows all that a config entry can be made for, not the telling ones alone.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
import logging
import os
import time

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import pytest_socket

from custom_components.cry_detector import errors as our_errors
from custom_components.cry_detector.engine import errors as engine_errors
from custom_components.cry_detector.engine.health import Health
from tests.faults import FAULTS, NOTICED_WITHIN_S, RECOVERED_WITHIN_S, Fault, Stage
from tests.faults.server import PASSWORD, TOKEN
from tests.integration.helpers import (
    async_wait_for,
    children,
    entry_for,
    full_state_of,
    listening_threads,
    nothing_listens,
    open_files,
    state_of,
)

LONG = os.environ.get("CRY_LONG") == "1"
TELLING = {
    "http 401",
    "http closes",
    "http drips",
    "http header alone",
    "http never answers",
    "http redirect to a file",
    "http repeats",
    "http reset",
    "http server gone",
    "http silence",
    "http stalls",
    "http stuck",
    "rtsp pictures only",
    "rtsp reboots",
    "rtsp silence",
    "rtsp stalls",
}
PULSE = {
    "pulse killed (pyalsaaudio)",
    "pulse muted (pyalsaaudio)",
    "pulse suspended (pipewire)",
}

# Over the limits: a test that fails says by how much.
OVERTIME_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a fault was met."""

    noticed_s: float
    problem: str
    crying: set[str]
    """What Crying said from the notice to the fault's end."""
    recovered_s: float


def shown_side_by_side() -> list[Fault]:
    """Return the faults that a config entry alone leads to."""
    return [
        fault
        for fault in FAULTS
        if fault.recovers
        and not fault.needs()
        and fault.name.startswith(("http", "rtsp"))
        # Sound that clips is sound.
        and Health.CLIPPING not in fault.reported
        and (LONG or fault.name in TELLING)
    ]


def problems_of(fault: Fault) -> set[str]:
    """Return what Audio input may give as the reason."""
    allowed: set[str] = set()
    for report in fault.reported:
        if isinstance(report, type):
            kind = getattr(engine_errors, report.__name__)
            keys = our_errors.ERROR_KEYS
            # A family of errors: those of it, and what stands for all.
            allowed |= {keys[one] for one in keys if issubclass(one, kind)}
            allowed |= {"cannot_connect", "no_sound"}
        else:
            allowed.add(str(report.value))
    return allowed


async def async_show(
    hass: HomeAssistant, fault: Fault, stage: Stage, entry: MockConfigEntry
) -> Outcome:
    """Break a stage under a detector, mend it, and return how that was met."""

    def says(key: str, state: str) -> bool:
        return state_of(hass, entry, key) == state

    entry.add_to_hass(hass)
    if fault.from_start:
        await hass.async_add_executor_job(stage.breaks)
    assert await hass.config_entries.async_setup(entry.entry_id)
    began_s = time.monotonic()
    if not fault.from_start:
        await async_wait_for(lambda: says("crying", "off"), timeout_s=30.0)
        await asyncio.sleep(2.0)
        began_s = time.monotonic()
        await hass.async_add_executor_job(stage.breaks)
    await async_wait_for(
        lambda: says("audio_input", "off"), timeout_s=NOTICED_WITHIN_S + OVERTIME_S
    )
    noticed_s = time.monotonic() - began_s
    crying = {state_of(hass, entry, "crying")}
    problem = full_state_of(hass, entry, "audio_input").attributes["problem"]
    await hass.async_add_executor_job(stage.mends)
    mended_s = time.monotonic()
    await async_wait_for(
        lambda: says("audio_input", "on"), timeout_s=RECOVERED_WITHIN_S + OVERTIME_S
    )
    recovered_s = time.monotonic() - mended_s
    assert says("crying", "off")
    return Outcome(
        noticed_s=noticed_s, problem=problem, crying=crying, recovered_s=recovered_s
    )


def check(fault: Fault, outcome: Outcome, caplog: pytest.LogCaptureFixture) -> None:
    """Say that a fault was met as it must be."""
    assert outcome.noticed_s < NOTICED_WITHIN_S, outcome
    assert outcome.recovered_s < RECOVERED_WITHIN_S, outcome
    assert outcome.problem in problems_of(fault), outcome
    assert outcome.crying == {"unavailable"}, outcome
    said = [
        record.levelno
        for record in caplog.records
        if record.name.startswith("custom_components.cry_detector")
        and record.levelno >= logging.INFO
        and record.getMessage().startswith(f"{fault.name}: ")
    ]
    assert said == [logging.WARNING, logging.INFO], caplog.text


@pytest.fixture
def no_secret_told(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail a test in whose log the password of a stream is found."""
    yield
    for secret in (PASSWORD, PASSWORD.replace("@", "%40"), TOKEN):
        assert secret not in caplog.text


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("socket_enabled", "no_secret_told")
async def test_faults_of_streams(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    """Noticed within 10 s and over within 15, with one line in the log each way, and nothing left."""
    faults = shown_side_by_side()
    assert len(faults) >= len(TELLING)
    files = open_files()
    with ExitStack() as stack:
        stages = [stack.enter_context(fault.stage()) for fault in faults]
        entries = [
            entry_for(stage.data, title=fault.name)
            for fault, stage in zip(faults, stages, strict=True)
        ]
        found = await asyncio.gather(
            *(
                async_show(hass, *one)
                for one in zip(faults, stages, entries, strict=True)
            ),
            return_exceptions=True,
        )
        outcomes = dict(zip(faults, found, strict=True))
        for fault, outcome in outcomes.items():
            print(fault.name, outcome)
        assert len(listening_threads()) <= len(faults)
        assert len(children()) <= len(faults)
        for entry in entries:
            assert await hass.config_entries.async_unload(entry.entry_id)
        assert nothing_listens()
    await async_wait_for(lambda: open_files() <= files)
    failed = []
    for fault, outcome in outcomes.items():
        try:
            assert isinstance(outcome, Outcome), repr(outcome)
            check(fault, outcome, caplog)
        except AssertionError as err:
            failed.append(f"{fault.name}: {str(err)[:300]}")
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize(
    "fault",
    [fault for fault in FAULTS if fault.name in PULSE],
    ids=lambda fault: fault.name,
)
@pytest.mark.usefixtures("socket_enabled", "no_secret_told")
async def test_faults_of_microphones(
    hass: HomeAssistant,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    """The sound server dies, the microphone is muted or sleeps: the same holds."""
    if missing := fault.needs():
        pytest.skip(missing)
    # The server's.
    pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    with fault.stage() as stage:
        for name, value in stage.environment.items():
            monkeypatch.setenv(name, value)
        entry = entry_for(stage.data, title=fault.name)
        outcome = await async_show(hass, fault, stage, entry)
        print(fault.name, outcome)
        check(fault, outcome, caplog)
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert nothing_listens()
