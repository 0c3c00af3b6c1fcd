"""Every action of the table does what it says, triggered as a user triggers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog, QMenu, QMessageBox

from lpsnet.analysis.inspection_file import load_inspection
from lpsnet.config import load_config
from lpsnet.events import CheckpointSaved, PictureDone, Progress, Stopped
from lpsnet.maps import HeatMap, MapPlacement
from lpsnet.structures import InspectionSettings, Verdict
from lpsnet_studio import demo_network
from lpsnet_studio.actions.table import ACTIONS
from lpsnet_studio.annotator.class_palette import ClassPalette
from lpsnet_studio.annotator.placed_mask import PlacedMask
from lpsnet_studio.annotator.project import Status
from lpsnet_studio.annotator.toolbox import TOOLS
from lpsnet_studio.annotator.tools.proposal import ProposalTool
from lpsnet_studio.browser.image_model import Role
from lpsnet_studio.inference.messages import (
    DatasetImage,
    DatasetListed,
    Failed,
    ImageOpened,
    ImageSource,
    Inspect,
    ListDataset,
    LoadModel,
    Look,
    ModelLoaded,
    OpenImage,
    Seen,
    Sight,
    TruthSource,
    WeighGains,
)
from lpsnet_studio.jobs.job_folder import JobFolder
from lpsnet_studio.jobs.new_job_view import NewJobView
from lpsnet_studio.jobs.spec import EvaluateSpec, TrainSpec, spec_to_json
from lpsnet_studio.jobs.status import JobState
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders
from tests.studio.annotating import CONTROL, Annotating, annotating, photos_in
from tests.studio.annotator.desks import begin_empty
from tests.studio.hand_made import AT_FIRST, CATEGORIES, ListeningService, card, inspected, open_first, opened
from tests.studio.jobs.child_jobs import WAITS, batch_started, ended, start, training_started, write_events


@dataclass
class Bench:
    """A window with an image whose merge is finished, and what its dialogs are answered with."""

    window: Any
    session: Session
    service: ListeningService
    chosen: dict[str, str]
    shown: list[str]
    qtbot: Any
    folder: Path
    folders: Folders

    def trigger(self, name: str) -> None:
        action = self.window.actions_by_id[name]
        assert action.isEnabled(), name
        action.trigger()

    def answer(self) -> None:
        """Lets the service answer what it was asked last about the current image."""
        if self.service.posted and isinstance(self.service.posted[-1], OpenImage):
            self.session.receive(opened(self.service.last(OpenImage)))
        self.session.receive(inspected(self.service.last(Inspect)))

    def dialog(self, title: str) -> QDialog:
        """Returns the dialog that is open."""
        found = [each for each in self.window.findChildren(QDialog) if each.isVisible()]
        assert [each.windowTitle() for each in found] == [title]
        return found[0]

    def choices(self, name: str) -> list[str]:
        menu = self.window.actions_by_id[name].menu()
        assert isinstance(menu, QMenu)
        menu.aboutToShow.emit()
        return [action.text() for action in menu.actions() if action.text()]


@pytest.fixture
def bench(
    window: Any,
    session: Session,
    service: ListeningService,
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    folders: Folders,
) -> Bench:
    open_first(session, service)
    chosen: dict[str, str] = {}
    shown: list[str] = []
    asks = {
        "getOpenFileNames": lambda *_, **__: ([chosen["path"]], ""),
        "getOpenFileName": lambda *_, **__: (chosen["path"], ""),
        "getSaveFileName": lambda *_, **__: (chosen["path"], ""),
        "getExistingDirectory": lambda *_, **__: chosen["path"],
    }
    for name, answer in asks.items():
        monkeypatch.setattr(QFileDialog, name, answer)
    monkeypatch.setattr(QInputDialog, "getItem", lambda *_, **__: (chosen["item"], True))

    def show_url(url: QUrl) -> bool:
        shown.append(url.toLocalFile())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", show_url)
    return Bench(window, session, service, chosen, shown, qtbot, tmp_path, folders)


EFFECTS: dict[str, Callable[[Bench], None]] = {}


def effect_of(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Registers what an action's test is; with several names the test takes which of them."""

    def register(test: Callable[..., None]) -> Callable[..., None]:
        for name in names:
            EFFECTS[name] = test if len(names) == 1 else lambda bench, name=name: test(bench, name)
        return test

    return register


def test_every_action_has_its_effect_tested() -> None:
    assert set(EFFECTS) == {action.id for action in ACTIONS}


@pytest.mark.parametrize("name", [action.id for action in ACTIONS])
def test_an_action_does_what_it_says(bench: Bench, name: str) -> None:
    EFFECTS[name](bench)


# ---------------------------------------------------------------------------------------------------------------- File


@effect_of("open_image")
def _(bench: Bench) -> None:
    bench.chosen["path"] = str(bench.folder / "photo.png")
    Path(bench.chosen["path"]).touch()
    bench.trigger("open_image")
    assert [entry.name for entry in bench.session.entries] == ["photo.png"]
    assert bench.service.last(OpenImage).source.path == bench.chosen["path"]


@effect_of("open_folder")
def _(bench: Bench) -> None:
    for name in ("b10.png", "b9.png"):
        (bench.folder / name).touch()
    bench.chosen["path"] = str(bench.folder)
    bench.trigger("open_folder")
    bench.qtbot.waitUntil(lambda: [entry.name for entry in bench.session.entries] == ["b9.png", "b10.png"])


@effect_of("open_dataset")
def _(bench: Bench) -> None:
    bench.chosen["path"] = str(bench.folder / "panoptic.json")
    Path(bench.chosen["path"]).touch()
    bench.trigger("open_dataset")
    assert bench.service.last(ListDataset).json_path == bench.chosen["path"]


@effect_of("open_recent")
def _(bench: Bench) -> None:
    bench.chosen["path"] = str(bench.folder / "photo.png")
    Path(bench.chosen["path"]).touch()
    bench.trigger("open_image")
    bench.session.receive(opened(bench.service.last(OpenImage)))
    assert any("photo.png" in text for text in bench.choices("open_recent"))


@effect_of("show_demo", "new_scenes")
def _(bench: Bench, name: str) -> None:
    bench.trigger(name)
    bench.qtbot.waitUntil(lambda: bench.service.count(ListDataset) > 0, timeout=60_000)
    assert Path(bench.service.last(ListDataset).json_path).is_file()
    assert bench.session.settings.box_oracle
    assert bench.session.settings.semantic_oracle


