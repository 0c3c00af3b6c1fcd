"""The panels of the menu Inspect, in its order."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from lpsnet_studio.examination import Examination
from lpsnet_studio.inspector.borderness_panel import BordernessPanel
from lpsnet_studio.inspector.errors_panel import ErrorsPanel
from lpsnet_studio.inspector.levels_panel import LevelsPanel
from lpsnet_studio.inspector.probe_panel import ProbePanel
from lpsnet_studio.inspector.semantics_panel import SemanticsPanel
from lpsnet_studio.inspector.why_panel import WhyPanel
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme

__all__ = ["evidence_panels"]


def evidence_panels(session: Session, examination: Examination, theme: Theme) -> list[tuple[str, str, QWidget]]:
    """Returns name, title and widget of every panel.

    Args:
        session: what is open.
        examination: what is looked at beyond the result.
        theme: gives colours and icons.
    """
    return [
        ("levels", "Levels", LevelsPanel(session, examination, theme)),
        ("borderness", "Border-ness", BordernessPanel(session, examination, theme)),
        ("semantics", "Semantics", SemanticsPanel(session, examination, theme)),
        ("errors", "Errors", ErrorsPanel(session, examination, theme)),
        ("probe", "Probe", ProbePanel(session, examination, theme)),
        ("why", "Why", WhyPanel(session, examination, theme)),
    ]
