"""What all tests share; runs with Home Assistant and without."""

import importlib.util
from pathlib import Path
import sys

import pytest

ROOT = Path(__file__).parent.parent
ENGINE = ROOT / "custom_components" / "cry_detector" / "engine"
# The recordings that the model is trained on lie beside the checkout; they are
# no part of it.
SHARED_AUDIO = ROOT.parent / "shared" / "audio"


def _make_importable(name: str, folder: Path) -> None:
    """Import the package in `folder` as `name`, as installing it would."""
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


if importlib.util.find_spec("cry_engine") is None:
    _make_importable("cry_engine", ENGINE)


@pytest.fixture(scope="session")
def shared_audio() -> Path:
    """Return the folder of real recordings; skip the test where it is not there."""
    if not (SHARED_AUDIO / "manifest.csv").is_file():
        pytest.skip(f"no real recordings: {SHARED_AUDIO} is not there")
    return SHARED_AUDIO
