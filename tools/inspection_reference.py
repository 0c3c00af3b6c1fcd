"""Writes the table of arrays into ``docs/inspection-file.md``, under its hand-written part.

Run as ``python tools/inspection_reference.py`` after an array has changed; the table is the one that files are written
and checked by.
"""

from __future__ import annotations

from pathlib import Path

from lpsnet.analysis.inspection_arrays import array_table

__all__ = ["PAGE", "with_table"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "inspection-file.md"
MARK = "<!-- What follows is written by tools/inspection_reference.py. -->"


def main() -> None:
    """Brings the page up to date."""
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_table(page: str) -> str:
    """Returns the page with the table as it should be.

    Raises:
        ValueError: if the page lacks the mark that the table stands under.
    """
    head, mark, _ = page.partition(MARK)
    if not mark:
        raise ValueError(f"{PAGE}: lacks the line {MARK}")
    return f"{head}{mark}\n\n{array_table()}"


if __name__ == "__main__":
    main()
