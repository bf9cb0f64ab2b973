"""Speaks to Home Assistant as its frontend does: over REST and the WebSocket API."""

import asyncio
from collections.abc import AsyncIterator
import json
import time
from typing import Any

import aiohttp

from .errors import DemoError

USER = "demo"
# It is told to everybody, and good for a Home Assistant that answers on this machine alone.
PASSWORD = "demo"  # nosec B105
DOMAIN = "cry_detector"
DETECTOR = "Nursery"
# The form is shown again, or the entry made, well within this.
FLOW_TIMEOUT_S = 60.0
# A token is renewed so long before it is refused.
RENEWED_BEFORE_S = 60.0
OPTIONS_FLOWS = "/api/config/config_entries/options/flow"


class Client:
    """A session with one Home Assistant."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """Prepare to speak to the Home Assistant at `url`."""
        self._session = session
        self._url = url
        # None yet.
        self._token = self._refresh_token = ""  # nosec B105
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._renew_at_s = 0.0
        self._last_id = 0

    async def is_ready(self) -> bool:
        """Return whether it answers."""
        try:
            async with self._session.get(f"{self._url}/manifest.json") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def sign_in(self) -> None:
        """Make the demo's user if there is none, and sign in."""
        # Once everybody is on board, there is no onboarding to ask.
        steps = await self._request("get", "/api/onboarding", missing=[])
        is_open = any(step["step"] == "user" and not step["done"] for step in steps)
        code = await (self._onboard() if is_open else self._log_in())
        await self._take_token(grant_type="authorization_code", code=code)

    async def _take_token(self, **grant: str) -> None:
        """Exchange what was granted for a token; it is good for some half an hour."""
        form = {**grant, "client_id": self._url}
        async with self._session.post(f"{self._url}/auth/token", data=form) as response:
            answer = await response.json()
        self._token = answer["access_token"]
        self._renew_at_s = time.monotonic() + answer["expires_in"] - RENEWED_BEFORE_S
        # It comes with the first one, and is good for ever.
        self._refresh_token = answer.get("refresh_token", self._refresh_token)

    async def _renew_token(self) -> None:
        await self._take_token(
            grant_type="refresh_token", refresh_token=self._refresh_token
        )

    async def _onboard(self) -> str:
        """Make the user over the onboarding API; return a code to sign in with."""
        user = {
            "name": "Demo",
            "username": USER,
            "password": PASSWORD,
            "client_id": self._url,
            "language": "en",
        }
        answer = await self._request("post", "/api/onboarding/users", user)
        return str(answer["auth_code"])

    async def _log_in(self) -> str:
        """Return a code to sign in with as the user that was made before."""
        flow = await self._request(
            "post",
            "/auth/login_flow",
            {
                "client_id": self._url,
                "handler": ["homeassistant", None],
                "redirect_uri": self._url,
            },
        )
        answer = await self._request(
            "post",
            f"/auth/login_flow/{flow['flow_id']}",
            {"client_id": self._url, "username": USER, "password": PASSWORD},
        )
        if "result" not in answer:
            raise DemoError(
                f"the demo's user cannot sign in as {USER} with the password {PASSWORD}: "
                "it may have been changed. Remove the folder .demo and start again."
            )
        return str(answer["result"])

    async def entries(self) -> list[dict[str, Any]]:
        """Return the detectors there are."""
        answer: list[dict[str, Any]] = await self._request(
            "get", f"/api/config/config_entries/entry?domain={DOMAIN}"
        )
        return answer

    async def remove(self, entry: dict[str, Any]) -> None:
        """Remove a detector."""
        await self._request(
            "delete", f"/api/config/config_entries/entry/{entry['entry_id']}"
        )

    async def add_detector(self, recording: str) -> None:
        """Add a detector that listens to a recording, over and over.

        Raises:
            DemoError: the flow refuses the recording, or does not end.
        """
        await self._add("file", path=recording, loop=True)

    async def add_stream_detector(self, url: str) -> None:
        """Add a detector that listens to a stream.

        Raises:
            DemoError: the flow refuses the stream, or does not end.
        """
        await self._add("stream", url=url)

    async def _add(self, kind: str, **source: Any) -> None:
        """Walk the detector's own config flow: kind of source -> the source -> it listens -> add it."""
        flows = "/api/config/config_entries/flow"
        flow = await self._request("post", flows, {"handler": DOMAIN})
        here = f"{flows}/{flow['flow_id']}"
        await self._request("post", here, {"next_step_id": kind})
        flow = await self._request("post", here, {"name": DETECTOR, **source})
        async with asyncio.timeout(FLOW_TIMEOUT_S):
            # While it listens there is progress; then it says what it has heard.
            while flow["type"] == "progress":
                await asyncio.sleep(0.3)
                flow = await self._request("get", here)
        if flow.get("step_id") == "result":
            flow = await self._request("post", here, {"decision": "add"})
        if flow["type"] != "create_entry":
            raise DemoError(
                f"the config flow did not take the {kind}: it shows "
                f"{flow['type']} {flow.get('step_id')}, {flow.get('errors')} "
                f"{flow.get('reason', '')}"
            )
        if not await self.entries():
            raise DemoError("the config flow ended without a detector")

    async def open_options(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Open the options of a detector; return the form that is shown."""
        form: dict[str, Any] = await self._request(
            "post", OPTIONS_FLOWS, {"handler": entry["entry_id"]}
        )
        return form

    async def save_options(
        self, form: dict[str, Any], values: dict[str, Any]
    ) -> dict[str, Any]:
        """Submit the form that `open_options` has shown; return what comes of it."""
        answer: dict[str, Any] = await self._request(
            "post", f"{OPTIONS_FLOWS}/{form['flow_id']}", values
        )
        return answer

    async def connect(self, *, heartbeat_s: float | None = 20.0) -> None:
        """Open the WebSocket; it is closed when no answer comes to a heartbeat."""
        self._socket = await self._session.ws_connect(
            f"{self._url}/api/websocket", heartbeat=heartbeat_s
        )
        await self._socket.receive_json()
        await self._socket.send_json({"type": "auth", "access_token": self._token})
        answer = await self._socket.receive_json()
        if answer["type"] != "auth_ok":
            raise DemoError(f"the WebSocket refused the token: {answer}")
        # It answers before all of it has started.
        while (await self.command("get_config"))["state"] != "RUNNING":
            await asyncio.sleep(0.3)

    async def command(self, kind: str, **content: Any) -> Any:
        """Send a command over the WebSocket and return its result; for use before `changes`."""
        assert self._socket is not None
        self._last_id += 1
        await self._socket.send_json({"id": self._last_id, "type": kind} | content)
        while True:
            answer = await self._socket.receive_json()
            if answer["id"] == self._last_id and answer["type"] == "result":
                break
        if not answer["success"]:
            raise DemoError(f"{kind} failed: {answer['error']['message']}")
        return answer["result"]

    async def subscribe(self, kind: str, **content: Any) -> int:
        """Send a command whose events `command` then passes over; return what `unsubscribe` is told."""
        await self.command(kind, **content)
        return self._last_id

    async def unsubscribe(self, subscription: int) -> None:
        """End what `subscribe` began."""
        await self.command("unsubscribe_events", subscription=subscription)

    async def follow(self, *entities: str) -> None:
        """Be told of what changes of these entities, whether they are there yet or not.

        Of no others: Home Assistant keeps the JSON of all that it tells for a while.
        """
        trigger = {"trigger": "state", "entity_id": entities}
        await self.command("subscribe_trigger", trigger=trigger)

    async def changes(self) -> AsyncIterator[dict[str, Any]]:
        """Yield the new state at each change of the entities that are followed.

        Ends when Home Assistant does.
        """
        assert self._socket is not None
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            content = message.json()
            if content["type"] == "event":
                state = content["event"]["variables"]["trigger"]["to_state"]
                if state is not None:
                    yield state

    async def _request(
        self,
        method: str,
        path: str,
        content: dict[str, Any] | None = None,
        missing: Any = ...,
    ) -> Any:
        """Make a request; `missing`, if given, is the answer where there is nothing (404)."""
        # In time: Home Assistant's log warns of whoever comes with an old one.
        if self._refresh_token and time.monotonic() >= self._renew_at_s:
            await self._renew_token()
        status, text = await self._ask(method, path, content)
        if status == 401 and self._refresh_token:
            # This machine was asleep.
            await self._renew_token()
            status, text = await self._ask(method, path, content)
        if status == 404 and missing is not ...:
            return missing
        if status >= 400:
            raise DemoError(f"Home Assistant answers {path} with {status}: {text}")
        return json.loads(text)

    async def _ask(
        self, method: str, path: str, content: dict[str, Any] | None
    ) -> tuple[int, str]:
        """Make a request; return the status and the text of the answer."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        async with self._session.request(
            method, f"{self._url}{path}", json=content, headers=headers
        ) as response:
            return response.status, await response.text()
