"""All commands, by group."""

from __future__ import annotations

from collections.abc import Callable

from lpsnet_studio.chrome.closing import ask_to_wait
from lpsnet_studio.commands.annotate import AnnotateCommands
from lpsnet_studio.commands.edit import EditCommands
from lpsnet_studio.commands.examining import ExamineCommands
from lpsnet_studio.commands.exporting import ExportCommands
from lpsnet_studio.commands.files import FileCommands
from lpsnet_studio.commands.help import HelpCommands
from lpsnet_studio.commands.images import ImageCommands
from lpsnet_studio.commands.inspection import InspectionCommands
from lpsnet_studio.commands.jobs import JobCommands
from lpsnet_studio.commands.merge import MergeCommands
from lpsnet_studio.commands.model import ModelCommands
from lpsnet_studio.commands.saving import SavingCommands
from lpsnet_studio.commands.segments import SegmentCommands
from lpsnet_studio.commands.view import ViewCommands
from lpsnet_studio.commands.workplace import Workplace

__all__ = ["Commands"]

_PATIENCE_MILLISECONDS = 1000


class Commands:
    """All commands, by group: an action's handler ``merge.step_back`` is ``commands.merge.step_back``.

    Args:
        place: what commands work with.
        device: where networks are to run at first.

    Attributes:
        files: opening and leaving.
        saving: saving what is shown.
        export: taking away what is shown.
        edit: undo, the clipboard and preferences.
        images: the image list.
        view: the canvas, its overlays, and the window.
        merge: the place in the merge.
        inspection: the settings of the inspection.
        examine: what lies between the image and the result.
        model: the network.
        jobs: trainings, evaluations and predictions.
        annotate: annotation projects.
        segments: what is done to segments under correction.
        help: where to find what.
    """

    def __init__(self, place: Workplace, device: str = "auto") -> None:
        self._place = place
        self.model = ModelCommands(place, device)
        self.saving = SavingCommands(place)
        self.export = ExportCommands(place)
        self.files = FileCommands(place, self.model, self.saving)
        self.images = ImageCommands(place)
        self.edit = EditCommands(place, self.files, self.images)
        self.view = ViewCommands(place)
        self.merge = MergeCommands(place)
        self.inspection = InspectionCommands(place)
        self.examine = ExamineCommands(place)
        self.jobs = JobCommands(place, self.model, self.files)
        self.annotate = AnnotateCommands(place)
        self.segments = SegmentCommands(place, self.annotate.desk, self.annotate.toolbox)
        self.help = HelpCommands(place)

    @property
    def is_saving(self) -> bool:
        """Whether a file is being written."""
        return bool(self._place.background.unfinished)

    def close_when_saved(self, close: Callable[[], object]) -> None:
        """Lets the window close once every file is written, unless the user decides to stay."""
        ask_to_wait(self._place.window, self._place.background, close)

    def stop_background(self) -> None:
        """Withdraws what need not be finished, and gives it a moment to end; what is stuck ends with the program."""
        self._place.background.cancel()
        self._place.background.wait(_PATIENCE_MILLISECONDS)

    def wait_for_background(self, milliseconds: int) -> bool:
        """Waits for files that are still being written; False if that took too long."""
        return self._place.background.wait(milliseconds)