@effect_of("save_panoptic", "save_overlay")
def _(bench: Bench, name: str) -> None:
    path = bench.folder / ("out.json" if name == "save_panoptic" else "out.png")
    bench.chosen["path"] = str(path)
    bench.trigger(name)
    assert bench.window.commands.wait_for_background(10_000)
    assert path.stat().st_size > 0


@effect_of("save_inspection")
def _(bench: Bench) -> None:
    path = bench.folder / "kept.npz"
    bench.chosen["path"] = str(path)
    bench.trigger("save_inspection")
    assert bench.window.commands.wait_for_background(20_000)
    kept = load_inspection(path)
    assert bench.session.result is not None
    assert np.array_equal(kept.trace.owners, bench.session.result.trace.owners)
    assert path.with_suffix(".json").is_file()


@effect_of("export_view")
def _(bench: Bench) -> None:
    path = bench.folder / "view.png"
    bench.chosen["path"] = str(path)
    bench.trigger("export_view")
    dialog = bench.dialog("Export view")
    part = bench.window.canvas.part_in_view
    dialog.accept()
    assert bench.window.commands.wait_for_background(20_000)
    assert QImage(str(path)).width() == 2 * part.width()


@effect_of("export_why")
def _(bench: Bench) -> None:
    path = bench.folder / "why.html"
    bench.chosen["path"] = str(path)
    bench.trigger("export_why")
    asked = bench.service.last(WeighGains)
    bench.session.receive(Failed(asked.request, "not-possible", "The network has not run."))
    assert bench.window.commands.wait_for_background(20_000)
    assert "Likeliest causes" in path.read_text(encoding="utf-8")


@effect_of("cancel")
def _(bench: Bench) -> None:
    bench.session.select(1)
    bench.trigger("cancel")
    assert bench.session.selected == 0


@effect_of("quit")
def _(bench: Bench) -> None:
    bench.trigger("quit")
    assert not bench.window.isVisible()


# ---------------------------------------------------------------------------------------------------------------- Edit


@effect_of("undo", "redo")
def _(bench: Bench, name: str) -> None:
    before = bench.session.settings
    bench.session.change_settings(overlap_threshold=0.9)
    bench.trigger("undo")
    assert bench.session.settings == before
    if name == "redo":
        bench.trigger("redo")
        assert bench.session.settings.overlap_threshold == 0.9


@effect_of("copy_view")
def _(bench: Bench) -> None:
    bench.trigger("copy_view")
    picture = QGuiApplication.clipboard().image()
    assert picture.width() > 50
    assert picture.height() > 50


@effect_of("copy_python")
def _(bench: Bench) -> None:
    bench.trigger("copy_python")
    text = QGuiApplication.clipboard().text()
    assert "Inspection(" in text
    assert "/pictures/0.png" in text
    compile(text, "clipboard", "exec")


@effect_of("preferences")
def _(bench: Bench) -> None:
    bench.trigger("preferences")
    bench.dialog("Preferences")


# --------------------------------------------------------------------------------------------------------------- Image


@effect_of("previous_image", "next_image")
def _(bench: Bench, name: str) -> None:
    bench.trigger("next_image")
    assert bench.session.index == 1
    if name == "previous_image":
        bench.trigger("previous_image")
        assert bench.session.index == 0


@effect_of("find_image")
def _(bench: Bench) -> None:
    bench.window.activateWindow()
    bench.trigger("find_image")
    focused = bench.window.focusWidget()
    assert focused is not None
    assert bench.window.images.isAncestorOf(focused)
    assert focused is not bench.window.images.view


@effect_of("reload_image")
def _(bench: Bench) -> None:
    before = bench.service.count(OpenImage)
    bench.trigger("reload_image")
    assert bench.service.count(OpenImage) == before + 1
    assert bench.session.result is None


@effect_of("measure_all")
def _(bench: Bench) -> None:
    from lpsnet_studio.inference.messages import Measure

    bench.trigger("measure_all")
    assert bench.service.last(Measure).source == bench.session.entries[1].source


@effect_of("worst_first")
def _(bench: Bench) -> None:
    assert bench.session.entries[0].measured is not None
    best = replace(bench.session.entries[0].measured, pq=0.1)
    bench.session.take_measured(2, best)
    bench.trigger("worst_first")
    bench.trigger("previous_image")
    assert bench.session.index == 2


@effect_of("prefetch")
def _(bench: Bench) -> None:
    before = bench.window.actions_by_id["prefetch"].isChecked()
    bench.trigger("prefetch")
    assert bench.window._settings.preferences.prefetch is not before


# ---------------------------------------------------------------------------------------------------------------- View


@effect_of("fit", "zoom_in", "zoom_out", "zoom_actual")
def _(bench: Bench, name: str) -> None:
    canvas = bench.window.canvas
    fitted = canvas.zoom
    canvas.zoom_by(3.0)
    before = canvas.zoom
    bench.trigger(name)
    after = canvas.zoom
    assert {
        "fit": after == fitted,
        "zoom_in": after > before,
        "zoom_out": after < before,
        "zoom_actual": after * canvas.devicePixelRatioF() == 1.0,
    }[name]


@effect_of("zoom_selected")
def _(bench: Bench) -> None:
    bench.session.select(1)
    before = bench.window.canvas.zoom
    bench.trigger("zoom_selected")
    assert bench.window.canvas.zoom > before


@effect_of("view_back", "view_forward")
def _(bench: Bench, name: str) -> None:
    canvas = bench.window.canvas
    fitted, offered = canvas.zoom, bench.window.actions_by_id
    assert not offered["view_back"].isEnabled()
    bench.trigger("zoom_actual")
    jumped = canvas.zoom
    assert jumped != fitted
    assert not offered["view_forward"].isEnabled()
    bench.trigger("view_back")
    assert canvas.zoom == pytest.approx(fitted)
    assert not offered["view_back"].isEnabled()
    if name == "view_forward":
        bench.trigger("view_forward")
        assert canvas.zoom == pytest.approx(jumped)


