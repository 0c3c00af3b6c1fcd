"""The states of the window that pictures are taken of: a function each."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from staged import STAGED, stage

from lpsnet.assets import demo_checkpoint

__all__ = ["DOCUMENTED", "STATES", "Pictures"]

DOCUMENTED = {
    "demo-step": "studio",
    "demo-layers": "layers",
    "demo-steps": "steps",
    "welcome": "welcome",
    "inspect-levels": "inspect-levels",
    "inspect-borderness": "inspect-borderness",
    "inspect-semantics": "inspect-semantics",
    "inspect-probe": "inspect-probe",
    "inspect-errors": "inspect-errors",
    "inspect-why": "inspect-why",
    "jobs-form": "jobs-form",
    "jobs-curves": "jobs-curves",
    "jobs-pictures": "jobs-pictures",
    "jobs-failed": "jobs-failed",
    "annotate-empty": "annotate-empty",
    "annotate-brush": "annotate-brush",
    "annotate-assist": "annotate-assist",
    "annotate-palette": "annotate-palette",
    "annotate-checks": "annotate-checks",
}
"""Which pictures the documentation shows, and under which name."""
SIZE = (1360, 860)
SECONDS = 180.0
PHOTOS = (0, 3, 12)
"""Which of the validation photos are shown: several things, a portrait photo, a crowd."""
TRUTH = Path(__file__).resolve().parents[2] / "shared" / "data" / "coco-mini" / "annotations" / "panoptic_val2017.json"


class Pictures:
    """Where pictures go.

    Attributes:
        theme: ``dark`` or ``light``.
        taken: the pictures so far.
    """

    def __init__(self, out: Path, theme: str, scale: str) -> None:
        self._out, self.theme = out, theme
        self._ending = f"-{theme}-{scale}.png" if scale else f"-{theme}.png"
        self.taken: list[Path] = []

    @contextmanager
    def studio(self, *arguments: str, size: tuple[int, int] = SIZE, begin: bool = True) -> Iterator[Any]:
        """Opens a Studio in folders of its own, and waits until what it is to show is there."""
        from lpsnet_studio.app import parse_arguments
        from lpsnet_studio.settings import Folders
        from lpsnet_studio.studio import Studio

        with tempfile.TemporaryDirectory() as home:
            options = parse_arguments(["--theme", self.theme, *arguments])
            studio = Studio(options, Folders.under(Path(home)))
            studio.session.failed.connect(lambda problem: print(problem.sentence, file=sys.stderr))
            studio.window.resize(*size)
            studio.window.show()
            if begin:
                studio.begin()
                wait(studio)
            try:
                yield studio
            finally:
                studio.close()

    def take(self, studio: Any, name: str, *, rest: int = 4) -> None:
        """Takes a picture of the window and of what lies over it, once it has come to rest."""
        settle(rest)
        path = self._out / f"{name}{self._ending}"
        window = studio.window
        if not window.screen().grabWindow(window.winId()).save(str(path)):
            sys.exit(f"{path}: the picture could not be written")
        self.taken.append(path)

    def take_dialog(self, studio: Any, action: str, name: str) -> None:
        """Takes a picture of the dialog that an action opens, and closes it."""
        from PySide6.QtWidgets import QDialog

        studio.window.actions_by_id[action].trigger()
        settle(4)
        dialog = next(each for each in studio.window.findChildren(QDialog) if each.isVisible())
        path = self._out / f"{name}{self._ending}"
        dialog.grab().save(str(path))
        self.taken.append(path)
        dialog.close()
        settle(1)


def settle(times: int) -> None:
    """Lets the window lay itself out, and what is drawn in the background arrive."""
    from lpsnet_studio.render import settle as settle_once

    for _ in range(times):
        settle_once()


def wait(studio: Any) -> None:
    """Waits for the result of what was asked for."""
    from lpsnet_studio.render import wait_until

    session = studio.session
    if not wait_until(lambda: session.is_current and session.busy is None, SECONDS):
        sys.exit(f"nothing was shown within {SECONDS:.0f} s")


def _raise(studio: Any, *docks: str) -> None:
    for name in docks:
        studio.window.docks[name].raise_()


# -------------------------------------------------------------------------------------------------------------- states


def welcome(pictures: Pictures) -> None:
    """Nothing is open."""
    with pictures.studio(begin=False) as studio:
        pictures.take(studio, "welcome")
        for width, height in ((480, 360), (300, 200)):
            studio.window.resize(width, height)
            pictures.take(studio, f"welcome-{width}x{height}")


def demo(pictures: Pictures) -> None:
    """A drawn scene, in the middle of its merge and at its end."""
    with pictures.studio("--demo") as studio:
        session, window = studio.session, studio.window
        contested = next((place for place, step in enumerate(session.steps) if step.contests), 0)
        session.seek(contested + 1)
        pictures.take(studio, "demo-step", rest=12)
        session.change_view(contested="before")
        pictures.take(studio, "demo-before")
        session.change_view(contested="after")
        session.seek(len(session.steps))
        pictures.take(studio, "demo-finished")
        _raise(studio, "steps", "layers")
        session.change_view(names=True)
        session.change_layer("void", visible=True)
        pictures.take(studio, "demo-layers")
        _raise(studio, "settings")
        session.select(1)
        pictures.take(studio, "demo-steps")
        session.change_layer("labels", visible=True)
        session.change_layer("segments", visible=False)
        pictures.take(studio, "demo-labels")
        session.change_layer("segments", visible=True)
        window.commands.view.zoom_actual()
        window.canvas.zoom_by(8)
        pictures.take(studio, "demo-zoomed")
        window.canvas.fit()
        session.change_settings(overlap_threshold=0.05)
        wait(studio)
        pictures.take(studio, "demo-effect")


def small(pictures: Pictures) -> None:
    """A drawn scene in small windows."""
    with pictures.studio("--demo") as studio:
        for width, height in ((1000, 600), (700, 480), (480, 360), (300, 200)):
            studio.window.resize(width, height)
            pictures.take(studio, f"demo-{width}x{height}", rest=6)


def inspect(pictures: Pictures) -> None:
    """Every panel of the menu Inspect, with what it lays over the image."""
    from lpsnet_studio.inference.messages import Sight

    with pictures.studio("--demo") as studio:
        session, window = studio.session, studio.window
        examination, actions = window.examination, window.actions_by_id
        session.seek(len(session.steps))
        for name in ("levels", "borderness", "semantics", "probe", "errors", "why"):
            actions[f"panel_{name}"].trigger()
            if name == "borderness":
                examination.show(Sight("borderness"))
            if name == "semantics":
                examination.show(Sight("entropy"))
            if name == "probe":
                examination.show(None)
                _pin(studio, (0.33, 0.72), (0.62, 0.5))
            pictures.take(studio, f"inspect-{name}", rest=14)
            window.docks[name].hide()
        examination.unpin_all()


def _pin(studio: Any, *shares: tuple[float, float]) -> None:
    """Holds on to pixels at shares of the image's width and height, and points at the last."""
    height, width = studio.session.picture.pixels.shape[:2]
    for across, down in shares:
        place = round(across * width), round(down * height)
        studio.window.examination.pin(place)
        studio.session.point(*place)


