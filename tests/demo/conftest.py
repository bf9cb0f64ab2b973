"""What the demo's tests share."""

import pytest

from demo.nursery import Scene, compose


@pytest.fixture(scope="session")
def scene() -> Scene:
    """Return the demo night; it takes some seconds to make."""
    return compose()
