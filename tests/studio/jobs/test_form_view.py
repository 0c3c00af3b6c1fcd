"""The form as it is used: typed into, searched and mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QWidget

from lpsnet.config import load_config
from lpsnet_studio.jobs.config_fields import Bounds, FieldKind, FormField
from lpsnet_studio.jobs.field_editors import ChoiceEditor, NumberBox, OptionalEditor, PathEditor, SwitchEditor
from lpsnet_studio.jobs.form import ConfigForm
from lpsnet_studio.jobs.form_view import ConfigFormView
from lpsnet_studio.theme import Theme

CHOSEN = "/data/my photos"


@pytest.fixture
def form() -> ConfigForm:
    return ConfigForm("coco_r50")


@pytest.fixture
def view(qtbot: Any, form: ConfigForm, theme: Theme, tmp_path: Path) -> ConfigFormView:
    made = ConfigFormView(
        form,
        theme,
        choose_path=lambda _parent, _field, _where: CHOSEN,
        choose_config=lambda _parent, _where: str(tmp_path / "config.yaml"),
    )
    qtbot.addWidget(made)
    made.resize(700, 800)
    made.show()
    qtbot.waitExposed(made)
    made.build()
    return made


def _shown(view: ConfigFormView, form: ConfigForm) -> list[str]:
    return [name for name in form.fields if view.row(name).isVisibleTo(view)]


def _type(qtbot: Any, box: QWidget, text: str) -> None:
    assert isinstance(box, QLineEdit)
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, text)


def test_rows_are_made_while_the_window_is_idle(qtbot: Any, form: ConfigForm, theme: Theme) -> None:
    view = ConfigFormView(form, theme)
    qtbot.addWidget(view)
    assert not any(group.is_built for group in view.groups.values())
    view.show()
    qtbot.waitUntil(lambda: all(group.is_built for group in view.groups.values()))
    assert [name for group in view.groups.values() for name in group.rows] == list(form.fields)


def test_what_is_typed_is_checked_letter_by_letter_and_undone_at_once(
    qtbot: Any, view: ConfigFormView, form: ConfigForm
) -> None:
    row = view.row("training.batch")
    (box,) = row.editor.inputs()
    _type(qtbot, box, "0")
    assert row.fault is not None
    assert row.fault.text() == "must be 1 or more, not 0"
    assert row.fault.isVisibleTo(view)
    assert view.groups["training"].counts.text() == "1 to mend · 1 changed"
    assert "1 or more" in box.accessibleDescription()
    qtbot.keyClicks(box, "8")
    assert form.config is not None
    assert form.config.training.batch == 8
    assert not row.fault.isVisibleTo(view)
    assert (box.text(), row.title.text()) == ("08", "Batch •")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    qtbot.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (box.text(), form.overrides()) == ("16", ())
    qtbot.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert form.overrides() == ("training.batch=8",)


def test_what_was_typed_is_written_as_the_field_has_it_once_it_is_left(
    qtbot: Any, view: ConfigFormView, form: ConfigForm
) -> None:
    (box,) = view.row("training.schedule.iterations").editor.inputs()
    _type(qtbot, box, "12,000")
    assert box.text() == "12,000"
    view.focus_search()
    assert box.text() == "12000"
    assert form.overrides() == ("training.schedule.iterations=12000",)


def test_a_changed_field_is_marked_and_reset_by_its_button(view: ConfigFormView, form: ConfigForm, qtbot: Any) -> None:
    row = view.row("loss.box")
    assert not row.reset_button.isVisibleTo(view)
    form.set("loss.box", "giou")
    assert row.reset_button.isVisibleTo(view)
    assert "iou" in row.reset_button.toolTip()
    qtbot.mouseClick(row.reset_button, Qt.MouseButton.LeftButton)
    assert form.overrides() == ()
    assert not row.reset_button.isVisibleTo(view)


def test_every_kind_of_editor_writes_what_it_shows(view: ConfigFormView, form: ConfigForm, qtbot: Any) -> None:
    choice = view.row("training.optimizer.name").editor
    assert isinstance(choice, ChoiceEditor)
    choice.box.setFocus()
    qtbot.keyClick(choice.box, Qt.Key.Key_Down)
    switch = view.row("model.ppm_relu").editor
    assert isinstance(switch, SwitchEditor)
    qtbot.keyClick(switch.box, Qt.Key.Key_Space)
    freeze = view.row("model.backbone.freeze").editor
    assert isinstance(freeze, ChoiceEditor)
    qtbot.keyClick(freeze.box, Qt.Key.Key_Down)
    path = view.row("data.val.annotations").editor
    assert isinstance(path, PathEditor)
    qtbot.keyClick(path.button, Qt.Key.Key_Space)
    _type(qtbot, view.row("input.std").editor.inputs()[2], "0.3")
    _type(qtbot, view.row("training.schedule.steps").editor.inputs()[0], "7 9")
    assert form.overrides() == (
        "input.std=[0.229, 0.224, 0.3]",
        "model.ppm_relu=true",
        "model.backbone.freeze=true",
        f"data.val.annotations={CHOSEN}",
        "training.optimizer.name=adamw",
        "training.schedule.steps=[7, 9]",
    )
    assert load_config("coco_r50", form.overrides()) == form.config
    assert (switch.box.text(), path.box.text()) == ("On", CHOSEN)


def test_a_field_that_may_be_unset_has_a_switch_and_remembers_its_value(
    view: ConfigFormView, form: ConfigForm, qtbot: Any
) -> None:
    row = view.row("training.optimizer.clip_norm")
    assert isinstance(row.editor, OptionalEditor)
    box, unset = row.editor.inputs()
    assert (unset.isChecked(), box.isEnabled()) == (True, False)
    qtbot.keyClick(unset, Qt.Key.Key_Space)
    assert box.isEnabled()
    assert "training.optimizer.clip_norm" in form.faults
    _type(qtbot, box, "10")
    assert form.overrides() == ("training.optimizer.clip_norm=10.0",)
    qtbot.keyClick(unset, Qt.Key.Key_Space)
    assert form.overrides() == ()
    qtbot.keyClick(unset, Qt.Key.Key_Space)
    assert form.value("training.optimizer.clip_norm") == 10


@pytest.mark.parametrize(
    ("bounds", "is_whole", "start", "key", "after"),
    [
        (Bounds(1), True, "16", Qt.Key.Key_Up, "17"),
        (Bounds(1), True, "1", Qt.Key.Key_Down, "1"),
        (Bounds(1), True, "90000", Qt.Key.Key_Down, "89000"),
        (Bounds(1), True, "90000", Qt.Key.Key_PageUp, "100000"),
        (Bounds(0, above_low=True), False, "0.01", Qt.Key.Key_Up, "0.011"),
        (Bounds(0, above_low=True), False, "0.01", Qt.Key.Key_PageDown, "0.01"),
        (Bounds(0, 1), False, "0.99", Qt.Key.Key_PageUp, "1"),
        (Bounds(0, 1, below_high=True), False, "0.999", Qt.Key.Key_PageUp, "0.999"),
        (Bounds(0), False, "0", Qt.Key.Key_Up, "0.01"),
        (Bounds(), True, "no number", Qt.Key.Key_Up, "no number"),
    ],
)
def test_numbers_are_stepped_within_their_range(
    qtbot: Any, bounds: Bounds, is_whole: bool, start: str, key: Qt.Key, after: str
) -> None:
    box = NumberBox(bounds, is_whole=is_whole)
    qtbot.addWidget(box)
    told: list[str] = []
    box.textEdited.connect(told.append)
    box.setText(start)
    qtbot.keyClick(box, key)
    assert box.text() == after
    assert told == ([] if after == start else [after])


def _turn_wheel(widget: QWidget) -> bool:
    """Turns the wheel by a notch; returns whether the widget took it."""
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(widget.mapToGlobal(QPoint(5, 5))),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    widget.wheelEvent(event)
    return event.isAccepted()


def test_the_wheel_changes_only_what_has_the_focus(view: ConfigFormView, form: ConfigForm) -> None:
    view.focus_search()
    boxes = [each for each in view.findChildren(QWidget) if isinstance(each, NumberBox | QComboBox)]
    assert len(boxes) > 50
    assert not any(_turn_wheel(box) for box in boxes)
    assert form.overrides() == ()
    (box,) = view.row("training.batch").editor.inputs()
    box.setFocus()
    assert _turn_wheel(box)
    assert form.value("training.batch") == 17


def test_the_search_shows_what_it_finds_even_in_folded_groups(
    view: ConfigFormView, form: ConfigForm, qtbot: Any
) -> None:
    view.groups["training.schedule"].fold(True)
    assert "training.schedule.warmup" not in _shown(view, form)
    view.head.search.setText("full height")
    assert _shown(view, form) == ["training.schedule.warmup"]
    assert not view.groups["model"].isVisibleTo(view)
    qtbot.keyClick(view.head.search, Qt.Key.Key_Down)
    assert view.row("training.schedule.warmup").isAncestorOf(QApplication.focusWidget())
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert view.head.search.hasFocus()
    qtbot.keyClick(view.head.search, Qt.Key.Key_Escape)
    assert view.head.search.text() == ""
    assert "training.schedule.warmup" not in _shown(view, form)
    assert "training.batch" in _shown(view, form)


def test_a_slash_goes_to_the_search_but_is_typed_into_text(view: ConfigFormView, form: ConfigForm, qtbot: Any) -> None:
    (box,) = view.row("name").editor.inputs()
    _type(qtbot, box, "a/b")
    assert form.value("name") == "a/b"
    for field in ("model.ppm_relu", "loss.box"):
        widget = view.row(field).editor.inputs()[0]
        widget.setFocus()
        qtbot.keyClick(widget, Qt.Key.Key_Slash)
        assert view.head.search.hasFocus()
    assert view.head.search.text() == ""


def test_changed_only_follows_the_changes_and_says_when_there_are_none(view: ConfigFormView, form: ConfigForm) -> None:
    view.head.only_changed.setChecked(True)
    assert _shown(view, form) == []
    assert view._empty.isVisibleTo(view)
    form.set("training.batch", 8)
    form.set("data.train.kind", "scenes")
    assert _shown(view, form) == ["data.train.kind", "training.batch"]
    assert not view._empty.isVisibleTo(view)


def test_another_kind_of_data_changes_the_rows_and_keeps_the_others(view: ConfigFormView, form: ConfigForm) -> None:
    kept = view.row("data.train.kind")
    form.set("data.train.kind", "scenes")
    assert list(view.groups["data.train"].rows) == [name for name in form.fields if name.startswith("data.train.")]
    assert view.row("data.train.kind") is kept
    places = [view.row(name).y() for name in form.fields if name.startswith("data.train.")]
    view.grab()
    places = [view.row(name).y() for name in form.fields if name.startswith("data.train.")]
    assert places == sorted(set(places))
    assert view.groups["data.train"].counts.text() == "2 to fill in · 1 changed"


def test_faults_are_gone_to_one_after_the_other_out_of_folds_and_searches(
    view: ConfigFormView, form: ConfigForm, qtbot: Any
) -> None:
    form.set("training.batch", 0)
    form.set("model.channels", 1)
    view.groups["training"].fold(True)
    view.head.search.setText("iou")
    seen = []
    for _ in range(3):
        view.go_to_fault()
        focused = QApplication.focusWidget()
        seen += [name for name in form.fields if view.row(name).isAncestorOf(focused)]
        assert view.area.viewport().rect().contains(focused.mapTo(view.area.viewport(), focused.rect().center()))
    assert seen == ["model.channels", "training.batch", "model.channels"]


def test_remarks_are_warned_of_and_lead_to_their_fields(view: ConfigFormView, form: ConfigForm, qtbot: Any) -> None:
    form.set("training.schedule.iterations", 70_000)
    (line,) = view._remark_lines
    assert line.message.text() == form.remarks[0]
    (link,) = line.links
    qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    assert view.row("training.schedule.steps").isAncestorOf(QApplication.focusWidget())
    form.undo()
    assert view._remark_lines == []


def test_another_start_is_chosen_and_a_bad_file_is_told(view: ConfigFormView, form: ConfigForm, tmp_path: Path) -> None:
    source = view.head.source
    source.activated.emit(source.findData("demo"))
    assert (form.source, source.currentText()) == ("demo", "demo")
    assert view.row("data.train.count").isVisibleTo(view)
    file_entry = source.count() - 1
    source.activated.emit(file_entry)
    assert "there is no such file" in view.head.trouble.text()
    assert (form.source, source.currentText()) == ("demo", "demo")
    (tmp_path / "config.yaml").write_text(load_config("demo", ["training.batch=2"]).to_yaml(), encoding="utf-8")
    source.activated.emit(file_entry)
    assert view.head.trouble.text() == ""
    assert form.source == str(tmp_path / "config.yaml")
    assert source.currentText().endswith("config.yaml")
    assert view.row("training.batch").editor.inputs()[0].text() == "2"


def _cut(view: ConfigFormView) -> list[QWidget]:
    """Returns what is not wholly within the page, and buttons too narrow for their words."""
    page = view.area.widget()
    beyond = [
        widget
        for widget in page.findChildren(QWidget)
        if widget.isVisibleTo(page) and not 0 <= widget.mapTo(page, QPoint(0, 0)).x() <= page.width() - widget.width()
    ]
    buttons = [each for each in view.findChildren(QAbstractButton) if each.isVisibleTo(view) and each.text()]
    return beyond + [each for each in buttons if each.width() < each.minimumSizeHint().width()]


@pytest.mark.parametrize("kind", ["coco_panoptic", "scenes"])
def test_nothing_is_cut_at_any_width(view: ConfigFormView, form: ConfigForm, kind: str) -> None:
    form.set("data.train.kind", kind)
    form.set_text("training.optimizer.lr", "a very long word indeed " * 3)
    form.set_text("training.schedule.steps", "9, 3")
    form.set("training.batch", 0)
    for width in (360, 700, 1100, 360):
        view.resize(width, 700)
        QApplication.processEvents()
        assert view.minimumSizeHint().width() <= 360
        assert view.area.widget().width() == view.area.viewport().width()
        assert _cut(view) == []


def test_tab_goes_from_top_to_bottom_through_everything(view: ConfigFormView, form: ConfigForm, qtbot: Any) -> None:
    form.set("data.train.kind", "scenes")
    form.set("training.batch", 0)
    view.head.source.setFocus()
    order: list[QWidget] = []
    focused = QApplication.focusWidget()
    while focused is not None and focused not in order:
        order.append(focused)
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
    reached = [name for widget in order for name in form.fields if widget is view.row(name).editor.inputs()[0] and name]
    enabled = [name for name in form.fields if view.row(name).editor.inputs()[0].isEnabled()]
    assert reached == enabled
    unreached = [
        widget
        for widget in view.findChildren(QWidget)
        if isinstance(widget, QAbstractButton | QLineEdit | QComboBox | QPlainTextEdit)
        and widget.isVisibleTo(view)
        and widget.isEnabled()
        and widget not in order
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert unreached == []


def test_every_control_has_a_name_and_a_tool_tip(view: ConfigFormView, form: ConfigForm) -> None:
    form.set("training.schedule.iterations", 70_000)
    for widget in view.findChildren(QWidget):
        own = isinstance(widget, QAbstractButton | QLineEdit | QComboBox | QPlainTextEdit)
        if own and widget.isVisibleTo(view) and widget.objectName() != "qt_spinbox_lineedit":
            is_part = isinstance(widget.parent(), QLineEdit)  # the cross that clears a search
            assert is_part or widget.accessibleName() or widget.text(), widget
            assert is_part or widget.toolTip(), widget


def test_the_theme_is_followed(view: ConfigFormView, form: ConfigForm, theme: Theme) -> None:
    form.set("training.batch", 0)
    row = view.row("training.batch")
    assert row.fault is not None
    dark = row.fault._words.palette().windowText().color().name()
    theme.apply("light")
    light = row.fault._words.palette().windowText().color().name()
    assert (dark, light) == ("#f58078", theme.palette.discarded)


def test_folders_and_files_are_asked_for_as_such(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from PySide6.QtWidgets import QFileDialog

    from lpsnet_studio.jobs.field_editors import chosen_path

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_asked: "/folder")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_asked: ("/file", ""))
    parent = QWidget()
    qtbot.addWidget(parent)
    for kind, path in ((FieldKind.FOLDER, "/folder"), (FieldKind.FILE, "/file")):
        assert chosen_path(parent, FormField("x.y", "Y", "", kind), "") == path


def test_what_the_batch_makes_of_the_iterations_stands_beside_them(view: ConfigFormView, form: ConfigForm) -> None:
    form.set("training.schedule.batch", 4)
    form.set("training.schedule.iterations", 30)
    form.set("training.batch", 4)
    row = view.row("training.schedule.iterations")
    assert row.note is None or not row.note.isVisibleTo(view)
    form.set("training.batch", 2)
    assert row.note is not None
    assert row.note.isVisibleTo(view)
    told = "60 iterations of 2 pictures, learning rate 0.5 ×: the schedule is meant for batches of 4."
    assert row.note.text() == told
    assert told.rstrip(".") in row.editor.inputs()[0].accessibleDescription()
    assert view.row("training.batch").note is not None
    form.set("training.batch", 0)
    assert not row.note.isVisibleTo(view), "nothing is known while something is wrong"


def test_what_is_called_so_is_found_before_what_merely_speaks_of_it(
    view: ConfigFormView, form: ConfigForm, qtbot: Any
) -> None:
    def heights(names: list[str]) -> list[int]:
        view._settle()
        return [view.row(name).mapTo(view.area.widget(), QPoint(0, 0)).y() for name in names]

    def sought() -> list[str]:
        return sorted(_shown(view, form), key=lambda name: heights([name])[0])

    before = sought()
    view.head.search.setText("iterat")
    found = sought()
    assert found[0] == "training.schedule.iterations"
    assert len(found) > 1
    assert "training.evaluate_every" in found
    view.head.search.setFocus()
    qtbot.keyClick(view.head.search, Qt.Key.Key_Down)
    assert view.row("training.schedule.iterations").editor.inputs()[0].hasFocus()
    stops = view.stops()
    order = [stops.index(view.row(name).editor.inputs()[0]) for name in found]
    assert order == sorted(order), "Tab goes from top to bottom"
    view.head.search.clear()
    assert sought() == before == list(form.fields)
