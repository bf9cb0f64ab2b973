"""Words that the frontend cannot translate itself, since they stand within other text."""

from collections.abc import Mapping
from typing import Self

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from .const import DOMAIN
from .engine.observation import Observation
from .errors import NoSoundError
from .impression import Verdict


class Words:
    """What the integration says, in the language of the house."""

    def __init__(self, translations: Mapping[str, str]) -> None:
        """Take translations by their whole keys."""
        self._translations = translations

    @classmethod
    async def async_load(cls, hass: HomeAssistant) -> Self:
        """Return the words, in English where the language lacks one."""
        translations: dict[str, str] = {}
        for category in ("exceptions", "selector"):
            translations |= await async_get_translations(
                hass, hass.config.language, category, {DOMAIN}
            )
        return cls(translations)

    def verdict(self, verdict: Verdict) -> str:
        """Return what a verdict means to the user."""
        return self._option("verdict", verdict)

    def label(self, label: str) -> str:
        """Return what a model calls a sound; labels that nobody has translated as they are."""
        plain = label.strip("_")
        return self._option("label", plain) or plain.replace("_", " ")

    @property
    def waiting(self) -> str:
        """Return that no sound has come yet."""
        return self._option("preview", "waiting")

    def levels(self, observation: Observation) -> str:
        """Return the level and the confidence of an observation."""
        return self._option("preview", "levels").format(
            level=f"{observation.level.rms_dbfs:.0f}",
            confidence=f"{100.0 * observation.confidence:.0f}",
        )

    def levels_of(
        self, observation: Observation, gain_db: float, threshold: float
    ) -> str:
        """Return the same as with some more gain, and the confidence that counts as crying."""
        return self._option("preview", "levels_of").format(
            level=f"{observation.level.rms_dbfs + gain_db:.0f}",
            confidence=f"{100.0 * observation.confidence:.0f}",
            threshold=f"{100.0 * threshold:.0f}",
        )

    def loss(self, loss: NoSoundError) -> str:
        """Return why there is no sound."""
        message = self._translations.get(
            f"component.{DOMAIN}.exceptions.{loss.translation_key}.message", ""
        )
        return message.format(**(loss.translation_placeholders or {}))

    def _option(self, selector: str, option: str) -> str:
        key = f"component.{DOMAIN}.selector.{selector}.options.{option}"
        return self._translations.get(key, "")
