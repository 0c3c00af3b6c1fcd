"""The home folder is written short, and only it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpsnet_studio.paths import path_words


@pytest.mark.parametrize(
    ("path", "words"),
    [("/home/ada/a/b.png", "~/a/b.png"), ("/home/ada", "~"), ("/home/adam/a", "/home/adam/a"), ("/data", "/data")],
)
def test_home_is_written_short(path: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ada"))
    assert path_words(Path(path)) == words
