"""The cry detector itself: sound in, observations out.

Nothing in here knows Home Assistant. It needs Python 3.12 and numpy, and imports by itself under the name
`cry_engine` (see pyproject.toml), which is how training, the tests and the terminal program use it.
"""
