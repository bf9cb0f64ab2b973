"""Sound by way of ffmpeg: files, and streams from servers that are really there."""

import base64
from collections.abc import Iterator
from contextlib import suppress
import os
from pathlib import Path
import socket
import subprocess
import threading
import time
import traceback
import tracemalloc
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray
import pytest

from cry_engine.errors import (
    FfmpegMissingError,
    InvalidSourceError,
    SourceClosedError,
    SourceEndedError,
    SourceUnavailableError,
)
from cry_engine.level import measure
from cry_engine.sources import MISSING, READ_TIMEOUT_S, Source
from cry_engine.sources.base import cleaned
from cry_engine.sources.ffmpeg import PROTOCOLS, FfmpegSource, check_url, input_devices
from cry_engine.sources.inputs import gap_filter, stream
from cry_engine.sources.urls import redact, show_url
from tests import streams

from .test_level import write_wav

RATE = 22_050
TONE_HZ = 440


def tone(rate: int, seconds: float, amplitude: float = 0.3) -> NDArray[np.float32]:
    """Return a sine."""
    time_s = np.arange(round(rate * seconds)) / rate
    return (amplitude * np.sin(2.0 * np.pi * TONE_HZ * time_s)).astype(np.float32)


def hear(source: Source, seconds: float = 3_600.0) -> NDArray[np.float32]:
    """Return so many seconds of a source's sound, or all up to its end."""
    pieces: list[NDArray[np.float32]] = []
    with source:
        while sum(map(len, pieces)) < seconds * source.sample_rate:
            try:
                pieces.append(source.read().samples)
            except SourceEndedError:
                break
    return np.concatenate(pieces)


def loudest_hertz(samples: NDArray[np.float32]) -> float:
    """Return the frequency of the strongest tone in the last second."""
    second = samples[-RATE:] * np.hanning(RATE)
    return float(np.abs(np.fft.rfft(second)).argmax())


def children() -> set[str]:
    """Return the child processes of this one."""
    found: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        # A thread that ended since the folder was read has no children.
        with suppress(FileNotFoundError, ProcessLookupError):
            found.update((task / "children").read_text().split())
    return found


