"""Whose recordings were used is said, of each corpus and of each author."""

from pathlib import Path
import re

import pytest

from attribution import attribution, main
from recordings import Recording, read_manifest

ATTRIBUTION = Path(__file__).parents[2] / "model" / "ATTRIBUTION.md"


def recording(
    source: str, licence: str, *, group: str = "x", original: str = ""
) -> Recording:
    """Return a row of a manifest."""
    return Recording(
        path=Path("x.ogg"),
        label="animal",
        sublabel="cat",
        group=group,
        split="train",
        quality="ok",
        source=source,
        licence=licence,
        seconds=1.0,
        original=original,
    )


def test_a_corpus_of_one_licence_needs_no_list_of_files() -> None:
    """It is named with the commit that was used, and with what it says."""
    text = attribution(
        [recording("owner/corpus@abc", "CC BY 4.0 (LICENSE)", original=name) for name in "ab"]
    )  # fmt: skip

    assert "(https://github.com/owner/corpus), commit `abc`, 2 clips" in text
    assert "- CC BY 4.0 (LICENSE)\n" in text


def test_where_a_corpus_has_several_authors_their_files_are_named() -> None:
    """Each file once, however many clips were cut from it; a clip of Freesound by its page there."""
    text = attribution(
        [
            recording("o/c@1", "CC BY (by one_1)", original="b.ogg"),
            recording("o/c@1", "CC BY (by one_1)", original="b.ogg"),
            recording("o/c@1", "CC BY (by one_1)", original="a.ogg"),
            recording("o/c@1", "CC BY (by two)", group="freesound:12", original="c"),
        ]
    )

    assert "- CC BY (by one\\_1): `a.ogg`, `b.ogg`\n" in text
    assert "- CC BY (by two): [12](https://freesound.org/s/12)\n" in text


@pytest.mark.parametrize(
    "address", ["some.one@example.org", "<a@b.example>", "<a on example dot org>"]
)
def test_addresses_are_left_out(address: str) -> None:
    """Who it is by is enough."""
    text = attribution([recording("o/c@1", f"Some One {address} 2004 / GPL")])
    assert "- Some One 2004 / GPL\n" in text


def test_what_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is written."""
    out = tmp_path / "out.md"
    assert main([f"--data_dir={tmp_path}", f"--out={out}"]) == 1
    assert "manifest.csv" in capsys.readouterr().err
    assert not out.exists()


def test_the_committed_list_is_that_of_the_recordings(shared_audio: Path) -> None:
    """Every author that a licence names is in it."""
    recordings = read_manifest(shared_audio)
    authors = {
        match[1]
        for each in recordings
        if (match := re.search(r"Freesound, by ([^)]+)\)", each.licence))
    }
    text = ATTRIBUTION.read_text(encoding="utf-8")

    assert text == attribution(recordings)
    assert len(authors) > 100
    plain = text.replace("\\", "")
    assert [author for author in authors if f"by {author})" not in plain] == []
