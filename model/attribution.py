"""Write whose recordings the model learnt from and was measured with.

    python model/attribution.py --data_dir=../shared/audio

writes ATTRIBUTION.md: each corpus at the version that was used, and what it says of its files' licence and authors.
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
import re
import sys

from recordings import DataError, Recording, read_manifest
from writing import write_text

ROOT = Path(__file__).resolve().parent.parent

_FREESOUND = "freesound:"
_ADDRESS = re.compile(
    r"<[^>]* (?:on|at) [^>]* dot [^>]*>|(?<![\w.+-])(?<!by )(?:- )?<?[\w.+-]+@\w[\w.-]*\.\w+>?"
)
"""People are named, their post-boxes are not: name@host, and <name on host dot land>; but one who goes by such a name."""

_HEAD = """# Attribution

Whose recordings the model learnt from, was calibrated with and is measured with: {clips:,} clips of {corpora} corpora. None of them is part
of this project. Corpora are named with the commit that was used; licences are as each of them words it (but for addresses), with the place where it does in brackets.
Where a corpus says different things of different files, the files are named. Clips of Freesound that corpora without a
licence of their own hold carry the licence and the author that the ESC-50 dataset names for them; the link leads to the original.

Made by `model/attribution.py` from the manifest of the recordings.
"""


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data_dir", type=Path, default=ROOT.parent / "shared/audio", metavar="DIR",
        help="recordings and their manifest.csv (%(default)s)")  # fmt: skip
    add("--out", type=Path, default=ROOT / "model/ATTRIBUTION.md", metavar="FILE",
        help="where it is written (%(default)s)")  # fmt: skip
    return parser.parse_args(arguments)


def attribution(recordings: Sequence[Recording]) -> str:
    """Return, as Markdown, what each corpus says of the licence and the authors of its recordings."""
    corpora: dict[str, dict[str, list[Recording]]] = {}
    for recording in recordings:
        said = corpora.setdefault(recording.source, {})
        said.setdefault(recording.licence, []).append(recording)
    text = _HEAD.format(clips=len(recordings), corpora=len(corpora))
    return text + "".join(
        _corpus(source, corpora[source]) for source in sorted(corpora, key=str.lower)
    )


def _corpus(source: str, said: dict[str, list[Recording]]) -> str:
    """Return the section of one corpus."""
    name, _, commit = source.partition("@")
    clips = sum(len(members) for members in said.values())
    lines = [
        f"\n## {name}\n",
        f"[github.com/{name}](https://github.com/{name}), commit `{commit}`, {clips:,} clips.\n",
    ]
    for licence in sorted(said, key=str.lower):
        line = f"- {_plain(licence)}"
        # One that says the same of all of its files names them itself.
        if len(said) > 1:
            line += f": {', '.join(_files(said[licence]))}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def _files(recordings: Iterable[Recording]) -> list[str]:
    """Return what the recordings were cut from, each once: its file in the corpus, or its page at Freesound."""
    names = set()
    for recording in recordings:
        kind, _, number = recording.group.partition(":")
        if f"{kind}:" == _FREESOUND and number.isdecimal():
            names.add(f"[{number}](https://freesound.org/s/{number})")
        else:
            names.add(f"`{recording.original}`")
    return sorted(names)


def _plain(text: str) -> str:
    """Return a text without addresses, and with what Markdown would read as more than text escaped."""
    text = " ".join(_ADDRESS.sub("", text).split())
    return "".join(f"\\{sign}" if sign in r"\`*_[]<>" else sign for sign in text)


def main(arguments: list[str] | None = None) -> int:
    """Read, write."""
    args = options(arguments)
    try:
        write_text(args.out, attribution(read_manifest(args.data_dir)))
    except (DataError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"written: {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