@effect_of("show_labels", "show_heat", "show_boxes", "show_segments", "show_verdicts", "show_void", "show_candidates")
def _(bench: Bench, name: str) -> None:
    kind: Any = name.removeprefix("show_")
    before = bench.session.view.shows(kind)
    bench.trigger(name)
    assert bench.session.view.shows(kind) is not before


@effect_of("show_contours", "show_names", "minimap", "motion")
def _(bench: Bench, name: str) -> None:
    field = name.removeprefix("show_")
    before = getattr(bench.session.view, field)
    bench.trigger(name)
    assert getattr(bench.session.view, field) is not before


@effect_of("hide_overlays")
def _(bench: Bench) -> None:
    bench.trigger("hide_overlays")
    assert not any(bench.session.view.shows(layer.kind) for layer in bench.session.view.layers)
    bench.trigger("hide_overlays")
    assert bench.session.view.shows("segments")


@effect_of("light_theme")
def _(bench: Bench) -> None:
    dark = bench.window.palette().window().color().lightness()
    bench.trigger("light_theme")
    assert bench.window.palette().window().color().lightness() > dark + 100


@effect_of("full_screen")
def _(bench: Bench) -> None:
    bench.trigger("full_screen")
    assert bench.window.isFullScreen()
    bench.trigger("full_screen")
    assert not bench.window.isFullScreen()


@effect_of("next_area", "previous_area")
def _(bench: Bench, name: str) -> None:
    bench.window.activateWindow()
    bench.window.images.view.setFocus()
    seen = []
    for _ in range(len(bench.window.areas())):
        bench.trigger(name)
        focused = bench.window.focusWidget()
        seen.append(next(area for area in bench.window.areas() if area is focused or area.isAncestorOf(focused)))
    assert len(set(seen)) == len(seen) == len(bench.window.areas())
    assert seen[-1] is bench.window.images.view


@effect_of("reset_layout")
def _(bench: Bench) -> None:
    for dock in bench.window.docks.values():
        dock.hide()
    bench.trigger("reset_layout")
    shown = {name for name, dock in bench.window.docks.items() if not dock.isHidden()}
    assert shown == AT_FIRST


# ------------------------------------------------------------------------------------------------------------- Inspect


@effect_of("panel_levels", "panel_borderness", "panel_semantics", "panel_probe", "panel_errors", "panel_why")
def _(bench: Bench, name: str) -> None:
    dock = bench.window.docks[name.removeprefix("panel_")]
    assert not dock.isVisible()
    bench.trigger(name)
    assert dock.isVisible()
    assert dock.isAncestorOf(bench.window.focusWidget())


@effect_of("pin_pixel", "unpin_all")
def _(bench: Bench, name: str) -> None:
    bench.session.point(3, 4)
    bench.trigger("pin_pixel")
    assert bench.window.examination.pins == ((3, 4),)
    if name == "unpin_all":
        bench.trigger(name)
        assert not bench.window.examination.pins
        bench.trigger(name)
        assert bench.window.examination.pins == ((3, 4),)


@effect_of("hide_map")
def _(bench: Bench) -> None:
    bench.window.examination.show(Sight("entropy"))
    bench.trigger("hide_map")
    assert bench.window.examination.shown is None


@effect_of("curtain", "blink")
def _(bench: Bench, name: str) -> None:
    curtain = bench.window.canvas.stage.curtain
    bench.trigger(name)
    bench.qtbot.waitUntil(curtain.isVisible)
    bench.trigger(name)
    assert not curtain.isVisible()
    assert bench.session.view.comparison == "off"


# --------------------------------------------------------------------------------------------------------------- Merge


@effect_of("play")
def _(bench: Bench) -> None:
    bench.trigger("play")
    assert bench.session.playing
    assert bench.session.position == 0
    bench.trigger("play")
    assert not bench.session.playing


@effect_of("step_back", "step_forward", "first_step", "last_step")
def _(bench: Bench, name: str) -> None:
    last = len(bench.session.steps)
    bench.session.seek(2)
    bench.trigger(name)
    expected = {"step_back": 1, "step_forward": 3, "first_step": 0, "last_step": last}
    assert bench.session.position == expected[name]


@effect_of("previous_event", "next_event")
def _(bench: Bench, name: str) -> None:
    bench.session.seek(0 if name == "next_event" else len(bench.session.steps))
    bench.trigger(name)
    step = bench.session.current_step
    assert step is not None
    assert step.verdict is Verdict.DISCARDED or step.contests


@effect_of("slower", "faster")
def _(bench: Bench, name: str) -> None:
    bench.trigger(name)
    assert bench.session.view.speed == {"slower": 0.5, "faster": 2.0}[name]


@effect_of("step_of_pixel")
def _(bench: Bench) -> None:
    bench.session.point(65, 40)
    bench.trigger("step_of_pixel")
    step = bench.session.current_step
    assert step is not None
    assert step.owner == bench.session.owner_at(65, 40)


@effect_of("contested_before")
def _(bench: Bench) -> None:
    bench.trigger("contested_before")
    assert bench.session.view.contested == "before"
    bench.trigger("contested_before")
    assert bench.session.view.contested == "after"


@effect_of("semantic_oracle", "box_oracle", "use_borderness")
def _(bench: Bench, name: str) -> None:
    before = getattr(bench.session.settings, name)
    bench.trigger(name)
    assert getattr(bench.session.settings, name) is not before
    assert getattr(bench.service.last(Inspect).settings, name) is not before


@effect_of("conflict_closest", "conflict_highest", "conflict_smallest")
def _(bench: Bench, name: str) -> None:
    strategy = name.removeprefix("conflict_")
    bench.session.change_settings(conflict="highest" if strategy == "closest" else "closest")
    bench.trigger(name)
    assert bench.session.settings.conflict == strategy


@effect_of("preset_paper", "preset_fcos", "preset_mine", "save_mine", "reset_settings")
def _(bench: Bench, name: str) -> None:
    session = bench.session
    session.change_settings(nms_iou=0.11)
    bench.trigger("save_mine")
    assert bench.window._settings.preferences.my_settings["nms_iou"] == 0.11
    session.change_settings(nms_iou=0.22, score_sqrt=False, overlap_threshold=0.77)
    if name == "save_mine":
        return
    bench.trigger(name)
    expected = {
        "preset_paper": InspectionSettings().overlap_threshold,
        "preset_fcos": True,
        "preset_mine": 0.11,
        "reset_settings": session.default_settings,
    }
    found = {
        "preset_paper": session.settings.overlap_threshold,
        "preset_fcos": session.settings.score_sqrt,
        "preset_mine": session.settings.nms_iou,
        "reset_settings": session.settings,
    }
    assert found[name] == expected[name]