def descriptors() -> int:
    """Return how many files, pipes and sockets this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def read_on(source: Source) -> None:
    """Read until that fails."""
    while True:
        source.read()


@pytest.fixture(autouse=True)
def leaves_nothing() -> Iterator[None]:
    """Fail a test that leaves a child process, a thread or a descriptor behind."""
    before = children(), threading.active_count(), descriptors()
    yield
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        now = children(), threading.active_count(), descriptors()
        if now[0] <= before[0] and now[1:] <= before[1:]:
            return
        time.sleep(0.05)
    pytest.fail(f"left behind: {now} after {before}")


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    """Return a file of two seconds."""
    path = tmp_path / "two seconds.wav"
    write_wav(path, tone(RATE, 2.0))
    return path


def test_a_file_is_heard_whole(wav: Path) -> None:
    """As fast as it goes, all samples come, unchanged."""
    samples = hear(FfmpegSource.from_file(wav, sample_rate=RATE, real_time=False))
    np.testing.assert_allclose(samples, tone(RATE, 2.0), atol=1 / 32_768)


def test_chunks_say_when_they_were(wav: Path) -> None:
    """Time counts the sound that came before."""
    heard = 0
    with FfmpegSource.from_file(wav, sample_rate=RATE, real_time=False) as source:
        while heard < 2 * RATE:
            chunk = source.read()
            assert chunk.time == pytest.approx(heard / RATE)
            heard += len(chunk.samples)


def test_a_file_plays_at_the_speed_of_the_clock(wav: Path) -> None:
    """In real time, two seconds take two seconds."""
    start = time.monotonic()
    hear(FfmpegSource.from_file(wav, sample_rate=RATE))
    assert 1.5 < time.monotonic() - start < 6.0


def test_a_looped_file_goes_on(wav: Path) -> None:
    """Its end is its beginning."""
    source = FfmpegSource.from_file(wav, sample_rate=RATE, real_time=False, loop=True)
    samples = hear(source, 7.0)
    assert len(samples) >= 7 * RATE
    assert measure(samples, RATE).trough_dbfs > -20.0


def test_two_channels_become_one_at_the_same_level(tmp_path: Path) -> None:
    """Mixing neither adds nor takes 3 dB, and another rate is resampled."""
    path = tmp_path / "stereo.wav"
    stereo = f"sine=frequency={TONE_HZ}:sample_rate=48000,volume=-6dB,aformat=channel_layouts=mono"
    subprocess.run(
        [
            "ffmpeg",
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            stereo,
            "-t",
            "2",
            "-af",
            "pan=stereo|c0=c0|c1=c0",
            "-c:a",
            "pcm_f32le",
            str(path),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    samples = hear(FfmpegSource.from_file(path, sample_rate=RATE, real_time=False))
    # lavfi's sine is at 1/8 of full scale.
    expected = 20 * np.log10(1 / 8 / np.sqrt(2)) - 6.0
    assert measure(samples, RATE).rms_dbfs == pytest.approx(expected, abs=0.1)
    assert loudest_hertz(samples) == TONE_HZ


@pytest.mark.parametrize("server", [streams.HttpStream, streams.RtspStream])
def test_a_stream_is_heard(
    server: type[streams.HttpStream | streams.RtspStream],
) -> None:
    """G.711 over HTTP and RTSP arrives as the sound it is, in real time."""
    with server(tone(streams.RATE, 1.0)) as running:
        samples = hear(FfmpegSource.from_url(running.url, sample_rate=RATE), 2.0)
    assert loudest_hertz(samples) == TONE_HZ
    assert measure(samples, RATE).rms_dbfs == pytest.approx(-13.5, abs=0.5)


def test_no_video_is_pulled_over_rtsp() -> None:
    """A camera that lets its client choose is asked for its sound alone."""
    with streams.RtspStream(tone(streams.RATE, 1.0)) as camera:
        hear(FfmpegSource.from_url(camera.url, sample_rate=RATE), 0.5)
    assert camera.tracks == {"audio"}


def test_silence_of_a_server_is_said_within_a_second() -> None:
    """A read never blocks for longer; it says for how long nothing came."""
    with (
        streams.HttpStream(tone(streams.RATE, 1.0)) as server,
        FfmpegSource.from_url(server.url, sample_rate=RATE) as source,
    ):
        while not len(source.read().samples):
            pass
        server.stalled.set()
        while len(source.read().samples):
            pass
        start = time.monotonic()
        chunk = source.read()
        assert time.monotonic() - start < READ_TIMEOUT_S + 0.5
        assert len(chunk.samples) == 0
        assert chunk.waited_s >= READ_TIMEOUT_S


def test_closing_from_another_thread_ends_a_read() -> None:
    """The reader is out at once, and the child process with it."""
    with streams.HttpStream(tone(streams.RATE, 1.0)) as server:
        server.stalled.set()
        source = FfmpegSource.from_url(server.url, sample_rate=RATE)
        source.open()
        timer = threading.Timer(0.3, source.close)
        timer.start()
        start = time.monotonic()
        with pytest.raises(SourceClosedError):
            read_on(source)
        timer.join()
        assert time.monotonic() - start < 1.5


def test_a_closed_source_stays_closed(wav: Path) -> None:
    """Closing twice does no harm; reading and opening again are refused."""
    source = FfmpegSource.from_file(wav, sample_rate=RATE)
    with source:
        source.close()
        source.close()
        with pytest.raises(SourceClosedError):
            source.read()
    with pytest.raises(SourceClosedError):
        source.open()


def test_a_lost_stream_is_no_end() -> None:
    """A server that goes away is a loss, however politely it closes."""
    server = streams.HttpStream(tone(streams.RATE, 1.0))
    with server, FfmpegSource.from_url(server.url, sample_rate=RATE) as source:
        while not len(source.read().samples):
            pass
        server.close()
        with pytest.raises(SourceUnavailableError):
            read_on(source)


def test_a_killed_ffmpeg_is_said() -> None:
    """When the child dies, the error says how."""
    with streams.HttpStream(tone(streams.RATE, 1.0)) as server:
        others = children()
        with FfmpegSource.from_url(server.url, sample_rate=RATE) as source:
            (child,) = children() - others
            os.kill(int(child), 9)
            with pytest.raises(SourceUnavailableError, match="SIGKILL"):
                read_on(source)


def test_what_cannot_be_played_is_said(tmp_path: Path) -> None:
    """A file that is missing, no sound, or without sound: each has its reason."""
    text = tmp_path / "text.wav"
    text.write_text("not sound")
    video = tmp_path / "video.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=d=0.5", str(video)],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    for path, reason in (
        (tmp_path / "missing.wav", "No such file"),
        (text, "Invalid data"),
        (video, "no sound in it"),
        (tmp_path, "irectory"),
    ):
        source = FfmpegSource.from_file(path, sample_rate=RATE, real_time=False)
        with pytest.raises(SourceUnavailableError, match=reason) as raised:
            hear(source)
        assert str(path) in str(raised.value)


def test_a_file_name_is_only_a_file_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in a name becomes an option or a protocol."""
    monkeypatch.chdir(tmp_path)
    for name in ("-version", "concat:a|b.wav", "x:y;$(touch hacked).wav"):
        write_wav(tmp_path / name, tone(RATE, 0.5))
        source = FfmpegSource.from_file(Path(name), sample_rate=RATE, real_time=False)
        assert len(hear(source)) == RATE // 2
    assert not (tmp_path / "hacked").exists()


