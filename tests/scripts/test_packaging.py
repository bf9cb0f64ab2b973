"""What pyproject.toml, hacs.json and the requirements say of the integration holds."""

import json
from pathlib import Path
import subprocess
import sys
import tomllib

ROOT = Path(__file__).parent.parent.parent
INTEGRATION = ROOT / "custom_components" / "cry_detector"
ENGINE = INTEGRATION / "engine"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_version_is_that_of_the_manifest() -> None:
    """One version for both."""
    manifest = json.loads((INTEGRATION / "manifest.json").read_text(encoding="utf-8"))

    assert PYPROJECT["project"]["version"] == manifest["version"]


def test_every_package_of_the_engine_is_packaged() -> None:
    """A package that is left out would be missing where the engine is installed."""
    packages = {"cry_engine"}
    for init in ENGINE.rglob("__init__.py"):
        parts = init.parent.relative_to(ENGINE).parts
        packages.add(".".join(("cry_engine", *parts)))
    # The models are data: a folder without code.
    packages.add("cry_engine.models")

    assert set(PYPROJECT["tool"]["setuptools"]["packages"]) == packages


def test_hacs_asks_for_the_home_assistant_that_the_tests_run() -> None:
    """Older ones are not tested, so not promised."""
    hacs = json.loads((ROOT / "hacs.json").read_text(encoding="utf-8"))
    code = "from homeassistant.const import MAJOR_VERSION as a, MINOR_VERSION as b; print(f'{a}.{b}')"
    tested = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()

    assert hacs["homeassistant"].startswith(tested)


def test_the_engine_is_importable_by_its_own_name_from_anywhere(tmp_path: Path) -> None:
    """As scripts/cry starts it, from whichever folder."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", "import cry_engine; print(cry_engine.__file__)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )

    assert Path(done.stdout.strip()).parent == ENGINE
