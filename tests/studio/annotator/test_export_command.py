"""``lpsnet-studio export``: a project on the disk, without a window and without Qt."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lpsnet_studio.annotator.edits import Edit, PixelPatch, SegmentInfo
from lpsnet_studio.annotator.export_command import exported_images, main
from lpsnet_studio.annotator.exporting import ExportFormat
from lpsnet_studio.annotator.labels import Label, LabelSet
from lpsnet_studio.annotator.project import FileFacts, Status
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.app import main as run_studio
from tests.studio.annotator.panoptic_rules import panoptic_faults

LABELS = LabelSet((Label(4, "road", (1, 2, 3), False), Label(9, "dog", (4, 5, 6), True)))
IDS = np.array([[1, 1, 2], [1, 1, 2]], np.uint16)
INFOS = {1: SegmentInfo(4), 2: SegmentInfo(9)}
PAINTED = np.array([[1, 1, 1], [1, 1, 2]], np.uint16)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Three photos: one done and edited, one begun, one never touched."""
    store = ProjectStore.create(tmp_path / "project", LABELS.to_json())
    photos = [tmp_path / "photos" / name for name in ("a/1.png", "b/1.png", "2.png")]
    for photo in photos:
        photo.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (3, 2)).save(photo)
    numbers, _ = store.add_images(FileFacts.of(photo) for photo in photos)
    for number in numbers[:2]:
        store.start(number, IDS, INFOS, "a test")
    store.append(numbers[0], Edit("Brush", PixelPatch.between(IDS, PAINTED, (0, 0))))
    store.append(numbers[1], Edit("Brush", PixelPatch.between(IDS, PAINTED, (0, 0))))
    store.set_cursor(numbers[1], 0)
    store.set_status(numbers[0], Status.DONE)
    assert store.flush(10)
    store.close()
    return tmp_path / "project"


def test_what_is_done_is_exported_with_its_edits(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main([str(project), "--format", "coco-panoptic", "--out", str(out)]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        f"1 image with 2 segments written to {out}/panoptic.json.", "2 images left out that are not done yet."
    ]  # fmt: skip
    assert told.err == ""
    assert panoptic_faults(out / "panoptic.json") == []
    content = json.loads((out / "panoptic.json").read_text())
    assert content["images"] == [{"id": 1, "file_name": "a/1.png", "width": 3, "height": 2}]
    assert [segment["area"] for segment in content["annotations"][0]["segments_info"]] == [5, 1]


def test_all_that_was_annotated_is_exported_without_what_was_undone(project: Path, tmp_path: Path) -> None:
    assert main([str(project), "--format", "coco-panoptic", "--out", str(tmp_path / "out"), "--all"]) == 0
    content = json.loads((tmp_path / "out" / "panoptic.json").read_text())
    assert [(entry["id"], entry["file_name"]) for entry in content["images"]] == [(1, "a/1.png"), (2, "b/1.png")]
    assert [segment["area"] for segment in content["annotations"][1]["segments_info"]] == [4, 2]


@pytest.mark.parametrize("kind", ["coco-instances", "semantic-png"])
def test_every_format_is_written_while_a_studio_has_the_project_open(project: Path, tmp_path: Path, kind: str) -> None:
    store = ProjectStore.open(project)
    try:
        assert main([str(project), "--format", kind, "--out", str(tmp_path / "out")]) == 0
    finally:
        store.close()
    assert (tmp_path / "out" / f"{kind.replace('coco-', '').replace('-png', '')}.json").is_file()


def test_a_refusal_is_one_sentence_and_a_status(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "--format", "coco-panoptic", "--out", str(tmp_path / "out")]) == 1
    assert "is not an annotation project" in capsys.readouterr().err
    assert main([str(project), "--format", "coco-panoptic", "--out", str(project)]) == 1
    assert "would be replaced; choose another folder" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main([str(project), "--format", "voc", "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()
    assert (project / "project.sqlite").is_file()


def test_a_damaged_image_is_left_out_and_shows_in_the_status(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ProjectStore.current

    def current(self: ProjectStore, image: int) -> object:
        if image == 2:
            raise OSError("the segments of b/1.png\n are damaged")
        return real(self, image)

    monkeypatch.setattr(ProjectStore, "current", current)
    assert main([str(project), "--format", "semantic-png", "--out", str(tmp_path / "out"), "--all"]) == 1
    assert "b/1.png was left out: the segments of b/1.png\\n are damaged" in capsys.readouterr().out


def test_names_begin_below_the_folder_of_the_photos(project: Path, tmp_path: Path) -> None:
    store = ProjectStore.open(project, read_only=True)
    try:
        images, root = exported_images(store)
    finally:
        store.close()
    assert root == tmp_path / "photos"
    assert [(image.identity, image.name) for image in images] == [(1, "a/1.png"), (2, "b/1.png"), (3, "2.png")]


def test_the_program_exports_where_there_is_no_qt(project: Path, tmp_path: Path) -> None:
    code = "import sys\nfor name in ('PySide6', 'shiboken6', 'pyqtgraph', 'torch'): sys.modules[name] = None\n"
    code += "from lpsnet_studio.app import main\nsys.exit(main(sys.argv[1:]))"
    arguments = ["export", str(project), "--format", "coco-panoptic", "--out", str(tmp_path / "out"), "--done"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out" / "panoptic" / "1.png").is_file()


def test_help_names_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        run_studio(["export", "--help"])
    assert "lpsnet-studio export" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="0"):
        run_studio(["--help"])
    assert "lpsnet-studio export" in capsys.readouterr().out


def test_the_guide_shows_every_format_as_it_is(project: Path, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "guide" / "export-formats.md").read_text(encoding="utf-8")
    examples = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    for kind, example in zip(ExportFormat, examples, strict=True):
        assert f"`{kind}`" in page
        assert kind.json_name in page
        assert main([str(project), "--format", kind, "--out", str(tmp_path / kind)]) == 0
        content = json.loads((tmp_path / kind / kind.json_name).read_text())
        real = content["annotations"][0] if kind is ExportFormat.COCO_INSTANCES else content
        assert _fields(example) - {"score"} == _fields(real) - {"info", "description", "generator", "score"}


def _fields(value: object) -> set[str]:
    """Every name of a field that occurs anywhere in a JSON value."""
    if isinstance(value, list):
        return set().union(*map(_fields, value))
    if isinstance(value, dict):
        return set(value) | set().union(*map(_fields, value.values()))
    return set()
