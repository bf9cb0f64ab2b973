"""The engine at a terminal: devices, listen, classify, bench."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
import json
import os
from pathlib import Path
import shutil
import sys
from typing import Any

from . import bench
from .classifier import DEFAULT_MODEL, Classifier, RuntimeName
from .episodes import Episode, EpisodeSettings
from .errors import EngineError
from .listener import Listener, Observation
from .sensitivity import Sensitivity, episode_settings
from .sources import Source
from .sources.ffmpeg import FfmpegSource
from .sources.microphone import list_microphones, microphone

PROGRAM = "cry"

# What the level bar spans: under the one nothing is heard, at the other it is cut off.
_QUIETEST_DBFS = -70.0
_BAR_CELLS = 24

# As a shell reports a program that was ended by Ctrl-C.
_INTERRUPTED = 130


def clock(seconds: float) -> str:
    """Return a time in a recording as `1:02:03.5` or `2:03.5`."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{rest // 10:02}.{rest % 10}"


def level_bar(level_dbfs: float) -> str:
    """Return a bar of fixed width for a level."""
    part = min(1.0, max(0.0, 1.0 - level_dbfs / _QUIETEST_DBFS))
    filled = round(part * _BAR_CELLS)
    return "█" * filled + "·" * (_BAR_CELLS - filled)


def _complain(message: str) -> None:
    print(f"{PROGRAM}: {message}", file=sys.stderr)


def _load(model: Path, runtime: RuntimeName | None) -> Classifier:
    """Load a model, without what LiteRT announces on stderr as it starts."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        return Classifier.load(model, runtime=runtime)
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def _devices(arguments: argparse.Namespace) -> int:
    found = list_microphones(arguments.ffmpeg)
    width = max(len(device.name) for device in found)
    for device in found:
        print(f"{device.name:{width}}  {device.description}")
    return 0


def _settings(arguments: argparse.Namespace, classifier: Classifier) -> EpisodeSettings:
    chosen = episode_settings(classifier.manifest, Sensitivity(arguments.sensitivity))
    on = chosen.on_threshold if arguments.on is None else arguments.on
    # Who asks for a lower on threshold means the off threshold to follow.
    off = min(chosen.off_threshold, on) if arguments.off is None else arguments.off
    hold_s = chosen.hold_s if arguments.hold is None else arguments.hold
    return replace(chosen, on_threshold=on, off_threshold=off, hold_s=hold_s)


def _live_source(name: str, arguments: argparse.Namespace, sample_rate: int) -> Source:
    options: dict[str, Any] = {"sample_rate": sample_rate, "ffmpeg": arguments.ffmpeg}
    if "://" in name:
        return FfmpegSource.from_url(name, **options)
    if Path(name).is_file():
        return FfmpegSource.from_file(Path(name), **options)
    return microphone(name, **options)


def _listen(arguments: argparse.Namespace) -> int:
    classifier = _load(arguments.model, arguments.runtime)
    source = _live_source(arguments.source, arguments, classifier.manifest.sample_rate)
    print(f"{source.name}, {classifier.runtime}; Ctrl-C ends it", file=sys.stderr)
    is_live = sys.stdout.isatty()
    show = _show_line if is_live else _log_line
    since: datetime | None = None
    try:
        for observation in Listener(
            source, classifier, _settings(arguments, classifier)
        ):
            if not observation.crying:
                since = None
            elif since is None:
                since = datetime.now().astimezone()
            show(observation, since)
    finally:
        if is_live:
            # What comes next, be it an error or the shell, begins a line of its own.
            print()
    return 0


def _describe(observation: Observation, since: datetime | None) -> str:
    return (
        f"{observation.level.rms_dbfs:6.1f} dBFS {level_bar(observation.level.rms_dbfs)}"
        f" {observation.confidence:4.0%}"
        f"  {f'crying since {since:%H:%M:%S}' if since else 'calm'}"
        f"{'' if observation.health == 'ok' else f' ({observation.health})'}"
    )


def _show_line(observation: Observation, since: datetime | None) -> None:
    width = shutil.get_terminal_size().columns - 1
    line = _describe(observation, since)[:width]
    print(f"\r{line:{width}}", end="", flush=True)


def _log_line(observation: Observation, since: datetime | None) -> None:
    print(f"{clock(observation.time):>9} {_describe(observation, since)}", flush=True)


def _classify(arguments: argparse.Namespace) -> int:
    classifier = _load(arguments.model, arguments.runtime)
    settings = _settings(arguments, classifier)
    status = 0
    for file in arguments.files:
        report = _JsonReport(file) if arguments.json else _TextReport(file)
        try:
            _replay(file, arguments.ffmpeg, classifier, settings, report)
        except EngineError as error:
            sys.stdout.flush()
            _complain(str(error))
            status = 1
    return status


def _replay(
    file: str,
    ffmpeg: str,
    classifier: Classifier,
    settings: EpisodeSettings,
    report: "_JsonReport | _TextReport",
) -> None:
    source = FfmpegSource.from_file(
        Path(file),
        sample_rate=classifier.manifest.sample_rate,
        ffmpeg=ffmpeg,
        real_time=False,
    )
    listener = Listener(source, classifier, settings)
    try:
        for observation in listener:
            report.observe(observation)
            episode = observation.episode
            if episode is not None and episode.end is not None:
                report.end_episode(episode)
    finally:
        # What was heard before a file turned out to be damaged counts too.
        if (episode := listener.finish()) is not None:
            report.end_episode(episode)
    report.end_file()


class _JsonReport:
    """One object a line, for each hop and each episode."""

    def __init__(self, file: str) -> None:
        self._file = file

    def observe(self, observation: Observation) -> None:
        self._print(
            t=round(observation.time, 3),
            level_dbfs=round(observation.level.rms_dbfs, 2),
            confidence=round(observation.confidence, 6),
            crying=observation.crying,
        )

    def end_episode(self, episode: Episode) -> None:
        self._print(
            episode={
                "start": round(episode.start, 3),
                "end": round(episode.last, 3),
                "peak": round(episode.peak, 6),
            }
        )

    def end_file(self) -> None:
        pass

    def _print(self, **values: Any) -> None:
        print(json.dumps({"file": self._file, **values}))


class _TextReport:
    """The episodes of a file, for people."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._time = 0.0
        self._surest = 0.0
        self._episodes = 0

    def observe(self, observation: Observation) -> None:
        self._time = observation.time
        self._surest = max(self._surest, observation.confidence)

    def end_episode(self, episode: Episode) -> None:
        self._episodes += 1
        print(
            f"{self._file}: crying from {clock(episode.start)} to {clock(episode.last)}"
            f" ({episode.duration:.1f} s, at most {episode.peak:.0%} sure)"
        )

    def end_file(self) -> None:
        if not self._episodes:
            print(
                f"{self._file}: no crying in {clock(self._time)}"
                f" (at most {self._surest:.0%} sure)"
            )


