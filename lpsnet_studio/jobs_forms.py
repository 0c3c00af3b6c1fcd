"""The forms of new jobs: made when first wanted, begun with what is known, and what they ask for put into the queue."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from lpsnet_studio.background import Background, Task, pass_on
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.jobs.job_deeds import Deed, deeds_of
from lpsnet_studio.jobs.jobs import JobEntry, Jobs
from lpsnet_studio.jobs.results import begun_anew
from lpsnet_studio.jobs.spec import JobSpec

if TYPE_CHECKING:
    from lpsnet_studio.jobs.new_job_view import JobKind, NewJobView

__all__ = ["JobForms"]

_ROOT = Path.home() / "lpsnet-runs"
"""Where folders of jobs are proposed before there was one."""


class JobForms(QObject):
    """Has one form for each kind of job; who shows them listens.

    Args:
        place: what commands work with.
        jobs: what is known of jobs.

    Attributes:
        made: emitted with a form that is made, hidden still.
        closed: emitted after a form was left without a job.
        added: emitted with the folder of a job that a form put into the queue.
    """

    made = Signal(object)
    closed = Signal()
    added = Signal(object)

    def __init__(self, place: Workplace, jobs: Jobs) -> None:
        super().__init__(place.window)
        self._place, self._jobs = place, jobs
        self._forms: dict[str, NewJobView] = {}
        self._background = Background(pass_on, self)
        self._prefilling: Task | None = None

    @property
    def all(self) -> tuple[NewJobView, ...]:
        """The forms that were made."""
        return tuple(self._forms.values())

    def of(self, kind: JobKind) -> NewJobView:
        """Returns the form of a kind of job, with what was written there last."""
        if kind not in self._forms:
            self._forms[kind] = self._made(kind)
            self.made.emit(self._forms[kind])
        return self._forms[kind]

    def _made(self, kind: JobKind) -> NewJobView:
        from lpsnet_studio.jobs.new_job_view import NewJobView

        form = NewJobView(kind, self._place.theme, root=self._root, runs=self._runs, is_taken=self._is_taken)
        form.wanted.connect(self._add)
        form.closed.connect(self.closed)
        # Where there is too little room above the whole foot, its buttons are kept free at least.
        for part in (form.foot, form.start, form.cancel, form.anyway, form.back):
            self._place.notifications.keep_clear_of(part)
        return form

    def begin(self, form: NewJobView, like: JobSpec | None, looked_at: JobEntry | None) -> None:
        """Begins a form.

        Args:
            form: one of these.
            like: a job whose settings it begins with; None for what was written there last, with the network of the
                training that is looked at where none is named.
            looked_at: that job; None if there is none.
        """
        if like is not None:
            entry = self._jobs.entry(like.folder)
            self._prefill(form, like, "" if entry is None else entry.name)
        elif looked_at is not None and Deed.INSPECT in deeds_of(looked_at):
            form.propose_network(looked_at.folder)

    def _prefill(self, form: NewJobView, like: JobSpec, name: str) -> None:
        """Begins a form with a job's settings, once the disk has told which these are; only the newest counts."""
        if self._prefilling is not None:
            self._background.withdraw(self._prefilling)
        self._prefilling = self._background.run(partial(begun_anew, like), lambda spec: form.prefill(spec, name))

    def _add(self, spec: JobSpec) -> None:
        folder = spec.folder.absolute()
        self._jobs.add(spec)
        self._place.settings.change(jobs_folder=str(folder.parent))
        for form in self._forms.values():
            form.move_root(self._root)
        self.added.emit(folder)

    @property
    def _root(self) -> Path:
        """Where folders of jobs are proposed: beside the one that was used last."""
        return Path(self._place.settings.preferences.jobs_folder or _ROOT)

    def _runs(self) -> list[tuple[str, Path]]:
        """Returns the runs whose network can be used, by name."""
        return [(entry.name, entry.folder) for entry in self._jobs.entries if Deed.INSPECT in deeds_of(entry)]

    def _is_taken(self, folder: Path) -> bool:
        entry = self._jobs.entry(folder)
        return entry is not None and (bool(entry.waiting) or entry.status.state.is_alive)
