"""Categories: the one place that maps contiguous class indices to a data set's ids, names, colours and kinds.

Nothing assumes that things come first (method row 43): every class carries its own ``isthing``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Categories", "Category"]


@dataclass(frozen=True, slots=True)
class Category:
    """One class.

    Attributes:
        id: the data set's id, > 0.
        name: shown to people.
        isthing: whether its instances are told apart.
        color: RGB, 0 … 255 each.
        supercategory: the group it belongs to; may be empty.
    """

    id: int
    name: str
    isthing: bool
    color: tuple[int, int, int]
    supercategory: str = ""


@dataclass(frozen=True)
class Categories:
    """An ordered set of categories; a class index is a position in it.

    Raises:
        ValueError: if there is none, or two share an id.
    """

    entries: tuple[Category, ...]

    def __post_init__(self) -> None:
        if not self.entries:
            raise ValueError("a category list must not be empty")
        if len(self.index_of) != len(self.entries):
            seen: set[int] = set()
            twice = next(entry.id for entry in self.entries if entry.id in seen or seen.add(entry.id))  # type: ignore[func-returns-value]
            raise ValueError(f"category id {twice} appears twice")

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Category]:
        return iter(self.entries)

    def __getitem__(self, index: int) -> Category:
        return self.entries[index]

    @cached_property
    def index_of(self) -> Mapping[int, int]:
        """Contiguous index of a data set id."""
        return {entry.id: index for index, entry in enumerate(self.entries)}

    @cached_property
    def isthing(self) -> NDArray[np.bool_]:
        """``[C]``, whether each class is a thing."""
        return np.array([entry.isthing for entry in self.entries], dtype=np.bool_)

    @cached_property
    def colors(self) -> NDArray[np.uint8]:
        """``[C, 3]`` RGB."""
        return np.array([entry.color for entry in self.entries], dtype=np.uint8)

    def indices_in(self, other: Categories) -> NDArray[np.intp] | None:
        """Returns ``[C]``, each class's index in ``other``; None unless ``other`` has every class by id and name."""
        found = [other.index_of.get(entry.id) for entry in self.entries]
        pairs = zip(self.entries, found, strict=True)
        if any(index is None or other[index].name != entry.name for entry, index in pairs):
            return None
        return np.array(found, dtype=np.intp)

    @classmethod
    def from_json(cls, records: Sequence[Mapping[str, Any]], source: str) -> Categories:
        """Reads the ``categories`` list of a COCO file.

        A record without a colour gets one spread evenly over the hues by its position.

        Args:
            records: the list.
            source: file name for error messages.

        Raises:
            ValueError: naming ``source`` and the field, if a record is malformed.
        """
        entries = []
        for position, record in enumerate(records):
            where = f"{source}: categories[{position}]"
            if not isinstance(record, Mapping):
                raise ValueError(f"{where} is not an object")
            identity, name = record.get("id"), record.get("name")
            if isinstance(identity, bool) or not isinstance(identity, int) or identity <= 0:
                raise ValueError(f"{where}.id must be a positive whole number, not {identity!r}")
            if not isinstance(name, str) or not name:
                raise ValueError(f"{where}.name must be a name, not {name!r}")
            if record.get("isthing") not in (0, 1):
                raise ValueError(f"{where}.isthing must be 0 or 1, not {record.get('isthing')!r}")
            color = record.get("color", _spread_color(position))
            if not _is_color(color):
                raise ValueError(f"{where}.color must be three numbers from 0 to 255, not {color!r}")
            red, green, blue = color
            entries.append(
                Category(
                    identity, name, bool(record["isthing"]), (red, green, blue), str(record.get("supercategory", ""))
                )
            )
        try:
            return cls(tuple(entries))
        except ValueError as error:
            raise ValueError(f"{source}: {error}") from None

    @classmethod
    def load(cls, path: Path) -> Categories:
        """Reads a JSON file that holds a COCO ``categories`` list, alone or under that key.

        Raises:
            OSError: if the file cannot be read.
            ValueError: naming the file, if it does not hold categories.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path}: not JSON ({error})") from None
        records = content.get("categories") if isinstance(content, Mapping) else content
        if not isinstance(records, list):
            raise ValueError(f"{path}: holds no list of categories")
        return cls.from_json(records, str(path))

    def to_json(self) -> list[dict[str, Any]]:
        """Returns the list as a COCO file holds it."""
        return [
            {
                "id": entry.id,
                "name": entry.name,
                "supercategory": entry.supercategory,
                "isthing": int(entry.isthing),
                "color": list(entry.color),
            }
            for entry in self.entries
        ]


def _is_color(value: object) -> bool:
    return (
        isinstance(value, Sequence)
        and len(value) == 3
        and all(isinstance(part, int) and not isinstance(part, bool) and 0 <= part <= 255 for part in value)
    )


def _spread_color(position: int) -> list[int]:
    """Returns a colour whose hue is the golden-ratio sequence: neighbours in the list differ clearly."""
    hue = (position * 0.61803398875) % 1.0 * 6.0
    rise = 1.0 - abs(hue % 2.0 - 1.0)
    sectors = [(1, rise, 0), (rise, 1, 0), (0, 1, rise), (0, rise, 1), (rise, 0, 1), (1, 0, rise)]
    return [int(70 + 150 * part) for part in sectors[int(hue) % 6]]
