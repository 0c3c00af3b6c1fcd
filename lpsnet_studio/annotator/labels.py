"""The project's own label set: its classes, their colours and keys, and what became of former ones; no Qt."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from lpsnet.categories import Categories, Category
from lpsnet_studio.annotator.edits import SegmentInfo

__all__ = ["HOTKEYS", "Color", "Label", "LabelSet", "readable_name"]

Color = tuple[int, int, int]
HOTKEYS = "1234567890"
"""Keys that pick a class, in the order of the keyboard."""
_HUES = 48
_SHADES = ((70, 150), (150, 80), (20, 120), (120, 120), (50, 180))
"""What the least part of a colour is, and how far the greatest is above it: full, pale, dark, and between these."""


@dataclass(frozen=True, slots=True)
class Label:
    """One class of the project.

    Attributes:
        id: what segments refer to, > 0; never given to another class, even if this one is deleted.
        name: shown to people; unique in its set.
        color: RGB, 0 … 255 each.
        isthing: whether its instances are told apart.
        supercategory: the group it belongs to; may be empty.
        hotkey: the digit that picks it; empty if none.

    Raises:
        ValueError: naming what is wrong.
    """

    id: int
    name: str
    color: Color
    isthing: bool
    supercategory: str = ""
    hotkey: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.id, bool) or not isinstance(self.id, int) or self.id <= 0:
            raise ValueError(f"a class's id is a whole number above 0, not {self.id!r}")
        if not isinstance(self.name, str) or not self.name.strip():
            raise ValueError("a class needs a name")
        if self.name != self.name.strip() or not self.name.isprintable():
            raise ValueError(f"the name {self.name!r} holds characters that cannot be seen")
        if len(self.color) != 3 or not all(type(part) is int and 0 <= part <= 255 for part in self.color):
            raise ValueError(f"the colour of {self.name!r} is three numbers from 0 to 255, not {self.color!r}")
        if len(self.hotkey) > 1 or self.hotkey not in HOTKEYS:
            raise ValueError(f"the key of {self.name!r} is a digit, not {self.hotkey!r}")


@dataclass(frozen=True)
class LabelSet:
    """The classes of a project, in the order in which they are shown. Immutable: every change returns another set.

    Segments refer to classes by id, in images that may be far away in the journal. So no id is ever used twice, and the
    set remembers what became of the classes that it no longer holds (:meth:`resolve`).

    Attributes:
        labels: the classes.
        next_id: the id of the next class that is made.
        moved: what a class that is gone was merged into, by id; 0 if it was deleted.
        former: what classes that are gone were called, by id, as far as that is known.

    Raises:
        ValueError: if two classes share an id, a name or a key, or ``moved`` leads nowhere.
    """

    labels: tuple[Label, ...] = ()
    next_id: int = 1
    moved: Mapping[int, int] = field(default_factory=dict)
    former: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for attribute, what in (("id", "id"), ("name", "name"), ("hotkey", "key")):
            seen: set[object] = set()
            for label in self.labels:
                value = getattr(label, attribute)
                if value in seen and value != "":
                    raise ValueError(f"two classes have the {what} {value!r}")
                seen.add(value)
        if strange := self.moved.keys() & self.by_id.keys():
            raise ValueError(f"class {min(strange)} is said to be gone, but it is there")
        for gone in self.moved:
            self._follow(gone)
        highest = max([*self.by_id, *self.moved], default=0)
        if self.next_id <= highest:
            object.__setattr__(self, "next_id", highest + 1)

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def __getitem__(self, identity: int) -> Label:
        """Returns the class of an id; raises KeyError if there is none."""
        return self.by_id[identity]

    @cached_property
    def by_id(self) -> Mapping[int, Label]:
        """Every class by its id."""
        return {label.id: label for label in self.labels}

    @cached_property
    def by_name(self) -> Mapping[str, Label]:
        """Every class by its name."""
        return {label.name: label for label in self.labels}

    @cached_property
    def by_hotkey(self) -> Mapping[str, Label]:
        """The classes that have a key, by it."""
        return {label.hotkey: label for label in self.labels if label.hotkey}

    # --------------------------------------------------------------------------------------------------------- changes

    def add(
        self,
        name: str,
        *,
        isthing: bool,
        color: Color | None = None,
        supercategory: str = "",
        hotkey: str = "",
    ) -> LabelSet:
        """Returns the set with another class at its end.

        Args:
            name: of the class.
            isthing: whether its instances are told apart.
            color: None for one that is far from the colours there are.
            supercategory: the group it belongs to.
            hotkey: taken from the class that has it, if any.

        Raises:
            ValueError: if a class of that name exists, or a value is none.
        """
        color = _distant_color([label.color for label in self.labels]) if color is None else color
        label = Label(self.next_id, name.strip(), color, isthing, supercategory, hotkey)
        return replace(self._without_key(hotkey), labels=(*self._without_key(hotkey).labels, label))

    def rename(self, identity: int, name: str) -> LabelSet:
        """Returns the set with a class called otherwise; raises ValueError if another has that name."""
        return self._changed(identity, name=name.strip())

    def recolor(self, identity: int, color: Color) -> LabelSet:
        """Returns the set with a class in another colour."""
        return self._changed(identity, color=color)

    def change_kind(self, identity: int, *, isthing: bool) -> LabelSet:
        """Returns the set with a class as a thing or as stuff."""
        return self._changed(identity, isthing=isthing)

    def with_hotkey(self, identity: int, hotkey: str) -> LabelSet:
        """Returns the set with a key given to a class, and taken from the one that has it; empty for none."""
        return self._without_key(hotkey)._changed(identity, hotkey=hotkey)

    def move(self, identity: int, place: int) -> LabelSet:
        """Returns the set with a class at another place in the order, 0 … ``len − 1``."""
        label = self.by_id[identity]
        others = [other for other in self.labels if other is not label]
        others.insert(place, label)
        return replace(self, labels=tuple(others))

    def merge(self, identity: int, into: int) -> LabelSet:
        """Returns the set without a class whose segments are of another from now on.

        Raises:
            KeyError: if either does not exist.
            ValueError: if they are one.
        """
        if identity == into:
            raise ValueError(f"{self.by_id[identity].name!r} cannot be merged into itself")
        return self._gone(identity, self.by_id[into].id)

    def delete(self, identity: int) -> LabelSet:
        """Returns the set without a class, whose segments become void."""
        return self._gone(identity, 0)

    # ------------------------------------------------------------------------------------------- what became of classes

    def resolve(self, category: int) -> int:
        """Returns the class that segments of ``category`` are of now; 0 if it was deleted or never was there."""
        end = self._follow(category)
        return end if end in self.by_id else 0

    def current(self, info: SegmentInfo) -> SegmentInfo:
        """Returns what is known of a segment, with the class that its own was merged into since.

        A class that was deleted, or never was there, stays: such segments have pixels and no class.
        """
        if not self.moved.get(info.category):
            return info
        return replace(info, category=self._follow(info.category))

    def still_there(self, categories: Iterable[int]) -> tuple[int, ...]:
        """Returns the classes that some are now, each once, without those that were deleted."""
        return tuple(dict.fromkeys(filter(None, map(self.resolve, categories))))

    def name_of(self, category: int) -> str:
        """Returns what the class of a segment is called, also one that is gone."""
        category = self._follow(category)
        if category in self.by_id:
            return self.by_id[category].name
        if category not in self.moved:
            return "unknown class"
        return f"{self.former[category]} (deleted)" if category in self.former else "deleted class"

    # ------------------------------------------------------------------------------------------------------ in and out

    def to_categories(self) -> Categories:
        """Returns the set as a data set's categories, in its order.

        Raises:
            ValueError: if there is no class.
        """
        return Categories(
            tuple(
                Category(label.id, label.name, label.isthing, label.color, label.supercategory) for label in self.labels
            )
        )

    @classmethod
    def of(cls, categories: Categories) -> LabelSet:
        """Returns a data set's categories as a label set.

        Names lose what cannot be seen; those that occur twice are told apart by their ids.
        """
        names = [readable_name(entry.name) for entry in categories]
        count, taken = Counter(names), set(names)
        labels = []
        for entry, name in zip(categories, names, strict=True):
            own = name
            while count[name] > 1 and own in taken:
                own = f"{own} ({entry.id})"
            taken.add(own)
            labels.append(Label(entry.id, own, entry.color, entry.isthing, entry.supercategory))
        return cls(tuple(labels))

    def to_json(self) -> dict[str, Any]:
        """Returns the set as a project keeps it."""
        return {
            "labels": [
                {
                    "id": label.id,
                    "name": label.name,
                    "supercategory": label.supercategory,
                    "isthing": int(label.isthing),
                    "color": list(label.color),
                    "hotkey": label.hotkey,
                }
                for label in self.labels
            ],
            "next_id": self.next_id,
            "moved": [[gone, into] for gone, into in self.moved.items()],
            "former": [[gone, name] for gone, name in self.former.items()],
        }

    @classmethod
    def from_json(cls, content: object, source: str) -> LabelSet:
        """Reads a label set, or a COCO ``categories`` list, alone or under that key, or a list of names.

        What a list of categories does not say, as those of COCO instances do not: it is of things, in colours of ours.

        Args:
            content: what the JSON says.
            source: the file's name, for error messages.

        Raises:
            ValueError: naming ``source`` and what is wrong.
        """
        known: Mapping[str, Any] = content if isinstance(content, Mapping) else {"categories": content}
        records = known.get("labels") if "labels" in known else known.get("categories")
        if not isinstance(records, list):
            raise ValueError(f"{source}: holds no list of classes")
        try:
            if "labels" not in known:
                return cls.of(_named(Categories.from_json(_completed(records), source)))
            return cls._of_records(known, records, source)
        except ValueError as error:
            text = str(error)
            raise ValueError(text if text.startswith(source) else f"{source}: {text}") from None

    @classmethod
    def load(cls, path: Path) -> LabelSet:
        """Reads a JSON file as :meth:`from_json` does.

        Raises:
            OSError: if the file cannot be read.
            ValueError: naming the file, if it holds no label set.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path}: not JSON ({error})") from None
        return cls.from_json(content, str(path))

    @classmethod
    def _of_records(cls, content: Mapping[str, Any], records: list[Any], source: str) -> LabelSet:
        entries = Categories.from_json(records, source) if records else ()
        labels = []
        for position, (entry, record) in enumerate(zip(entries, records, strict=True)):
            hotkey = record.get("hotkey", "")
            if not isinstance(hotkey, str):
                raise ValueError(f"labels[{position}].hotkey must be a digit or empty, not {hotkey!r}")
            labels.append(Label(entry.id, entry.name, entry.color, entry.isthing, entry.supercategory, hotkey))
        next_id, moved = content.get("next_id", 1), content.get("moved", [])
        if type(next_id) is not int or next_id < 1:
            raise ValueError(f"next_id must be a whole number above 0, not {next_id!r}")
        if not isinstance(moved, list) or not all(_is_pair(pair) for pair in moved):
            raise ValueError("moved must be a list of pairs of ids")
        former = content.get("former", [])
        if not isinstance(former, list) or not all(_is_name(pair) for pair in former):
            raise ValueError("former must be a list of ids with names")
        return cls(tuple(labels), next_id, dict(moved), dict(former))

    # --------------------------------------------------------------------------------------------------------- helpers

    def _changed(self, identity: int, **values: Any) -> LabelSet:
        label = self.by_id[identity]
        changed = replace(label, **values)
        return replace(self, labels=tuple(changed if other is label else other for other in self.labels))

    def _gone(self, identity: int, into: int) -> LabelSet:
        gone = self.by_id[identity]
        left = tuple(label for label in self.labels if label is not gone)
        return replace(
            self, labels=left, moved={**self.moved, identity: into}, former={**self.former, identity: gone.name}
        )

    def _without_key(self, hotkey: str) -> LabelSet:
        """Returns the set with a key that no class has."""
        holder = self.by_hotkey.get(hotkey)
        return self if holder is None else self._changed(holder.id, hotkey="")

    def _follow(self, category: int) -> int:
        """Returns where a class that is gone ended: in one that is there, or in the one that was deleted."""
        seen = {category}
        while into := self.moved.get(category, 0):
            if into in seen:
                raise ValueError(f"class {into} is said to be merged into itself")
            seen.add(into)
            category = into
        return category


