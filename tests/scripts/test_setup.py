"""The parts of scripts/setup that read a machine which is not like this one."""

from pathlib import Path
import re
import shutil
import subprocess

import pytest

ROOT = Path(__file__).parent.parent.parent
LIBRARY = ROOT / "scripts" / "lib"

pytestmark = pytest.mark.skipif(
    shutil.which("bash") is None, reason="bash is not installed"
)

DEB822 = """\
# What Debian's installer writes.
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""
OTHER_VENDOR = """\
Types: deb
URIs: https://packages.example/node
Suites: nodistro
Components: main
"""


def bash(command: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the scripts' library sourced."""
    parts = ("common", "uv", "python", "debian_python", "system", "environments")
    sources = "".join(f". {LIBRARY / part}.sh; " for part in parts)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", sources + command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """Return an empty /etc/apt of a Debian bookworm."""
    (tmp_path / "apt" / "sources.list.d").mkdir(parents=True)
    (tmp_path / "os-release").write_text("ID=debian\nVERSION_CODENAME=bookworm\n")
    return tmp_path


def mirror(etc: Path) -> str:
    """Return the mirror that is found in an /etc."""
    done = bash(f"debian_mirror {etc / 'apt'} {etc / 'os-release'} || true")
    assert done.stderr == ""
    return done.stdout.strip()


def test_the_mirror_is_found_in_deb822_sources(etc: Path) -> None:
    """The release's own, not security's, nor another vendor's that comes first."""
    folder = etc / "apt" / "sources.list.d"
    (folder / "a-vendor.sources").write_text(OTHER_VENDOR)
    (folder / "debian.sources").write_text(DEB822)

    assert mirror(etc) == "http://mirror.example/debian"


def test_values_of_deb822_sources_may_go_on_in_the_next_line(etc: Path) -> None:
    """A field's value may be folded, and its name written in any case."""
    folded = (
        "types: deb\nuris:\n http://one.example/debian\nsuites: sid\n bookworm\n"
        "Components: main\n"
    )
    (etc / "apt" / "sources.list.d" / "debian.sources").write_text(folded)

    assert mirror(etc) == "http://one.example/debian"


@pytest.mark.parametrize("switch", ["Enabled: no", "Types: deb-src"])
def test_a_mirror_that_is_switched_off_or_has_sources_only_is_not_taken(
    etc: Path, switch: str
) -> None:
    """There is nothing to fetch packages from."""
    text = DEB822.replace("Types: deb deb-src", "Types: deb", 1)
    lines = [
        line
        for line in text.splitlines()
        if not line.startswith(switch.partition(" ")[0])
    ]
    (etc / "apt" / "sources.list.d" / "debian.sources").write_text(
        "\n".join([switch, *lines[:6]])
    )

    assert mirror(etc) == ""


@pytest.mark.parametrize(
    "line",
    [
        "deb http://old.example/debian bookworm main contrib",
        "deb [signed-by=/usr/share/keyrings/x.gpg arch=amd64] http://old.example/debian bookworm main",
        "  deb\thttp://old.example/debian bookworm main",
    ],
)
def test_the_mirror_is_found_in_one_line_sources(etc: Path, line: str) -> None:
    """With options and without; comments and other suites are passed over."""
    (etc / "apt" / "sources.list").write_text(
        "# deb http://comment.example/debian bookworm main\n"
        "deb-src http://source.example/debian bookworm main\n"
        f"deb http://security.example/debian-security bookworm-security main\n{line}\n"
    )

    assert mirror(etc) == "http://old.example/debian"


def test_a_machine_without_sources_has_no_mirror(etc: Path) -> None:
    """Nothing is guessed."""
    assert mirror(etc) == ""


@pytest.mark.parametrize(
    ("package", "left_out"),
    [
        ("libc6-dev_2.43-7_amd64.deb", True),
        ("linux-libc-dev_7.2.12-1_all.deb", True),
        ("libc6_2.43-7_amd64.deb", False),
        ("libpython3.14-dev_3.14.8-1_amd64.deb", False),
    ],
)
def test_the_c_library_of_the_compiler_is_not_unpacked(
    package: str, left_out: bool
) -> None:
    """Its headers beside Python's would break every extension that is built."""
    done = bash(f'[[ {package} =~ ^($DEBIAN_LEFT_OUT)_ ]] && echo "left out"')

    assert (done.stdout == "left out\n") is left_out


