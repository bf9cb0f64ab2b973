"""Work in a thread of its own."""

import asyncio
import threading

from homeassistant.core import HomeAssistant
import pytest

from custom_components.cry_detector import own_thread
from custom_components.cry_detector.own_thread import async_in_own_thread
from tests.integration import helpers


async def test_what_is_done_is_handed_back(hass: HomeAssistant) -> None:
    name = await async_in_own_thread(
        hass, "Nursery", lambda: threading.current_thread().name, lambda: None
    )

    assert name.startswith("cry_detector Nursery")
    assert helpers.listening_threads() == []


async def test_what_goes_wrong_is_handed_back(hass: HomeAssistant) -> None:
    def fail() -> None:
        raise ValueError("too quiet")

    with pytest.raises(ValueError, match="too quiet"):
        await async_in_own_thread(hass, "Nursery", fail, lambda: None)
    assert helpers.listening_threads() == []


async def test_a_thread_that_hangs_does_not_hold_anybody_up(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(own_thread, "STOP_TIMEOUT_S", 0.1)
    comes_back = threading.Event()
    working = asyncio.create_task(
        async_in_own_thread(hass, "Nursery", comes_back.wait, lambda: None)
    )
    await helpers.async_wait_for(lambda: bool(helpers.listening_threads()))

    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working

    assert "Nursery: its thread hangs" in caplog.text
    comes_back.set()
    await helpers.async_wait_for(lambda: not helpers.listening_threads())


async def test_being_cancelled_twice_does_not_cut_short_what_ends_it(
    hass: HomeAssistant,
) -> None:
    told = threading.Event()

    def end_slowly() -> None:
        told.wait(0.5)
        comes_back.set()

    comes_back = threading.Event()
    working = asyncio.create_task(
        async_in_own_thread(hass, "Nursery", comes_back.wait, end_slowly)
    )
    await helpers.async_wait_for(lambda: bool(helpers.listening_threads()))

    working.cancel()
    await asyncio.sleep(0.1)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working

    assert comes_back.is_set()
    assert helpers.listening_threads() == []
