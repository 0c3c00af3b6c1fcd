"""The whole window with the real service: open, oracles, threshold, scrub, save, close; and what bad files do."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from lpsnet.formats.coco_panoptic import read_coco_panoptic
from lpsnet.overlay import render_overlay
from lpsnet.structures import MergeStep, StepKind, Verdict
from lpsnet_studio import demo
from lpsnet_studio.app import complaint_about_qt, parse_arguments
from lpsnet_studio.settings import Folders
from lpsnet_studio.studio import Studio

PATIENCE = 60_000
PROJECT = Path(__file__).resolve().parents[2]


def start(options: argparse.Namespace, folders: Folders, qtbot: Any) -> Studio:
    studio = Studio(options, folders)
    qtbot.addWidget(studio.window)
    studio.begin_after_first_paint()
    studio.window.show()
    return studio


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn scene with its truth, as a data set."""
    return demo.prepare(tmp_path_factory.mktemp("scene"))


@pytest.fixture
def studio(scene: Path, tmp_path: Path, qtbot: Any) -> Iterator[Studio]:
    made = start(parse_arguments([str(scene), "--config", "demo"]), Folders.under(tmp_path / "home"), qtbot)
    qtbot.waitUntil(lambda: made.session.is_current and made.session.busy is None, timeout=PATIENCE)
    yield made
    made.close()


def wait_current(studio: Studio, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: studio.session.is_current, timeout=PATIENCE)


def discarded(steps: tuple[MergeStep, ...]) -> set[int]:
    """Returns the detections that were discarded."""
    return {step.detection for step in steps if step.kind is StepKind.DETECTION and step.verdict is Verdict.DISCARDED}


def test_from_opening_to_saving(studio: Studio, tmp_path: Path, qtbot: Any) -> None:
    session, window = studio.session, studio.window
    assert session.model is not None
    assert not session.model.trained
    assert "Untrained network" in window.findChild(object, "banner").text.text()

    window.actions_by_id["semantic_oracle"].trigger()
    window.actions_by_id["box_oracle"].trigger()
    wait_current(studio, qtbot)
    assert session.result is not None
    things = [step for step in session.steps if step.kind == "detection"]
    assert len(things) >= 3
    strict = discarded(session.steps)

    window.panel.controls["overlap_threshold"].slider.setValue(100)
    wait_current(studio, qtbot)
    assert session.result.settings.overlap_threshold == 1.0
    assert discarded(session.steps) == set()
    window.panel.controls["overlap_threshold"].slider.setValue(30)
    wait_current(studio, qtbot)
    assert {
        step.detection for step in session.steps if step.kind == "detection" and step.verdict == "discarded"
    } == strict

    for position in (2, 0, 5):
        window.timeline.slider.setValue(position)
        np.testing.assert_array_equal(
            window.canvas.stage.segments.picture.indices, session.result.trace.owners_after(position)
        )

    json_path, overlay = tmp_path / "saved.json", tmp_path / "overlay.png"
    window.commands.saving.save_panoptic_to(json_path)
    window.commands.saving.save_overlay_to(overlay)
    qtbot.waitUntil(lambda: json_path.exists() and overlay.exists(), timeout=PATIENCE)
    assert session.position == len(session.steps), "what is saved is shown"
    saved = read_coco_panoptic(json_path)
    assert saved.records[0].image_id == session.current.source.truth.image_id
    np.testing.assert_array_equal(
        saved.read_segmentation(saved.records[0]).ids, window.canvas.stage.segments.picture.indices
    )
    drawn = cv2.cvtColor(cv2.imread(str(overlay)), cv2.COLOR_BGR2RGB)
    expected = render_overlay(
        session.picture.pixels,
        session.result.trace.segmentation(),
        session.result.categories,
        opacity=session.view.layer("segments").opacity,
        identities=session.result.shades,
    )
    np.testing.assert_array_equal(drawn, expected)


def test_a_failed_save_names_the_file_and_the_window_goes_on(studio: Studio, tmp_path: Path, qtbot: Any) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    studio.window.commands.saving.save_panoptic_to(blocked / "out.json")
    qtbot.waitUntil(lambda: bool(studio.window.notifications.texts), timeout=PATIENCE)
    assert len(studio.window.notifications.texts) == 1
    assert str(blocked) in studio.window.notifications.texts[0]
    assert blocked.read_text() == "a file where a folder should be"
    assert studio.session.is_current


