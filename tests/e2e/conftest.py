"""Fixtures of the tests of the whole program."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def garbage(collected_in_this_thread: None) -> None:
    """Objects of Qt's are destroyed in the thread that they live in."""
