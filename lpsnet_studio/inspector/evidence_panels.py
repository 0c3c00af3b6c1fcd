"""The panels of the menu Inspect, in its order."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtGui import QAction

from lpsnet_studio.examination import Examination
from lpsnet_studio.inspector.borderness_panel import BordernessPanel
from lpsnet_studio.inspector.errors_panel import ErrorsPanel
from lpsnet_studio.inspector.late_panel import LatePanel
from lpsnet_studio.inspector.levels_panel import LevelsPanel
from lpsnet_studio.inspector.probe_panel import ProbePanel
from lpsnet_studio.inspector.semantics_panel import SemanticsPanel
from lpsnet_studio.inspector.why_panel import WhyPanel
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme

__all__ = ["evidence_panels"]


def evidence_panels(
    session: Session, examination: Examination, theme: Theme, actions: Callable[[], Mapping[str, QAction]]
) -> list[tuple[str, str, LatePanel]]:
    """Returns name, title and widget of every panel.

    Args:
        session: what is open.
        examination: what is looked at beyond the result.
        theme: gives colours and icons.
        actions: gives those of the window, once it is there.
    """

    def why() -> WhyPanel:
        panel = WhyPanel(session, examination, theme)
        panel.add_actions(actions())
        return panel

    return [
        ("levels", "Levels", LatePanel(lambda: LevelsPanel(session, examination, theme))),
        ("borderness", "Border-ness", LatePanel(lambda: BordernessPanel(session, examination, theme))),
        ("semantics", "Semantics", LatePanel(lambda: SemanticsPanel(session, examination, theme))),
        ("errors", "Errors", LatePanel(lambda: ErrorsPanel(session, examination, theme))),
        ("probe", "Probe", LatePanel(lambda: ProbePanel(session, examination, theme))),
        ("why", "Why", LatePanel(why)),
    ]
