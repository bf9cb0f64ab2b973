"""The models there are: the shipped one, and the user's own under `<config>/cry_detector/`."""

from pathlib import Path
from typing import Final

from homeassistant.core import HomeAssistant

from .const import DOMAIN
from .engine.classifier import DEFAULT_MODEL, Classifier
from .engine.errors import ModelError
from .errors import NoSoundError, no_sound_error

SUFFIX: Final = ".tflite"


async def async_load_classifier(hass: HomeAssistant, model: str = "") -> Classifier:
    """Load a model by its name; "" is the one that is shipped.

    Raises:
        NoSoundError: there is no such model, or it is damaged or cannot be run.
    """
    return await hass.async_add_executor_job(_load, hass, model)


def list_models(hass: HomeAssistant) -> list[str]:
    """Return the names of the user's own models; looks at the disk."""
    folder = _folder(hass).resolve()
    return sorted(
        path.name
        for path in folder.glob(f"*{SUFFIX}")
        if path.is_file()
        and path.with_suffix(".json").is_file()
        # A link that leads elsewhere would not be loaded either.
        and path.resolve().parent == folder
    )


def _load(hass: HomeAssistant, model: str) -> Classifier:
    try:
        path = _path(hass, model) if model else DEFAULT_MODEL
        return Classifier.load(path)
    except ModelError as err:
        raise no_sound_error(err) from err


def _path(hass: HomeAssistant, model: str) -> Path:
    """Return the path of a model that lies in the folder for models, and nowhere else."""
    folder = _folder(hass).resolve()
    try:
        path = (folder / model).resolve()
        is_there = path.is_file()
    except ValueError:
        # A null byte is in no path.
        is_there = False
    if not is_there or path.parent != folder or path.suffix != SUFFIX:
        raise NoSoundError("model_not_found", model=model, folder=str(_folder(hass)))
    return path


def _folder(hass: HomeAssistant) -> Path:
    return Path(hass.config.path(DOMAIN))
