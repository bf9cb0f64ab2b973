"""Cut labelled recordings into the clips that train.py learns from.

    python model/prepare.py --in_dir=./recordings --out_dir=./data

reads recordings/<label>/<recording>.<anything that ffmpeg reads> and writes data/<label>/<recording>_nohash_<n>.wav: five
seconds each, mono, 22,050 Hz. Pieces of one recording keep its name, so they are never on both sides of a split. It may be run
again at any time: the clips of a recording take the place of those it made before, also of those it made under another label.
Clips whose recording is not there any more are kept, and named.
"""

import argparse
from collections import Counter
from pathlib import Path
import sys

from cry_engine.errors import EngineError, FfmpegMissingError, SourceError
from cutting import NOTHING_DBFS, Cut, LeftOut, cut_up, find_recordings
from progress import Progress, print_any_name
from recordings import DataError
from stale import alone_in, clear_moved, clear_unfinished


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--in_dir",
        type=Path,
        default=Path("recordings"),
        metavar="DIR",
        help="holds a folder of recordings for each label (default: %(default)s)",
    )
    add(
        "--out_dir",
        type=Path,
        default=Path("data"),
        metavar="DIR",
        help="the clips go here (default: %(default)s)",
    )
    for name, default, unit, meaning in (
        ("sample_rate", 22_050, "N", "of the clips, in Hz"),
        ("clip_s", 5.0, "S", "length of a clip"),
        ("shortest_s", 2.5, "S", "a recording's last piece is kept from this on"),
        ("gain_db", 0.0, "DB", "louder by so much, as far as nothing is cut off"),
        ("quietest_dbfs", NOTHING_DBFS, "DB", "leave clips out with a lower peak, unless their label has to do with silence or noise"),
    ):  # fmt: skip
        add(
            f"--{name}",
            type=type(default),
            default=default,
            metavar=unit,
            help=f"{meaning} (default: %(default)s)",
        )
    add("--ffmpeg", default="ffmpeg", metavar="PROGRAM", help="the ffmpeg to use")
    return parser.parse_args()


def prepare(wanted: argparse.Namespace) -> None:
    """Cut everything up, and report.

    Raises:
        DataError, FfmpegMissingError, OSError: with the name of what is wrong.
    """
    cut = Cut(
        sample_rate=wanted.sample_rate,
        clip_s=wanted.clip_s,
        shortest_s=wanted.shortest_s,
        gain_db=wanted.gain_db,
        quietest_dbfs=wanted.quietest_dbfs,
        ffmpeg=wanted.ffmpeg,
    )
    check(wanted, cut)
    recordings, left_out = find_recordings(wanted.in_dir)
    wanted.out_dir.mkdir(parents=True, exist_ok=True)
    with alone_in(wanted.out_dir):
        clear_unfinished(wanted.out_dir)
        cut_all(recordings, left_out, wanted.out_dir, cut)
        for line in clear_moved(recordings, wanted.in_dir, wanted.out_dir, cut):
            print(line)


def cut_all(
    recordings: list[Path], left_out: list[LeftOut], out_dir: Path, cut: Cut
) -> None:
    """Cut recordings up, and report; `left_out` is what had been before.

    Raises:
        FfmpegMissingError, OSError: with the name of what is wrong.
    """
    used: Counter[str] = Counter()
    clips: Counter[str] = Counter()
    with Progress("recordings", len(recordings)) as progress:
        for number, recording in enumerate(recordings, 1):
            label = recording.parent.name.lower()
            try:
                made = 0
                for result in cut_up(recording, out_dir, cut):
                    if isinstance(result, LeftOut):
                        left_out.append(result)
                    else:
                        made += 1
                clips[label] += made
                used[label] += made > 0
            except FfmpegMissingError:
                raise
            except SourceError as error:
                reason = str(error).removeprefix(f"{recording}: ")
                left_out.append(LeftOut(recording, f"cannot be read: {reason}"))
            progress.update(number, recording.name)
    for one in left_out:
        if not one.rest:
            print(f"left out: {one.path}: {one.why}")
    if rests := sum(one.rest for one in left_out):
        print(f"left out: the last {cut.shortest_s:g} s or less of {rests} recordings, too short for another clip")  # fmt: skip
    for label in sorted({recording.parent.name.lower() for recording in recordings}):
        of = sum(recording.parent.name.lower() == label for recording in recordings)
        print(f"{label}: {clips[label]} clips of {used[label]} recordings, of {of}")


def check(wanted: argparse.Namespace, cut: Cut) -> None:
    """Refuse what cannot be cut.

    Raises:
        DataError: the message names the option.
    """
    if wanted.in_dir.resolve() == wanted.out_dir.resolve():
        raise DataError(
            f"--out_dir={wanted.out_dir}: must be another folder than --in_dir, which is left as it is"
        )
    if not 1_000 <= cut.sample_rate <= 192_000:
        raise DataError(f"--sample_rate must be 1000 to 192000, not {cut.sample_rate}")
    if not 0.05 <= cut.clip_s <= 60.0:
        raise DataError(f"--clip_s must be 0.05 to 60, not {cut.clip_s:g}")
    if not 0.0 <= cut.gain_db <= 100.0:
        raise DataError(f"--gain_db must be 0 to 100, not {cut.gain_db:g}")
    if not 0.0 <= cut.shortest_s <= 60.0:
        raise DataError(f"--shortest_s must be 0 to 60, not {cut.shortest_s:g}")
    if not -200.0 <= cut.quietest_dbfs <= 0.0:
        raise DataError(f"--quietest_dbfs must be -200 to 0, not {cut.quietest_dbfs:g}")


def main() -> int:
    """Run the program; return its exit status."""
    print_any_name()
    wanted = options()
    try:
        prepare(wanted)
    except (DataError, EngineError) as error:
        print(f"prepare: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"prepare: {error.filename or wanted.out_dir}: {error.strerror or error}", file=sys.stderr)  # fmt: skip
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
