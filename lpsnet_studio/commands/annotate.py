"""Annotation projects: what their actions do."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from lpsnet.categories import Categories
from lpsnet_studio.actions.entry import Choice
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.export_command import export_project, exported_images
from lpsnet_studio.annotator.export_folder import ExportFormat
from lpsnet_studio.annotator.exporting import ExportReport
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.listed_images import TO_APPROVE, ListedImages, listed_entries
from lpsnet_studio.annotator.new_project import ProjectChoices
from lpsnet_studio.annotator.opened_image import Beginning
from lpsnet_studio.annotator.project import Status, image_path
from lpsnet_studio.annotator.toolbox import Toolbox
from lpsnet_studio.background import Task, courier
from lpsnet_studio.chrome.note import NoteAction
from lpsnet_studio.commands.project_images import ProjectImages
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.jobs.field_words import as_override
from lpsnet_studio.jobs.spec import TrainSpec
from lpsnet_studio.state import UNREVIEWED, Review
from lpsnet_studio.turns import Turns

__all__ = ["AnnotateCommands", "image_path", "overrides_to_train_on"]

_MOST_RECENT = 10
_TRAINING_DATA = "training-data"
"""The folder of a project in which what is trained on is written."""
_TRAINED = "coco_r50"
"""The preset that a training on a project begins with."""
_PICTURES = "Pictures (*.jpg *.jpeg *.png *.bmp *.tif *.tiff *.webp);;All files (*)"


class AnnotateCommands:
    """Opens projects, begins images, and says how far they have come.

    Args:
        place: what commands work with.

    Attributes:
        desk: what is annotated.
        toolbox: the tool in the hand.
        listed: how far the images of the list have come, and which of them come next.
        images: finds the project's images again, and takes some out.
        find_next: goes to the next thing that the checks found; set by who shows them.
        note_down: gives the keyboard to the note on the image; set by who shows it.
        train_on: opens the form of a training with its settings, and says where these come from; set by who shows it.
    """

    def __init__(self, place: Workplace) -> None:
        self._place = place
        here = weakref.ref(place.window)
        self.desk = Desk(place.background.run, lambda call: courier().bring(here, lambda _window, act=call: act()))
        turns = Turns(place.window)
        self.desk.in_turn, self.desk.patiently = turns.wait, turns.be_patient
        self.toolbox = Toolbox(self.desk)
        self.listed = ListedImages(place.session, self.desk)
        self.images = ProjectImages(place, self.desk, self.listed)
        self.find_next: Callable[[], object] = lambda: None
        self.note_down: Callable[[], object] = lambda: None
        self.train_on: Callable[[TrainSpec, str], object] = lambda _spec, _origin: None

    # ------------------------------------------------------------------------------------------------------- projects

    def new_project(self) -> None:
        """Shows the form of a new project."""
        from lpsnet_studio.annotator.new_project_view import NewProjectDialog

        place = self._place
        dialog = NewProjectDialog(place.window, self.desk, place.theme, self._choices())
        dialog.wanted.connect(self._make_project)
        dialog.open()

    def _make_project(self, folder: Path, labels: LabelSet, images: Sequence[Path]) -> None:
        self._place.show_mode("annotate")
        self.desk.new_project(folder, labels, images, self._stated_sizes())

    def _choices(self) -> ProjectChoices:
        """Returns what there is to make a project of."""
        session, current = self._place.session, self._current()
        has_truth = session.picture is not None and session.truth is not None
        # Beside the images, unless these are the demo's, whose folder is emptied one day.
        is_kept = current is not None and not current.is_relative_to(self._place.folders.cache.absolute())
        beside = current.parent if current is not None and is_kept else None
        return ProjectChoices(
            Path(self._place.last_folder()) if beside is None else beside.parent,
            "annotations" if beside is None else f"{beside.name}-annotations",
            None if session.model is None else LabelSet.of(session.model.categories),
            LabelSet.of(session.picture.categories) if has_truth and session.picture is not None else None,
            self._listed(),
            current,
        )

    def _listed(self) -> tuple[Path, ...]:
        return tuple(image_path(entry.source.path) for entry in self._place.session.entries if not entry.problem)

    def _stated_sizes(self) -> dict[Path, tuple[int, int]]:
        """Returns the sizes in which the listed images are annotated, and so shown, whatever their EXIF says."""
        stated = {}
        for entry in self._place.session.entries:
            size = entry.source.stated_size if entry.source.truth is None else entry.size
            if size is not None:
                stated[image_path(entry.source.path)] = size
        return stated

    def _current(self) -> Path | None:
        entry = self._place.session.current
        return None if entry is None else image_path(entry.source.path)

    def open_project(self) -> None:
        """Asks which project is to be opened."""
        folder = QFileDialog.getExistingDirectory(
            self._place.window, "Open an annotation project", self._place.last_folder()
        )
        if folder:
            self.open_folder(Path(folder))

    def open_folder(self, folder: Path) -> None:
        """Opens a project, and its images."""
        self._place.remember_folder(folder.absolute().parent)
        self._place.show_mode("annotate")
        self.desk.open_project(folder.absolute())

    def recent(self) -> list[Choice]:
        """Returns the projects that were open, the latest first."""
        folders = [Path(name) for name in self._place.settings.preferences.recent_projects]
        return [
            Choice(folder.name or str(folder), str(folder), lambda folder=folder: self.open_folder(folder))
            for folder in folders
        ]

    def remember_project(self) -> None:
        """Keeps which project is open for the next start."""
        store, settings = self.desk.store, self._place.settings
        if store is None:
            settings.change(open_project="")
            return
        name = str(store.folder)
        others = [other for other in settings.preferences.recent_projects if other != name]
        settings.change(open_project=name, recent_projects=(name, *others)[:_MOST_RECENT])

    def show_project_images(self) -> None:
        """Lists the images of the project that was opened, unless one of them is open already.

        The one is opened that was edited last if the project was not closed after that, else the first.
        """
        desk, current = self.desk, self._current()
        if desk.entries and (current is None or not desk.image_of(current)):
            left = None if desk.store is None else desk.store.unfinished()
            self._list_images(0 if left is None else next(reversed(left.images)))

    def show_image(self, image: int) -> None:
        """Opens an image of the project by its id, in the list of now if it stands there."""
        listed = [self.desk.image_of(image_path(entry.source.path)) for entry in self._place.session.entries]
        if image in listed:
            self._place.session.open_index(listed.index(image))
        else:
            self._list_images(image)

    def _list_images(self, image: int) -> None:
        """Lists the project's images and opens one of them; the first if there is none of that id."""
        entries = self.desk.entries
        index = next((place for place, entry in enumerate(entries) if entry.id == image), 0)
        self._place.session.set_entries(listed_entries(entries), index)

    def copy_project(self) -> None:
        """Asks where to the project is to be copied."""
        store = self.desk.store
        if store is None:
            return
        name, _ = QFileDialog.getSaveFileName(
            self._place.window, "Copy the project to a folder", str(store.folder.with_name(f"{store.folder.name}-copy"))
        )
        if name:
            self.desk.copy_project(Path(name).absolute())

    def close_project(self) -> None:
        """Gives the project up."""
        self.desk.close_project()

    def add_images(self) -> None:
        """Asks which pictures the project is to hold too."""
        names, _ = QFileDialog.getOpenFileNames(
            self._place.window, "Add images to the project", self._place.last_folder(), _PICTURES
        )
        if names:
            self._place.remember_folder(Path(names[0]).parent)
            self.desk.add_images([image_path(name) for name in names], self._stated_sizes())

    def add_listed(self) -> None:
        """Adds all images of the list to the project."""
        self.desk.add_images(self._listed(), self._stated_sizes())

    def add_current(self) -> None:
        """Adds the image that is open to the project."""
        current = self._current()
        if current is not None:
            self.desk.add_images([current], self._stated_sizes())

    def import_annotations(self) -> None:
        """Shows what can be taken over from other programs."""
        from lpsnet_studio.annotator.import_view import ImportDialog

        ImportDialog(self._place.window, self.desk, self._place.theme, self._place.last_folder()).open()

    def export_annotations(self) -> None:
        """Shows what can be written."""
        from lpsnet_studio.annotator.export_view import ExportDialog

        ExportDialog(self._place.window, self.desk, self._place.theme).open()

    def train(self) -> None:
        """Exports what is done of the project, and opens the form of a training on it."""
        store = self.desk.store
        if store is None:
            return
        self.desk.finish_strokes()
        out = store.folder / _TRAINING_DATA

        def write(task: Task) -> tuple[ExportReport, Path | None]:
            _, root = exported_images(store)
            report = export_project(
                store,
                ExportFormat.COCO_PANOPTIC,
                out,
                only_done=True,
                progress=lambda done, total, _name: task.report(done / max(total, 1)),
                cancelled=lambda: task.cancelled,
            )
            return report, root

        self._place.background.run_task(write, self._begin_training, title="exporting the project to train on")

    def _begin_training(self, written: tuple[ExportReport, Path | None]) -> None:
        report, root = written
        annotations = report.path
        texts = overrides_to_train_on(annotations, root)
        project = annotations.parent.parent.name
        origin = f"From the project {project}, with the images that are done: {report.summary()}"
        self.train_on(TrainSpec(_TRAINED, texts, Path(f"{project}-training")), f"{origin} F3 shows the project again.")
        back = NoteAction("Show the project", lambda: self._place.show_mode("annotate"))
        self._place.notifications.show_info(" ".join(report.sentences()), back)

    def next_finding(self) -> None:
        """Goes to the next thing that the checks found."""
        self.find_next()

    def save(self) -> None:
        """Writes what could not be written yet."""
        self.desk.retry_saving()
        if not self.desk.unsaved and self.desk.store is not None:
            self._place.notifications.show_info(f"Everything is saved in {self.desk.store.folder}")

    # ----------------------------------------------------------------------------------------------- beginning an image

    def start_from_prediction(self) -> None:
        """Begins the image with what the network predicts."""
        session, result = self._place.session, self._place.session.result
        if result is None or result.preview:
            self._place.notifications.show_info(session.obstacle or "The network is still at work on this image.")
            return
        network = session.model.name if session.model is not None else "the network"
        self._begin(result.trace.segmentation, result.categories, f"the prediction of {network}")

    def start_from_truth(self) -> None:
        """Begins the image with its ground truth."""
        session = self._place.session
        if session.truth is None or session.picture is None:
            self._place.notifications.show_info("This image has no ground truth.")
            return
        self._begin(session.truth, session.picture.categories, "the ground truth")

    def start_empty(self) -> None:
        """Begins the image with nothing but void."""
        self._unless_missing(self.desk.begin_empty)

    def _begin(self, segmentation: Beginning, categories: Categories, source: str) -> None:
        self._unless_missing(lambda: self.desk.begin_from(segmentation, categories, source))

    def _unless_missing(self, begin: Callable[[], None]) -> None:
        if self.desk.entry is None:
            self._place.notifications.show_info(
                "No project is open: make one first." if self.desk.store is None else "The project lacks this image."
            )
        else:
            begin()

    # ---------------------------------------------------------------------------------------------------------- review

    def mark_done(self) -> None:
        """Calls the image done and opens the next one that is not."""
        if self.desk.set_status(Status.DONE):
            self._open_next(UNREVIEWED)

    def approve(self) -> None:
        """Approves the image and opens the next one that is done."""
        if self.desk.set_status(Status.APPROVED):
            self._open_next(TO_APPROVE)

    def mark_todo(self) -> None:
        """Calls the image to do again."""
        self.desk.set_status(Status.TODO)

    def write_note(self) -> None:
        """Lets the user say something about the image."""
        self.note_down()

    def next_unreviewed(self) -> None:
        """Opens the next image that is not done."""
        self._open_next(UNREVIEWED)

    def _open_next(self, wanted: frozenset[Review]) -> None:
        """Opens the next image that has come so far, as the list shows them; behind the last comes the first."""
        index = self._place.session.next_with(wanted)
        if index >= 0:
            self._place.session.open_index(index)
        else:
            self._place.notifications.show_info(self._why_none(wanted))

    def _why_none(self, wanted: frozenset[Review]) -> str:
        hidden = self.listed.hidden(wanted)
        if self.desk.store is None:
            return "No project is open."
        if hidden:
            images = "1 that does" if hidden == 1 else f"{hidden:,} that do"
            return f"No other image that is listed waits for that, but the filter hides {images}."
        return f"No other image of the list waits to be {'approved' if wanted == TO_APPROVE else 'annotated'}."


def overrides_to_train_on(annotations: Path, root: Path | None) -> tuple[str, ...]:
    """Returns what of a training's settings says that it is on exported annotations, each as it is typed.

    Args:
        annotations: the JSON of COCO panoptic.
        root: the folder from which on the names of the photos are told; None if there is none.
    """
    overrides = {
        "categories": str(annotations),
        "data.train.kind": "coco_panoptic",
        "data.train.annotations": str(annotations),
        **({} if root is None else {"data.train.images": str(root)}),
        "data.val": None,
    }
    return tuple(as_override(name, value) for name, value in overrides.items())
