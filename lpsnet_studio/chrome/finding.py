"""Finds actions by what a user types, and says why one cannot be had now; no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from lpsnet_studio.actions.entry import Action
from lpsnet_studio.actions.table import ACTIONS
from lpsnet_studio.session import Session

__all__ = ["WHY_NOT", "find_actions", "why_not", "why_not_now"]

WHY_NOT = "why_not"
"""The property in which an action that is disabled for another reason than the session's says why."""

_START, _INSIDE, _MENU, _TIP, _SCATTERED = 16, 8, 4, 2, 1
"""What a typed word is worth: where a word of the text begins with it, where the text holds it, where the menu's name
begins with it, where the tip holds it, and where its letters stand in the text in their order."""
_WHOLE = 32
"""What it is worth besides that the whole name was typed."""
_OF_TRUTH = {"semantic_oracle", "box_oracle", "curtain", "blink", "measure_all", "worst_first"}
_OF_NETWORK = {"model_card", "input_size"}
_ENDS = {
    "previous_image": "No image stands above this one.",
    "next_image": "No image stands below this one.",
    "undo": "Nothing was changed.",
    "redo": "Nothing was undone.",
    "slower": "It cannot be played slower.",
    "faster": "It cannot be played faster.",
    "zoom_selected": "No segment is selected.",
    "unpin_all": "No pixel is pinned.",
    "view_back": "The canvas has looked nowhere else.",
    "view_forward": "The canvas did not go back.",
}


def find_actions(typed: str, latest: Sequence[str] = (), actions: Iterable[Action] = ACTIONS) -> list[Action]:
    """Returns the actions that fit what was typed, the best first.

    Every typed word must fit somewhere, with hyphens or without. An action whose whole name was typed comes first.
    Where several fit equally well, those used lately come first, and then the order of the table holds.

    Args:
        typed: words or parts of them, in any order and case; empty fits every action.
        latest: ids of the actions that were found before, the latest first.
        actions: the table.
    """
    words = _plain(typed).split()
    rated = [(_worth(words, entry), entry) for entry in actions]
    place = {name: position for position, name in enumerate(latest)}
    fitting = [(worth, entry) for worth, entry in rated if worth >= 0]
    fitting.sort(key=lambda pair: (-pair[0], place.get(pair[1].id, len(place))))
    return [entry for _, entry in fitting]


def _worth(words: Sequence[str], entry: Action) -> int:
    """Returns how well an action fits; negative if a word does not fit at all."""
    worths = [_worth_of_word(word, entry) for word in words]
    whole = _WHOLE if words == _plain(entry.text).rstrip("…").split() else 0
    return sum(worths) + whole if all(worths) else -1


def _worth_of_word(word: str, entry: Action) -> int:
    text, tip = _plain(entry.text), _plain(entry.tip)
    parts = entry.text.casefold().replace("-", " ").split()
    if any(part.startswith(word) for part in (*text.split(), *parts)):
        return _START
    if word in text:
        return _INSIDE
    if entry.menu.casefold().startswith(word):
        return _MENU
    if word in tip:
        return _TIP
    letters = iter(text)
    return _SCATTERED if len(word) > 1 and all(letter in letters for letter in word) else 0


def _plain(text: str) -> str:
    """Returns text as it is compared: border-ness and borderness are one."""
    return text.casefold().replace("-", "")


class _Action(Protocol):
    def objectName(self) -> str: ...

    def property(self, name: str, /) -> Any: ...


def why_not_now(action: _Action, session: Session) -> str:
    """Returns why an action of the window that is disabled cannot be had, in a sentence."""
    return str(action.property(WHY_NOT) or "") or why_not(action.objectName(), session)


def why_not(name: str, session: Session) -> str:
    """Returns why an action that is disabled cannot be had, in a sentence.

    Args:
        name: its id.
        session: what is open.
    """
    if name == "load_demo_network":
        return "The demo network is not part of this installation."
    if name in _OF_NETWORK and session.model is None:
        return "No network is loaded."
    if name in _ENDS and (session.current is not None or name in ("undo", "redo")):
        return _ENDS[name]
    if session.current is None:
        return "No image is open."
    if name in _OF_TRUTH:
        return "This needs ground truth."
    if session.result is None:
        return session.obstacle or "The image has not been inspected yet."
    return "This cannot be done now."
