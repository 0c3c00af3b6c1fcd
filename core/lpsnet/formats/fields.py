"""Reading foreign JSON with complaints that name the file and the field, and file names that stay in their folder."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import stat
from array import array
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path, PureWindowsPath
from typing import Any

__all__ = ["ConfinedFolder", "Fields", "FormatError", "StreamedList", "load_json", "places_not_finite", "read_file"]


_SPACE = re.compile(r"[ \t\n\r]*")


class FormatError(ValueError):
    """A data set's file does not hold what its format says; the message names the file and the field."""


def read_file(path: Path) -> bytes:
    """Returns the content of a regular file.

    Raises:
        OSError: if it cannot be read, or is a pipe or a device, which could keep the reader waiting for ever.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "Not a regular file")
    return path.read_bytes()


class StreamedList:
    """A list of a JSON text whose elements are made one by one: all at once would take ten times the file's memory.

    Args:
        text: the JSON text.
        places: where its elements begin.
        decoder: makes them.
    """

    def __init__(self, text: str, places: array[int], decoder: json.JSONDecoder) -> None:
        self._text, self._places, self._decoder = text, places, decoder

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Any]:
        return (self._decoder.raw_decode(self._text, place)[0] for place in self._places)


def load_json(path: Path, *, streamed: AbstractSet[str] = frozenset(), not_finite: list[str] | None = None) -> Fields:
    """Reads a JSON file whose outermost value is an object.

    Args:
        path: the file.
        streamed: fields of the outermost object whose lists become a :class:`StreamedList`.
        not_finite: takes the numbers that are not finite, as they are written, instead of the file being refused.

    Raises:
        FormatError: naming the file, if it cannot be read, is cut short or no JSON, holds a number that is not finite
            (naming the field too), or holds no object.
    """
    found: list[str] = [] if not_finite is None else not_finite

    def parse_number(text: str) -> float:
        value = float(text)
        if not math.isfinite(value):
            found.append(text)
        return value

    decoder = json.JSONDecoder(parse_float=parse_number, parse_constant=parse_number)
    try:
        raw = read_file(path)
        text = raw.decode(json.detect_encoding(raw), "surrogatepass")
        del raw
        content = _decode_streamed(text, streamed, decoder)
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{path}: not JSON, or cut short ({error})") from None
    if found and not_finite is None:
        place = next(places_not_finite(decoder.decode(text)), ("a field that is given twice", math.nan))[0]
        raise FormatError(f"{path}: {place} is {found[0]}, not a finite number")
    return Fields(content, str(path), "")


def _decode_streamed(text: str, streamed: AbstractSet[str], decoder: json.JSONDecoder) -> Any:
    """Decodes a JSON text whole, but for the lists that are to be streamed, which are read through and let go."""
    index = _skip_space(text, 0)
    if not streamed or text[index : index + 1] != "{":
        return decoder.decode(text)
    content: dict[str, Any] = {}
    index = _skip_space(text, index + 1)
    is_open = text[index : index + 1] != "}"
    while is_open:
        if text[index : index + 1] != '"':
            raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, index)
        name, index = decoder.raw_decode(text, index)
        index = _skip_space(text, index)
        if text[index : index + 1] != ":":
            raise json.JSONDecodeError("Expecting ':' delimiter", text, index)
        index = _skip_space(text, index + 1)
        if name in streamed and text[index : index + 1] == "[":
            places, index = _places_in_list(text, index, decoder)
            content[name] = StreamedList(text, places, decoder)
        else:
            content[name], index = decoder.raw_decode(text, index)
        index, is_open = _pass_comma(text, index, "}")
    if not content:
        index += 1
    index = _skip_space(text, index)
    if index != len(text):
        raise json.JSONDecodeError("Extra data", text, index)
    return content


def _places_in_list(text: str, index: int, decoder: json.JSONDecoder) -> tuple[array[int], int]:
    """Returns where the elements of the list at ``index`` begin, and where the list ends."""
    places = array("Q")
    index = _skip_space(text, index + 1)
    if text[index : index + 1] == "]":
        return places, index + 1
    is_open = True
    while is_open:
        places.append(index)
        _, index = decoder.raw_decode(text, index)
        index, is_open = _pass_comma(text, index, "]")
    return places, index


def _pass_comma(text: str, index: int, end: str) -> tuple[int, bool]:
    """Returns the place behind a comma or the end sign, and whether something follows."""
    index = _skip_space(text, index)
    sign = text[index : index + 1]
    if sign not in (",", end) or not sign:
        raise json.JSONDecodeError("Expecting ',' delimiter", text, index)
    return (_skip_space(text, index + 1), True) if sign == "," else (index + 1, False)


def _skip_space(text: str, index: int) -> int:
    match = _SPACE.match(text, index)
    return index if match is None else match.end()


def places_not_finite(content: Any, where: str = "") -> Iterator[tuple[str, float]]:
    """Yields where NaN and infinities stand in a JSON value, which itself stands at ``where``, and what they are."""
    waiting = [(where, content)]
    while waiting:
        where, value = waiting.pop()
        if isinstance(value, float) and not math.isfinite(value):
            yield where or "the file", value
        children: list[tuple[str, Any]] = []
        if isinstance(value, dict):
            children = [(f"{where}.{name}" if where else name, child) for name, child in value.items()]
        elif isinstance(value, list):
            children = [(f"{where}[{index}]", child) for index, child in enumerate(value)]
        waiting.extend(reversed(children))


class Fields:
    """One JSON object whose fields are taken out with checks.

    Attributes:
        value: the object.
        source: the file, for complaints.
        where: place of the object in the file, such as ``annotations[3]``; empty for the outermost.
    """

    __slots__ = ("source", "value", "where")

    def __init__(self, value: object, source: str, where: str) -> None:
        self.source, self.where = source, where
        if not isinstance(value, dict):
            raise FormatError(f"{source}: {where or 'the outermost value'} is not an object")
        self.value: dict[str, Any] = value

    def place(self, name: str) -> str:
        """Returns the full name of a field."""
        return f"{self.where}.{name}" if self.where else name

    def refuse(self, name: str, complaint: str) -> FormatError:
        """Returns the error that a field is wrong; ``complaint`` goes on from its name."""
        return FormatError(f"{self.source}: {self.place(name)} {complaint}")

    def required(self, name: str) -> Any:
        """Returns a field that must be there."""
        if name not in self.value:
            raise self.refuse(name, "is missing")
        return self.value[name]

    def whole(self, name: str, low: int, high: int) -> int:
        """Returns a whole number from ``low`` to ``high``."""
        value = self.required(name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.refuse(name, f"must be a whole number from {low} to {high}, not {value!r}")
        return value

    def number(self, name: str, low: float, high: float) -> float:
        """Returns a number from ``low`` to ``high``."""
        value = self.required(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise self.refuse(name, f"must be a number from {low:g} to {high:g}, not {value!r}")
        return float(value)

    def text(self, name: str) -> str:
        """Returns a text that is not empty."""
        value = self.required(name)
        if not isinstance(value, str) or not value:
            raise self.refuse(name, f"must be a text, not {value!r}")
        return value

    def identity(self, name: str) -> int | str:
        """Returns an id: a whole number (COCO) or a text (Cityscapes)."""
        value = self.required(name)
        if isinstance(value, bool) or not isinstance(value, (int, str)) or value == "":
            raise self.refuse(name, f"must be a whole number or a text, not {value!r}")
        return value

    def items(self, name: str) -> list[Any]:
        """Returns a list."""
        value = self.required(name)
        if isinstance(value, StreamedList):
            return list(value)
        if not isinstance(value, list):
            raise self.refuse(name, f"must be a list, not {type(value).__name__}")
        return value

    def objects(self, name: str) -> Iterator[Fields]:
        """Yields the objects of a list."""
        place = self.place(name)
        values = self.required(name)
        for index, value in enumerate(values if isinstance(values, StreamedList) else self.items(name)):
            yield Fields(value, self.source, f"{place}[{index}]")


class ConfinedFolder:
    """A folder whose files are named by foreign data, which must not lead out of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = Path(os.path.realpath(folder))
        self._checked: dict[str, bool] = {"": True}

    def file(self, fields: Fields, name: str) -> Path:
        """Returns the path of the file that the field ``name`` of ``fields`` names.

        Raises:
            FormatError: naming file and field, if the path is absolute, climbs with ``..``, or a symbolic link on it
                leads out of the folder, or it is no name that a file can have, such as one that is too long.
        """
        text = fields.text(name)
        parts = text.replace("\\", "/").split("/")
        if "\0" in text or ".." in parts or parts[0] == "" or PureWindowsPath(text).drive:
            raise fields.refuse(name, f"must stay inside {self.folder}, not {text!r}")
        path = self.folder.joinpath(*parts)
        try:
            stays_inside = self._stays_inside("/".join(parts[:-1]), path)
        except OSError as error:
            raise fields.refuse(name, f"cannot be the name of a file ({error.strerror})") from None
        if not stays_inside:
            raise fields.refuse(name, f"must stay inside {self.folder}, but {text!r} is a link that leads out of it")
        return path

    def _stays_inside(self, subfolder: str, path: Path) -> bool:
        """Resolves each subfolder once and a file only if it is a link: a data set names thousands."""
        inside = self._checked.get(subfolder)
        if inside is None:
            inside = self._checked[subfolder] = self._contains(path.parent)
        return inside and (not path.is_symlink() or self._contains(path))

    def _contains(self, path: Path) -> bool:
        return Path(os.path.realpath(path)).is_relative_to(self._root)
