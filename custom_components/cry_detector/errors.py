"""The engine's errors in Home Assistant's words: translated at this edge, once."""

from homeassistant.exceptions import HomeAssistantError

from .const import DOMAIN
from .engine.errors import (
    EngineError,
    FfmpegMissingError,
    InvalidSourceError,
    ModelError,
    SourceStalledError,
)

# What ffmpeg says when a server, of whatever kind, wants another user name or password.
_REFUSED = "401 Unauthorized"

# What the user is told for each error of the engine, the most particular first.
ERROR_KEYS: dict[type[EngineError], str] = {
    ModelError: "model_error",
    FfmpegMissingError: "ffmpeg_missing",
    InvalidSourceError: "invalid_source",
    SourceStalledError: "no_sound",
    EngineError: "cannot_connect",
}


class NoSoundError(HomeAssistantError):
    """Sound cannot be had, and why.

    The translation key is also the key of the error that the config flow shows.
    """

    translation_key: str

    def __init__(self, key: str, **placeholders: str) -> None:
        """Name what went wrong by the key of its translation."""
        super().__init__(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders=placeholders,
        )

    @property
    def is_refusal(self) -> bool:
        """Whether it is the user name or the password that is wrong."""
        return _REFUSED in (self.translation_placeholders or {}).get("cause", "")


def no_sound_error(err: EngineError) -> NoSoundError:
    """Return an error of the engine in words that can be translated."""
    key = next(key for kind, key in ERROR_KEYS.items() if isinstance(err, kind))
    return NoSoundError(key, cause=str(err))


def without_frames[E: BaseException](err: E) -> E:
    """Return an error, and what caused it, without the frames that they went through.

    Those hold the listener that was lost, and each other, and the task that they ran in, which
    holds how it was cancelled: half a megabyte for each loss, until somebody collects garbage.
    What an error says does not need them.
    """
    link: BaseException | None = err
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return err
