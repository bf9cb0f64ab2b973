"""A microphone without hardware: a PulseAudio of its own with a null sink, whose monitor is the microphone.

What is played into it is heard, in real time, by whoever records from it: pyalsaaudio and `ffmpeg -f alsa` through ALSA's
device `default`, `ffmpeg -f pulse` through PulseAudio's. It is the same arrangement as on Home Assistant OS; with PipeWire in the place
of PulseAudio it is that of most laptops. Needs Debian's pulseaudio, pulseaudio-utils and libasound2-plugins, or for the latter
pipewire, pipewire-pulse, wireplumber and dbus; neither a sound card nor the user's own server is touched.
"""

from contextlib import suppress
import os
from pathlib import Path
import shutil
import signal
import subprocess
import tempfile
import time
from types import TracebackType
from typing import ClassVar, Self, override

SINK = "nursery"
SOURCE = f"{SINK}.monitor"
RATE = 48_000

_ASOUND_CONF = """</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
"""
_START_TIMEOUT_S = 15.0
_STOP_TIMEOUT_S = 5.0


class VirtualMicrophone:
    """A microphone that hears what is played into it.

    Example:
        >>> with VirtualMicrophone() as microphone:
        ...     os.environ.update(microphone.environment)
        ...     microphone.play(Path("cry.wav"))
    """

    programs: ClassVar[tuple[str, ...]] = ("pactl", "paplay", "pulseaudio")
    """What it is made of."""
    socket: ClassVar[str] = "native"
    """Where its folder holds the server's address."""

    @classmethod
    def missing_programs(cls) -> str | None:
        """Return which programs are not installed here, in words for a skipped test, or None where it can run."""
        missing = [name for name in cls.programs if shutil.which(name) is None]
        return f"{', '.join(missing)} not installed" if missing else None

    def __init__(self) -> None:
        """Prepare the folder that the socket and the configuration live in; `start` starts the server."""
        # Short on purpose: the path of a Unix socket may be no longer than 107 characters.
        self._folder = Path(tempfile.mkdtemp(prefix="mic-"))
        self._server: subprocess.Popen[bytes] | None = None
        asound_conf = self._folder / "asound.conf"
        asound_conf.write_text(_ASOUND_CONF)
        self.environment = {
            "XDG_RUNTIME_DIR": str(self._folder),
            "PULSE_SERVER": f"unix:{self._folder / self.socket}",
            "PULSE_COOKIE": str(self._folder / "cookie"),
            "ALSA_CONFIG_PATH": str(asound_conf),
        }
        """What a process needs in its environment to find this microphone as its `default`."""

    def start(self) -> None:
        """Start the server, and return once it answers."""
        environment = os.environ | self.environment | {"HOME": str(self._folder)}
        # The server must not take its own address for that of another one it is to be a client of.
        del environment["PULSE_SERVER"]
        log = self._folder / "server.log"
        with log.open("ab") as stderr:
            self._server = subprocess.Popen(
                self._command(),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
                # It may be several processes, which are ended and frozen together.
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._is_ready():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"the sound server did not start: {log.read_text(errors='replace')}"
                )
            time.sleep(0.1)

    def _command(self) -> list[str]:
        """Return what starts the server, with the sink in it."""
        return [
            "pulseaudio",
            "-n",
            "--daemonize=no",
            "--use-pid-file=no",
            "--exit-idle-time=-1",
            "--disable-shm=yes",
            "-L",
            f"module-native-protocol-unix auth-anonymous=1 socket={self._folder / self.socket}",
            "-L",
            f"module-null-sink sink_name={SINK} rate={RATE}",
        ]

    def _is_ready(self) -> bool:
        """Return whether the microphone is there, and make it the one that is heard."""
        return self._pactl("set-default-source", SOURCE).returncode == 0

    def stop(self) -> None:
        """End the server, as when PulseAudio dies; `start` brings it back under the same address."""
        if (server := self._server) is None:
            return
        self._server = None
        with suppress(ProcessLookupError):
            # One that is frozen cannot be asked.
            os.killpg(server.pid, signal.SIGCONT)
            os.killpg(server.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            server.wait(_STOP_TIMEOUT_S)
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        (self._folder / self.socket).unlink(missing_ok=True)

    def play(self, path: Path, *, timeout_s: float = 600.0) -> None:
        """Play a sound file (what libsndfile reads: WAV, FLAC, Ogg) at the speed of the clock; return when it has ended."""
        subprocess.run(
            ["paplay", f"--device={SINK}", str(path)],
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=True,
        )

    def mute(self, muted: bool = True) -> None:
        """Mute the microphone, or let it be heard again: muted, it gives digital silence."""
        self._pactl("set-source-mute", SOURCE, "1" if muted else "0").check_returncode()

    def suspend(self, suspended: bool = True) -> None:
        """Let the microphone sleep, or wake it up: asleep, it gives nothing."""
        self._pactl("suspend-sink", SINK, "1" if suspended else "0").check_returncode()

    def freeze(self, frozen: bool = True) -> None:
        """Stop the server in its tracks, or let it go on."""
        if self._server is not None:
            os.killpg(self._server.pid, signal.SIGSTOP if frozen else signal.SIGCONT)

    def unplug(self) -> None:
        """Take the microphone away, as when it is pulled out."""
        self._pactl("unload-module", "module-null-sink").check_returncode()

    def plug_in(self, sink: str = SINK) -> None:
        """Put it back, perhaps under another name."""
        arguments = ("module-null-sink", f"sink_name={sink}", f"rate={RATE}")
        self._pactl("load-module", *arguments).check_returncode()
        self._pactl("set-default-source", f"{sink}.monitor").check_returncode()

    def swap(self, sink: str = "other") -> None:
        """Take it away while there is another one, which is the default from then on."""
        modules = self._pactl("list", "short", "modules").stdout.decode()
        (number,) = [
            line.split()[0]
            for line in modules.splitlines()
            if f"sink_name={SINK}" in line
        ]
        self.plug_in(sink)
        self._pactl("unload-module", number).check_returncode()

    def put_back(self) -> None:
        """Put it back beside the other one, which stays the default."""
        arguments = ("module-null-sink", f"sink_name={SINK}", f"rate={RATE}")
        self._pactl("load-module", *arguments).check_returncode()

    def _pactl(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["pactl", *arguments],
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_START_TIMEOUT_S,
            check=False,
        )

    def __enter__(self) -> Self:
        """Start the server."""
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the server and remove what it left."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


class PipeWireMicrophone(VirtualMicrophone):
    """The same with PipeWire, which speaks PulseAudio's protocol."""

    programs = (
        "pactl", "paplay", "dbus-run-session", "pipewire", "wireplumber", "pipewire-pulse",
    )  # fmt: skip
    socket = "pulse/native"

    @override
    def _command(self) -> list[str]:
        # Each connects to the first as it starts, and gives up if that is not there yet.
        servers = (
            "pipewire & until [ -S $XDG_RUNTIME_DIR/pipewire-0 ]; do sleep 0.05; done;"
            " wireplumber & pipewire-pulse & wait"
        )
        return ["dbus-run-session", "--", "sh", "-c", servers]

    @override
    def _is_ready(self) -> bool:
        sinks = self._pactl("list", "short", "sinks")
        if sinks.returncode == 0 and SINK.encode() not in sinks.stdout:
            self.put_back()
        return super()._is_ready()
