"""An exported view is what the canvas shows, whatever the scale and the kind of file."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
import psutil
import pytest
from PySide6.QtCore import QBuffer
from PySide6.QtGui import QTransform

from lpsnet.maps import HeatMap, MapPlacement
from lpsnet_studio.canvas.candidate_scene import CandidateScene
from lpsnet_studio.canvas.colormaps import Scale
from lpsnet_studio.canvas.still import drawing_of
from lpsnet_studio.chrome.export_dialog import ExportDialog
from lpsnet_studio.inference.messages import Look, Seen, Sight
from lpsnet_studio.inspector.legend import export_key
from lpsnet_studio.judgement import judge
from lpsnet_studio.session import Session
from lpsnet_studio.state import Problem
from lpsnet_studio.view_export import ExportChoice, ExportKey, ViewExport, prepare
from tests.studio.hand_made import HEIGHT, WIDTH, ListeningService, open_first


def _in_a_thread(work: Callable[[], bytes]) -> bytes:
    done: list[bytes] = []
    thread = threading.Thread(target=lambda: done.append(work()))
    thread.start()
    thread.join(30)
    return done[0]


def _pixels(content: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


def _shown(window: Any) -> np.ndarray:
    """Returns what the canvas paints by itself, BGR."""
    picture = window.canvas.picture()
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")
    return _pixels(bytes(buffer.data().data()))


def _of_view(window: Any, wish: ViewExport) -> bytes:
    canvas = window.canvas
    part = canvas.part_in_view
    transform = canvas.viewportTransform() * QTransform.fromTranslate(-part.x(), -part.y())
    return _in_a_thread(prepare(canvas.stage, transform, (part.width(), part.height()), wish))


@pytest.fixture
def shown(window: Any, session: Session, service: ListeningService) -> Any:
    open_first(session, service)
    for kind in ("labels", "void"):
        session.change_layer(kind, visible=True)
    session.change_view(names=True)
    session.select(1)
    window.canvas.stage._background.wait(5000)
    return window


def test_at_scale_1_it_is_the_canvas_pixel_by_pixel(shown: Any) -> None:
    expected = _shown(shown)
    found = _pixels(_of_view(shown, ViewExport("png", 1, "dark", None)))
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= 2, "what differs is how opacities are rounded"


def test_bands_meet_without_a_seam(shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from lpsnet_studio.canvas import still

    wish = ViewExport("png", 2, "dark", ExportKey((("road", (1, 2, 3)),)))
    whole = _pixels(_of_view(shown, wish))
    monkeypatch.setattr(still, "_BAND", 37)
    assert np.array_equal(_pixels(_of_view(shown, wish)), whole)


@pytest.fixture
def candidates(shown: Any) -> Any:
    """A window with many boxes of the levels, whose sides lie on and between the photo's pixels."""
    random = np.random.default_rng(7)
    corners = random.integers(0, 4 * WIDTH, (400, 4)).reshape(400, 2, 2) / 4
    boxes = np.concatenate([corners.min(1), corners.max(1) + 1], axis=1).astype(np.float32)
    shown.examination.candidates.show(
        CandidateScene(
            boxes=boxes,
            locations=(boxes[:, :2] + boxes[:, 2:]) / 2,
            colors=np.sort(random.integers(0, 3, 400)),
            palette=np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8),
            size=(HEIGHT, WIDTH),
            key=(),
        )
    )
    return shown