# --------------------------------------------------------------------------------------------------------------- Model


@effect_of("open_checkpoint")
def _(bench: Bench) -> None:
    bench.chosen["path"] = str(bench.folder / "trained.safetensors")
    bench.trigger("open_checkpoint")
    assert bench.service.last(LoadModel).checkpoint == bench.chosen["path"]


@effect_of("open_config")
def _(bench: Bench) -> None:
    bench.chosen["path"] = str(bench.folder / "mine.yaml")
    bench.trigger("open_config")
    assert bench.service.last(LoadModel).config == bench.chosen["path"]


@effect_of("load_preset")
def _(bench: Bench) -> None:
    bench.chosen["item"] = "cityscapes_r50"
    bench.trigger("load_preset")
    assert bench.service.last(LoadModel).config == "cityscapes_r50"


@effect_of("load_demo_network")
def _(bench: Bench) -> None:
    path = bench.folder / "lpsnet_demo.safetensors"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo_network, "demo_checkpoint", lambda: path)
        bench.session.model_changed.emit()
        bench.trigger("load_demo_network")
    assert bench.service.last(LoadModel).checkpoint == str(path)


@effect_of("recent_networks")
def _(bench: Bench) -> None:
    bench.chosen["item"] = "demo"
    bench.trigger("load_preset")
    bench.session.receive(ModelLoaded(bench.service.last(LoadModel).request, card()))
    assert any("demo" in text for text in bench.choices("recent_networks"))


@effect_of("device")
def _(bench: Bench) -> None:
    texts = bench.choices("device")
    assert any("CPU" in text for text in texts)
    menu = bench.window.actions_by_id["device"].menu()
    next(action for action in menu.actions() if "CPU" in action.text()).trigger()
    assert bench.service.last(LoadModel).device == "cpu"


@effect_of("input_size")
def _(bench: Bench) -> None:
    bench.trigger("input_size")
    bench.dialog("Input size")


@effect_of("model_card")
def _(bench: Bench) -> None:
    bench.trigger("model_card")
    bench.dialog("Model card")


# ---------------------------------------------------------------------------------------------------------------- Jobs


def _with_job(bench: Bench, spec: TrainSpec | EvaluateSpec) -> Path:
    """Lists a job as its files say, and chooses it on the page."""
    room = bench.window.room
    bench.trigger("jobs_mode")
    room.jobs.open_run(spec.folder)
    bench.qtbot.waitUntil(lambda: room.jobs.entry(spec.folder) is not None)
    room.show_job(spec.folder)
    bench.qtbot.waitUntil(lambda: room.shown is not None and room.shown.folder == spec.folder)
    return spec.folder


def _training(bench: Bench) -> TrainSpec:
    """A training that has saved its best network, stopped, and is measured on two scenes."""
    folder = bench.folder / "trained"
    spec = TrainSpec("demo", ("data.val.count=2",), folder)
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "best.safetensors").write_bytes(b"read by the service alone")
    (folder / "config.yaml").write_text(load_config("demo", spec.overrides).to_yaml())
    write_events(
        folder,
        training_started(iterations=40),
        Progress(
            iteration=10,
            losses={"total": 1.0},
            lr=0.1,
            gradient_norm=1.0,
            images_per_second=2.0,
            eta_seconds=9.0,
            memory_bytes=1,
        ),
        CheckpointSaved(iteration=10, path="checkpoints/best.safetensors", best=True),
        Stopped(iteration=10, reason="terminated"),
    )
    _note_spec(spec)
    return spec


def _evaluation(bench: Bench) -> EvaluateSpec:
    """A finished evaluation of three images of a data set, whose second was worst."""
    spec = EvaluateSpec(None, str(bench.folder / "truth.json"), bench.folder / "measured", oracle="semantic,boxes")
    (bench.folder / "truth.json").touch()
    spec.folder.mkdir()
    (spec.folder / "panoptic.json").touch()
    done = [
        PictureDone(file_name=f"{n}.png", image_id=n, done=n + 1, pictures=3, pq=pq)
        for n, pq in enumerate((0.5, 0.25, 0.75))
    ]
    write_events(spec.folder, batch_started(3), *done, Stopped(iteration=3, reason="finished"))
    _note_spec(spec)
    return spec


def _note_spec(spec: TrainSpec | EvaluateSpec) -> None:
    folder = JobFolder(spec.folder)
    folder.path.mkdir()
    folder.write(folder.job, {"kind": spec.kind, "spec": spec_to_json(spec)})


def _listed(bench: Bench) -> None:
    """Lets the service answer with the data set that it was asked for."""
    asked = bench.service.last(ListDataset)
    truths = [TruthSource(asked.json_path, n) for n in range(4)]
    images = tuple(DatasetImage(f"{n}.png", ImageSource(f"/photos/{n}.png", truths[n]), 60, 80) for n in range(4))
    bench.session.receive(DatasetListed(asked.request, asked.json_path, images, CATEGORIES))


@effect_of("new_training", "new_evaluation", "new_prediction")
def _(bench: Bench, name: str) -> None:
    bench.trigger(name)
    (form,) = (each for each in bench.window.findChildren(NewJobView) if each.isVisible())
    assert form.kind == {"new_training": "train", "new_evaluation": "evaluate", "new_prediction": "predict"}[name]


@effect_of("open_run")
def _(bench: Bench) -> None:
    spec = _evaluation(bench)
    bench.chosen["path"] = str(spec.folder)
    bench.trigger("open_run")
    room = bench.window.room
    bench.qtbot.waitUntil(lambda: room.shown is not None and room.shown.folder == spec.folder)


@effect_of("stop_job", "kill_job")
def _(bench: Bench, name: str) -> None:
    folder = bench.folder / "at-work"
    start(folder, WAITS)
    room = bench.window.room
    bench.trigger("jobs_mode")
    room.jobs.open_run(folder)
    room.show_job(folder)
    bench.qtbot.waitUntil(lambda: bench.window.actions_by_id[name].isEnabled(), timeout=20_000)
    bench.trigger(name)
    if name == "kill_job":
        (question,) = bench.window.findChildren(QMessageBox)
        next(button for button in question.buttons() if button.text() == "Kill").click()
    assert ended(folder).state in (JobState.STOPPED, JobState.FAILED)