def readable_name(name: str) -> str:
    """Returns a class's name without what cannot be seen, which no label may hold."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in name).split()) or "class"


def _named(categories: Categories) -> Categories:
    """Returns categories of a file that people make, if each has a name; raises ValueError if one has none."""
    for entry in categories:
        if not entry.name.strip():
            raise ValueError(f"class {entry.id} needs a name")
    return categories


def _completed(records: list[Any]) -> list[Any]:
    """Returns records of classes with everything that one must have; what is no record stays, to be refused."""
    if records and all(isinstance(record, str) for record in records):
        records = [{"id": number, "name": name} for number, name in enumerate(records, start=1)]
    return [
        {"isthing": 1, "color": list(_color_at(place)), **record} if isinstance(record, Mapping) else record
        for place, record in enumerate(records)
    ]


def _is_pair(pair: object) -> bool:
    return (
        isinstance(pair, Sequence)
        and len(pair) == 2
        and all(type(part) is int for part in pair)
        and pair[0] > 0
        and pair[1] >= 0
    )


def _is_name(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and type(pair[0]) is int and isinstance(pair[1], str)


def _distant_color(colors: list[Color]) -> Color:
    """Returns a colour whose nearest neighbour among ``colors`` is as far as can be; if none is free, the least used.

    It is of hues spread by golden ratio; where these are taken, of the same hues paler or darker.
    """
    used = Counter(colors)
    for shade in _SHADES:
        candidates = [_color_at(place, shade) for place in range(_HUES)]
        if any(color not in used for color in candidates):
            return max(candidates, key=lambda color: min((_distance(color, other) for other in colors), default=0))
    return min((_color_at(place, shade) for shade in _SHADES for place in range(_HUES)), key=lambda color: used[color])


def _color_at(place: int, shade: tuple[int, int] = _SHADES[0]) -> Color:
    """Returns a colour far from those of the places near it."""
    return _color_of_hue(place * 0.61803398875 % 1.0, shade)


def _color_of_hue(hue: float, shade: tuple[int, int]) -> Color:
    least, span = shade
    sector, rise = hue * 6.0, 1.0 - abs(hue * 6.0 % 2.0 - 1.0)
    red, green, blue = [(1, rise, 0), (rise, 1, 0), (0, 1, rise), (0, rise, 1), (rise, 0, 1), (1, 0, rise)][int(sector)]
    return int(least + span * red), int(least + span * green), int(least + span * blue)


def _distance(first: Color, second: Color) -> int:
    return sum((a - b) ** 2 for a, b in zip(first, second, strict=True))
