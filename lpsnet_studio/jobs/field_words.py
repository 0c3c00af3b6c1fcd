"""Names and values of a config's fields, as people read and type them; no Qt."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

import yaml

__all__ = [
    "as_override",
    "group_title",
    "number_from",
    "numbers_from",
    "title_of",
    "to_do_words",
    "value_text",
    "value_words",
]

_SPELLINGS = {
    "bn": "BN",
    "borderness": "border-ness",
    "gn": "GN",
    "iou": "IoU",
    "lr": "learning rate",
    "nms": "NMS",
    "pngs": "PNGs",
    "ppm": "PPM",
    "relu": "ReLU",
    "sqrt": "square root",
    "std": "standard deviation",
    "val": "validation",
}
"""How words of the fields' names are written that are no words."""
_WITH_THOUSANDS = re.compile(r"[+-]?\d{1,3}([,\u2009\u202f ]\d{3})+")
_BETWEEN_NUMBERS = re.compile(r"[\s,;×x]+")
_NO_GROUP = "Network"


def title_of(field: str) -> str:
    """Returns the last part of a dotted name in words, such as “Learning rate”."""
    words = [_SPELLINGS.get(word, word) for word in field.rpartition(".")[2].split("_")]
    return _capital(" ".join(words))


def group_title(group: str) -> str:
    """Returns a group's dotted name in words, such as “Model · Box head”."""
    return " · ".join(title_of(part) for part in group.split(".")) if group else _NO_GROUP


def number_from(text: str, *, is_whole: bool) -> int | float | str:
    """Returns the number that a text tells, or the text if it tells none.

    A whole number may have its thousands told apart, or be written as 9e4; another one may have a comma for its point.
    """
    typed = text.strip()
    if is_whole:
        typed = re.sub(r"[,\s]", "", typed) if _WITH_THOUSANDS.fullmatch(typed) else typed
    elif typed.count(",") == 1 and "." not in typed:
        typed = typed.replace(",", ".")
    for read in (int, float) if is_whole else (float,):
        try:
            number = read(typed)
        except ValueError:
            continue
        if not is_whole or isinstance(number, int):
            return number
        if number.is_integer():
            return int(number)
    return text


def numbers_from(text: str, *, is_whole: bool) -> list[int | float | str]:
    """Returns the numbers of a text, separated by commas or blanks; what is no number stays text."""
    bare = text.strip().strip("[]()").strip()
    return [number_from(part, is_whole=is_whole) for part in _BETWEEN_NUMBERS.split(bare)] if bare else []


def value_text(value: Any) -> str:
    """Returns a value as it is typed; empty for none."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(value_text(each) for each in value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)


def value_words(value: Any) -> str:
    """Returns a value as it is told of."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return f"{value:,}"
    return value_text(value) or "empty"


def to_do_words(faults: Collection[str], lacking: Collection[str]) -> str:
    """Returns how many fields are to be mended, or, if all of them are merely empty, filled in; empty for none.

    Args:
        faults: names of all these fields.
        lacking: those of them in which nothing is written yet.
    """
    if not faults:
        return ""
    return f"{len(faults)} to {'fill in' if set(faults) <= set(lacking) else 'mend'}"


def as_override(field: str, value: Any) -> str:
    """Returns ``field=value`` with the value as YAML on one line, which reads back as the same value."""
    return f"{field}={_yaml(value)}"


def _yaml(value: Any) -> str:
    if isinstance(value, str):
        return _yaml_of_text(value)
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=float("inf"))
    return text.removesuffix("\n").removesuffix("\n...").strip()


def _yaml_of_text(value: str) -> str:
    """Returns a text plain where YAML reads it so, else in quotes."""
    for text in (value, f"'{value.replace(chr(39), 2 * chr(39))}'", json.dumps(value, ensure_ascii=False)):
        if "\n" not in text and _reads_as(text, value):
            return text
    return yaml.safe_dump(value, default_style='"', width=float("inf")).strip()


def _reads_as(text: str, value: str) -> bool:
    try:
        return bool(yaml.safe_load(text) == value)
    except (yaml.YAMLError, ValueError):
        return False


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