@effect_of("resume_job")
def _(bench: Bench) -> None:
    folder = _with_job(bench, _training(bench))
    asked: list[Path] = []
    bench.window.room.jobs.resume = asked.append
    bench.trigger("resume_job")
    assert asked == [folder]


@effect_of("duplicate_job")
def _(bench: Bench) -> None:
    folder = _with_job(bench, _training(bench))
    bench.trigger("duplicate_job")
    (form,) = (each for each in bench.window.findChildren(NewJobView) if each.isVisible())
    bench.qtbot.waitUntil(lambda: form.body.spec().config == str(folder / "config.yaml"))
    asked = form.body.spec()
    assert asked.run_dir != folder


@effect_of("open_in_inspect")
def _(bench: Bench) -> None:
    bench.session.set_entries([])
    folder = _with_job(bench, _training(bench))
    bench.trigger("open_in_inspect")
    bench.qtbot.waitUntil(lambda: bench.service.count(ListDataset) == 1, timeout=20_000)
    assert bench.service.last(LoadModel).checkpoint == str(folder / "checkpoints" / "best.safetensors")
    assert bench.service.last(ListDataset).json_path.endswith("panoptic_scenes.json")
    assert bench.window.modes.mode == "inspect"


@effect_of("show_pictures")
def _(bench: Bench) -> None:
    folder = _with_job(bench, _evaluation(bench))
    bench.trigger("show_pictures")
    bench.qtbot.waitUntil(lambda: bench.service.count(ListDataset) == 1)
    _listed(bench)
    shown = [(entry.name, entry.measured.pq, entry.measured.origin) for entry in bench.session.entries]
    assert shown == [("1.png", 0.25, "measured"), ("0.png", 0.5, "measured"), ("2.png", 0.75, "measured")]
    assert bench.window.actions_by_id["worst_first"].isChecked()
    assert bench.window.modes.mode == "inspect"
    assert bench.session.index == 0
    model = bench.window.images.view.model()
    assert "PQ 25.0, found by the evaluation measured" in model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(0, 0).data(Role.IS_STALE), "it is not of the network of now"
    bench.window.commands.jobs.use("images", folder, "2.png")
    bench.qtbot.waitUntil(lambda: bench.service.count(ListDataset) == 2)
    _listed(bench)
    assert bench.session.current.name == "2.png", "the picture that was asked for is opened"


@effect_of("open_predictions")
def _(bench: Bench) -> None:
    folder = _with_job(bench, _evaluation(bench))
    bench.trigger("open_predictions")
    bench.qtbot.waitUntil(lambda: bench.service.count(ListDataset) == 1)
    _listed(bench)
    assert {entry.source.truth.json_path for entry in bench.session.entries} == {str(folder / "panoptic.json")}
    assert [entry.source.path for entry in bench.session.entries] == [f"/photos/{n}.png" for n in range(3)]


@effect_of("export_checkpoint")
def _(bench: Bench) -> None:
    folder = _with_job(bench, _training(bench))
    target = bench.folder / "mine.safetensors"
    bench.chosen["path"] = str(target)

    def export(checkpoint: Path, path: Path, report: Callable[[float], None]) -> Path:
        report(-1.0)
        path.write_text(str(checkpoint))
        return path

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lpsnet_studio.commands.jobs.export_checkpoint", export)
        bench.trigger("export_checkpoint")
        bench.qtbot.waitUntil(lambda: f"Saved {target}" in bench.window.notifications.texts)
    assert target.read_text() == str(folder / "checkpoints" / "best.safetensors")


@effect_of("jobs_mode", "inspect_mode")
def _(bench: Bench, name: str) -> None:
    bench.trigger("jobs_mode")
    assert not bench.window.canvas.isVisible()
    assert not any(dock.isVisible() for dock in bench.window.docks.values())
    if name == "inspect_mode":
        bench.trigger("inspect_mode")
        assert bench.window.canvas.isVisible()
        assert {dock for dock, each in bench.window.docks.items() if not each.isHidden()} == AT_FIRST


# ------------------------------------------------------------------------------------------------------------ Annotate


def _annotating(bench: Bench) -> Annotating:
    """Begins the first image of a project of real photos with what the network predicts."""
    return annotating(bench.window, bench.session, bench.service, bench.qtbot, bench.folder)


@effect_of("new_project")
def _(bench: Bench) -> None:
    from lpsnet_studio.annotator.new_project_view import NewProjectDialog

    bench.trigger("new_project")
    dialog = bench.dialog("New annotation project")
    assert isinstance(dialog, NewProjectDialog)
    dialog.name.setText("signs")
    dialog.where.show_path(str(bench.folder))
    dialog.images["none"].click()
    bench.qtbot.waitUntil(dialog.create_button.isEnabled, timeout=10_000)
    dialog.create_button.click()
    desk = bench.window.annotation.desk
    bench.qtbot.waitUntil(lambda: desk.store is not None, timeout=10_000)
    assert desk.store.folder == bench.folder / "signs"
    assert {label.name for label in desk.labels} == {entry.name for entry in CATEGORIES}
    assert bench.window.modes.mode == "annotate"


@effect_of("open_project", "recent_projects")
def _(bench: Bench, name: str) -> None:
    at_work = _annotating(bench)
    bench.trigger("close_project")
    at_work.wait_for("no project")
    bench.trigger("inspect_mode")
    if name == "open_project":
        bench.chosen["path"] = str(at_work.project)
        bench.trigger("open_project")
    else:
        assert "project" in bench.choices("recent_projects")
        menu = bench.window.actions_by_id["recent_projects"].menu()
        next(action for action in menu.actions() if action.text() == "project").trigger()
    at_work.wait_for("editing")
    assert at_work.store.folder == at_work.project
    assert bench.window.modes.mode == "annotate"


@effect_of("add_to_project")
def _(bench: Bench) -> None:
    at_work = _annotating(bench)
    (photo,) = photos_in(bench.folder / "more", 1)
    bench.chosen["path"] = str(photo)
    bench.trigger("add_to_project")
    bench.qtbot.waitUntil(lambda: bool(at_work.desk.image_of(photo)), timeout=10_000)
    assert len(at_work.desk.entries) == 4


