"""Annotation from the image to the export in a real window, and what is left of it when the Studio is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from lpsnet.scenes import scene_categories
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.project import Status
from tests.e2e.annotate_by_hand import Annotator, digest, draw_photos
from tests.studio.annotator.panoptic_rules import panoptic_faults

PROJECT = Path(__file__).resolve().parents[2]
IS_POSIX = os.name == "posix"
EXPORT = "import sys; from lpsnet_studio.app import main; sys.exit(main(sys.argv[1:]))"


def elsewhere(program: str, home: Path, *, is_real: bool = True) -> tuple[list[str], dict[str, str]]:
    """Returns command and variables of a user in a process of their own, with a real window where one can be had."""
    environment = {
        **os.environ,
        "HOME": str(home),
        "PYTHONPATH": f"{PROJECT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    command = [sys.executable, "-m", "tests.e2e.annotate_by_hand", program, str(home)]
    runner = shutil.which("xvfb-run") if is_real else None
    if sys.platform.startswith("linux"):
        environment["QT_QPA_PLATFORM"] = "offscreen" if runner is None else "xcb"
        if runner is not None:
            command = [runner, "-a", "-s", "-screen 0 1600x1000x24", *command]
    return command, environment


def export(project: Path, out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs ``lpsnet-studio export`` as a process of its own, without a display."""
    command = [sys.executable, "-c", EXPORT, "export", str(project), "--format", "coco-panoptic", "--out", str(out)]
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "QT_QPA_PLATFORM")}
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, env=environment)


def exported_ids(out: Path, annotation: dict[str, object]) -> np.ndarray:
    """Returns the ids of an exported image."""
    with Image.open(out / "panoptic" / str(annotation["file_name"])) as image:
        red, green, blue = (np.asarray(image)[:, :, channel].astype(np.int64) for channel in range(3))
    return red + 256 * green + 65536 * blue


@pytest.fixture
def come(qapp: object, tmp_path: Path) -> Iterator[Callable[..., Annotator]]:
    """Opens a Studio at the same home again and again, one at a time."""
    users: list[Annotator] = []

    def made(*arguments: str) -> Annotator:
        while users:
            users.pop().close()
        users.append(Annotator(tmp_path, arguments))
        return users[-1]

    yield made
    while users:
        users.pop().close()


# ----------------------------------------------------------------------------------------------- from image to export


@pytest.mark.slow
def test_a_prediction_is_corrected_by_hand_and_exported(tmp_path: Path) -> None:
    """Project, prediction, brush, merge, split, relabel, undo, redo, done and next; then exported without a window."""
    command, environment = elsewhere("whole", tmp_path)
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, cwd=PROJECT, timeout=600
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["platform"] == environment.get("QT_QPA_PLATFORM", seen["platform"])
    assert seen["predicted"] > 5
    assert seen["selected"]
    assert seen["painted"] > 300
    assert (seen["merged"], seen["smallest"], seen["undone"]) == (1, True, True)
    assert seen["split"] > 0
    assert seen["relabelled"].startswith("bicycle #")
    assert seen["edits"][0] == "Brush"
    assert seen["edits"][1].startswith("Merge 2 segments")
    assert seen["edits"][2].startswith("Split into ")
    assert seen["edits"][3:] == ["Relabel as bicycle"]
    assert seen["statuses"] == ["done", "todo"]

    out = tmp_path / "out"
    exported = export(tmp_path / "street", out)
    assert (exported.returncode, exported.stderr) == (0, "")
    assert "1 image left out" in exported.stdout
    assert panoptic_faults(out / "panoptic.json") == []
    content = json.loads((out / "panoptic.json").read_text(encoding="utf-8"))
    (annotation,) = content["annotations"]
    np.testing.assert_array_equal(exported_ids(out, annotation), np.load(tmp_path / "ids.npy"))
    classes = {str(segment["id"]): segment["category_id"] for segment in annotation["segments_info"]}
    assert classes == seen["classes"]
    names = {entry["name"]: entry["id"] for entry in content["categories"]}
    assert names["bicycle"] in classes.values()


def test_an_image_is_painted_from_nothing_and_exported(come: Callable[..., Annotator], tmp_path: Path) -> None:
    """The same in short, without a network."""
    photos = draw_photos(tmp_path / "photos", 2)
    user = come(str(photos[0].parent), "--config", "demo")
    user.studio.begin()
    user.until(lambda: user.studio.session.picture is not None, "the picture")
    user.desk.new_project(tmp_path / "street", LabelSet.of(scene_categories()), photos)
    user.do("annotate_mode")
    user.until(lambda: user.desk.place == "not started", "the image")
    user.do("start_empty")
    user.until_editing(photos[0].name)
    user.window.activateWindow()
    user.editor.use_category(user.desk.labels.by_name["road"].id)
    user.key(Qt.Key.Key_B)
    user.drag((60.0, 160.0), (250.0, 160.0))
    user.until_edits(1)
    user.key(Qt.Key.Key_N)
    user.editor.use_category(user.desk.labels.by_name["dog"].id)
    user.drag((150.0, 155.0), (170.0, 165.0))
    user.until_edits(2)
    user.until_saved()
    ids = user.ids
    user.key(Qt.Key.Key_Q)
    user.until(lambda: user.shown == photos[1].name, "the next image")

    exported = export(tmp_path / "street", tmp_path / "out")
    assert (exported.returncode, exported.stderr) == (0, "")
    assert panoptic_faults(tmp_path / "out" / "panoptic.json") == []
    (annotation,) = json.loads((tmp_path / "out" / "panoptic.json").read_text(encoding="utf-8"))["annotations"]
    np.testing.assert_array_equal(exported_ids(tmp_path / "out", annotation), ids)
    assert len(annotation["segments_info"]) == 2


# ------------------------------------------------------------------------------------------------------ being killed


@pytest.mark.skipif(not IS_POSIX, reason="kill -9 is POSIX's")
@pytest.mark.slow
def test_a_killed_studio_loses_the_stroke_in_hand_alone(come: Callable[..., Annotator], tmp_path: Path) -> None:
    """And the next start says so, opens the image, and undoes what was done before."""
    command, environment = elsewhere("begin", tmp_path, is_real=False)
    studio = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=PROJECT)
    try:
        assert studio.stdout is not None
        saved = studio.stdout.readline().strip()
        assert len(saved) == 64, "what was saved was not told"
    finally:
        studio.send_signal(signal.SIGKILL)
        assert studio.wait(20) == -signal.SIGKILL

    user = come()
    user.studio.begin()
    assert user.window.modes.mode == "annotate"
    user.until_editing("scene-1.png")
    assert digest(user.ids) == saved
    assert user.done == 2
    assert user.editor.history.can_redo, "what was undone before can be done again"
    assert user.desk.entry.status is Status.IN_PROGRESS
    left = user.window.annotation.telling.card.unfinished
    user.until(left.isVisible, "what was left")
    assert left.words.text() == "The Studio did not close this project last time: 3 edits on 1 image are there."
    user.press(left.close_button)
    user.do("undo")
    user.do("undo")
    assert not user.ids.any()
    user.do("redo")
    user.do("redo")
    assert digest(user.ids) == saved
    user.until_saved()

    again = come()
    again.studio.begin()
    again.until(lambda: again.desk.store is not None, "the project")
    again.until(lambda: again.desk.place == "not started", "its first image")
    assert not again.window.annotation.telling.card.unfinished.isVisible()
