"""The table of every action: menus, toolbar, shortcuts and the shortcut card are built from it."""

from __future__ import annotations

from lpsnet_studio.actions.annotate_menu import ANNOTATE
from lpsnet_studio.actions.edit_menu import EDIT
from lpsnet_studio.actions.entry import Action
from lpsnet_studio.actions.file_menu import FILE
from lpsnet_studio.actions.help_menu import HELP
from lpsnet_studio.actions.image_menu import IMAGE
from lpsnet_studio.actions.inspect_menu import INSPECT
from lpsnet_studio.actions.jobs_menu import JOBS
from lpsnet_studio.actions.merge_menu import MERGE
from lpsnet_studio.actions.model_menu import MODEL
from lpsnet_studio.actions.segments_menu import SEGMENTS
from lpsnet_studio.actions.view_menu import VIEW

__all__ = ["ACTIONS"]

ACTIONS: tuple[Action, ...] = (
    *FILE,
    *EDIT,
    *IMAGE,
    *VIEW,
    *INSPECT,
    *MERGE,
    *ANNOTATE,
    *SEGMENTS,
    *MODEL,
    *JOBS,
    *HELP,
)