@effect_of("find_missing_images")
def _(bench: Bench) -> None:
    at_work = _annotating(bench)
    moved = at_work.photos[1].parent.with_name("moved")
    moved.mkdir()
    at_work.photos[1].rename(moved / "1.png")
    bench.chosen["path"] = str(moved)
    bench.trigger("find_missing_images")
    bench.qtbot.waitUntil(lambda: at_work.store.entries[2].file.path == moved / "1.png", timeout=10_000)
    assert at_work.told == f"Found 1 of 1 missing image in {moved}."
    assert [Path(entry.source.path) for entry in bench.session.entries] == [
        at_work.photos[0],
        moved / "1.png",
        at_work.photos[2],
    ]
    assert [entry.review for entry in bench.session.entries] == ["todo"] * 3


@effect_of("take_out_of_project")
def _(bench: Bench) -> None:
    at_work = _annotating(bench)
    segments = len(at_work.editor.document.segments)
    bench.trigger("take_out_of_project")
    box = bench.window.findChild(QMessageBox)
    assert f"{segments} segments" in box.informativeText()
    assert 1 in at_work.store.entries
    next(button for button in box.buttons() if "Take out" in button.text()).click()
    assert list(at_work.store.entries) == [2, 3]
    assert at_work.photos[0].is_file()
    assert [Path(entry.source.path) for entry in bench.session.entries] == at_work.photos[1:]
    at_work.answer()
    at_work.wait_for("not started")


@effect_of("copy_project")
def _(bench: Bench) -> None:
    at_work, copy = _annotating(bench), bench.folder / "copied"
    bench.chosen["path"] = str(copy)
    bench.trigger("copy_project")
    bench.qtbot.waitUntil(lambda: (copy / "project.sqlite").exists())
    assert at_work.desk.store.folder == at_work.project


@effect_of("close_project")
def _(bench: Bench) -> None:
    at_work = _annotating(bench)
    bench.trigger("close_project")
    at_work.wait_for("no project")
    assert at_work.desk.store is None
    assert not bench.window.actions_by_id["close_project"].isEnabled()


@effect_of("import_annotations", "export_annotations")
def _(bench: Bench, name: str) -> None:
    _annotating(bench)
    bench.trigger(name)
    bench.dialog({"import_annotations": "Import annotations", "export_annotations": "Export annotations"}[name]).close()


@effect_of("train_on_project")
def _(bench: Bench) -> None:
    at_work = _annotating(bench)
    at_work.desk.set_status(Status.DONE)
    bench.trigger("train_on_project")
    forms = bench.window.findChildren
    bench.qtbot.waitUntil(lambda: any(each.isVisible() for each in forms(NewJobView)), timeout=20_000)
    (form,) = (each for each in forms(NewJobView) if each.isVisible())
    assert form.kind == "train"
    exported = list((at_work.project / "training-data").rglob("*.png"))
    assert len(exported) == 1, "the one that is done"
    bench.qtbot.waitUntil(lambda: "training-data" in str(form.body.spec()), timeout=10_000)
    count = len(at_work.editor.document.segments)
    written = f"1 image with {count} segments written to {at_work.project / 'training-data' / 'panoptic.json'}."
    assert form.origin.startswith(f"From the project {at_work.project.name}, with the images that are done: ")
    assert f"{written} 2 images left out that are not done yet." in form.origin
    note = bench.window.notifications.notes[-1]
    assert note.text.startswith(written)
    note._action.act()
    assert bench.window.modes.mode == "annotate", "and back"
    bench.window.modes.show("jobs")
    form.cancel.click()
    assert form.origin == ""


@effect_of("start_from_prediction", "start_from_truth", "start_empty")
def _(bench: Bench, name: str) -> None:
    at_work = _annotating(bench)
    at_work.open_image(1)
    at_work.wait_for("not started")
    bench.trigger(name)
    at_work.wait_for("editing")
    ids = at_work.editor.document.ids
    assert bench.session.result is not None
    expected = {
        "start_from_prediction": bench.session.result.trace.segmentation().ids,
        "start_from_truth": bench.session.truth.ids,
        "start_empty": np.zeros_like(ids),
    }[name]
    assert np.array_equal(ids, expected)
    first = at_work.editor
    first.set_options(category=1)
    first.paint(PlacedMask(np.ones((3, 3), np.bool_), (0, 0)), "Box")
    bench.trigger(name)
    bench.qtbot.waitUntil(lambda: at_work.desk.editor not in (None, first), timeout=10_000)
    assert np.array_equal(at_work.editor.document.ids, expected)
    assert len(at_work.editor.history.titles) == 2, "it begins anew by an edit, which undo takes back"


def _call_second_done(at_work: Annotating) -> None:
    begin_empty(at_work.store, [at_work.desk.image_of(at_work.photos[1])])
    at_work.desk.set_status(Status.DONE, at_work.desk.image_of(at_work.photos[1]))
    at_work.qtbot.waitUntil(lambda: at_work.session.entries[1].review == "done")


@effect_of("mark_done", "mark_approved", "mark_todo")
def _(bench: Bench, name: str) -> None:
    at_work = _annotating(bench)
    _call_second_done(at_work)
    bench.trigger(name)
    shown = {"mark_done": 2, "mark_approved": 1, "mark_todo": 0}[name]
    status = {"mark_done": Status.DONE, "mark_approved": Status.APPROVED, "mark_todo": Status.TODO}[name]
    assert at_work.store.entries[at_work.desk.image_of(at_work.photos[0])].status is status
    assert bench.session.index == shown


@effect_of("write_note")
def _(bench: Bench) -> None:
    at_work = _annotating(bench)
    bench.trigger("write_note")
    at_work.keys("is dim")
    at_work.key(Qt.Key.Key_Return)
    assert at_work.desk.entry is not None
    assert at_work.desk.entry.note == "is dim"
    assert bench.window.canvas.hasFocus()


@effect_of("next_unreviewed")
def _(bench: Bench) -> None:
    at_work = _annotating(bench)
    _call_second_done(at_work)
    bench.trigger("next_unreviewed")
    assert bench.session.index == 2