def test_a_playlist_cannot_reach_the_network(tmp_path: Path) -> None:
    """A local playlist that names a URL is not followed."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(1.0)
        playlist = tmp_path / "list.m3u8"
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/x.ts"
        playlist.write_text(f"#EXTM3U\n#EXTINF:5,\n{url}\n#EXT-X-ENDLIST\n")
        with pytest.raises(SourceUnavailableError):
            hear(FfmpegSource.from_file(playlist, sample_rate=RATE, real_time=False))
        with pytest.raises(TimeoutError):
            listening.accept()


def test_a_missing_ffmpeg_is_said(wav: Path) -> None:
    """The error says what to install."""
    source = FfmpegSource.from_file(wav, sample_rate=RATE, ffmpeg="no-such-ffmpeg")
    with pytest.raises(FfmpegMissingError, match="no-such-ffmpeg"):
        source.open()
    with pytest.raises(FfmpegMissingError):
        input_devices("no-such-ffmpeg")


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_no_message_holds_a_password(scheme: str) -> None:
    """Neither the name nor an error shows credentials or tokens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"{scheme}://parent:s3cret@127.0.0.1:{port}/nursery?token=t0ken"
    source = FfmpegSource.from_url(url, sample_rate=RATE)
    with pytest.raises(SourceUnavailableError, match="refused") as raised:
        hear(source)
    for text in (source.name, str(raised.value)):
        assert "s3cret" not in text
        assert "t0ken" not in text
        assert f"{scheme}://***@127.0.0.1:{port}/nursery" in text


SECRETS = ("s3cr@tpw", "s3cr%40tpw", "t0k3nt0k3n", "parent")


@pytest.mark.parametrize("server_type", [streams.HttpStream, streams.RtspStream])
def test_no_process_shows_a_password(
    server_type: type[streams.HttpStream | streams.RtspStream],
) -> None:
    """Everybody on a machine can read every program's arguments; and the server gets the password all the same."""
    with server_type(tone(streams.RATE, 1.0)) as server:
        url = server.url.replace("//", "//parent:s3cr%40tpw@") + "?token=t0k3nt0k3n"
        others = children()
        with FfmpegSource.from_url(url, sample_rate=RATE) as source:
            (child,) = children() - others
            shown = Path(f"/proc/{child}/cmdline").read_bytes().decode()
            environment = Path(f"/proc/{child}/environ").read_bytes().decode()
            while not len(source.read().samples):
                pass
            shown += Path(f"/proc/{child}/cmdline").read_bytes().decode()
            shown += environment + repr(source) + repr(source._input)
    assert shown.startswith("ffmpeg\0")
    assert not any(secret in shown for secret in SECRETS)
    assert "t0k3nt0k3n" in server.requests[0]


def test_ffmpeg_sends_the_password() -> None:
    """Asked for one, it answers with the one in the URL, decoded."""
    asked: list[str] = []

    class Guarded(streams.RtspStream):
        def answer_to(self, method: str, target: str, number: str) -> bytes:
            if method != "DESCRIBE" or "Authorization" in self.requests[-1]:
                asked.append(self.requests[-1])
                return super().answer_to(method, target, number)
            head = ["RTSP/1.0 401 Unauthorized", f"CSeq: {number}"]
            head.append('WWW-Authenticate: Basic realm="nursery"')
            return "\r\n".join([*head, "", ""]).encode()

    with Guarded(tone(streams.RATE, 1.0)) as server:
        url = server.url.replace("//", "//parent:s3cr%40tpw@")
        with FfmpegSource.from_url(url, sample_rate=RATE) as source:
            while not len(source.read().samples):
                pass
    sent = base64.b64encode(b"parent:s3cr@tpw").decode()
    assert any(f"Authorization: Basic {sent}" in head for head in asked)