def _bench(arguments: argparse.Namespace) -> int:
    return bench.run(partial(_load, arguments.model), arguments.seconds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="Tell a crying baby from everything else."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--ffmpeg", default="ffmpeg", help="the ffmpeg to use (default: %(default)s)"
    )
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument(
        "--model",
        type=Path,
        default=DEFAULT_MODEL,
        metavar="FILE",
        help="a .tflite with its manifest beside it (default: the one that is shipped)",
    )
    detection = argparse.ArgumentParser(add_help=False, parents=[model])
    detection.add_argument(
        "--runtime",
        choices=["numpy", "litert"],
        help="what runs the model (default: LiteRT where it is installed)",
    )
    detection.add_argument(
        "--sensitivity",
        choices=[str(sensitivity) for sensitivity in Sensitivity],
        default=str(Sensitivity.MEDIUM),
        help="how easily a sound is taken for crying (default: %(default)s)",
    )
    for name, what in (
        ("on", "smoothed confidence, 0 to 1, from which on it is crying"),
        ("off", "smoothed confidence, 0 to 1, under which it is calm"),
    ):
        detection.add_argument(
            f"--{name}",
            type=float,
            metavar="C",
            help=f"{what} (default: the sensitivity's)",
        )
    detection.add_argument(
        "--hold",
        type=float,
        metavar="S",
        help="seconds of calm that end an episode"
        f" (default: {EpisodeSettings().hold_s:g})",
    )

    devices = commands.add_parser(
        "devices", parents=[common], help="list the microphones there are"
    )
    devices.set_defaults(run=_devices)

    listen = commands.add_parser(
        "listen", parents=[common, detection], help="listen, and show what is heard"
    )
    listen.add_argument(
        "source",
        nargs="?",
        default="default",
        metavar="SOURCE",
        help="a microphone's name, a stream's URL or a file (default: %(default)s)",
    )
    listen.set_defaults(run=_listen)

    classify = commands.add_parser(
        "classify", parents=[common, detection], help="find the crying in recordings"
    )
    classify.add_argument("files", nargs="+", metavar="FILE")
    classify.add_argument(
        "--json", action="store_true", help="one JSON object a line, for every hop"
    )
    classify.set_defaults(run=_classify)

    benchmark = commands.add_parser(
        "bench", parents=[model], help="measure how fast the engine is on one core"
    )
    benchmark.add_argument(
        "--seconds",
        type=int,
        default=120,
        metavar="S",
        help="seconds of sound to measure with (default: %(default)s)",
    )
    benchmark.set_defaults(run=_bench)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return its exit status: 0, 1 for an error, 2 for wrong usage."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    # A file's name is printed as it came, whatever its bytes.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="surrogateescape")
    try:
        status: int = parsed.run(parsed)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader has seen enough (`cry ... | head`); nothing is left to be flushed.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ValueError as error:
        parser.error(str(error))
    except EngineError as error:
        _complain(str(error))
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
