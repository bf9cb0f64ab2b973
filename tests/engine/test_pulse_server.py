"""A real PulseAudio is asked for its sources; what answers otherwise is no answer."""

from collections.abc import Iterator
from pathlib import Path
import time

import pytest

from cry_engine.sources.pulse_server import PulseServer
from tests.virtual_microphone import SOURCE, VirtualMicrophone


@pytest.fixture
def virtual_microphone() -> Iterator[VirtualMicrophone]:
    """Return a PulseAudio with one microphone."""
    if missing := VirtualMicrophone.missing_programs():
        pytest.skip(missing)
    with VirtualMicrophone() as virtual:
        yield virtual


def connect(environment: dict[str, str]) -> PulseServer:
    """Connect as a program would that has this in its environment, and nothing else."""
    return PulseServer.from_environment({"HOME": "/nowhere"} | environment)


def test_a_source_that_was_gone_has_another_number(
    virtual_microphone: VirtualMicrophone,
) -> None:
    """And none while it is gone."""
    server = connect(virtual_microphone.environment)
    try:
        first = server.index_of(SOURCE)
        assert first is not None
        assert server.index_of(SOURCE) == first
        assert server.index_of("no.such.source") is None
        virtual_microphone.swap()
        assert server.index_of(SOURCE) is None
        virtual_microphone.put_back()
        assert server.index_of(SOURCE) not in (None, first)
    finally:
        server.close()


@pytest.mark.parametrize(
    "written",
    [
        "{path}",
        "unix:{path}",
        "{{0123456789abcdef}}unix:{path}",
        "tcp:elsewhere:4713 unix:{path}",
    ],
)
def test_it_is_found_where_the_client_library_finds_it(
    virtual_microphone: VirtualMicrophone, tmp_path: Path, written: str
) -> None:
    """By the environment, or by a configuration file, as on Home Assistant OS."""
    address = virtual_microphone.environment["PULSE_SERVER"].removeprefix("unix:")
    named = written.format(path=address)
    configuration = tmp_path / "client.conf"
    configuration.write_text(
        f"# Ours\n; default-server = no\ndefault-server = {named}\n"
    )
    for environment in (
        {"PULSE_SERVER": named},
        {"PULSE_CLIENTCONFIG": str(configuration)},
    ):
        server = connect(environment)
        assert server.index_of(SOURCE) is not None
        server.close()


@pytest.mark.parametrize("address", ["tcp:elsewhere", "/nowhere/native", "unix:"])
def test_one_that_is_not_there_is_an_error(address: str) -> None:
    with pytest.raises(OSError, match="no PulseAudio"):
        connect({"PULSE_SERVER": address})


def test_a_server_that_hangs_is_not_waited_for(
    virtual_microphone: VirtualMicrophone,
) -> None:
    """It takes the call, and is mute."""
    server = connect(virtual_microphone.environment)
    virtual_microphone.freeze()
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        server.index_of(SOURCE)
    assert time.monotonic() - start < 2.0
    server.close()
    virtual_microphone.freeze(False)
