"""The page of the inspection file tells what the code does, and the notebook runs."""

from __future__ import annotations

import json
import re
import runpy
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from lpsnet.analysis.inspection_file import load_inspection, save_inspection
from tests.core.analysis.inspections import random_inspection

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "inspection-file.md"
NOTEBOOK = PROJECT / "docs" / "inspect.ipynb"


def test_the_table_of_arrays_is_up_to_date() -> None:
    tool = runpy.run_path(str(PROJECT / "tools" / "inspection_reference.py"))
    page = PAGE.read_text(encoding="utf-8")
    assert tool["PAGE"] == PAGE
    assert page == tool["with_table"](page), "run python tools/inspection_reference.py"
    with pytest.raises(ValueError, match="lacks the line"):
        tool["with_table"]("# A page")


def test_the_table_of_the_json_names_every_field(tmp_path: Path) -> None:
    _, beside = save_inspection(tmp_path / "x.npz", random_inspection(0))
    text = PAGE.read_text(encoding="utf-8").split("## The JSON")[1].split("## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(json.loads(beside.read_text(encoding="utf-8")))


class _Ran:
    """Stands for an inspection that has run."""

    def saved(self, *, name: str) -> Any:
        inspection = random_inspection(327)
        return type(inspection)(
            **{
                field.name: name if field.name == "name" else getattr(inspection, field.name)
                for field in fields(inspection)
            }
        )


def test_the_code_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"inspection": _Ran()}
    for code in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(code, str(PAGE), "exec"), names)
    assert names["saved"].name == "scene"
    assert names["about"]["name"] == "scene"
    assert (names["owners"] == load_inspection("scene.npz").trace.owners).all()


def _cells(kind: str) -> list[str]:
    content = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == kind]


def test_the_notebook_is_well_formed_and_holds_no_output() -> None:
    content = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    identities = [cell["id"] for cell in content["cells"]]
    assert len(set(identities)) == len(identities)
    for cell in content["cells"]:
        assert cell["cell_type"] in ("code", "markdown")
        assert cell["metadata"] == {}
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
    assert _cells("markdown")[0].startswith("# ")


def test_the_notebook_runs_from_its_first_cell_to_its_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, code in enumerate(_cells("code")):
        exec(compile(code, f"{NOTEBOOK.name}, code cell {number}", "exec"), names)
    assert (tmp_path / "scene.npz").is_file()
    assert "PQ" in capsys.readouterr().out
    assert (names["reopened"].trace.owners == names["inspection"].trace.owners).all()