@effect_of("next_finding")
def _(bench: Bench) -> None:
    at_work = _annotating(bench)
    at_work.editor.select(at_work.persons[:1])
    at_work.trigger("delete_segment")
    before = bench.window.canvas.place
    bench.trigger("next_finding")
    bench.qtbot.waitUntil(lambda: bench.window.canvas.place != before, timeout=10_000)
    assert (at_work.editor.document.ids == 0).any()
    place = bench.window.canvas.place
    assert at_work.editor.number_at(place.x, place.y) == 0, "the void is what was found"


@effect_of("save_project")
def _(bench: Bench) -> None:
    at_work = _annotating(bench)
    disk = [True]

    def write(moment: str) -> None:
        if disk[0] and moment == "begun":
            raise OSError(28, "No space left on device")

    at_work.wait_until_saved()
    at_work.store.between = write
    at_work.editor.select(at_work.persons[:1])
    at_work.trigger("delete_segment")
    bench.qtbot.waitUntil(lambda: bool(at_work.desk.save_problem), timeout=10_000)
    disk[0] = False
    bench.trigger("save_project")
    bench.qtbot.waitUntil(lambda: not at_work.desk.unsaved, timeout=10_000)
    bench.trigger("save_project")
    assert "Everything is saved" in at_work.told


@effect_of(
    "panel_annotation_segments", "panel_annotation_classes", "panel_annotation_checks", "panel_annotation_history"
)
def _(bench: Bench, name: str) -> None:
    dock = bench.window.docks[name.removeprefix("panel_")]
    assert not dock.isVisible()
    bench.trigger(name)
    assert bench.window.modes.mode == "annotate"
    assert dock.isVisible()
    assert not dock.visibleRegion().isEmpty()


@effect_of("annotate_mode")
def _(bench: Bench) -> None:
    bench.trigger("annotate_mode")
    assert bench.window.canvas.isVisible()
    assert bench.window.annotation.bar.isVisible()
    assert bench.window.canvas.stage is bench.window.annotation.overlay.stage


# ------------------------------------------------------------------------------------------------------------ Segments


def _use_tool(at_work: Annotating, name: str) -> None:
    """Does with a tool what it is for, by the mouse."""
    editor, (left, right) = at_work.editor, at_work.persons
    editor.set_options(radius=2.0)
    if name == "hand_over":
        giver = editor.number_at(30, 40)
        editor.select((left if giver == right else right,))
        at_work.drag((30, 25), (30, 45))
        assert at_work.titles == [], "it is only proposed"
        at_work.key(Qt.Key.Key_Return)
        return
    if name not in ("select", "assist", "adopt"):
        editor.select((left,))
    match name:
        case "select":
            at_work.click(15, 40)
        case "brush" | "eraser" | "box":
            at_work.drag((5, 25), (20, 30))
        case "polygon":
            for corner in ((5, 5), (25, 5), (25, 28)):
                at_work.click(*corner)
            at_work.key(Qt.Key.Key_Return)
        case "lasso":
            at_work.drag((5, 5), (25, 5), (25, 28), (5, 28))
        case "fill":
            at_work.click(60, 5)
        case "cut":
            at_work.drag((15, 15), (15, 55))
        case "assist":
            at_work.drag((56, 31), (78, 49))
            at_work.key(Qt.Key.Key_Return)
        case "adopt":
            at_work.hover(46, 40)
            at_work.click(45, 40)


@effect_of(*(f"tool_{name}" for name in TOOLS))
def _(bench: Bench, name: str) -> None:
    tool: Any = name.removeprefix("tool_")
    at_work = _annotating(bench)
    at_work.window.annotation.toolbox.choose("brush" if tool == "select" else "select")
    bench.trigger(name)
    assert at_work.window.annotation.toolbox.name == tool
    assert bench.window.actions_by_id[name].isChecked()
    before = at_work.editor.document.ids.copy()
    left, _ = at_work.persons
    _use_tool(at_work, tool)
    if tool == "select":
        assert at_work.editor.selection == (left,)
        return
    assert len(at_work.titles) == 1
    changed = at_work.editor.document.ids != before
    assert changed.any()
    gained = set(at_work.editor.document.ids[changed].tolist())
    if tool in ("brush", "box", "polygon", "lasso", "fill"):
        assert gained == {left}
    if tool == "eraser":
        assert gained == {0}
    if tool in ("cut", "assist", "adopt"):
        assert not gained & set(np.unique(before).tolist()), "it is a segment of its own"
    at_work.key(Qt.Key.Key_Z, CONTROL)
    assert np.array_equal(at_work.editor.document.ids, before)


def _with_person(bench: Bench) -> tuple[Annotating, int]:
    """Selects the left person, and returns its number."""
    at_work = _annotating(bench)
    at_work.editor.select(at_work.persons[:1])
    return at_work, at_work.persons[0]


def _erase(at_work: Annotating, *way: tuple[float, float], radius: float = 2.0) -> None:
    at_work.editor.set_options(radius=radius)
    at_work.window.annotation.toolbox.choose("eraser")
    at_work.drag(*way)


@effect_of("new_instance")
def _(bench: Bench) -> None:
    at_work, _ = _with_person(bench)
    bench.trigger("new_instance")
    assert at_work.editor.selection == ()
    at_work.window.annotation.toolbox.choose("brush")
    at_work.drag((60, 5), (70, 5))
    assert len(at_work.persons) == 3


@effect_of("choose_class", "relabel")
def _(bench: Bench, name: str) -> None:
    at_work, left = _with_person(bench)
    bench.trigger(name)
    (palette,) = bench.window.findChildren(ClassPalette)
    QTest.keyClicks(palette.editor, "car")
    QTest.keyClick(palette.editor, Qt.Key.Key_Return)
    assert at_work.editor.options.category == 3
    assert at_work.editor.document.segments[left].category == (3 if name == "relabel" else 1)


@effect_of("merge_segments")
def _(bench: Bench) -> None:
    at_work, left = _with_person(bench)
    at_work.editor.select(at_work.persons)
    bench.trigger("merge_segments")
    assert at_work.persons == [left]


@effect_of("split_segment")
def _(bench: Bench) -> None:
    at_work, _ = _with_person(bench)
    _erase(at_work, (18, 15), (18, 55))
    bench.trigger("split_segment")
    assert len(at_work.persons) == 3


