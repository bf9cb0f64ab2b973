"""What the engine's tests share; they run without Home Assistant as well."""

from pathlib import Path

import pytest

# Published models to measure against lie beside the checkout; they are no part of it.
PEERS = Path(__file__).parents[3] / "shared" / "peers"

try:
    import pytest_socket
except ImportError:
    pytest_socket = None


@pytest.fixture(autouse=True)
def loopback() -> None:
    """Allow sockets: beside Home Assistant's test plugin they are forbidden.

    The engine talks to servers on loopback and to PulseAudio's socket, and nothing else.
    """
    if pytest_socket is not None:
        pytest_socket.enable_socket()
        pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)


@pytest.fixture(scope="session")
def yamnet() -> Path:
    """Return a published tagger of sounds; skip the test where it is not there.

    It is full int8, has its front end in the model, and a list of its labels beside it.
    """
    path = PEERS / "yamnet.tflite"
    if not path.is_file():
        pytest.skip(f"no published model: {path} is not there")
    return path
