"""What can go wrong with the demo."""


class DemoError(Exception):
    """The demo cannot go on; the text says why, and what to do."""
