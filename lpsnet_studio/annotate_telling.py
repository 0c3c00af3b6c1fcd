"""What annotation says over the canvas: why nothing can be annotated, what a crash has left, who else is in."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QMessageBox

from lpsnet_studio.annotator.empty_desk_view import EmptyDesk
from lpsnet_studio.annotator.new_project import folder_named
from lpsnet_studio.annotator.project_errors import ProjectBusy, ProjectDamaged
from lpsnet_studio.chrome.question import ask
from lpsnet_studio.commands.annotate import AnnotateCommands
from lpsnet_studio.commands.workplace import Workplace

__all__ = ["AnnotateTelling"]


class AnnotateTelling:
    """Keeps the card over the canvas up to date and does what it offers; asks where somebody else has a project.

    Args:
        place: what commands work with.
        commands: what annotation projects can do.

    Attributes:
        card: lies over the canvas while it has something to say.
    """

    def __init__(self, place: Workplace, commands: AnnotateCommands) -> None:
        self._place, self._commands, self._desk = place, commands, commands.desk
        self.card = EmptyDesk(self._desk, place.theme)
        self.card.lie_over(place.canvas)
        self._connect()
        session = place.session
        for signal in (session.result_changed, session.picture_changed, session.model_changed):
            signal.connect(self._tell_sources)
        session.entries_changed.connect(self._tell_listed)
        self._desk.project_changed.connect(self._tell_recent)
        self._desk.busy_elsewhere.connect(self._ask_busy)
        self._desk.damaged.connect(self._ask_rescue)

    def _connect(self) -> None:
        card, commands = self.card, self._commands
        card.new_project_wanted.connect(commands.new_project)
        card.open_project_wanted.connect(commands.open_project)
        card.recent_wanted.connect(commands.open_folder)
        card.open_again_wanted.connect(commands.open_folder)
        card.add_current_wanted.connect(commands.add_current)
        card.add_listed_wanted.connect(commands.add_listed)
        card.prediction_wanted.connect(commands.start_from_prediction)
        card.truth_wanted.connect(commands.start_from_truth)
        card.nothing_wanted.connect(commands.start_empty)
        card.show_image_wanted.connect(commands.show_image)
        card.look_again_wanted.connect(self._read_photo_again)
        card.find_wanted.connect(commands.images.find_missing)

    def set_on(self, on: bool) -> None:
        """Says whether the window annotates; otherwise nothing is told here."""
        if on:
            self._tell_sources()
            self._tell_listed()
            self._tell_recent()
        self.card.set_on(on)

    def _read_photo_again(self) -> None:
        """Reads the photo again too, where that failed before, or where the project keeps it in another size."""
        session = self._place.session
        if self._commands.images.show_as_kept():
            return
        if session.picture is None:
            self._place.images.reload(session.index)

    def _tell_sources(self) -> None:
        session = self._place.session
        is_there = session.result is not None and not session.result.preview
        at_work = session.obstacle or "The network is still at work on this image."
        no_truth = "This image has no ground truth." if session.truth is None else ""
        self.card.tell_sources(prediction="" if is_there else at_work, truth=no_truth)

    def _tell_listed(self) -> None:
        self.card.tell_listed(len(self._place.session.entries))

    def _tell_recent(self) -> None:
        self.card.tell_recent([Path(name) for name in self._place.settings.preferences.recent_projects])

    def _ask_busy(self, folder: Path, busy: ProjectBusy) -> None:
        """Offers to look at a project that somebody else has open, or to take it over where nobody knows if they do."""
        open_project = self._desk.open_project
        state = "is in use" if busy.is_certain else "may be in use"
        box = ask(
            self._place.window,
            f"{folder.name} {state}",
            str(busy),
            "Open to read",
            lambda: open_project(folder, read_only=True),
        )
        if not busy.is_certain:
            take_over = box.addButton("Take over", QMessageBox.ButtonRole.DestructiveRole)
            take_over.clicked.connect(lambda _checked=False: open_project(folder, take_over=True))

    def _ask_rescue(self, folder: Path, damaged: ProjectDamaged) -> None:
        """Offers to make a new project of what can still be read of a damaged one."""
        into = folder.parent / folder_named(folder.parent, f"{folder.name}-rescued")
        ask(
            self._place.window,
            f"{folder.name} is damaged",
            f"{damaged}\n\nWhat can still be read is brought into {into}; the damaged project stays as it is.",
            "Rescue",
            lambda: self._desk.rescue(folder, into),
        )
