"""Correcting segments: what its actions do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from lpsnet_studio.annotator.assist import Proposal
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.placed_mask import PlacedMask
from lpsnet_studio.annotator.snapping import snap_edge
from lpsnet_studio.annotator.toolbox import Toolbox, ToolName
from lpsnet_studio.annotator.tools.base import MaskShape
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.inference.messages import Sight

__all__ = ["SegmentCommands"]

_NEXT_STUFF = Sight("next_stuff")
_UNKNOWN = -1.0
"""How far work is that cannot tell."""


class SegmentCommands:
    """Takes tools into the hand, and changes the segments that are selected.

    Args:
        place: what commands work with.
        desk: what is annotated.
        toolbox: the tool in the hand.

    Attributes:
        choose_class_near: shows the palette of classes, to relabel what is selected or to choose the class of new
            segments; set by who shows it.
    """

    def __init__(self, place: Workplace, desk: Desk, toolbox: Toolbox) -> None:
        self._place, self.desk, self.toolbox = place, desk, toolbox
        self.choose_class_near: Callable[[bool], None] = lambda _relabels: None
        self._waits_for_stuff = False

    def choose_tool(self, name: ToolName) -> None:
        """Takes a tool into the hand."""
        self.toolbox.choose(name)

    def choose_class(self) -> None:
        """Asks for the class of new segments."""
        self.choose_class_near(False)

    def relabel(self) -> None:
        """Asks for the class that the selected segments are to have."""
        self.choose_class_near(True)

    def new_instance(self) -> None:
        """Lets the next stroke begin a segment of its own."""
        self._edit(lambda editor: editor.new_instance())

    def merge(self) -> None:
        """Makes one segment of the selected ones."""
        self._edit(lambda editor: editor.merge())

    def split_parts(self) -> None:
        """Makes a segment of every connected part of the selected one."""
        self._edit(lambda editor: editor.split_parts())

    def delete(self) -> None:
        """Takes the selected segments away and leaves void."""
        self._edit(lambda editor: editor.delete())

    def delete_to_neighbours(self) -> None:
        """Takes the selected segments away and gives their pixels to the nearest others."""
        self._edit(lambda editor: editor.delete("neighbours"))

    def fill_holes(self) -> None:
        """Paints void that the selected segments enclose."""
        self._edit(lambda editor: editor.fill_holes())

    def remove_specks(self) -> None:
        """Gives small loose parts to their neighbours."""
        self._edit(lambda editor: editor.remove_specks())

    def grow(self) -> None:
        """Lets the selected segments grow by a pixel."""
        self._edit(lambda editor: editor.grow(1))

    def shrink(self) -> None:
        """Lets the selected segments shrink by a pixel."""
        self._edit(lambda editor: editor.shrink(1))

    def lock(self) -> None:
        """Locks the selected segments, or unlocks them if all are."""
        self._edit(lambda editor: editor.set_locked(not set(editor.selection) <= editor.locked()))

    def crowd(self) -> None:
        """Marks the selected segments as crowds, or as none if all are."""
        self._edit(
            lambda editor: editor.set_crowd(
                not all(editor.document.segments[number].iscrowd for number in editor.selection)
            )
        )

    def snap_edge(self) -> None:
        """Moves the border of the selected segment to the nearest edge in the photo."""
        editor, picture = self.desk.editor, self._place.session.picture
        if editor is None or picture is None or not editor.selection:
            self._edit(lambda editor: editor.refuse("Select a segment first."))
            return
        if not self.desk.can_edit:
            self._edit(lambda _editor: None)
            return
        if editor.waits_for_stroke(self.snap_edge) or editor.is_busy():
            return
        editor.cancel_stroke()
        number, region, band = editor.selection[0], editor.pixels(editor.selection[0]), editor.options.snap_band
        pixels = picture.pixels

        def snap(report: Callable[[float], None]) -> PlacedMask | None:
            return snap_edge(pixels, region, band, cancelled=lambda: bool(report(_UNKNOWN)))

        def take(snapped: PlacedMask | None) -> None:
            if snapped is not None:
                editor.reshape(number, snapped)

        editor.elsewhere.begin("snapping to edges", snap, take)

    def fill_void_nearest(self) -> None:
        """Shows which segment is nearest to each void pixel; Enter fills them."""
        self._propose(
            lambda editor: editor.nearest_proposer(lambda ids: PlacedMask(ids == 0)),
            lambda editor, number: editor.document.segments[number].category,
            lambda editor, proposal: editor.fill_from_nearest(proposal),
        )

    def fill_void_stuff(self) -> None:
        """Shows what stuff the network would put where nothing is; Enter fills it."""
        maps = self.toolbox.maps
        if maps is None:
            self._place.notifications.show_info("The network has not seen this image yet.")
            return
        examination = self._place.examination
        heat = examination.want(_NEXT_STUFF)
        if heat is None:
            self._waits_for_stuff = True
            why = examination.problem_of(_NEXT_STUFF)
            self._place.notifications.show_info(why or "The network is asked what stuff lies where nothing is.")
            return
        self._waits_for_stuff = False
        full = replace(maps, next_stuff=heat.values.astype(maps.labels.dtype))
        self._propose(
            lambda editor: partial(editor.propose_stuff, full, PlacedMask(editor.document.ids == 0)),
            lambda _editor, label: int(full.category_of[label]),
            lambda editor, proposal: editor.fill_with_stuff(proposal, full),
        )

    def take_stuff(self) -> None:
        """Goes on with what waited for the network's map of stuff, if anything did."""
        if self._waits_for_stuff and self._place.examination.map_of(_NEXT_STUFF) is not None:
            self.fill_void_stuff()

    def _propose(
        self,
        prepare: Callable[[Editor], Callable[[], Proposal]],
        category_of: Callable[[Editor, int], int],
        fill: Callable[[Editor, Proposal], object],
    ) -> None:
        """Shows what would be filled, found by what ``prepare`` makes of the image in this thread."""
        editor = self.desk.editor
        if editor is None or not self.desk.can_edit:
            self._edit(lambda _editor: None)
            return

        def show(found: tuple[Proposal, dict[int, PlacedMask]]) -> None:
            proposal, parts = found
            count = int(proposal.region.mask.sum())
            if not count:
                editor.refuse("No unlabelled pixel can be filled.")
                return
            shapes = [MaskShape(region, category_of(editor, value)) for value, region in parts.items()]
            what = f"{count:,} unlabelled pixel{'' if count == 1 else 's'}"
            self.toolbox.propose(shapes, what, lambda: fill(editor, proposal))

        editor.cancel_stroke()
        if editor.waits_for_stroke(lambda: self._propose(prepare, category_of, fill)) or editor.is_busy():
            return
        propose = prepare(editor)

        def find(report: Callable[[float], None]) -> tuple[Proposal, dict[int, PlacedMask]]:
            proposal = propose()
            report(_UNKNOWN)
            return proposal, proposal.by_value()

        editor.elsewhere.begin("looking at unlabelled pixels", find, show)

    def only_void(self) -> None:
        """Lets painting tools paint over void alone, or over everything."""
        self._edit(lambda editor: editor.set_options(only_void=not editor.options.only_void))

    def only_inside(self) -> None:
        """Lets painting tools paint inside the selected segment alone, or anywhere."""
        self._edit(lambda editor: editor.keep_inside(editor.options.only_inside is None))

    def _edit(self, deed: Callable[[Editor], object]) -> None:
        if self.desk.editor is not None and self.desk.can_edit:
            deed(self.desk.editor)
            return
        why = self.desk.why_not or "This image is not being annotated: begin it first."
        self._place.notifications.show_info(why)
