"""What can be done at once about what the checks found: one edit each, or a sentence why there is none; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lpsnet_studio.annotator.assist import Proposal
from lpsnet_studio.annotator.checks import Finding, FindingKind
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.placed_mask import Ids, PlacedMask, window_of_box
from lpsnet_studio.annotator.regions import connected_parts

__all__ = ["Fix", "concerned", "fill_void", "fix_of", "make_fix"]


@dataclass(frozen=True, slots=True)
class Fix:
    """What a button offers.

    Attributes:
        text: on it.
        tip: what it does.
        why_not: why it cannot be done, in a sentence; empty if it can.
    """

    text: str
    tip: str
    why_not: str = ""


_ONE: Mapping[FindingKind, Fix] = {
    FindingKind.UNLABELLED: Fix("Fill", "Give each of these pixels to the segment nearest to it."),
    FindingKind.CLASSLESS: Fix("Delete", "Make the pixels of this segment void. To give it a class, relabel it."),
    FindingKind.DUPLICATE_STUFF: Fix("Merge", "Make one segment of these."),
    FindingKind.DISCONNECTED: Fix("Split into parts", "Make a segment of every part that touches no other."),
    FindingKind.HOLES: Fix("Fill holes", "Give the segment the void that it encloses."),
    FindingKind.SPECKS: Fix("Remove specks", "Give the small loose parts to what lies around them."),
}
_ALL: Mapping[FindingKind, Fix] = {
    FindingKind.UNLABELLED: Fix("Fill all", "Give each unlabelled pixel to the nearest segment."),
    FindingKind.CLASSLESS: Fix("Delete all", "Make the pixels of all segments without a class void, in one edit."),
    FindingKind.DUPLICATE_STUFF: Fix("Merge all", "Make one segment of each class of stuff: one edit for each class."),
    FindingKind.DISCONNECTED: Fix(
        "Split into parts",
        "Make a segment of every part that touches no other.",
        "Choose one of them: a thing that something stands before may well be in parts.",
    ),
    FindingKind.HOLES: Fix("Fill all", "Give every segment the void that it encloses, in one edit."),
    FindingKind.SPECKS: Fix("Remove all", "Give all small loose parts to what lies around them, in one edit."),
}


def fix_of(editor: Editor, findings: Sequence[Finding], *, all_of_kind: bool) -> Fix:
    """Returns what can be done about findings of one kind.

    Args:
        editor: of the image.
        findings: one, or all of a kind.
        all_of_kind: whether it is for all of them.
    """
    kind = findings[0].kind
    fix = (_ALL if all_of_kind else _ONE)[kind]
    if fix.why_not or kind is FindingKind.UNLABELLED:
        return fix
    if all_of_kind:
        is_free = any(not _locked_among(editor, finding) for finding in findings)
        return fix if is_free else Fix(fix.text, fix.tip, "All of these segments are locked.")
    held = _locked_among(editor, findings[0])
    return Fix(fix.text, fix.tip, f"{editor.name(held[0])} is locked.") if held else fix


def concerned(finding: Finding) -> tuple[int, ...]:
    """Returns the numbers of the segments that a finding is about, the one that would be kept first."""
    return finding.others or ((finding.number,) if finding.number else ())


def make_fix(editor: Editor, findings: Sequence[Finding]) -> None:
    """Does what can be done about findings of one kind, but for void: see :func:`fill_void`.

    Segments that are locked, or gone by now, are left as they are.
    """
    free = [finding for finding in findings if not _locked_among(editor, finding)]
    kind = findings[0].kind
    if kind is FindingKind.DUPLICATE_STUFF:
        for finding in free:
            editor.elsewhere.when_free(lambda finding=finding: _merge(editor, finding))
        return
    editor.select(number for finding in free for number in concerned(finding))
    if not editor.selection:
        return
    if kind is FindingKind.CLASSLESS:
        editor.delete()
    elif kind is FindingKind.HOLES:
        editor.fill_holes()
    elif kind is FindingKind.SPECKS:
        editor.remove_specks()
    elif kind is FindingKind.DISCONNECTED:
        editor.split_parts()


def _merge(editor: Editor, finding: Finding) -> None:
    editor.select(concerned(finding))
    editor.merge()


def fill_void(editor: Editor, findings: Sequence[Finding], *, all_of_kind: bool) -> Callable[[], Proposal]:
    """Returns what finds out which segment each unlabelled pixel would go to; it looks at the image as it is now.

    What is returned is meant for a worker. What it proposes is done by ``editor.fill_from_nearest``.
    """
    speck_pixels = editor.options.speck_pixels
    return editor.nearest_proposer(
        lambda ids: PlacedMask(ids == 0) if all_of_kind else _void_of(findings[0], ids, speck_pixels)
    )


def _void_of(finding: Finding, ids: Ids, speck_pixels: int) -> PlacedMask:
    """Returns the region of void that a finding is about; where it is about small ones together, all of these."""
    if finding.area >= speck_pixels:
        y0, x0, y1, x1 = window_of_box(finding.box)
        parts = connected_parts(PlacedMask(ids[y0:y1, x0:x1] == 0, (y0, x0)), connectivity=4)
        whole = [part for part in parts if part.window == (y0, x0, y1, x1) and part.area == finding.area]
        if whole:
            return whole[0]
    parts = connected_parts(PlacedMask(ids == 0), connectivity=4)
    return PlacedMask.union(part for part in parts if part.area < speck_pixels).tight()


def _locked_among(editor: Editor, finding: Finding) -> list[int]:
    segments = editor.document.segments
    return [number for number in concerned(finding) if number in segments and segments[number].locked]
