"""No name of a person's file is left in a text; what the program says about itself stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.redaction import program_folders, redacted

OWN = [Path("/opt/studio"), Path("/home/ada/.local/state/lpsnet studio")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("told: /media/patients/Jane Doe 1961.png: truncated", "told: <picture>.png: truncated"),
        ("[Errno 2] No such file: '/media/Jane Doe/a.JPG'", "[Errno 2] No such file: '<picture>.JPG'"),
        ("""no file "/media/Jane O'Neill/a b.jpg", sorry""", """no file "<picture>.jpg", sorry"""),
        ("/media/Jane O'Neill/x.json: no object", "<file>.json: no object"),
        ("/media/a, b/c.png /data/d e.pt", "<picture>.png <file>.pt"),
        ("C:\\Users\\Jane Doe\\a.tif: truncated", "<picture>.tif: truncated"),
        ("'C:\\\\Users\\\\Jane\\\\a.tif'", "'<picture>.tif'"),
        (r"\\server\Jane\a.png: gone", "<picture>.png: gone"),
        ("~/Jane/a.png: gone", "<picture>.png: gone"),
        ("file:///media/Jane/a.png", "<picture>.png"),
        ("path='/media/Jane/a.png', truth=None", "path='<picture>.png', truth=None"),
        ("image='/media/Jane/a.png|/media/Jane/t.json#3'", "image='<path>'"),
        ("Saved /media/Jane", "Saved <path>"),
        ("photo.png is too large", "<picture>.png is too large"),
        ('File "/opt/studio/view.py", line 3, in paint', 'File "/opt/studio/view.py", line 3, in paint'),
        (
            "/home/ada/.local/state/lpsnet studio/studio.log: full",
            "/home/ada/.local/state/lpsnet studio/studio.log: full",
        ),
        ("/opt/studio/a.py and /media/Jane/a.png", "/opt/studio/a.py and <picture>.png"),
        ("/opt/studio.old/Jane.png", "<picture>.png"),
        ("1,024 / 2 and 3/4 of them, N/A, https://x.org/a", "1,024 / 2 and 3/4 of them, N/A, https://x.org/a"),
        ("2026-01-02 03:04:05,678 INFO a.b: 12:30", "2026-01-02 03:04:05,678 INFO a.b: 12:30"),
    ],
)
def test_paths_are_left_out(text: str, expected: str) -> None:
    assert redacted(text, own=OWN) == expected


def test_names_that_are_known_are_left_out_wherever_they_stand() -> None:
    names = ["/pictures/Jane Doe.png", "Jane Doe.png", "Jane", "e"]
    assert redacted("Jane Doe.png of Jane and Janet", names) == "<picture>.png of <path> and Janet"


FOLDER = st.text(st.characters(categories=["L", "Nd"], include_characters=" .,-_()'&#"), min_size=1, max_size=8)


@given(folders=st.lists(FOLDER, min_size=1, max_size=3), ending=st.sampled_from([".png", ".JPG", ".pt", ""]))
def test_nothing_of_a_path_before_a_cause_is_left(folders: list[str], ending: str) -> None:
    path = f"/secret{'/'.join(['', *(folder.strip() or 'x' for folder in folders)])}{ending}"
    shown = redacted(f"WARNING told: {path}: it is truncated")
    assert shown.startswith("WARNING told: <")
    assert shown.endswith(": it is truncated")
    assert "secret" not in shown
    assert "/" not in shown


def test_the_programs_own_folders_hold_no_home() -> None:
    folders = program_folders()
    assert any((folder / "redaction.py").is_file() for folder in folders)
    assert not any(Path.home().is_relative_to(folder) for folder in folders)
