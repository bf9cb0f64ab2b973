"""How the demo speaks to Home Assistant: with a token that is good for half an hour."""

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest

from demo.client import RENEWED_BEFORE_S, Client
from demo.errors import DemoError


class Door:
    """Lets in who comes with the newest token, as Home Assistant does."""

    def __init__(self) -> None:
        """Have given none out yet."""
        self.tokens = 0
        self.refused = 0
        self.good_for_s = 1800.0

    def app(self) -> web.Application:
        """Return what is asked."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/api/onboarding", self._onboarding),
                web.post("/auth/login_flow", self._log_in),
                web.post("/auth/login_flow/flow", self._log_in),
                web.post("/auth/token", self._token),
                web.get("/api/config/config_entries/entry", self._entries),
                web.get("/api/websocket", self._socket),
            ]
        )
        return app

    async def _onboarding(self, _: web.Request) -> web.Response:
        return web.json_response([])

    async def _log_in(self, _: web.Request) -> web.Response:
        return web.json_response({"flow_id": "flow", "result": "code"})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["grant_type"] == (
            "refresh_token" if self.tokens else "authorization_code"
        )
        self.tokens += 1
        answer = {"access_token": str(self.tokens), "expires_in": self.good_for_s}
        if self.tokens == 1:
            answer["refresh_token"] = "again"
        return web.json_response(answer)

    async def _entries(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.tokens}":
            self.refused += 1
            raise web.HTTPUnauthorized
        return web.json_response([])

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        """Tell of two changes of whatever is followed: a new state, and that it was removed."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required"})
        await socket.receive_json()
        await socket.send_json({"type": "auth_ok"})
        trigger = None
        while trigger is None:
            asked = await socket.receive_json()
            trigger = asked.get("trigger")
            answer = {"id": asked["id"], "type": "result", "success": True}
            await socket.send_json(answer | {"result": {"state": "RUNNING"}})
        assert trigger["trigger"] == "state"
        for state in ({"entity_id": trigger["entity_id"][0]}, None):
            event = {"variables": {"trigger": {"to_state": state}}}
            await socket.send_json({"id": 2, "type": "event", "event": event})
        await socket.close()
        return socket


@pytest.fixture
async def door(socket_enabled: None) -> AsyncIterator[tuple[Door, Client]]:
    """Return a door, and who asks there."""
    door = Door()
    async with (
        TestServer(door.app()) as server,
        aiohttp.ClientSession() as session,
    ):
        yield door, Client(session, str(server.make_url("")).rstrip("/"))


async def test_a_token_is_renewed_before_it_is_refused(
    door: tuple[Door, Client],
) -> None:
    """Each refusal would be a warning in Home Assistant's log."""
    at, client = door
    await client.sign_in()
    await client.entries()
    assert at.tokens == 1
    at.good_for_s = RENEWED_BEFORE_S
    await client._renew_token()
    for asked in range(3):
        assert await client.entries() == []
        assert at.tokens == 3 + asked
    assert at.refused == 0


async def test_a_token_that_is_refused_is_renewed(door: tuple[Door, Client]) -> None:
    """As after this machine was asleep."""
    at, client = door
    await client.sign_in()
    at.tokens += 1
    assert await client.entries() == []
    assert at.refused == 1


async def test_who_is_refused_for_good_is_told(door: tuple[Door, Client]) -> None:
    """It is not tried for ever."""
    at, client = door
    with pytest.raises(DemoError, match="with 401"):
        await client._request("get", "/api/config/config_entries/entry")
    assert at.refused == 1


async def test_entities_are_followed(door: tuple[Door, Client]) -> None:
    """Until Home Assistant ends; what is removed has no state."""
    _, client = door
    await client.sign_in()
    await client.connect()
    await client.follow("binary_sensor.nursery_crying")
    states = [state async for state in client.changes()]
    assert states == [{"entity_id": "binary_sensor.nursery_crying"}]