def test_an_apostrophe_in_a_url_is_none_of_the_scripts(tmp_path: Path) -> None:
    """What ffmpeg is told to open ends where the URL ends, whatever is in it."""
    with streams.HttpStream(tone(streams.RATE, 1.0)) as server:
        url = f"{server.url}?it's'option%20x'\\'"
        source = FfmpegSource.from_url(url, sample_rate=RATE)
        assert len(hear(source, 0.5))
        asked = unquote(server.requests[0].split()[1])
        assert url.endswith(asked.replace("%20", " ").replace(" ", "%20"))


@pytest.mark.parametrize(
    "text",
    [
        "http://parent:s3cr%40tpw@host/x?token=t0k3nt0k3n: failed",
        "Impossible to open 'http://parent:s3cr%40tpw@host/x?token=t0k3nt0k3n'",
        "tcp://host:80?token=t0k3nt0k3n refused s3cr@tpw",
        "Authorization: Basic " + base64.b64encode(b"parent:s3cr@tpw").decode(),
        "redirected to rtsp://parent:0ther@elsewhere/?key=0ther",
        "rtsp://host/user=parent&password=0ther/ch1 not found",
        "rtsp://parent:0th/er@host/x is odd",
    ],
)
def test_no_text_of_ffmpegs_shows_a_password(text: str) -> None:
    """However it is encoded, and in whatever URL."""
    shown = redact(text, "http://parent:s3cr%40tpw@host/x?token=t0k3nt0k3n")
    hidden = [*SECRETS[:3], "0ther", "0th/er"]
    hidden.append(base64.b64encode(b"parent:s3cr@tpw").decode())
    assert not any(secret in shown for secret in hidden)


def test_a_refused_url_is_not_repeated() -> None:
    """Neither in the message nor in what caused it: the port may be a part of the password."""
    with pytest.raises(InvalidSourceError) as raised:
        check_url("rtsp://parent:s3cr/et@host/x")
    text = "".join(traceback.format_exception(raised.value))
    assert "s3cr" not in text.split("InvalidSourceError")[-1]
    assert raised.value.__suppress_context__


def test_the_network_is_reached_by_its_own_protocols_alone() -> None:
    """Each scheme's list holds no local file, and nothing that joins, cuts or runs others."""
    for scheme, protocols in PROTOCOLS.items():
        assert scheme in protocols.split(",")
        assert not {
            *("file", "pipe", "fd", "concat", "concatf", "subfile", "async", "cache"),
            *("data", "unix", "md5", "tee", "gopher", "ftp", "sftp", "smb", "ipfs"),
        } & set(protocols.split(","))


@pytest.mark.parametrize(
    "url",
    [
        "tcp://0.0.0.0:80?listen",
        "tcp://host:80?listen=1",
        "tcp://host:80#?listen",
        "srt://0.0.0.0:9000?mode=listener",
        "srt://host:9000?latency=20&mode=rendezvous",
        "http://host/" + "a" * 2_100,
        "file:///etc/passwd",
        "concat:a|b",
        "/etc/passwd",
        "-i",
        "",
        "rtsp://",
        "http:///path",
        "http://host:99999/",
        "http://host:port/",
        "http://[::1/",
        "http://host/a b",
        "http://host/\n-i",
        "HTTP ://host/",
    ],
)
def test_what_is_no_stream_is_refused(url: str) -> None:
    """A scheme that is not on the list, or a URL that cannot be one."""
    with pytest.raises(InvalidSourceError):
        FfmpegSource.from_url(url, sample_rate=RATE)


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("Rtsp://U:P%40w@Cam/S?Key=A", "rtsp://U:P%40w@Cam/S?Key=A"),
        ("HTTP://Cam/Rtsp://X", "http://Cam/Rtsp://X"),
    ],
)
def test_a_scheme_may_be_typed_in_any_case(typed: str, plain: str) -> None:
    """It is run as ffmpeg knows it, and the rest, which may hold a password, as it is."""
    assert stream(typed) == stream(plain)
    assert f"file '{plain}'" in stream(typed).script


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://u:p@cam.local:554/s/1", "rtsp://***@cam.local:554/s/1"),
        ("https://cam.local/a?auth=1#x", "https://cam.local/a?***"),
        ("http://[fe80::1]:80/a", "http://[fe80::1]:80/a"),
        ("udp://:1234", "udp://:1234"),
        ("srt://cam:9000", "srt://cam:9000"),
        ("rtsps://cam/x", "rtsps://cam/x"),
        ("rtsp://cam/user=a&password=b/ch1", "rtsp://cam/***/ch1"),
        ("http://u:p/w@cam/x", "http://***"),
        ("http://u:1/w@cam/x", "http://***"),
        ("http://u:1?w@cam/x", "http://***"),
    ],
)
def test_urls_are_shown_without_secrets(url: str, shown: str) -> None:
    """What is left says where, and not who."""
    assert show_url(url) == shown


