"""What can go wrong in the engine: one family, so that a caller can catch it whole."""


class EngineError(Exception):
    """Anything that the engine refuses or fails to do; the message says what to do about it."""


class SourceError(EngineError):
    """Sound could not be had from a source."""


class SourceUnavailableError(SourceError):
    """The source could not be opened, or was lost: trying again later may help."""


class FfmpegMissingError(SourceUnavailableError):
    """There is no ffmpeg to listen with."""


class SourceEndedError(SourceError):
    """The source has played to its end: a file, or a stream that its server closed in good order."""


class SourceClosedError(SourceError):
    """The source was closed from this side while it was being read."""


class SourceStalledError(SourceUnavailableError):
    """The source is open, but no sound has come from it for too long."""


class InvalidSourceError(SourceError):
    """The source cannot be right as it was given (a scheme that is not allowed, a card number, ...)."""


class ModelError(EngineError):
    """A model or its manifest is damaged, foreign or not supported."""