def test_bad_files_are_said_and_the_next_one_opens(studio: Studio, scene: Path, tmp_path: Path, qtbot: Any) -> None:
    photo = next(scene.parents[1].glob("scene*/*.png"))
    broken = tmp_path / "2-broken.png"
    broken.write_bytes(photo.read_bytes()[:2000])
    (tmp_path / "1-empty.png").write_bytes(b"")
    whole = tmp_path / "10-whole.png"
    whole.write_bytes(photo.read_bytes())

    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    drop = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    studio.window.dropEvent(drop)
    session, notes = studio.session, studio.window.notifications
    qtbot.waitUntil(lambda: len(session.entries) == 3, timeout=PATIENCE)
    assert [entry.name for entry in session.entries] == ["1-empty.png", "2-broken.png", "10-whole.png"]
    qtbot.waitUntil(lambda: any("1-empty.png" in text for text in notes.texts), timeout=PATIENCE)
    session.step_image(1)
    qtbot.waitUntil(lambda: any("2-broken.png" in text for text in notes.texts), timeout=PATIENCE)
    session.step_image(1)
    qtbot.waitUntil(lambda: session.picture is not None, timeout=PATIENCE)
    assert session.truth is None
    assert not studio.window.panel.controls["box_oracle"].box.isEnabled()


def test_closing_leaves_no_process(scene: Path, tmp_path: Path, qtbot: Any) -> None:
    of_other_tests = psutil.Process().children()
    studio = start(parse_arguments([str(scene), "--config", "demo"]), Folders.under(tmp_path / "home"), qtbot)
    qtbot.waitUntil(lambda: studio.session.service_state == "ready", timeout=PATIENCE)
    children = [child for child in psutil.Process().children() if child not in of_other_tests]
    assert children
    studio.window.close()
    gone, alive = psutil.wait_procs(children, timeout=5)
    assert gone
    assert not alive


def _run(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(home), "XDG_CACHE_HOME": str(home)}
    command = [sys.executable, "-m", "lpsnet_studio.app", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=home, timeout=240)


def test_rendering_the_demo_leaves_pictures_and_an_export(tmp_path: Path) -> None:
    done = _run("--demo", "--render", "out", home=tmp_path)
    assert done.returncode == 0, done.stderr
    listed = [tmp_path / line for line in done.stdout.splitlines()]
    assert all(path.is_file() for path in listed)
    pictures = [cv2.imread(str(path)) for path in listed if path.suffix == ".png"]
    assert len(pictures) >= 6
    assert all(picture is not None and picture.std() > 5 for picture in pictures)
    export = json.loads((tmp_path / "out" / "panoptic.json").read_text())
    assert export["annotations"][0]["segments_info"]


def test_rendering_a_missing_file_fails_in_a_sentence(tmp_path: Path) -> None:
    done = _run("no-such.json", "--render", "out", home=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "lpsnet-studio: no-such.json: there is no such file or folder\n"


def test_the_version_needs_no_screen(tmp_path: Path) -> None:
    done = _run("--version", home=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("LPSNet Studio ")


def test_qt_variables_of_another_opencv_do_no_harm(tmp_path: Path) -> None:
    fake = tmp_path / "cv2"
    fake.mkdir()
    (fake / "__init__.py").write_text(
        "import os\nos.environ['QT_QPA_PLATFORM_PLUGIN_PATH'] = '/nowhere'\nos.environ['QT_QPA_FONTDIR'] = '/nowhere'\n"
    )
    code = (
        "import os, sys\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "from lpsnet_studio.app import clear_foreign_qt\n"
        "os.environ['QT_QPA_FONTDIR'] = '/mine'\n"
        "clear_foreign_qt()\n"
        "import cv2\n"
        f"assert cv2.__file__.startswith({str(tmp_path)!r})\n"
        "assert 'QT_QPA_PLATFORM_PLUGIN_PATH' not in os.environ\n"
        "assert os.environ['QT_QPA_FONTDIR'] == '/mine'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_window_starts_without_torch() -> None:
    code = (
        "import sys, lpsnet_studio.app, lpsnet_studio.studio\n"
        "late = {'torch', 'pyqtgraph', 'superqt', 'pycocotools', 'scipy', 'pandas', 'matplotlib'}\n"
        "assert not late & set(sys.modules), late & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=PROJECT)
    assert done.returncode == 0, done.stderr


def test_many_calls_into_qt_do_not_end_the_program() -> None:
    code = (
        "from PySide6.QtCore import QObject\n"
        "watched = QObject()\n"
        "for _ in range(100_000): watched.setObjectName('again')\n"
        "print('alive')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "alive\n", done.stderr


@pytest.mark.parametrize(
    ("python", "pyside", "refused"),
    [((3, 11, 7), (6, 12, 0), True), ((3, 11, 7), (6, 11, 3), False), ((3, 12, 0), (6, 12, 0), False)],
)
def test_versions_that_abort_are_refused_in_a_sentence(
    python: tuple[int, ...], pyside: tuple[int, ...], refused: bool
) -> None:
    complaint = complaint_about_qt(python, pyside)
    assert bool(complaint) is refused
    assert ("PySide6-Essentials<6.12" in complaint) is refused
