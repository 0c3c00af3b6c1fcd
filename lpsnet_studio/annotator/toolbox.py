"""Which tool is in the hand, for whichever image is on the desk; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from psygnal import Signal

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.tools.assist_box import AdoptTool, AssistBoxTool, NetworkMaps
from lpsnet_studio.annotator.tools.base import Tool
from lpsnet_studio.annotator.tools.brush import BrushTool, EraserTool
from lpsnet_studio.annotator.tools.cut import CutTool
from lpsnet_studio.annotator.tools.outlines import BoxTool, FillTool, LassoTool, PolygonTool
from lpsnet_studio.annotator.tools.scribble import ScribbleTool
from lpsnet_studio.annotator.tools.select import SelectTool

__all__ = ["TOOLS", "ToolName", "Toolbox"]

ToolName = Literal[
    "select", "brush", "eraser", "polygon", "lasso", "box", "fill", "cut", "hand_over", "assist", "adopt"
]
TOOLS: tuple[ToolName, ...] = get_args(ToolName)

_PLAIN: Mapping[str, type[Tool]] = MappingProxyType(
    {
        "select": SelectTool,
        "brush": BrushTool,
        "eraser": EraserTool,
        "polygon": PolygonTool,
        "lasso": LassoTool,
        "box": BoxTool,
        "fill": FillTool,
        "cut": CutTool,
        "hand_over": ScribbleTool,
    }
)
_ASSISTED: Mapping[str, type[AssistBoxTool | AdoptTool]] = MappingProxyType(
    {"assist": AssistBoxTool, "adopt": AdoptTool}
)


class Toolbox:
    """Keeps a tool in the hand from image to image.

    Args:
        desk: whose image the tools work on.

    Attributes:
        name: of the tool in the hand.
        tool: the tool itself; None while the image on the desk cannot be changed.
    """

    chosen_changed = Signal()
    """Another tool is in the hand, or the same one works on another image."""
    shown_changed = Signal()
    """The tool's hint or preview is another."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._editor: Editor | None = None
        self._maps: NetworkMaps | None = None
        self.name: ToolName = "select"
        self.tool: Tool | None = None
        desk.place_changed.connect(self._follow_desk)
        self._follow_desk()

    def choose(self, name: ToolName) -> None:
        """Takes a tool into the hand; what another has begun is given up."""
        self.name = name
        self._take()

    def set_maps(self, maps: NetworkMaps | None) -> None:
        """Takes what the network says of the image on the desk; None while it says nothing."""
        self._maps = maps
        if self.name in _ASSISTED:
            self._take()

    @property
    def maps(self) -> NetworkMaps | None:
        """What the network says of the image on the desk."""
        return self._maps

    @property
    def hint(self) -> str:
        """What the tool expects next; empty without one."""
        return "" if self.tool is None else self.tool.hint

    def key(self, key: str) -> bool:
        """Gives a key to the tool, as :meth:`lpsnet_studio.annotator.tools.base.Tool.key` has it."""
        taken = self.tool is not None and self.tool.key(key)
        if taken:
            self.shown_changed.emit()
        return taken

    def tell_shown(self) -> None:
        """Tells that the tool has taken something, so that its hint or preview may be another."""
        self.shown_changed.emit()

    def _follow_desk(self) -> None:
        editor = self._desk.editor if self._desk.can_edit else None
        if editor is not self._editor:
            self._editor = editor
            self._take()

    def _take(self) -> None:
        if self.tool is not None:
            self.tool.cancel()
        editor = self._editor
        if editor is None:
            self.tool = None
        elif self.name in _ASSISTED:
            self.tool = _ASSISTED[self.name](editor, self._maps)
        else:
            self.tool = _PLAIN[self.name](editor)
        if self.tool is not None:
            self.tool.changed.connect(self.shown_changed.emit)
        self.chosen_changed.emit()
        self.shown_changed.emit()