def test_a_step_is_silent_about_what_succeeds() -> None:
    """One line with what was done and how long; nothing on stdout."""
    done = bash('step "Doing it" bash -c "echo noise; echo noise >&2"')

    assert done.returncode == 0
    assert done.stdout == ""
    # However long it took: the machine may be busy.
    assert re.fullmatch(r"Doing it +\d+ s\n", done.stderr)


def test_a_step_that_fails_shows_the_end_of_what_it_said() -> None:
    """And hands its exit code on."""
    done = bash('step "Doing it" bash -c "echo no such luck; exit 7"')

    assert done.returncode == 7
    assert "Doing it: failed" in done.stderr
    assert "| no such luck" in done.stderr


def test_an_attempt_that_fails_is_one_line() -> None:
    """There is another way."""
    done = bash('attempt "Trying it" bash -c "echo no; exit 1" || echo "other way"')

    assert done.stdout == "other way\n"
    assert len(done.stderr.splitlines()) == 1


def test_a_fingerprint_changes_with_files_and_words(tmp_path: Path) -> None:
    """What an environment was made from."""
    file = tmp_path / "requirements.txt"
    file.write_text("numpy\n")
    first = bash(f"fingerprint {file} -- a").stdout
    again = bash(f"fingerprint {file} -- a").stdout
    words = bash(f"fingerprint {file} -- b").stdout
    file.write_text("numpy>=2\n")
    content = bash(f"fingerprint {file} -- a").stdout

    assert len(first.strip()) == 64
    assert first == again
    assert len({first, words, content}) == 3


def test_an_unknown_argument_is_refused() -> None:
    """With where to look."""
    done = subprocess.run(
        [ROOT / "scripts" / "setup", "--nonsense"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "unknown argument '--nonsense'" in done.stderr
    assert "scripts/setup --help" in done.stderr


@pytest.mark.parametrize("script", ["setup", "demo", "test"])
def test_help_is_what_the_script_says_on_top(script: str) -> None:
    """Without its code, and without setting anything up."""
    done = subprocess.run(
        [ROOT / "scripts" / script, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0
    assert f"scripts/{script}" in done.stdout
    assert "set -euo" not in done.stdout
    assert done.stderr == ""


# Pythons that answer with their version, and a uv that finds the one which is asked for, if it is among them.
FAKES = """
mkdir -p $d
for version in {versions}; do
  printf '#!/bin/sh\\nexit 0\\n' >$d/python$version && chmod +x $d/python$version
done
find_pyenv_python() {{ return 1; }}
download_python() {{ false; }}
uv() {{ shift 5; [ -x $d/python$2 ] && echo $d/python$2; }}
UV=uv
"""


@pytest.mark.parametrize(
    ("versions", "taken"),
    [("3.14 3.13 3.12 3.11", "3.13"), ("3.12 3.11", "3.12"), ("3.14 3.11", "")],
)
def test_training_takes_a_python_that_both_tensorflow_and_the_engine_run_on(
    tmp_path: Path, versions: str, taken: str
) -> None:
    """TensorFlow has no wheel for 3.14, the engine is not run by 3.11; where there is neither, that is said."""
    fakes = FAKES.format(versions=versions)
    done = bash(f"d={tmp_path}/bin; {fakes} ensure_python_for_training; echo $PYTHON")

    if taken:
        assert done.stdout.strip() == f"{tmp_path}/bin/python{taken}", done.stderr
    else:
        assert done.returncode == 1
        assert "TensorFlow needs Python 3.12 or 3.13" in done.stderr


def test_training_is_set_up_from_its_own_requirements() -> None:
    """Pinned, and with what it needs beyond Python: ffmpeg reads the recordings."""
    show = "ensure_environment() { echo $1 $2 $4; }; ensure_ffmpeg() { echo ffmpeg; }; setup_model"
    done = bash(show)

    assert done.stdout.split() == [
        f"{ROOT}/.venv-model",
        f"{ROOT}/requirements_model.txt",
        "ensure_python_for_training",
        "ffmpeg",
    ]
    lines = (ROOT / "requirements_model.txt").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith("#")]
    assert packages
    assert all("==" in package for package in packages)
