"""Which tool is in the hand, for whichever image is on the desk; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, get_args

from psygnal import Signal, SignalInstance

from lpsnet_studio.annotator.assist import NetworkMaps
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.draft import Limits
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.tools.assist_box import AdoptTool, AssistBoxTool
from lpsnet_studio.annotator.tools.base import MaskShape, Tool
from lpsnet_studio.annotator.tools.brush import BrushTool, EraserTool
from lpsnet_studio.annotator.tools.cut import CutTool
from lpsnet_studio.annotator.tools.outlines import BoxTool, FillTool, LassoTool, PolygonTool
from lpsnet_studio.annotator.tools.proposal import ProposalTool
from lpsnet_studio.annotator.tools.scribble import ScribbleTool
from lpsnet_studio.annotator.tools.select import SelectTool

__all__ = ["TOOLS", "ToolName", "Toolbox"]

ToolName = Literal[
    "select", "brush", "eraser", "polygon", "lasso", "box", "fill", "cut", "hand_over", "assist", "adopt"
]
Wire = tuple[SignalInstance, Callable[..., Any]]
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
        self._told = ""
        self._limits = Limits()
        self.name: ToolName = "select"
        self.tool: Tool | None = None
        desk.place_changed.connect(self._follow_desk)
        self._follow_desk()

    def choose(self, name: ToolName) -> None:
        """Takes a tool into the hand; what another has begun is given up."""
        self.name = name
        self._take()

    def propose(self, shapes: Sequence[MaskShape], what: str, accept: Callable[[], object]) -> None:
        """Shows what would be painted, until it is taken or left; the tool in the hand then comes back.

        Args:
            shapes: what would be painted.
            what: that in words.
            accept: paints it.
        """
        if self._editor is not None:
            self._hold(ProposalTool(self._editor, shapes, what, accept, self._take))

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
        """Why nothing came of the last gesture, until the next one; what the tool expects next; empty without one."""
        return "" if self.tool is None else self._told or self.tool.hint

    def forget_told(self) -> None:
        """Says again what the tool expects next."""
        self._told = ""

    def _tell_anew(self) -> None:
        self.forget_told()
        self.shown_changed.emit()

    def _tell(self, sentence: str) -> None:
        self._told = sentence
        self.shown_changed.emit()

    def key(self, key: str) -> bool:
        """Gives a key to the tool, as :meth:`lpsnet_studio.annotator.tools.base.Tool.key` has it."""
        self.forget_told()
        taken = self.tool is not None and self.tool.key(key)
        if taken:
            self.shown_changed.emit()
        return taken

    def _tell_options(self) -> None:
        """Says where painting may go now, if that is what changed: the bar may have no room to show it."""
        before, self._limits = self._limits, self._limits_now()
        if before.only_void != self._limits.only_void:
            self._tell(f"Only over void: {'on' if self._limits.only_void else 'off'}")
        elif before.only_inside != self._limits.only_inside:
            self._tell("Only inside: off" if self._limits.only_inside is None else self._words_of_inside())
        else:
            self._tell_anew()

    def _words_of_inside(self) -> str:
        inside = self._limits.only_inside
        assert inside is not None
        assert self._editor is not None
        return f"Only inside {self._editor.name(inside)}: on"

    def _limits_now(self) -> Limits:
        return Limits() if self._editor is None else self._editor.options.limits

    def tell_shown(self) -> None:
        """Tells that the tool has taken something, so that its hint or preview may be another."""
        self.shown_changed.emit()

    def _follow_desk(self) -> None:
        editor = self._desk.editor if self._desk.can_edit else None
        if editor is not self._editor:
            for signal, told in self._wires():
                signal.disconnect(told)
            self._editor = editor
            for signal, told in self._wires():
                signal.connect(told)
            self._limits = self._limits_now()
            self._take()

    def _wires(self) -> tuple[Wire, ...]:
        """What of the editor is listened to: hints name what would be painted."""
        editor = self._editor
        if editor is None:
            return ()
        told = (editor.selection_changed, editor.labels_changed, editor.stepped)
        untrue = (editor.labels_changed, editor.stepped)
        return (
            (editor.refused, self._tell),
            (editor.options_changed, self._tell_options),
            *((signal, self._tell_anew) for signal in told),
            *((signal, self._leave_proposal) for signal in untrue),
        )

    def _leave_proposal(self) -> None:
        """Leaves what was proposed for the image as it was before an edit: it may not be true any more."""
        if isinstance(self.tool, ProposalTool):
            self.tool.cancel()

    def _take(self) -> None:
        editor = self._editor
        if editor is None:
            self._hold(None)
        elif self.name in _ASSISTED:
            self._hold(_ASSISTED[self.name](editor, self._maps))
        else:
            self._hold(_PLAIN[self.name](editor))

    def _hold(self, tool: Tool | None) -> None:
        before, self.tool = self.tool, tool
        self.forget_told()
        if before is not None:
            before.cancel()
        if self.tool is not tool:  # what was given up has brought another back
            return
        if tool is not None:
            tool.changed.connect(self.tell_shown)
        self.chosen_changed.emit()
        self.shown_changed.emit()
