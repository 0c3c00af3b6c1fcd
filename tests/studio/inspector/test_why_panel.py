"""The panel Why: its page against the core's, its sentences where there is none, and what it costs unseen."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QUrl

from lpsnet.analysis.causes import Cause
from lpsnet.analysis.fates import Fate
from lpsnet.analysis.gains import OracleGains, OracleResult
from lpsnet.analysis.report import LevelRow
from lpsnet.categories import Categories, Category
from lpsnet.metrics.panoptic_quality import MeanQuality
from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.messages import GainsWeighed, WeighGains
from lpsnet_studio.inspector.obstacles import obstacle_of
from lpsnet_studio.inspector.why_html import narrow_html
from lpsnet_studio.inspector.why_model import material_of, page_of
from lpsnet_studio.inspector.why_panel import WhyPanel
from lpsnet_studio.page_files import pdf_of, save_page
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, entries, open_first, opened


def gains() -> OracleGains:
    def result(semantics: bool, boxes: bool, pq: float) -> OracleResult:
        mean = MeanQuality(pq, pq, pq, 2)
        return OracleResult(semantics, boxes, mean, mean, mean)

    return OracleGains(
        result(False, False, 0.5), result(True, False, 0.625), result(False, True, 0.9), result(True, True, 1.0)
    )


@pytest.fixture
def examination(session: Session) -> Examination:
    return Examination(session)


@pytest.fixture
def panel(qtbot: Any, session: Session, examination: Examination, theme: Any) -> WhyPanel:
    made = WhyPanel(session, examination, theme)
    qtbot.addWidget(made)
    made.resize(300, 600)
    return made


def _show(qtbot: Any, panel: WhyPanel) -> None:
    panel.show()
    qtbot.waitExposed(panel)
    qtbot.waitUntil(lambda: panel.page is not None and "Likeliest causes" in panel.view.toPlainText(), timeout=10_000)


def test_the_page_says_what_the_result_says(
    qtbot: Any, panel: WhyPanel, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    _show(qtbot, panel)
    words = panel.view.toPlainText()
    assert session.result is not None
    assert "0.png" in words
    assert "hand-made" in words
    assert session.result.quality_words().split(" · ")[0] in words
    assert f"{len(session.result.trace.segments)} segments" in words
    assert panel.view.horizontalScrollBar().maximum() == 0


def test_nothing_is_made_or_asked_while_it_is_hidden(
    qtbot: Any, panel: WhyPanel, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    qtbot.wait(300)
    assert panel.page is None
    assert service.count(WeighGains) == 0
    _show(qtbot, panel)
    assert service.count(WeighGains) == 1
    panel.hide()
    shown = panel.page
    session.result_changed.emit()
    qtbot.wait(300)
    assert panel.page is shown
    session.set_entries(())
    assert panel.page is None
    assert not panel.view.toPlainText()


def test_what_the_oracles_gain_comes_into_the_page(
    qtbot: Any, panel: WhyPanel, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    _show(qtbot, panel)
    asked = service.last(WeighGains)
    session.receive(GainsWeighed(asked.request, asked.image, asked.settings, gains()))
    qtbot.waitUntil(lambda: "true semantics: PQ 62.5" in panel.view.toPlainText(), timeout=10_000)


def test_several_changes_make_one_page(
    qtbot: Any, panel: WhyPanel, session: Session, service: ListeningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lpsnet_studio.inspector import why_panel

    made = []
    monkeypatch.setattr(why_panel, "page_of", lambda material: made.append(material) or page_of(material))
    open_first(session, service)
    _show(qtbot, panel)
    before = len(made)
    session.result = replace(session.result)
    for _ in range(5):
        session.result_changed.emit()
    qtbot.waitUntil(lambda: len(made) > before, timeout=5000)
    qtbot.wait(300)
    assert len(made) == before + 1


def test_a_sentence_stands_where_there_is_no_page(
    qtbot: Any, panel: WhyPanel, session: Session, service: ListeningService
) -> None:
    panel.show()
    qtbot.waitUntil(lambda: "No image is open" in panel.view.toPlainText())
    session.set_entries(entries())
    assert "not here yet" in obstacle_of(session)
    session.receive(opened(service.posted[-1]))
    assert "No network is loaded" in obstacle_of(session)
    qtbot.waitUntil(lambda: "No network is loaded" in panel.view.toPlainText())


def test_nothing_is_loaded_from_elsewhere(panel: WhyPanel, tmp_path: Path) -> None:
    picture = tmp_path / "secret.txt"
    picture.write_text("secret")
    assert panel.view.loadResource(2, QUrl.fromLocalFile(str(picture))) is None
    assert not panel.view.openLinks()


def test_names_are_plain_text(session: Session, service: ListeningService) -> None:
    open_first(session, service)
    material = material_of(session, None)
    assert material is not None
    assert session.result is not None
    evil = '<img src="file:///etc/passwd"> & "co"'
    classes = Categories(
        tuple(
            Category(n, f"{evil}{n}", entry.isthing, entry.color) for n, entry in enumerate(material.result.categories)
        )
    )
    named = replace(
        material, subject=replace(material.subject, file=evil), result=replace(material.result, categories=classes)
    )
    text = narrow_html(page_of(named), "dark", 280)
    assert "&lt;img" in text
    assert set(re.findall(r'src="([a-z]+):', text)) == {"data"}


def test_a_page_without_ground_truth_claims_nothing(session: Session, service: ListeningService) -> None:
    open_first(session, service, with_truth=False)
    session.result = replace(session.result, quality=None)
    material = material_of(session, None)
    assert material is not None
    page = page_of(material)
    assert page.truth is None
    assert page.quality == ()
    assert "Without ground truth nothing can be called wrong." in narrow_html(page, "light", 280)


def test_costs_are_explained_where_there_are_any(session: Session, service: ListeningService) -> None:
    open_first(session, service)
    material = material_of(session, None)
    assert material is not None
    page = page_of(material)
    priced, unpriced = Cause("Boxes", 0.25, ("why",)), Cause("The network is untrained", None, ("why",))
    assert "Each cost is" in narrow_html(replace(page, causes=(unpriced, priced)), "light", 280)
    assert "Each cost is" not in narrow_html(replace(page, causes=(unpriced,)), "light", 280)


def test_boxes_of_a_level_are_called_boxes(session: Session, service: ListeningService) -> None:
    open_first(session, service)
    material = material_of(session, None)
    assert material is not None
    fates = len(Fate)
    levels = (LevelRow("P3", 1, (1, *[0] * (fates - 1))), LevelRow("P4", 1200, (900, *[0] * (fates - 2), 150)))
    words = narrow_html(replace(page_of(material), levels=(*levels, LevelRow("P5", 4, (0,) * fates))), "light", 280)
    assert "<b>P3</b>: 1 box from 1 location<br>1 class threshold<" in words
    assert "<b>P4</b>: 1,050 boxes from 1,200 locations<br>900 class threshold · 150 kept<" in words
    assert "<b>P5</b>: no box from 4 locations" in words


def test_a_reduced_preview_makes_no_page(session: Session, service: ListeningService) -> None:
    open_first(session, service)
    session.result = replace(session.result, preview=True)
    assert material_of(session, None) is None


def test_the_page_is_written_with_its_pictures(
    qapp: Any, session: Session, service: ListeningService, tmp_path: Path
) -> None:
    open_first(session, service)
    material = material_of(session, gains())
    assert material is not None
    page = page_of(material)
    text = save_page(page, tmp_path / "page.html").read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") == 3 + 3 * len(page.errors)
    assert "http" not in re.sub(r"base64,[^\"]*", "", text)
    content = save_page(page, tmp_path / "page.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert content.count(b"/Subtype /Image") >= 3


def test_a_pdf_is_written_by_a_thread_without_a_word(
    qapp: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    from lpsnet_studio.background import Background

    open_first(session, service)
    material = material_of(session, None)
    assert material is not None
    page, done = page_of(material), []
    with qtbot.captureExceptions() as raised:
        background = Background(done.append)
        background.run(lambda: pdf_of(page), done.append)
        qtbot.waitUntil(lambda: len(done) == 1, timeout=20_000)
    assert not raised
    assert isinstance(done[0], bytes)