def filtered(sound: str) -> NDArray[np.float32]:
    """Return what ffmpeg makes of a sound of its own, through the filter that fills gaps."""
    made = subprocess.run(
        [
            *("ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", sound),
            *("-af", gap_filter(RATE), "-ac", "1", "-f", "f32le", "-"),
        ],
        stdout=subprocess.PIPE,
        check=True,
    )
    return np.frombuffer(made.stdout, np.float32)


@pytest.mark.parametrize(
    ("jump", "seconds"), [("gte(T,2)", 14.0), ("lt(T,2)", 4.0)], ids=["on", "back"]
)
def test_time_stamps_that_jump_make_no_hours(jump: str, seconds: float) -> None:
    """By 50 minutes, after two of four seconds: ten of silence at most, and no sound is left out."""
    sound = filtered(f"sine=440:duration=4,asetpts='PTS+if({jump},3000/TB,0)'")
    assert len(sound) / RATE == pytest.approx(seconds, abs=0.2)
    assert np.count_nonzero(np.abs(sound) > 0.01) / RATE > 3.5


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
@pytest.mark.parametrize("channels", ["0", "0|0", "0|0|0|0|0|0"])
def test_what_fills_a_gap_is_told_from_silence_that_was_sent(
    rate: int, channels: str
) -> None:
    """Whatever was resampled and mixed: the two seconds that never came are MISSING, and nothing else is."""
    sound = filtered(
        f"aevalsrc={channels}:s={rate}:d=4,asetpts='PTS+if(gte(T,2),2/TB,0)'"
    )
    is_missing = np.abs(sound - MISSING) < 1e-9
    assert len(sound) / RATE == pytest.approx(6.0, abs=0.01)
    assert np.count_nonzero(is_missing) / RATE == pytest.approx(2.0, abs=0.005)
    edge = round(0.005 * RATE)
    first, last = np.flatnonzero(is_missing)[[0, -1]]
    sent = np.concatenate([sound[: first - edge], sound[last + edge :]])
    assert np.abs(sent).max() < 1e-9


def test_stereo_is_mixed_to_the_level_that_it_has() -> None:
    """The same sound on both sides is no louder for it."""
    assert np.abs(
        filtered("aevalsrc=0.5*sin(440*2*PI*t)|0.5*sin(440*2*PI*t):d=1")
    ).max() == (pytest.approx(0.5, abs=0.01))


def test_a_full_pipe_is_read_piece_by_piece(tmp_path: Path) -> None:
    """As after this machine was asleep: twelve seconds wait, a megabyte, of which a quarter is in memory at a time."""
    path = tmp_path / "half a minute.wav"
    write_wav(path, tone(RATE, 30.0))
    source = FfmpegSource.from_file(path, sample_rate=RATE, real_time=False)
    # Only a live source has a large pipe.
    source.live = True
    heard_s = 0.0
    with source:
        end_s = len(source.read().samples) / RATE
        time.sleep(1.0)
        tracemalloc.start()
        try:
            while heard_s < 11.0:
                chunk = source.read()
                assert chunk.time == pytest.approx(end_s)
                heard_s += len(chunk.samples) / RATE
                end_s = chunk.time + len(chunk.samples) / RATE
                del chunk
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < 400_000


def test_samples_that_are_none_are_made_harmless() -> None:
    """Not a number, without bound, or far over full scale."""
    samples = np.array([np.nan, np.inf, -np.inf, 1e24, -2.0, 0.25], np.float32)
    assert cleaned(samples).tolist() == [0.0, 1.0, -1.0, 1.0, -1.0, 0.25]


def test_an_ffmpeg_that_fails_is_asked_again(tmp_path: Path) -> None:
    """What it can record from is remembered only when it has said so."""
    ffmpeg = tmp_path / "ffmpeg"
    ffmpeg.write_text("#!/bin/sh\nexit 1\n")
    ffmpeg.chmod(0o755)
    with pytest.raises(SourceUnavailableError, match="failed to list"):
        input_devices(str(ffmpeg))
    ffmpeg.write_text("#!/bin/sh\necho ' D  alsa            ALSA audio input'\n")
    assert input_devices(str(ffmpeg)) == {"alsa"}
    ffmpeg.chmod(0o644)
    with pytest.raises(SourceUnavailableError, match="cannot be started"):
        FfmpegSource.from_file(tmp_path, sample_rate=RATE, ffmpeg=str(ffmpeg)).open()
