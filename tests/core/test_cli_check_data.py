"""``lpsnet check-data``, driven as a user drives it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from lpsnet import cli
from lpsnet.categories import Categories, Category
from lpsnet.engine.data_check import images_check
from lpsnet.formats.coco_panoptic import CocoPanopticWriter
from lpsnet.structures import PanopticSegmentation

CATEGORIES = Categories((Category(3, "ball", True, (200, 0, 0)), Category(8, "grass", False, (0, 200, 0))))


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["check-data", *(str(word) for word in words)])


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Four pictures of a ball on grass, photos in ``photos/``."""
    (tmp_path / "photos").mkdir()
    with CocoPanopticWriter(tmp_path / "panoptic.json", tmp_path / "ids", CATEGORIES) as writer:
        for number in range(4):
            Image.fromarray(np.full((64, 48, 3), 40 * number, np.uint8)).save(tmp_path / "photos" / f"{number}.png")
            ids = np.full((64, 48), 2, np.int32)
            ids[8:40, 8:40] = 1
            writer.add(number, f"{number}.png", PanopticSegmentation.from_ids(ids, {1: 0, 2: 1}))
    return tmp_path / "panoptic.json"


def test_a_sound_data_set_passes(dataset: Path) -> None:
    done = run(dataset, "--pngs", dataset.parent / "ids", "--images", dataset.parent / "photos")
    assert done.exit_code == 0, done.output
    assert "4, of which 4 annotated" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("No fault in ")


def test_faults_are_named_and_counted_and_fail(dataset: Path) -> None:
    content = json.loads(dataset.read_text())
    for annotation in content["annotations"][:3]:
        annotation["segments_info"][0]["category_id"] = 77
    dataset.write_text(json.dumps(content))
    done = run(dataset, "--pngs", dataset.parent / "ids", "--shown", 2)
    assert done.exit_code == 1
    assert "Error: segments of unknown categories (3)" in done.stdout
    assert sum("category_id" in line for line in done.stdout.splitlines()) == 2
    assert "… and 1 more" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("3 errors in ")


def test_the_report_is_written_for_programs_with_more_faults_than_are_printed(dataset: Path, tmp_path: Path) -> None:
    content = json.loads(dataset.read_text())
    for annotation in content["annotations"]:
        annotation["segments_info"][0]["category_id"] = 77
    dataset.write_text(json.dumps(content))
    done = run(dataset, "--pngs", dataset.parent / "ids", "--shown", 1, "--json", tmp_path / "report.json")
    assert done.exit_code == 1
    assert sum("category_id" in line for line in done.stdout.splitlines()) == 1
    written = json.loads((tmp_path / "report.json").read_text())
    assert (written["path"], written["complete"], written["errors"]) == (str(dataset), True, 4)
    assert written["counts"]["segment_unknown_category"] == 4
    faults = [fault for fault in written["faults"] if fault["kind"] == "segment_unknown_category"]
    assert [fault["image_id"] for fault in faults] == [0, 1, 2, 3]
    assert faults[0]["severity"] == "error"
    assert faults[0]["file"] == str(dataset)
    assert faults[0]["field"] == "annotations[0].segments_info[0].category_id"
    assert "category_id" in faults[0]["message"]
    assert [(entry["name"], entry["isthing"]) for entry in written["facts"]["classes"]] == [
        ("ball", True),
        ("grass", False),
    ]
    assert written["facts"]["images"] == 4


def test_the_report_replaces_no_data_set(dataset: Path, tmp_path: Path) -> None:
    before = dataset.read_bytes()
    done = run(dataset, "--json", tmp_path / "." / dataset.name)
    assert "the report would replace this data set" in str(done.exception)
    assert dataset.read_bytes() == before


def test_what_is_not_known_is_null(tmp_path: Path) -> None:
    assert run(tmp_path / "gone.json", "--json", tmp_path / "report.json").exit_code == 1
    written = json.loads((tmp_path / "report.json").read_text())
    assert written["images_dir"] is None
    assert written["facts"]["widths"] is None
    assert [fault["kind"] for fault in written["faults"]] == ["unreadable_json"]


def test_a_quick_check_reads_no_photo_whole(dataset: Path) -> None:
    photo = dataset.parent / "photos" / "1.png"
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (64, 48, 3), dtype=np.uint8)).save(photo)
    photo.write_bytes(photo.read_bytes()[:2000])
    assert run(dataset, "--pngs", dataset.parent / "ids").exit_code == 1
    assert run(dataset, "--pngs", dataset.parent / "ids", "--quick").exit_code == 0


def test_paths_may_hold_variables(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LPSNET_TEST_HOME", str(dataset.parent))
    done = run("$LPSNET_TEST_HOME/panoptic.json", "--pngs", "${LPSNET_TEST_HOME}/ids")
    assert done.exit_code == 0, done.output
    assert "LPSNET_NOT_SET is not set" in str(run("$LPSNET_NOT_SET/a.json").exception)


def test_a_missing_file_is_a_fault_like_any_other(tmp_path: Path) -> None:
    done = run(tmp_path / "gone.json")
    assert done.exit_code == 1
    assert "gone.json" in done.stdout
    assert [line.partition(" ")[0] for line in done.stdout.splitlines()] == ["Error:", "", "", "1"]
    assert "Traceback" not in done.output


def test_stopping_prints_what_was_found(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = images_check.ImageCheck.run

    def stopped(self: images_check.ImageCheck, *words: object) -> object:
        signal.raise_signal(signal.SIGINT)
        return original(self, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(images_check.ImageCheck, "run", stopped)
    done = run(dataset, "--pngs", dataset.parent / "ids")
    assert done.exit_code == 130
    assert "stopped before everything was looked at" in done.stdout.splitlines()[-1]


def test_checking_loads_no_torch(dataset: Path) -> None:
    lines = (
        "import sys, typer.testing, lpsnet.cli",
        f"words = ['check-data', {str(dataset)!r}, '--pngs', {str(dataset.parent / 'ids')!r}]",
        "done = typer.testing.CliRunner().invoke(lpsnet.cli.app, words)",
        "assert done.exit_code == 0, done.output",
        "print(*sorted({'torch', 'torchvision'} & set(sys.modules)))",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
