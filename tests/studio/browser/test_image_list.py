"""The image list opens what is chosen and stays quick with ten thousand images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStyleOptionViewItem

from lpsnet_studio.browser.image_foot import time_words
from lpsnet_studio.browser.image_list import ImageList
from lpsnet_studio.browser.image_model import Role
from lpsnet_studio.browser.image_row import ROW_HEIGHT, shared_ending
from lpsnet_studio.browser.listing import entries_of
from lpsnet_studio.chrome.notices import notices
from lpsnet_studio.inference.messages import CloseImage, Failed, Inspect, Measure, OpenImage, Prefetch
from lpsnet_studio.jobs.results import with_stand_ins
from lpsnet_studio.session import Session
from lpsnet_studio.state import Measured
from tests.studio.hand_made import ListeningService, entries, inspected, open_first, opened


def test_choosing_a_row_opens_its_image(window: Any, session: Session, service: ListeningService) -> None:
    session.set_entries(entries())
    assert service.last(OpenImage).source.path == "/pictures/0.png"
    window.images.view.setCurrentIndex(window.images.model.index(2, 0))
    assert session.index == 2
    assert service.last(OpenImage).source.path == "/pictures/2.png"
    assert service.count(OpenImage) == 2


def test_an_image_that_cannot_be_opened_says_why(window: Any, session: Session, service: ListeningService) -> None:
    broken = replace(entries()[1], problem="1.png: its PNG is missing")
    session.set_entries([entries()[0], broken])
    index = window.images.model.index(1, 0)
    assert window.images.model.data(index, Qt.ItemDataRole.DecorationRole) is not None
    assert "its PNG is missing" in window.images.model.data(index, Qt.ItemDataRole.ToolTipRole)
    session.open_index(1)
    assert service.count(OpenImage) == 1
    assert any("its PNG is missing" in text for text in window.notifications.texts)


def test_a_picture_that_failed_is_marked_and_a_click_tries_it_again(
    window: Any, session: Session, service: ListeningService
) -> None:
    session.set_entries(entries())
    index = window.images.model.index(0, 0)
    assert window.images.model.data(index, Qt.ItemDataRole.DecorationRole) is None
    session.receive(Failed(service.last(OpenImage).request, "bad-input", "0.png: the file is empty"))
    assert window.images.model.data(index, Qt.ItemDataRole.DecorationRole) is not None
    assert "0.png: the file is empty" in window.images.model.data(index, Qt.ItemDataRole.ToolTipRole)
    assert window.timeline.card.sentence.text() == "0.png: the file is empty"
    window.images.view.clicked.emit(index)
    assert service.count(OpenImage) == 2
    session.receive(opened(service.last(OpenImage)))
    assert window.images.model.data(index, Qt.ItemDataRole.DecorationRole) is None
    assert "80 × 60 pixels" in window.images.model.data(index, Qt.ItemDataRole.ToolTipRole)
    assert window.timeline.card.sentence.text() == "The merge is shown here once an image has been inspected."


def test_a_cancelled_image_says_how_to_go_on(window: Any, session: Session, service: ListeningService) -> None:
    session.set_entries(entries())
    window.commands.files.cancel()
    session.receive(Failed(service.last(OpenImage).request, "cancelled", "Cancelled."))
    assert window.timeline.card.sentence.text() == "Cancelled. Select the image again to run it."
    window.images.view.activated.emit(window.images.model.index(0, 0))
    assert service.count(OpenImage) == 2
    assert "Cancelled" not in window.timeline.card.sentence.text()


def test_ten_thousand_images_cost_no_widget_each(window: Any, session: Session) -> None:
    before = len(window.findChildren(object))
    session.set_entries(entries(10_000))
    assert window.images.model.rowCount() == 10_000
    assert window.images.foot.count.text() == "1 of 10,000"
    assert len(window.findChildren(object)) <= before + 20


def test_an_empty_list_says_what_to_do(window: Any) -> None:
    assert not window.actions_by_id["find_image"].isEnabled()
    assert window.images._stack.currentIndex() == 0
    assert window._middle.currentIndex() == 0


# ------------------------------------------------------------------------------------------------------------- filter


def row_names(window: Any) -> list[str]:
    model = window.images.model
    return [model.data(model.index(row, 0)) for row in range(model.rowCount())]


def test_ctrl_f_types_into_the_filter_and_esc_gives_the_keys_back(window: Any, session: Session, qtbot: Any) -> None:
    session.set_entries(entries(30))
    field = window.images.filter
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(field.hasFocus)
    QTest.keyClicks(field, "2d")
    assert session.index == 0, "letters type"
    assert row_names(window) == []
    assert window.images._rows.currentIndex() == 1
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert row_names(window) == ["2.png", "12.png", *(f"{n}.png" for n in range(20, 30))]
    assert window.images.foot.count.text() == "12 of 30 listed"
    session.select(0)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""
    assert len(row_names(window)) == 30
    assert window.images.view.hasFocus()
    assert session.index == 0


def test_down_goes_from_the_filter_to_the_list(window: Any, session: Session, qtbot: Any) -> None:
    session.set_entries(entries(5))
    window.activateWindow()
    window.images.find()
    qtbot.waitUntil(window.images.filter.hasFocus)
    QTest.keyClick(window.images.filter, Qt.Key.Key_Down)
    assert window.images.view.hasFocus()


def test_find_brings_a_closed_panel_back(window: Any, session: Session) -> None:
    session.set_entries(entries(5))
    window.docks["images"].close()
    window.commands.images.find_image()
    assert window.docks["images"].isVisible()


def test_a_picture_that_arrives_does_not_take_the_keys_from_the_filter(
    window: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    session.set_entries(entries())
    window.activateWindow()
    window.images.find()
    qtbot.waitUntil(window.images.filter.hasFocus)
    session.receive(opened(service.last(OpenImage)))
    assert window.images.filter.hasFocus()


def test_another_list_empties_the_filter(window: Any, session: Session) -> None:
    session.set_entries(entries(30))
    window.images.filter.setText("29")
    session.set_entries(entries(3))
    assert window.images.filter.text() == ""
    assert len(row_names(window)) == 3


def test_the_open_image_is_in_view_again_when_the_filter_is_cleared(window: Any, session: Session, qtbot: Any) -> None:
    session.set_entries(entries(400))
    session.open_index(300)
    view, field = window.images.view, window.images.filter
    field.setText("nothing is called so")
    assert window.images.foot.count.text() == "0 of 400 listed"
    field.clear()
    assert window.images.foot.count.text() == "301 of 400"
    qtbot.waitUntil(lambda: view.viewport().rect().contains(view.visualRect(view.currentIndex())))
    assert view.currentIndex().row() == 300
    assert [index.row() for index in view.selectionModel().selectedRows()] == [300]


def test_the_foot_counts_what_is_listed_even_where_the_filter_leaves_all(window: Any, session: Session) -> None:
    session.set_entries(entries(40))
    session.show_worst_first(True)
    session.open_index(13)
    foot = window.images.foot
    assert foot.count.text() == "14 of 40"
    window.images.filter.setText(".png")
    assert foot.count.text() == "40 of 40 listed"
    window.images.filter.clear()
    assert foot.count.text() == "14 of 40"


# --------------------------------------------------------------------------------------------------------------- keys


def test_a_held_arrow_opens_only_the_row_where_it_rests(
    window: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    session.set_entries(entries(1000))
    view = window.images.view
    qtbot.wait(150)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert session.index == 1, "a single press opens at once"
    for _ in range(30):
        repeated = QKeyEvent(
            QEvent.Type.KeyPress, Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier, "", autorep=True, count=1
        )
        QApplication.sendEvent(view, repeated)
    assert service.count(OpenImage) == 2
    qtbot.waitUntil(lambda: session.index == 31)
    assert service.count(OpenImage) == 3


def test_home_and_end_go_through_the_list(window: Any, session: Session, qtbot: Any) -> None:
    session.set_entries(entries(50))
    QTest.keyClick(window.images.view, Qt.Key.Key_End)
    qtbot.waitUntil(lambda: session.index == 49)
    QTest.keyClick(window.images.view, Qt.Key.Key_Home)
    qtbot.waitUntil(lambda: session.index == 0)


def test_stepping_follows_what_is_shown(window: Any, session: Session) -> None:
    session.set_entries(entries(30))
    window.images.filter.setText("9")
    for expected in (9, 19, 29, 29):
        window.commands.images.next_image()
        assert session.index == expected
    assert not window.actions_by_id["next_image"].isEnabled()
    assert window.images.view.currentIndex().row() == 2


# ----------------------------------------------------------------------------------------------------------------- PQ


def pq_of(window: Any, row: int) -> tuple[Any, Any]:
    model = window.images.model
    index = model.index(row, 0)
    return model.data(index, Role.PQ), model.data(index, Role.IS_STALE)


def test_the_pq_of_an_inspected_image_is_listed_and_dimmed_when_settings_change(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    assert session.result is not None
    figure = f"{100 * (session.result.pq or 0):.1f}"
    assert pq_of(window, 0) == (figure, False)
    assert pq_of(window, 1) == ("—", False)
    session.change_settings(overlap_threshold=0.9)
    assert pq_of(window, 0) == (figure, True)
    tip = window.images.model.data(window.images.model.index(0, 0), Qt.ItemDataRole.ToolTipRole)
    assert f"PQ {figure}, measured with other settings than now" in tip


def test_a_list_without_truth_has_no_pq(window: Any, session: Session) -> None:
    session.set_entries(entries(with_truth=False))
    assert pq_of(window, 0) == (None, False)
    assert not window.actions_by_id["measure_all"].isEnabled()


def test_the_foot_pools_what_is_shown_and_up_to_date(
    window: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    open_first(session, service)
    foot = window.images.foot
    qtbot.waitUntil(lambda: foot.quality.text() != "")
    assert session.result is not None
    assert foot.quality.text() == f"PQ {100 * (session.result.pq or 0):.1f}, 1 image"
    assert "not the mean of the column" in foot.quality.toolTip()
    window.images.filter.setText("2")
    qtbot.waitUntil(lambda: foot.quality.text() == "")


def test_agreement_with_predictions_is_nowhere_called_pq(
    window: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    open_first(session, service)
    session.set_entries(with_stand_ins(entries(), "eval-1"))
    session.receive(opened(service.last(OpenImage)))
    session.receive(inspected(service.last(Inspect)))
    assert session.result is not None
    figure = f"{100 * (session.result.pq or 0):.1f}"
    foot, model = window.images.foot, window.images.model
    qtbot.waitUntil(lambda: foot.quality.text() != "")
    assert foot.quality.text() == f"Agreement {figure}, 1 image"
    assert foot.quality.toolTip().startswith("Compared with the predictions of eval-1, not with ground truth.")
    tip = model.data(model.index(0, 0), Qt.ItemDataRole.ToolTipRole)
    assert f"Agreement {figure} with the predictions of eval-1" in tip
    assert model.data(model.index(0, 0), Role.FIGURE) == "Agreement"
    assert session.result.quality_words().startswith(f"Agreement {figure}")
    assert window.windowTitle() == f"{session.entries[0].name} compared with the predictions of eval-1 – LPSNet Studio"
    assert notices(session)[0].startswith("Compared with the predictions of eval-1, not with ground truth:")
    session.set_entries(entries())
    assert session.truth_name == "Ground truth"


def test_worst_first_follows_results_after_a_while(
    window: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    open_first(session, service)
    window.actions_by_id["worst_first"].trigger()
    session.take_measured(2, Measured(0.001, session.settings, "here"))
    qtbot.waitUntil(lambda: row_names(window) == ["2.png", "0.png", "1.png"], timeout=2000)
    assert window.images.view.currentIndex().row() == 1
    assert session.index == 0
    window.actions_by_id["worst_first"].trigger()
    assert row_names(window) == ["0.png", "1.png", "2.png"]


def test_sorting_brings_the_worst_into_view(window: Any, session: Session) -> None:
    session.set_entries(entries(500))
    for index in range(400, 500):
        session.take_measured(index, Measured(0.1 + index / 1000, session.settings, ""))
    session.open_index(200)
    bar = window.images.view.verticalScrollBar()
    assert bar.value() > 0
    window.actions_by_id["worst_first"].trigger()
    assert bar.value() == 0
    assert row_names(window)[0] == "400.png"
    assert (session.index, window.images.view.currentIndex().row()) == (200, session.row_of(200))


def test_a_list_that_follows_results_stays_where_it_is_scrolled_to(window: Any, session: Session, qtbot: Any) -> None:
    session.set_entries(entries(500))
    session.show_worst_first(True)
    bar = window.images.view.verticalScrollBar()
    bar.setValue(8000)
    session.take_measured(250, Measured(0.1, session.settings, ""))
    qtbot.waitUntil(lambda: session.order[0] == 250, timeout=2000)
    assert bar.value() == 8000
    assert session.index == 0


# ---------------------------------------------------------------------------------------------------------- background


def test_measuring_shows_how_far_it_is_and_stops_at_esc(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    foot = window.images.foot
    assert not foot._measuring.isVisible()
    window.actions_by_id["measure_all"].trigger()
    assert foot._measuring.isVisible()
    assert foot.progress.text() == "0 of 2 measured"
    window.commands.files.cancel()
    assert not foot._measuring.isVisible()
    window.actions_by_id["measure_all"].trigger()
    foot.cancel.click()
    assert window.images.lookahead.measuring is None


def test_prefetching_is_a_preference(window: Any, session: Session, service: ListeningService) -> None:
    action = window.actions_by_id["prefetch"]
    assert action.isChecked()
    action.trigger()
    assert not window._settings.preferences.prefetch
    open_first(session, service)
    assert service.count(Prefetch) == 0
    action.trigger()
    assert service.count(Prefetch) == 1


def test_a_picture_whose_thumbnail_cannot_be_made_is_marked(
    window: Any, session: Session, tmp_path: Path, qtbot: Any
) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    Image.new("RGB", (64, 48), (9, 99, 9)).save(tmp_path / "good.png")
    session.set_entries(entries_of([tmp_path / "broken.png", tmp_path / "good.png"]))
    model = window.images.model
    qtbot.waitUntil(lambda: model.data(model.index(1, 0), Role.THUMBNAIL) is not None)
    qtbot.waitUntil(lambda: bool(session.entries[0].problem))
    assert model.data(model.index(0, 0), Qt.ItemDataRole.DecorationRole) is not None
    assert "broken.png" in model.data(model.index(0, 0), Qt.ItemDataRole.ToolTipRole)
    assert session.entries[1].problem == ""


def test_reloading_asks_the_service_to_forget_the_image(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    before = service.count(OpenImage)
    window.actions_by_id["reload_image"].trigger()
    assert service.last(CloseImage).image == service.last(OpenImage).image
    assert service.count(OpenImage) == before + 1


def test_names_and_problems_are_never_markup_in_a_tip(window: Any, session: Session, service: ListeningService) -> None:
    entry = entries(1)[0]
    source = replace(entry.source, path="/pictures/<b>1</b>.png")
    session.set_entries([replace(entry, source=source, problem="<img src=x>.png: truncated")])
    model = window.images.model
    tip = model.data(model.index(0, 0), Qt.ItemDataRole.ToolTipRole)
    assert "/pictures/&lt;b&gt;1&lt;/b&gt;.png<br>" in tip
    assert "&lt;img src=x&gt;.png: truncated" in tip


def test_reloading_makes_the_thumbnail_again(window: Any, session: Session, tmp_path: Path, qtbot: Any) -> None:
    path = tmp_path / "0.png"
    Image.new("RGB", (64, 48), (9, 99, 9)).save(path)
    session.set_entries(entries_of([path]))
    found = window.images.thumbnails.find
    qtbot.waitUntil(lambda: found(str(path)) is not None)
    Image.new("RGB", (64, 48), (200, 9, 9)).save(path)
    window.actions_by_id["reload_image"].trigger()
    qtbot.waitUntil(lambda: (made := found(str(path))) is not None and made.toImage().pixelColor(20, 20).red() > 150)


def test_the_menu_of_a_row(window: Any, session: Session, service: ListeningService) -> None:
    open_first(session, service)
    acts = {action.text(): action for action in window.images.menu_of(1).actions() if action.text()}
    assert list(acts) == ["Open containing folder", "Copy path", "Reload image", "Measure this image"]
    acts["Copy path"].trigger()
    assert QApplication.clipboard().text().endswith("1.png")
    acts["Measure this image"].trigger()
    assert service.last(Measure).source == session.entries[1].source
    acts["Reload image"].trigger()
    assert session.index == 1
    session.set_entries(entries(with_truth=False))
    last = window.images.menu_of(0).actions()[-1]
    assert not last.isEnabled()


@pytest.mark.parametrize("theme_name", ["dark", "light"])
@pytest.mark.parametrize("width", [120, 160, 300])
def test_rows_are_painted_in_every_width(
    session: Session, theme: Any, tmp_path: Path, qtbot: Any, theme_name: Any, width: int
) -> None:
    theme.apply(theme_name)
    made = ImageList(session, theme, tmp_path)
    qtbot.addWidget(made)
    session.set_entries([replace(entry, name="<b>" + "long name " * 20) for entry in entries(3)])
    session.take_measured(1, Measured(0.5, session.settings, ""))
    made.setFixedSize(width, 300)
    made.show()
    image = made.view.viewport().grab().toImage()
    for row in range(3):
        y0 = row * ROW_HEIGHT
        colors = {image.pixel(x, y) for x in range(40, image.width()) for y in range(y0, y0 + ROW_HEIGHT)}
        assert len(colors) > 10, "there are words in the row"
    made.close_thumbnails()


def test_the_time_left_is_told_while_it_is_of_use(
    window: Any, session: Session, service: ListeningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.set_entries(entries(5))
    lookahead, foot, left = window.images.lookahead, window.images.foot, [40.0]
    monkeypatch.setattr(type(lookahead), "seconds_left", property(lambda _self: left[0]))
    session.change_settings(box_oracle=True, semantic_oracle=True)
    lookahead.measure(range(5))

    def fail() -> str:
        session.receive(Failed(service.last(Measure).request, "bad-input", "it is broken"))
        return foot.progress.text()

    assert fail() == "0 of 5 measured · 1 failed · 40 s left"
    left[0] = 1.9
    assert fail() == "0 of 5 measured · 2 failed"
    left[0] = 12.0
    assert fail() == "0 of 5 measured · 3 failed · 10 s left"
    assert fail() == "0 of 5 measured · 4 failed", "the last one"


# ------------------------------------------------------------------------------------------------------------- a row


@pytest.mark.parametrize(
    ("names", "ending"),
    [
        ([], ""),
        (["000139.jpg"], ""),
        (["000139.jpg", "000285.jpg"], ".jpg"),
        (["000139.jpg", "000285.png"], ""),
        (["10.png", "20.png"], ".png"),
        (["aachen_0_leftImg8bit.png", "aachen_1_leftImg8bit.png"], "_leftImg8bit.png"),
        ([".png", "a.png"], ""),
        (["a.png", "a.png"], ".png"),
    ],
)
def test_what_all_names_end_with(names: list[str], ending: str) -> None:
    assert shared_ending(names) == ending


def painted_texts(made: ImageList) -> list[str]:
    """Returns what rows write, by listening to their painter."""
    texts: list[str] = []

    class Listening(QPainter):
        def drawText(self, *arguments: Any) -> None:  # noqa: N802
            texts.append(arguments[-1])

    canvas = QPixmap(made.view.viewport().size())
    for row in range(made.model.rowCount()):
        option = QStyleOptionViewItem()
        option.rect, option.font = made.view.visualRect(made.model.index(row, 0)), made.view.font()
        painter = Listening(canvas)
        made.view.itemDelegate().paint(painter, option, made.model.index(row, 0))
        painter.end()
    return texts


@pytest.mark.parametrize("width", [120, 160, 200, 300])
def test_numbered_images_are_told_apart_in_every_width(
    session: Session, theme: Any, tmp_path: Path, qtbot: Any, width: int
) -> None:
    made = ImageList(session, theme, tmp_path)
    qtbot.addWidget(made)
    names = ["000000000139.jpg", "000000000285.jpg", "000000100285.jpg"]
    session.set_entries([replace(entry, name=name) for entry, name in zip(entries(3), names, strict=True)])
    session.take_measured(0, Measured(1.0, session.settings, ""))
    made.setFixedSize(width, 300)
    made.show()
    texts = painted_texts(made)
    shown, figures = texts[::2], texts[1::2]
    assert [text[-3:] for text in shown] == ["139", "285", "285"]
    assert [figure.removeprefix("PQ ") for figure in figures] == ["100.0", "—", "—"]
    made.close_thumbnails()


@pytest.mark.parametrize("theme_name", ["dark", "light"])
def test_the_keys_are_seen_to_be_in_the_list(window: Any, session: Session, theme_name: Any, qtbot: Any) -> None:
    window._theme.apply(theme_name)
    session.set_entries(entries(60))
    window.activateWindow()
    view = window.images.view

    def picture(focused: Any) -> Any:
        focused.setFocus()
        qtbot.waitUntil(focused.hasFocus)
        return view.viewport().grab().toImage()

    assert picture(view) != picture(window.images.filter)
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    assert picture(view) != picture(window.images.filter), "the row is out of sight"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "5 s"), (12, "10 s"), (54, "55 s"), (61, "1 min"), (3599, "1 h 0 min"), (7300, "2 h 2 min")],
)
def test_durations_are_said_as_people_do(seconds: float, words: str) -> None:
    assert time_words(seconds) == words