@effect_of("delete_segment", "delete_to_neighbours")
def _(bench: Bench, name: str) -> None:
    at_work, left = _with_person(bench)
    bench.trigger(name)
    assert left not in at_work.editor.document.segments
    assert (at_work.editor.document.ids == 0).any() == (name == "delete_segment")


@effect_of("fill_holes")
def _(bench: Bench) -> None:
    at_work, left = _with_person(bench)
    area = at_work.editor.document.area(left)
    _erase(at_work, (18, 35), (20, 35))
    assert at_work.editor.document.area(left) < area
    bench.trigger("fill_holes")
    assert at_work.editor.document.area(left) == area


@effect_of("remove_specks")
def _(bench: Bench) -> None:
    at_work, left = _with_person(bench)
    before = at_work.editor.document.ids.copy()
    at_work.editor.set_options(radius=1.0)
    at_work.window.annotation.toolbox.choose("brush")
    at_work.click(70, 5)
    assert at_work.editor.number_at(70, 5) == left
    bench.trigger("remove_specks")
    assert np.array_equal(at_work.editor.document.ids, before)


@effect_of("grow_segment", "shrink_segment")
def _(bench: Bench, name: str) -> None:
    at_work, left = _with_person(bench)
    area = at_work.editor.document.area(left)
    bench.trigger(name)
    assert (at_work.editor.document.area(left) > area) == (name == "grow_segment")
    assert at_work.editor.document.area(left) != area


@effect_of("snap_edge")
def _(bench: Bench) -> None:
    at_work = _annotating(bench)
    noise = np.random.default_rng(3).integers(0, 12, (60, 80, 3)).astype(np.uint8)
    pixels = noise + np.uint8(40)
    pixels[35:45, 60:78] = noise[35:45, 60:78] + np.uint8(200)
    at_work.trigger("reload_image")
    bench.session.receive(replace(opened(bench.service.last(OpenImage)), pixels=pixels))
    car = at_work.only(3)
    assert at_work.editor.document.box(car)[2] == 75
    at_work.editor.select((car,))
    bench.trigger("snap_edge")
    bench.qtbot.waitUntil(lambda: at_work.titles == ["Snap edge"], timeout=20_000)
    assert at_work.editor.document.box(car)[2] == 78, "the edge in the photo lies there"


@effect_of("fill_void_stuff", "fill_void_nearest")
def _(bench: Bench, name: str) -> None:
    at_work, _ = _with_person(bench)
    at_work.trigger("delete_segment")
    void = at_work.editor.document.ids == 0
    bench.trigger(name)
    if name == "fill_void_stuff":
        look = bench.service.last(Look)
        assert look.sight == Sight("next_stuff")
        road = np.full(void.shape, 3, np.float32)
        bench.session.receive(
            Seen(look.request, look.image, look.sight, HeatMap(road, MapPlacement(), "Next stuff", low=0.0))
        )
    toolbox = bench.window.annotation.toolbox
    bench.qtbot.waitUntil(lambda: isinstance(toolbox.tool, ProposalTool), timeout=10_000)
    assert np.array_equal(at_work.editor.document.ids == 0, void), "it is only proposed"
    at_work.key(Qt.Key.Key_Return)
    bench.qtbot.waitUntil(lambda: not (at_work.editor.document.ids == 0).any(), timeout=10_000)
    filled = {at_work.editor.document.segments[n].category for n in np.unique(at_work.editor.document.ids[void])}
    assert filled == {9} if name == "fill_void_stuff" else len(filled) > 1
    assert not isinstance(toolbox.tool, ProposalTool)


@effect_of("lock_segment", "crowd_segment")
def _(bench: Bench, name: str) -> None:
    at_work, left = _with_person(bench)
    field = {"lock_segment": "locked", "crowd_segment": "iscrowd"}[name]
    for expected in (True, False):
        bench.trigger(name)
        assert getattr(at_work.editor.document.segments[left], field) is expected


@effect_of("only_void", "only_inside")
def _(bench: Bench, name: str) -> None:
    at_work, left = _with_person(bench)
    before = at_work.editor.document.ids.copy()
    bench.trigger(name)
    at_work.window.annotation.toolbox.choose("box")
    if name == "only_inside":
        at_work.editor.select(at_work.persons[1:])
    at_work.drag((2, 2), (30, 40))
    changed = at_work.editor.document.ids != before
    assert set(before[changed].tolist()) == (set() if name == "only_void" else {left})
    bench.trigger(name)
    at_work.drag((2, 2), (8, 12))
    assert at_work.editor.document.ids[5, 5] in at_work.persons


# ---------------------------------------------------------------------------------------------------------------- Help


@effect_of("shortcuts")
def _(bench: Bench) -> None:
    bench.trigger("shortcuts")
    bench.dialog("Keyboard and mouse")


@effect_of("find_action")
def _(bench: Bench) -> None:
    from lpsnet_studio.chrome.find_action import FindAction

    bench.trigger("find_action")
    found = bench.window.findChild(FindAction)
    assert found is not None
    assert found.isVisible()


@effect_of("focus_message")
def _(bench: Bench) -> None:
    bench.window.notifications.show_info("Something to read.")
    bench.window.activateWindow()
    bench.trigger("focus_message")
    focused = bench.window.focusWidget()
    assert focused is not None
    assert any("Something to read." in text for text in bench.window.notifications.texts)
    assert focused is not bench.window.canvas


@effect_of("copy_diagnostics")
def _(bench: Bench) -> None:
    bench.trigger("copy_diagnostics")
    text = QGuiApplication.clipboard().text()
    assert "PySide6" in text
    assert "hand-made" in text
    assert str(Path.home()) not in text


@effect_of("open_log")
def _(bench: Bench) -> None:
    bench.folders.state.mkdir(parents=True)
    bench.trigger("open_log")
    assert bench.shown == [str(bench.folders.state)]


@effect_of("about")
def _(bench: Bench) -> None:
    bench.trigger("about")
    bench.dialog("About LPSNet Studio")


def test_opening_answers_are_used_once(bench: Bench) -> None:
    """The fixture's service answers nothing by itself, so that no effect above is another one's."""
    before = len(bench.service.posted)
    bench.qtbot.wait(50)
    assert len(bench.service.posted) == before
    assert isinstance(bench.session.picture, ImageOpened)
