"""What has been learnt of how a source is silent: whether it sends nothing while a room is quiet."""

from collections import deque

from .sources import SourceKind

# From this length on, digital silence between two sounds was a pause.
_PAUSE_S = 1.0

# After so many pauses it is the source's way: a codec that sends nothing, or a microphone with a
# gate. A button that mutes a microphone is pressed once or twice ...
_PAUSES = {SourceKind.DEVICE: 3, SourceKind.STREAM: 1, SourceKind.RECORDING: 1}
# ... and once an evening: a gate closes as often within ten minutes of sound.
_WITHIN_S = 600.0


class Pauses:
    """Follows a source through its sound and silence, also when it is opened anew in between.

    A stream that is lost and opened again is the same camera or microphone: give the same
    object to whatever listens to it next.
    """

    def __init__(self) -> None:
        """Start out with nothing known."""
        self.learnt = False
        """Whether it is known to pause."""
        self.silent_s = 0.0
        """Seconds of silence since the last sound, over all times that it was opened."""
        # Those of them that the source sent.
        self._sent_s = 0.0
        self._has_sounded = False
        self._heard_s = 0.0
        # When each of the last pauses ended, in seconds heard.
        self._ended_s: deque[float] = deque()

    def opened(self) -> None:
        """Note that the source is opened anew: a silence goes on that there was, but none begins with its start."""
        if self._sent_s < _PAUSE_S:
            self._has_sounded = False
            self.silent_s = self._sent_s = 0.0

    def update(
        self,
        span_s: float,
        is_silent: bool,
        kind: SourceKind,
        *,
        is_missing: bool = False,
    ) -> None:
        """Take whether the next so many seconds of a kind of source are digital silence.

        Args:
            span_s: how many.
            is_silent: whether they are.
            kind: of the source.
            is_missing: whether the source has sent none of that silence. A network leaves gaps as
                well as a codec does: nothing is learnt from them.
        """
        self._heard_s += span_s
        if is_silent:
            self.silent_s += span_s
            self._sent_s += 0.0 if is_missing else span_s
            return
        if self._has_sounded and self._sent_s >= _PAUSE_S:
            self._ended_s.append(self._heard_s)
            while self._heard_s - self._ended_s[0] > _WITHIN_S:
                self._ended_s.popleft()
            self.learnt = self.learnt or len(self._ended_s) >= _PAUSES[kind]
        self._has_sounded = True
        self.silent_s = self._sent_s = 0.0
