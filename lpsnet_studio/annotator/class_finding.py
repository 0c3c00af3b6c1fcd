"""Finds classes by what a user types, and says which digit picks which; no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lpsnet_studio.annotator.labels import HOTKEYS, Label, LabelSet

__all__ = ["FoundClass", "digits_of", "find_classes"]

_WHOLE, _BEGINNING, _WORD, _INSIDE, _GROUP, _SCATTERED = 6, 5, 4, 3, 2, 1
"""What a typed text is worth: where it is the name, begins it, begins a word of it, is inside it, begins a word of its
group's name, or has its letters in the name in their order."""


@dataclass(frozen=True, slots=True)
class FoundClass:
    """A class that fits what was typed.

    Attributes:
        label: the class.
        digit: the key that picks it; empty if none does.
        is_recent: whether it was used lately.
    """

    label: Label
    digit: str = ""
    is_recent: bool = False


def digits_of(labels: LabelSet, recent: Sequence[int]) -> Mapping[int, str]:
    """Returns the digit that picks a class, by the class's id: its own key, or one that no class has for a recent one.

    Args:
        labels: the project's classes.
        recent: ids of those that were used last, in the order of their digits.
    """
    own = {label.id: label.hotkey for label in labels if label.hotkey}
    free = (key for key in HOTKEYS if key not in labels.by_hotkey)
    without = (category for category in recent if category in labels.by_id and category not in own)
    return {**own, **dict(zip(without, free, strict=False))}


def find_classes(
    typed: str,
    labels: LabelSet,
    recent: Sequence[int] = (),
    besides: Iterable[int] = (),
    digits: Mapping[int, str] | None = None,
) -> list[FoundClass]:
    """Returns the classes that fit what was typed, the best first; among equals those used last, then their order.

    Args:
        typed: a part of the name, or the beginning of the group's; empty fits every class.
        labels: the project's classes.
        recent: ids of those that were used last, the latest first.
        besides: ids of classes that are left out.
        digits: that pick classes, by their ids; by default those that :func:`digits_of` gives to ``recent``.
    """
    digits, left_out = digits_of(labels, recent) if digits is None else digits, set(besides)
    used = {category: place for place, category in enumerate(recent)}
    text = " ".join(_plain(typed).split())
    rated = [(_worth(text, label), label) for label in labels if label.id not in left_out]
    fitting = [(worth, label) for worth, label in rated if worth]
    fitting.sort(key=lambda pair: (-pair[0], used.get(pair[1].id, len(used))))
    return [FoundClass(label, digits.get(label.id, ""), label.id in used) for _, label in fitting]


def _worth(text: str, label: Label) -> int:
    """Returns how well a class fits; 0 if it does not."""
    name = _plain(label.name)
    if not text or name == text:
        return _WHOLE
    if name.startswith(text):
        return _BEGINNING
    if f" {text}" in f" {name}":
        return _WORD
    if text in name:
        return _INSIDE
    if f" {text}" in f" {_plain(label.supercategory)}":
        return _GROUP
    letters = iter(name)
    return _SCATTERED if len(text) > 2 and all(letter in letters for letter in text.replace(" ", "")) else 0


def _plain(text: str) -> str:
    """Returns text as it is compared: ``traffic-light``, ``traffic_light`` and ``Traffic light`` are one."""
    return text.casefold().replace("-", " ").replace("_", " ")