def test_candidates_are_sampled_as_they_are_on_the_canvas(
    candidates: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lpsnet_studio.canvas import still

    wish = ViewExport("png", 1, "dark", None)
    found = _pixels(_of_view(candidates, wish))
    assert np.abs(found.astype(int) - _shown(candidates)).max() <= 2
    session.change_layer("candidates", visible=False)
    assert (_pixels(_of_view(candidates, wish)) != found).any(axis=-1).mean() > 0.1
    session.change_layer("candidates", visible=True)
    whole = _pixels(_of_view(candidates, ViewExport("png", 4, "dark", None)))
    monkeypatch.setattr(still, "_BAND", 37)
    assert np.array_equal(_pixels(_of_view(candidates, ViewExport("png", 4, "dark", None))), whole)


def test_a_drawing_takes_memory_only_where_something_is_painted(qapp: Any) -> None:
    process = psutil.Process()
    before = process.memory_info().rss
    drawing = drawing_of(lambda painter: painter.drawRect(10, 20, 300, 200), (2500, 2500), 4)
    grown = process.memory_info().rss - before
    assert drawing.pixels.nbytes == 400_000_000
    assert grown < 60_000_000
    rows, columns = np.nonzero(drawing.pixels)
    assert (rows.min(), columns.min()) == (80 - 2, 40 - 2)
    assert (rows.max(), columns.max()) == (880 + 1, 1240 + 1)


def test_a_greater_scale_samples_anew_and_keeps_the_look(shown: Any) -> None:
    small = _pixels(_of_view(shown, ViewExport("png", 1, "dark", None)))
    large = _pixels(_of_view(shown, ViewExport("png", 4, "dark", None)))
    assert large.shape[:2] == (4 * small.shape[0], 4 * small.shape[1])
    shrunk = cv2.resize(large, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(int) - small).mean() < 12
    enlarged = cv2.resize(small, large.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    assert (large != enlarged).any()


def test_what_changes_afterwards_is_not_in_it(shown: Any, session: Session) -> None:
    canvas, part = shown.canvas, shown.canvas.part_in_view
    transform = canvas.viewportTransform() * QTransform.fromTranslate(-part.x(), -part.y())
    wish = ViewExport("png", 1, "dark", None)
    before = _of_view(shown, wish)
    work = prepare(canvas.stage, transform, (part.width(), part.height()), wish)
    session.seek(0)
    session.change_layer("labels", visible=False)
    assert work() == before
    assert _of_view(shown, wish) != before


def test_the_whole_image_has_a_pixel_for_each_of_the_photo(shown: Any, session: Session, tmp_path: Path) -> None:
    shown.canvas.zoom_by(4.0)
    session.change_view(overlays=False)
    path = tmp_path / "whole.png"
    shown.commands.export.export_view_to(ExportChoice(whole=True, scale=1, legend=False), path)
    assert shown.commands.wait_for_background(10_000)
    assert session.picture is not None
    assert np.array_equal(cv2.imread(str(path))[..., ::-1], session.picture.pixels)


def test_the_legend_names_what_is_shown(shown: Any, session: Session, service: ListeningService) -> None:
    key = export_key(session, shown.examination)
    assert [name for name, _ in key.classes] == ["person", "car", "sky", "road"]
    plain = _pixels(_of_view(shown, ViewExport("png", 2, "light", None)))
    found = _pixels(_of_view(shown, ViewExport("png", 2, "light", key)))
    assert found.shape[0] > plain.shape[0]
    assert np.array_equal(found[: plain.shape[0]], plain)
    below = found[plain.shape[0] :]
    for _, color in key.classes:
        assert (below == color[::-1]).all(axis=-1).any()
    shown.examination.show(Sight("entropy"))
    asked = service.last(Look)
    heat = HeatMap(np.zeros((HEIGHT, WIDTH), np.float32), MapPlacement(), "Entropy")
    session.receive(Seen(asked.request, asked.image, asked.sight, heat))
    assert export_key(session, shown.examination).title == "Entropy"
    session.change_view(overlays=False)
    assert export_key(session, shown.examination) == ExportKey()


def test_the_legend_says_what_boxes_of_levels_and_marks_of_errors_mean(
    shown: Any, session: Session, qtbot: Any
) -> None:
    scene = CandidateScene(
        boxes=np.zeros((1, 4), np.float32),
        locations=np.zeros((1, 2), np.float32),
        colors=np.zeros(1, np.intp),
        palette=np.array([[255, 0, 0]], np.uint8),
        size=(4, 4),
        key=(("P3", (255, 0, 0)),),
    )
    shown.examination.candidates.show(scene)
    assert ("P3", (255, 0, 0)) in export_key(session, shown.examination).classes
    session.change_layer("candidates", visible=False)
    assert ("P3", (255, 0, 0)) not in export_key(session, shown.examination).classes
    assert session.result is not None
    assert session.truth is not None
    shown.examination.verdicts.show(judge(session.result, session.truth))
    patterns = dict(export_key(session, shown.examination).patterns)
    assert list(patterns) == ["true positive", "false positive", "false negative", "ignored"]
    assert len({pixels.tobytes() for pixels in patterns.values()}) == 4


def test_a_clear_background_is_clear_around_the_legend_alone(shown: Any) -> None:
    found = _pixels(_of_view(shown, ViewExport("png", 1, "clear", ExportKey((("road", (1, 2, 3)),)))))
    assert found.shape[2] == 4
    assert found[-1, -1, 3] == 0
    assert (found[0, :, 3] == 255).all()


def test_svg_holds_its_texts_as_text_and_its_pixels_once(shown: Any, session: Session) -> None:
    key = ExportKey((("road & <sky>", (1, 2, 3)),), "Entropy", Scale("magma", 0, 1))
    text = _of_view(shown, ViewExport("svg", 2, "light", key)).decode("utf-8")
    root = ElementTree.fromstring(text)
    words = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "road & <sky>" in words
    assert "Entropy" in words
    assert "0.90" in words, "the score of the first box"
    pictures = re.findall(r'xlink:href="data:image/png;base64,([^"]*)"', text)
    assert len(pictures) == 1
    part = shown.canvas.part_in_view
    assert _pixels(base64.b64decode(pictures[0])).shape[:2] == (2 * part.height(), 2 * part.width())
    assert int(root.get("width", "0")) == part.width()
    assert int(root.get("height", "0")) > part.height()


def _texts(window: Any) -> list[str | None]:
    root = ElementTree.fromstring(_of_view(window, ViewExport("svg", 1, "light", None)))
    return [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]


def _changed(window: Any) -> np.ndarray:
    """Returns the columns and rows of the exported view that the words of a comparison are written on."""
    words = window.canvas.stage.side_words
    found = _pixels(_of_view(window, ViewExport("png", 1, "dark", None)))
    copied = _shown(window)
    words.setVisible(False)
    plain = _pixels(_of_view(window, ViewExport("png", 1, "dark", None)))
    words.setVisible(True)
    written = (found != plain).any(axis=-1)
    assert np.abs(found.astype(int) - copied)[written].max() <= 2, "a copied view says the same"
    return written


def test_it_says_which_side_of_the_curtain_is_which(shown: Any, session: Session, qtbot: Any) -> None:
    session.change_view(comparison="curtain")
    qtbot.waitUntil(shown.canvas.stage.curtain.isVisible)
    edge = shown._overlays.truth.edge
    edge.move_to(0.4)
    shown.canvas.grab()
    written = _changed(shown)
    height = len(written)
    at = round(0.4 * shown.canvas.viewport().width() - shown.canvas.part_in_view.x())
    assert not written[: height - 50].any(), "at the lower end"
    columns = np.flatnonzero(written.any(axis=0))
    assert not ((columns > at - 10) & (columns < at + 10)).any()
    for side in (columns[columns < at], columns[columns > at]):
        assert 40 < np.ptp(side) < 160
    assert {"Prediction", "Ground truth"} <= set(_texts(shown))
    edge.move_to(1.0)
    shown.canvas.grab()
    assert set(_texts(shown)) & {"Prediction", "Ground truth"} == {"Prediction"}, "no truth is in the picture"
    session.change_view(comparison="off")
    assert not {"Prediction", "Ground truth"} & set(_texts(shown))


def test_it_says_whose_turn_it_is(shown: Any, session: Session, qtbot: Any) -> None:
    session.change_view(comparison="blink")
    overlay = shown._overlays.truth
    qtbot.waitUntil(lambda: overlay.edge.words[0] != "")
    overlay._blink.stop()
    for _ in range(2):
        overlay._take_turns()
        assert set(_texts(shown)) & {"Prediction", "Ground truth"} == {overlay.edge.words[0]}
        columns = np.flatnonzero(_changed(shown).any(axis=0))
        assert abs(columns.mean() - shown.canvas.part_in_view.width() / 2) < 10


def test_layers_above_boxes_stay_above_them_in_svg(shown: Any, session: Session) -> None:
    session.move_layer("boxes", 0)
    text = _of_view(shown, ViewExport("svg", 1, "light", None)).decode("utf-8")
    places = [found.start() for found in re.finditer("data:image/png", text)]
    assert len(places) == 2
    assert "<rect" in text[places[0] : places[1]] or "<path" in text[places[0] : places[1]]


def test_the_dialog_says_how_large_it_gets_and_refuses_what_is_too_large(window: Any, qtbot: Any) -> None:
    from PySide6.QtCore import QRect

    dialog = ExportDialog(window, QRect(0, 0, 300, 200), (6000, 5000))
    qtbot.addWidget(dialog)
    assert "600 × 400" in dialog.size_words.text()
    assert dialog.export.isEnabled()
    dialog.what.setCurrentIndex(1)
    assert not dialog.export.isEnabled()
    dialog.scale.setCurrentIndex(0)
    assert dialog.export.isEnabled()
    assert dialog.choice == ExportChoice(whole=True, scale=1)


def test_what_cannot_be_written_is_one_sentence(shown: Any, session: Session, tmp_path: Path, qtbot: Any) -> None:
    told: list[Problem] = []
    session.failed.connect(told.append)
    shown.commands.export.export_view_to(ExportChoice(), tmp_path / "view.jpg")
    assert "must end in .png" in told[-1].sentence
    shown.commands.export.export_view_to(ExportChoice(), tmp_path / "nowhere" / "view.png")
    qtbot.waitUntil(lambda: len(told) == 2, timeout=10_000)
    assert "nowhere" in told[-1].sentence
    assert not list(tmp_path.glob("*.*"))
