"""The settings of a run in words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lpsnet.config import load_config
from lpsnet_studio.jobs.run_settings import (
    asked_lines,
    environment_lines,
    found_settings,
    read_run_config,
    read_settings,
)
from lpsnet_studio.jobs.spec import TrainSpec
from tests.studio.jobs.hand_made_jobs import evaluate_spec, predict_spec, train_spec

BATCH = "3 (5,333 iterations of 3 pictures, learning rate 0.75 ×)"


def _run(folder: Path, *overrides: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(load_config("demo", overrides).to_yaml())
    notes = [{"torch": "1"}, {"torch": "2", "gpus": [], "device": {"name": "CPU", "threads": 2}, "cuda": None}]
    (folder / "environment.json").write_text(json.dumps(notes))
    return folder


def test_what_differs_from_the_preset_is_marked(tmp_path: Path) -> None:
    settings = read_settings(_run(tmp_path, "training.batch=3"), None)
    assert (settings.preset, settings.problem, settings.starts) == ("demo", "", 2)
    assert [(field.name, field.here) for field in settings.fields if field.differs] == [("training.batch", BATCH)]


def test_the_latest_start_is_told() -> None:
    lines = environment_lines({"torch": "2", "device": {"name": "CPU", "threads": 2}, "cuda": None})
    assert [(line.name, line.value) for line in lines] == [
        ("Torch", "2"),
        ("Device name", "CPU"),
        ("Device threads", "2"),
        ("Cuda", "not known"),
    ]


def test_a_waiting_training_has_the_settings_it_was_asked_for_with(tmp_path: Path) -> None:
    spec = TrainSpec("demo", ("training.batch=3",), tmp_path / "none")
    assert read_run_config(tmp_path / "none", spec).training.batch == 3


@pytest.mark.parametrize("content", [None, "name: [", "name: demo\nno_such_field: 1\n"])
def test_settings_that_cannot_be_read_are_told_of_in_a_sentence(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "config.yaml").write_text(content)
    settings = read_settings(tmp_path, None)
    assert settings.fields == ()
    assert str(tmp_path) in settings.problem


def test_the_settings_of_an_evaluation_are_its_checkpoints(tmp_path: Path) -> None:
    assert "best.safetensors holds its settings" in read_settings(tmp_path, evaluate_spec(tmp_path)).problem


def test_fields_are_found_by_words_and_by_difference(tmp_path: Path) -> None:
    fields = read_settings(_run(tmp_path, "training.batch=3"), None).fields
    assert [field.name for field in found_settings(fields, "", only_differing=True)] == ["training.batch"]
    found = found_settings(fields, "momentum", only_differing=False)
    assert found
    assert all("momentum" in field.name for field in found)


def test_the_view_shows_finds_and_copies(qtbot: Any, theme: Any, tmp_path: Path) -> None:
    from PySide6.QtGui import QGuiApplication

    from lpsnet_studio.jobs.job_settings_view import JobSettingsView

    view = JobSettingsView()
    qtbot.addWidget(view)
    view.show()
    view.show_settings((_run(tmp_path, "training.batch=3"), None))
    qtbot.waitUntil(lambda: view.tree.topLevelItemCount() > 0)
    assert not view.tree.isColumnHidden(2)
    view.only_differing.setChecked(True)
    assert view.tree.topLevelItemCount() == 1
    row = view.tree.topLevelItem(0).child(0)
    assert [row.text(column) for column in range(2)] == ["Batch •", BATCH]
    row.setSelected(True)
    view._copy()
    assert QGuiApplication.clipboard().text() == f"Batch\t{BATCH}"
    view.only_differing.setChecked(False)
    view.search.setText("torch")
    last = view.tree.topLevelItem(view.tree.topLevelItemCount() - 1)
    assert last.text(0) == "What it ran on at the last of 2 starts"
    view.show_settings((tmp_path / "elsewhere", None))
    qtbot.waitUntil(lambda: "holds no run" in view._state.text())
    assert view.tree.topLevelItemCount() == 0


def test_what_a_batch_was_asked_for_is_a_table(qtbot: Any, tmp_path: Path) -> None:
    from lpsnet_studio.jobs.job_settings_view import JobSettingsView

    view = JobSettingsView()
    qtbot.addWidget(view)
    spec = replace(evaluate_spec(tmp_path), oracle="semantic", limit=1200, overrides=("input.short_side=480",))
    view.show_settings((tmp_path, spec))
    qtbot.waitUntil(lambda: view.tree.topLevelItemCount() == 1)
    group = view.tree.topLevelItem(0)
    assert group.text(0) == "What was asked for"
    told = {group.child(at).text(0): group.child(at).text(1) for at in range(group.childCount())}
    assert told["Checkpoint"] == "/runs/best.safetensors"
    assert (told["Data"], told["Oracles"], told["Pictures at most"]) == ("scenes:1000+60", "semantic", "1,200")
    assert (told["Device"], told["Changed"]) == ("cpu", "input.short_side=480")
    assert view._state.isHidden()
    view.search.setText("oracle")
    assert view.tree.topLevelItem(0).childCount() == 1
    view.close_settings()
    predicted = {line.name: line.value for line in asked_lines(replace(predict_spec(tmp_path), overlay=True))}
    assert (predicted["Pictures"], predicted["Overlays"], predicted["Device"]) == ("/pictures", "yes", "cpu")
    assert asked_lines(train_spec(tmp_path)) == ()
