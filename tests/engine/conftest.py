"""What the engine's tests share; they run without Home Assistant as well."""

import pytest

try:
    import pytest_socket
except ImportError:
    pytest_socket = None


@pytest.fixture(autouse=True)
def loopback() -> None:
    """Allow sockets: beside Home Assistant's test plugin they are forbidden.

    The engine talks to servers on loopback, and nothing else.
    """
    if pytest_socket is not None:
        pytest_socket.enable_socket()