def listed(pictures: Pictures) -> None:
    """The image list: measured, filtered, sorted."""
    with pictures.studio("--demo") as studio:
        from lpsnet_studio.render import wait_until

        window = studio.window
        window.commands.images.measure_all()
        settle(2)
        pictures.take(studio, "list-measuring", rest=1)
        wait_until(lambda: window.images.lookahead.measuring is None, SECONDS)
        window.commands.images.worst_first(True)
        pictures.take(studio, "list-measured")
        studio.session.filter_entries("pq>101")
        pictures.take(studio, "list-no-match")


def dialogs(pictures: Pictures) -> None:
    """What opens over the window."""
    from lpsnet_studio.chrome.find_action import FindAction
    from lpsnet_studio.state import Problem

    with pictures.studio("--demo") as studio:
        for action, name in (
            ("shortcuts", "shortcuts"),
            ("about", "about"),
            ("model_card", "model-card"),
            ("input_size", "input-size"),
            ("preferences", "preferences"),
        ):
            pictures.take_dialog(studio, action, name)
        studio.window.actions_by_id["find_action"].trigger()
        pictures.take(studio, "find-action")
        studio.window.findChild(FindAction).dismiss()
        studio.session.failed.emit(
            Problem("/data/street.jpg: the file ends too early", "Copy it again.", "Traceback (most recent call last)")
        )
        studio.window.notifications.show_info("Saved /results/street_panoptic.json")
        pictures.take(studio, "notifications")


def staged(pictures: Pictures) -> None:
    """Pictures of nothing, one speck, a hundred things, every class, and a tall one."""
    with tempfile.TemporaryDirectory() as folder:
        for name in STAGED:
            with pictures.studio(str(stage(name, Path(folder))), "--config", "demo", begin=False) as studio:
                studio.session.change_settings(box_oracle=True, semantic_oracle=True)
                studio.begin()
                wait(studio)
                _raise(studio, "layers")
                pictures.take(studio, f"staged-{name}", rest=10)


