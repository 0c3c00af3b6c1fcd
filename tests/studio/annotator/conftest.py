"""Fixtures of the annotator's tests: nothing that a test opened stays open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.studio.annotator.on_the_desk import close_desks


@pytest.fixture(autouse=True)
def no_project_stays_open() -> Iterator[None]:
    """Closes the projects of desks that a test only looked at."""
    yield
    close_desks()
