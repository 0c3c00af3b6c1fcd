"""The documentation keeps its promises: rows that the code cites, settings that it names, links that lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import BaseModel

from lpsnet.config import Config
from lpsnet.structures import InspectionSettings

PROJECT = Path(__file__).resolve().parents[1]
METHOD = PROJECT / "docs" / "method.md"
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])


def _rows() -> dict[int, str]:
    """The method's numbered rows; the overview of deviations at the top repeats some of them."""
    text = METHOD.read_text(encoding="utf-8").split("## Three facts", 1)[1]
    return {int(number): line for number, line in re.findall(r"^\| (\d+)(?: \*\*T\*\*)? (\|.*)$", text, re.MULTILINE)}


PARTS = "model|input|inspection|data|targets|loss|training"
"""The parts of a config that hold settings."""


def _settings(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _settings(field.annotation, f"{prefix}{name}.")


def test_every_row_of_the_method_is_there() -> None:
    assert sorted(_rows()) == list(range(1, 69))


def test_every_row_that_the_code_cites_is_there() -> None:
    sources = [*(PROJECT / "core").rglob("*.py"), *(PROJECT / "lpsnet_studio").rglob("*.py")]
    cited = {
        int(number)
        for path in sources
        for numbers in re.findall(r"\brows? ((?:\d+[–,\- and]*)+)", path.read_text(encoding="utf-8"))
        for number in re.findall(r"\d+", numbers)
    }
    assert len(cited) > 20
    assert cited <= _rows().keys()


def test_every_switch_that_the_method_names_is_a_setting() -> None:
    known = set(_settings(Config)) | {f"inspection.{field.name}" for field in fields(InspectionSettings)}
    named: set[str] = set()
    for line in METHOD.read_text(encoding="utf-8").splitlines():
        parent = ""
        for whole, tail in re.findall(rf"`((?:{PARTS})\.[a-z_0-9.]+)|`\.([a-z_0-9]+)`", line):
            name = whole or f"{parent}.{tail}"
            parent = name.rpartition(".")[0]
            named.add(name)
    assert len(named) > 25
    assert named - known == set()


def test_every_setting_stands_in_the_method() -> None:
    text = METHOD.read_text(encoding="utf-8")
    assert [field.name for field in fields(InspectionSettings) if f"inspection.{field.name}" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    local = [link.partition("#")[0] for link in links if "://" not in link and not link.startswith("#")]
    assert [link for link in local if not (page.parent / link).exists()] == []