def photos(pictures: Pictures) -> None:
    """Real photos, where there are any."""
    if not TRUTH.is_file():
        print(f"skipped: no real photos here ({TRUTH})", file=sys.stderr)
        return
    with pictures.studio(str(TRUTH), "--config", "coco_r50") as studio:
        pictures.take(studio, "photo-untrained", rest=8)
        session = studio.session
        session.change_settings(semantic_oracle=True, box_oracle=True)
        for index in PHOTOS:
            session.open_index(index)
            wait(studio)
            pictures.take(studio, f"photo-{index}", rest=8)
    checkpoint = demo_checkpoint()
    if checkpoint is not None:
        photo = min((TRUTH.parents[1] / "val2017").glob("*.jpg"))
        with pictures.studio(str(photo), "--checkpoint", str(checkpoint)) as studio:
            pictures.take(studio, "photo-demo-network", rest=8)


def jobs(pictures: Pictures) -> None:
    """The page of jobs: empty, a finished training, an evaluation, a failed job; and the form of another."""
    from staged_jobs import staged_jobs

    made = staged_jobs()
    with pictures.studio(begin=False) as studio:
        room, actions = studio.window.room, studio.window.actions_by_id
        actions["jobs_mode"].trigger()
        pictures.take(studio, "jobs-empty", rest=8)
        for count, folder in enumerate((made.trained, made.measured, made.failed), start=1):
            room.jobs.open_run(folder)
            _wait_until(lambda count=count: len(room.jobs.entries) == count)
        tabs = room._page.view.tabs
        for name, folder, tab in (
            ("curves", made.trained, "curves"),
            ("samples", made.trained, "samples"),
            ("log", made.trained, "log"),
            ("settings", made.trained, "settings"),
            ("pictures", made.measured, "pictures"),
            ("failed", made.failed, "log"),
        ):
            room.show_job(folder)
            _wait_until(lambda folder=folder: [entry.folder for entry in room._page.view.entries] == [folder])
            tabs.show_tab(tab)
            _rest(2.0)
            pictures.take(studio, f"jobs-{name}", rest=8)
        for width, height in ((700, 480), (480, 360)):
            studio.window.resize(width, height)
            pictures.take(studio, f"jobs-{width}x{height}", rest=8)
        studio.window.resize(*SIZE)
        actions["new_training"].trigger()
        form = room._form
        form.body.config.row("training.batch").editor.edited.emit(8, False)
        _wait_until(lambda: form.preflight.is_of_now and form.preflight.report is not None)
        pictures.take(studio, "jobs-form", rest=8)
        actions["new_evaluation"].trigger()
        _rest(1.0)
        pictures.take(studio, "jobs-form-evaluation", rest=8)


def annotate(pictures: Pictures) -> None:
    """Annotation: without a project, before an image is begun, tools in the hand, the palette, checks; its dialogs."""
    from staged_annotation import StagedAnnotation

    with tempfile.TemporaryDirectory() as folder, pictures.studio("--demo") as studio:
        staged, actions = StagedAnnotation(studio, Path(folder) / "street"), studio.window.actions_by_id
        staged.show()
        pictures.take(studio, "annotate-no-project", rest=8)
        pictures.take_dialog(studio, "new_project", "annotate-new-project")
        staged.make_project()
        pictures.take(studio, "annotate-empty", rest=8)
        staged.begin()
        staged.hold_brush()
        _rest(1.0)
        pictures.take(studio, "annotate-brush", rest=8)
        staged.give_up()
        staged.draw_assisted_box()
        staged.leave()
        _rest(1.0)
        pictures.take(studio, "annotate-assist", rest=8)
        staged.give_up()
        staged.open_palette("s")
        pictures.take(studio, "annotate-palette", rest=8)
        staged.close_palette()
        staged.edit_a_little()
        staged.raise_panels("annotation_checks", "annotation_classes")
        _rest(3.0)
        actions["next_finding"].trigger()
        pictures.take(studio, "annotate-checks", rest=8)
        studio.window.canvas.fit()
        staged.raise_panels("annotation_history", "annotation_segments")
        pictures.take(studio, "annotate-history", rest=8)
        for action in ("import_annotations", "export_annotations"):
            pictures.take_dialog(studio, action, f"annotate-{action.partition('_')[0]}")
        for width, height in ((1000, 600), (700, 480), (480, 360), (300, 200)):
            studio.window.resize(width, height)
            pictures.take(studio, f"annotate-{width}x{height}", rest=8)


def _wait_until(condition: Callable[[], object]) -> None:
    from lpsnet_studio.render import wait_until

    if not wait_until(lambda: bool(condition()), SECONDS):
        sys.exit(f"what a picture was to be taken of did not come within {SECONDS:.0f} s")


def _rest(seconds: float) -> None:
    """Lets what is read in threads arrive."""
    from lpsnet_studio.render import wait_until

    wait_until(lambda: False, seconds)


STATES: dict[str, Callable[[Pictures], None]] = {
    state.__name__: state for state in (welcome, demo, small, inspect, listed, dialogs, staged, jobs, annotate, photos)
}
