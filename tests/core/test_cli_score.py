"""``lpsnet score``: which evaluator counts, and with how many processes."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lpsnet import cli
from lpsnet.engine.scene_dataset import SceneRequest, write_scenes
from lpsnet.metrics import reference_evaluator
from lpsnet.metrics import score_files as files
from lpsnet.metrics.panoptic_quality import PanopticQuality
from lpsnet.metrics.score_files import score_files


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scenes(tmp_path_factory.mktemp("scenes"), SceneRequest(0, 2, 64, 96, None), processes=1)


def score(truth: Path, *words: object) -> Result:
    return CliRunner().invoke(
        cli.app, ["score", "--gt", str(truth), "--pred", str(truth), *(str(word) for word in words)]
    )


@pytest.mark.parametrize("processes", [[], ["--processes", 1], ["--processes", 3]])
def test_figures_do_not_depend_on_the_processes(
    truth: Path, tmp_path: Path, processes: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_WORTH_PROCESSES", 2)
    monkeypatch.setattr(files, "_AT_A_TIME", 1)
    done = score(truth, "--json", tmp_path / "figures.json", *processes)
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "figures.json").read_text()) == score_files(truth, truth).to_json()


def test_predictions_of_a_folder_are_scored_by_file_name_and_that_is_said(truth: Path, tmp_path: Path) -> None:
    content = json.loads(truth.read_text())
    for position, (image, annotation) in enumerate(zip(content["images"], content["annotations"], strict=True)):
        image["id"] = annotation["image_id"] = 900 - position
    renumbered = tmp_path / "panoptic.json"
    renumbered.write_text(json.dumps(content))
    shutil.copytree(truth.with_suffix(""), renumbered.with_suffix(""))
    said = "predictions and images were paired by file name"
    done = CliRunner().invoke(cli.app, ["score", "--gt", str(truth), "--pred", str(renumbered)])
    assert done.exit_code == 0, done.output
    assert said in done.stderr
    assert "100.0" in done.stdout
    assert said not in score(truth).stderr


def test_less_than_no_process_is_refused(truth: Path) -> None:
    assert str(score(truth, "--processes", -1).exception) == "--processes must be 0 or more, not -1"


def test_panopticapi_counts_only_where_it_is_asked_to(truth: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Path, Path]] = []

    def count(gt: Path, pred: Path, *, progress: object) -> PanopticQuality:
        asked.append((gt, pred))
        return score_files(gt, pred)

    monkeypatch.setattr(reference_evaluator, "score_with_panopticapi", count)
    assert score(truth).exit_code == score(truth, "--evaluator", "own").exit_code == 0
    assert asked == []
    assert score(truth, "--evaluator", "panopticapi").exit_code == 0
    assert asked == [(truth, truth)]


def test_a_missing_panopticapi_is_one_sentence(truth: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("panopticapi", "panopticapi.evaluation"):
        monkeypatch.setitem(sys.modules, module, None)
    done = score(truth, "--evaluator", "panopticapi")
    assert isinstance(done.exception, ValueError)
    assert "panopticapi" in str(done.exception)
    assert "installed" in str(done.exception)


def test_processes_are_not_silently_ignored_by_panopticapi(truth: Path) -> None:
    done = score(truth, "--evaluator", "panopticapi", "--processes", 2)
    assert isinstance(done.exception, ValueError)
    assert "--processes" in str(done.exception)


def test_an_unknown_evaluator_is_told_the_known_ones(truth: Path) -> None:
    done = score(truth, "--evaluator", "mine")
    assert done.exit_code == 2
    assert "own" in done.output
    assert "panopticapi" in done.output
