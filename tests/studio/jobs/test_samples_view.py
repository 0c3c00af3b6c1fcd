"""Samples on the screen: the table, one picture through time, keys, and pictures that cannot be read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QSlider, QTableView, QToolButton

from lpsnet_studio.jobs.sample_pictures_view import SamplePictures
from lpsnet_studio.jobs.samples import Sample
from lpsnet_studio.jobs.samples_view import SamplesView
from tests.studio.jobs.test_samples import evaluated, started, tell

SHADES = {100: 50, 200: 100, 300: 150}


def draw(run: Path, iteration: int, name: str, shade: int) -> None:
    folder = run / "samples" / f"iteration-{iteration:07d}"
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((60, 120, 3), shade, np.uint8)).save(folder / name)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    for iteration, shade in SHADES.items():
        for number in range(3):
            draw(tmp_path, iteration, f"{number:02d}.png", shade + number)
    tell(tmp_path, started(0), *(evaluated(iteration, iteration / 1000) for iteration in SHADES))
    return tmp_path


@pytest.fixture
def view(qtbot: Any, theme: Any) -> Iterator[SamplesView]:
    made = SamplesView(theme)
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    yield made
    made.close_samples()


@pytest.fixture
def shown(qtbot: Any, view: SamplesView, run: Path) -> SamplesView:
    view.show_run(run)
    qtbot.waitUntil(lambda: len(view.sheet.evaluations) == len(SHADES))
    return view


def enlarge(qtbot: Any, view: SamplesView, row: int, column: int) -> None:
    view.grid.setFocus()
    view.grid.setCurrentIndex(view.grid.model().index(row, column))
    qtbot.keyClick(view.grid, Qt.Key.Key_Return)


def stage_shade(view: SamplesView) -> int:
    picture = view.stage._item.pixmap().toImage()
    return picture.pixelColor(5, 5).red() if not picture.isNull() else -1


def test_what_is_missing_is_said(qtbot: Any, view: SamplesView, tmp_path: Path) -> None:
    assert view._state.text() == "Choose a training to see what it predicts."
    view.show_run(tmp_path / "run")
    assert view._state.text().startswith("No samples were drawn yet.")
    assert view._state.isVisible()


def test_the_table_shows_every_evaluation(qtbot: Any, shown: SamplesView) -> None:
    model = shown.grid.model()
    rows = [model.headerData(row, Qt.Orientation.Vertical) for row in range(model.rowCount())]
    assert rows == ["300\nPQ 30.0", "200\nPQ 20.0", "100\nPQ 10.0"]
    assert [model.headerData(column, Qt.Orientation.Horizontal) for column in range(model.columnCount())] == [
        *("Picture 1", "Picture 2", "Picture 3")
    ]
    spoken = model.index(1, 2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Picture 3, iteration 200, PQ 20.0"
    qtbot.waitUntil(lambda: all(shown._small.find(model.sample(model.index(0, column))) for column in range(3)))
    place = shown.grid.visualRect(model.index(0, 1)).center()
    qtbot.waitUntil(lambda: shown.grid.viewport().grab().toImage().pixelColor(place).red() == 151)


def test_a_picture_is_followed_by_keys(qtbot: Any, shown: SamplesView) -> None:
    enlarge(qtbot, shown, 0, 1)
    assert shown.stage.isVisible()
    qtbot.waitUntil(lambda: stage_shade(shown) == 151)
    assert shown.stage.caption.text() == "Picture 2 · iteration 300 · PQ 30.0 · 3 of 3"
    qtbot.keyClick(shown.stage.view, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: stage_shade(shown) == 101)
    qtbot.keyClick(shown.stage.view, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: stage_shade(shown) == 102)
    qtbot.keyClick(shown.stage.view, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: stage_shade(shown) == 52)
    qtbot.keyClick(shown.stage.view, Qt.Key.Key_Left)
    assert shown.stage.slider.value() == 0
    qtbot.keyClick(shown.stage.view, Qt.Key.Key_1)
    assert shown.stage.view.zoom == pytest.approx(1 / shown.devicePixelRatioF())
    qtbot.keyClick(shown.stage.view, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: stage_shade(shown) == 102)
    assert shown.stage.view.zoom == pytest.approx(1 / shown.devicePixelRatioF())
    qtbot.keyClick(shown.stage.view, Qt.Key.Key_F)
    assert shown.stage.view.zoom > 2
    qtbot.keyClick(shown.stage.view, Qt.Key.Key_Escape)
    assert shown.grid.isVisible()
    assert (shown.grid.currentIndex().row(), shown.grid.currentIndex().column()) == (1, 2)


def test_slider_and_strip_go_through_time(qtbot: Any, shown: SamplesView) -> None:
    enlarge(qtbot, shown, 0, 0)
    shown.stage.slider.setValue(0)
    qtbot.waitUntil(lambda: stage_shade(shown) == 50)
    strip = shown.stage.strip
    headers = [strip.model().headerData(column, Qt.Orientation.Horizontal) for column in range(3)]
    assert headers == ["100  PQ 10.0", "200  PQ 20.0", "300  PQ 30.0"]
    strip.setFocus()
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: stage_shade(shown) == 100)
    assert shown.stage.slider.value() == 1


def test_a_newer_evaluation_leaves_what_is_shown_in_its_place(qtbot: Any, shown: SamplesView, run: Path) -> None:
    enlarge(qtbot, shown, 1, 0)
    draw(run, 400, "00.png", 200)
    tell(run, evaluated(400, 0.4))
    shown._read()
    qtbot.waitUntil(lambda: shown.stage.slider.maximum() == 3)
    assert shown.stage.caption.text() == "Picture 1 · iteration 200 · PQ 20.0 · 2 of 4"
    shown.show_all()
    assert shown.grid.currentIndex().row() == 2


def test_pictures_that_cannot_be_read_say_why_in_their_place(qtbot: Any, view: SamplesView, run: Path) -> None:
    broken = run / "samples" / "iteration-0000300" / "00.png"
    broken.write_bytes(b"no picture")
    (run / "samples" / "iteration-0000300" / "01.png").unlink()
    view.show_run(run)
    qtbot.waitUntil(lambda: len(view.sheet.evaluations) == 3)
    enlarge(qtbot, view, 0, 0)
    qtbot.waitUntil(lambda: view.stage._problem.isVisible())
    assert view.stage._problem.text().startswith(f"{broken}: ")
    qtbot.keyClick(view.stage, Qt.Key.Key_Down)
    assert view.stage._problem.text() == "This evaluation has no such picture."
    qtbot.keyClick(view.stage, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: stage_shade(view) == 101)
    assert view.stage.view.isVisible()


def test_names_that_look_like_markup_are_shown_as_they_are(qtbot: Any, view: SamplesView, tmp_path: Path) -> None:
    draw(tmp_path, 100, "<img src=x>.png", 50)
    view.show_run(tmp_path)
    qtbot.waitUntil(lambda: len(view.sheet.evaluations) == 1)
    enlarge(qtbot, view, 0, 0)
    assert view.stage.caption.text().startswith("Picture <img src=x> · ")
    assert view.stage.caption.textFormat() == Qt.TextFormat.PlainText
    assert "&lt;img src=x&gt;" in view.grid.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)


def test_memory_is_bounded_and_the_screen_comes_first(qtbot: Any) -> None:
    read: list[str] = []

    def picture(sample: Sample) -> QImage:
        read.append(sample.name)
        return QImage(100, 100, QImage.Format.Format_RGB32)

    pictures = SamplePictures(picture, memory=10 * 40_000)
    samples = [Sample(Path(f"{number}.png"), str(number), 1) for number in range(50)]
    pictures.want(samples)
    pictures.want(samples[40:])
    qtbot.waitUntil(lambda: all(pictures.find(sample) for sample in samples[40:]))
    assert set(read) == {"0", "1", *(str(number) for number in range(40, 50))}
    assert pictures.bytes_kept <= 10 * 40_000
    pictures.close()


def test_a_picture_that_is_no_more_wanted_pushes_none_off_the_screen(qtbot: Any) -> None:
    may_end = threading.Event()

    def picture(sample: Sample) -> QImage:
        if sample.name == "0":
            may_end.wait(5)
        return QImage(100, 100, QImage.Format.Format_RGB32)

    pictures = SamplePictures(picture, memory=10 * 40_000)
    samples = [Sample(Path(f"{number}.png"), str(number), 1) for number in range(50)]
    made: list[Sample] = []
    pictures.made.connect(made.append)
    pictures.want(samples)
    pictures.want(samples[40:])
    qtbot.waitUntil(lambda: all(pictures.find(sample) for sample in samples[40:]))
    may_end.set()
    qtbot.waitUntil(lambda: samples[0] in made)
    assert all(pictures.find(sample) for sample in samples[40:])
    assert pictures.bytes_kept == 10 * 40_000
    pictures.close()


def test_another_run_replaces_the_first(qtbot: Any, shown: SamplesView, tmp_path: Path) -> None:
    enlarge(qtbot, shown, 0, 0)
    shown.show_run(tmp_path / "other")
    assert shown._state.isVisible()
    shown.show_run(None)
    assert shown._state.text() == "Choose a training to see what it predicts."


def test_controls_have_names_and_tips_and_fit_a_narrow_window(shown: SamplesView) -> None:
    controls = [widget for kind in (QToolButton, QSlider, QTableView) for widget in shown.findChildren(kind)]
    assert len(controls) >= 8
    for control in controls:
        assert control.accessibleName()
        assert control.toolTip()
    assert shown.minimumSizeHint().width() <= 360
