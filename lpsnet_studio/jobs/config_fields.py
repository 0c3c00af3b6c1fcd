"""The fields of a config as a form shows them, read from the config's own models: no list of them is kept; no Qt."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lpsnet.config import Config
from lpsnet.config.fields import kind_of, models_in
from lpsnet_studio.jobs.field_words import group_title, title_of

__all__ = ["Bounds", "FieldGroup", "FieldKind", "FormField", "flat", "groups_of", "matching", "nested", "sources"]

_FOLDER = re.compile(r"\bfolder\b", re.IGNORECASE)
_FILE = re.compile(r"\b(file|path)\b", re.IGNORECASE)


class FieldKind(Enum):
    """What a field takes."""

    SWITCH = "switch"
    CHOICE = "choice"
    NUMBER = "number"
    NUMBERS = "numbers"
    TEXT = "text"
    FILE = "file"
    FOLDER = "folder"


@dataclasses.dataclass(frozen=True, slots=True)
class Bounds:
    """The range of a number.

    Attributes:
        low: the least; None for none.
        high: the greatest; None for none.
        above_low: whether the least itself is out of range.
        below_high: whether the greatest itself is.
    """

    low: float | None = None
    high: float | None = None
    above_low: bool = False
    below_high: bool = False

    @property
    def words(self) -> str:
        """The range as people read it; empty if there is none."""
        low, high = (None if edge is None else f"{edge:,.10g}" for edge in (self.low, self.high))
        if low is not None and high is not None and not self.above_low and not self.below_high:
            return f"{low} … {high}"
        from_low = None if low is None else f"above {low}" if self.above_low else f"{low} or more"
        to_high = None if high is None else f"below {high}" if self.below_high else f"{high} or less"
        return ", ".join(part for part in (from_low, to_high) if part is not None)


@dataclasses.dataclass(frozen=True, slots=True)
class FormField:
    """One field of a config.

    Attributes:
        name: dotted, such as ``training.batch``.
        title: the same in words, without the group's.
        description: what it is for, in a sentence or two; may be empty.
        kind: what it takes.
        is_optional: whether it may be left unset, which is None.
        choices: of a choice, as the config has them.
        is_whole: whether its numbers are whole ones.
        bounds: of its number, or of each of its numbers.
        length: how many numbers; None for as many as one likes.
        default: where nothing else is said.
        is_required: whether there is no default.
        chooses: whether it chooses which other fields its group has.
    """

    name: str
    title: str
    description: str
    kind: FieldKind
    is_optional: bool = False
    choices: tuple[str, ...] = ()
    is_whole: bool = False
    bounds: Bounds = Bounds()
    length: int | None = None
    default: Any = None
    is_required: bool = False
    chooses: bool = False

    @property
    def group(self) -> str:
        """The dotted name of what it is a field of; empty for the config itself."""
        return self.name.rpartition(".")[0]

    @property
    def hint(self) -> str:
        """What may be typed, in a few words; empty where the control shows it."""
        match self.kind:
            case FieldKind.NUMBER:
                return ", ".join(part for part in ("whole number" if self.is_whole else "", self.bounds.words) if part)
            case FieldKind.NUMBERS:
                numbers = "whole numbers" if self.is_whole else "numbers"
                count = f"{numbers} with commas between" if self.length is None else f"{self.length} {numbers}"
                each = f"each {self.bounds.words}" if self.bounds.words else ""
                return ", ".join(part for part in (count, each) if part)
        return ""


@dataclasses.dataclass(frozen=True, slots=True)
class FieldGroup:
    """The fields of one model of the config.

    Attributes:
        name: dotted; empty for the config itself.
        title: the same in words.
        description: what they are about.
        fields: in the order of the model.
    """

    name: str
    title: str
    description: str
    fields: tuple[FormField, ...]


def groups_of(kinds: Mapping[str, str | None]) -> tuple[FieldGroup, ...]:
    """Returns all fields of a config, group by group.

    Args:
        kinds: which kind each of :func:`sources` is of; None, or nothing, for one that is not there.
    """
    return tuple(_groups(Config, "", "What the network is called, and what it tells apart.", kinds))


def sources(model: type[BaseModel] = Config, prefix: str = "") -> dict[str, tuple[str, ...]]:
    """Returns every group that has kinds, dotted, with what its ``kind`` may be."""
    found: dict[str, tuple[str, ...]] = {}
    for name, info in model.model_fields.items():
        models = models_in(info.annotation)
        if len(models) > 1:
            found[prefix + name] = tuple(kind_of(each) for each in models)
        elif models:
            found |= sources(models[0], f"{prefix}{name}.")
    return found


def _groups(
    model: type[BaseModel], name: str, description: str, kinds: Mapping[str, str | None]
) -> Iterator[FieldGroup]:
    prefix = f"{name}." if name else ""
    plain, below = [], []
    for last, info in model.model_fields.items():
        if models_in(info.annotation) or dataclasses.is_dataclass(info.annotation):
            below.append((f"{prefix}{last}", info))
        elif not (name in kinds and last == "kind"):
            plain.append(_field_of_model(prefix + last, info))
    if plain:
        yield FieldGroup(name, group_title(name), description, tuple(plain))
    for inner, info in below:
        models = models_in(info.annotation)
        if dataclasses.is_dataclass(info.annotation):
            fields = tuple(_fields_of_dataclass(inner, info.annotation))
            yield FieldGroup(inner, group_title(inner), "What happens after the network.", fields)
        elif len(models) > 1:
            yield _source(inner, info, models, kinds.get(inner))
        else:
            yield from _groups(models[0], inner, _first_line(models[0]), kinds)


def _source(name: str, info: FieldInfo, models: Sequence[type[BaseModel]], kind: str | None) -> FieldGroup:
    """Returns a group whose kind chooses among several models, with the fields of the chosen one."""
    chooser = FormField(
        name=f"{name}.kind",
        title=title_of("kind"),
        description=" ".join(f"{kind_of(each)}: {_first_line(each)}" for each in models),
        kind=FieldKind.CHOICE,
        is_optional=NoneType in get_args(info.annotation),
        choices=tuple(kind_of(each) for each in models),
        chooses=True,
    )
    chosen = next((each for each in models if kind_of(each) == kind), None)
    inner = {} if chosen is None else chosen.model_fields
    fields = [_field_of_model(f"{name}.{last}", each) for last, each in inner.items() if last != "kind"]
    return FieldGroup(name, group_title(name), info.description or "", (chooser, *fields))


def _field_of_model(name: str, info: FieldInfo) -> FormField:
    description = _plain(info.description or "")
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    return dataclasses.replace(
        _typed(name, info.annotation, info.metadata, description),
        default=list(default) if isinstance(default, tuple) else default,
        is_required=info.is_required(),
    )


def _fields_of_dataclass(prefix: str, settings: type[Any]) -> Iterator[FormField]:
    types = get_type_hints(settings)
    for spec in dataclasses.fields(settings):
        reference = str(spec.metadata.get("reference", ""))
        described = f"{reference[:1].upper()}{reference[1:]}." if reference else ""
        field = _typed(f"{prefix}.{spec.name}", types[spec.name], (), described)
        bounds = Bounds(spec.metadata.get("low"), spec.metadata.get("high"))
        yield dataclasses.replace(field, bounds=bounds, default=spec.default)


def _typed(name: str, annotation: Any, metadata: Sequence[Any], description: str) -> FormField:
    """Returns a field by its type.

    Raises:
        TypeError: naming the field, if forms know no such type.
    """
    is_optional = NoneType in get_args(annotation)
    bare = next(each for each in get_args(annotation) if each is not NoneType) if is_optional else annotation
    field = FormField(name, title_of(name), description, FieldKind.TEXT, is_optional=is_optional)
    if bare is bool:
        return dataclasses.replace(field, kind=FieldKind.SWITCH)
    if bare in (int, float):
        return dataclasses.replace(field, kind=FieldKind.NUMBER, is_whole=bare is int, bounds=_bounds(metadata))
    if bare is str:
        return dataclasses.replace(field, kind=_kind_of_text(description))
    if get_origin(bare) is Literal:
        return dataclasses.replace(field, kind=FieldKind.CHOICE, choices=get_args(bare))
    if get_origin(bare) is tuple:
        parts = get_args(bare)
        number, bounds = parts[0], Bounds()
        if get_origin(number) is Annotated:
            number, *marks = get_args(number)
            bounds = _bounds([each for mark in marks for each in getattr(mark, "metadata", [mark])])
        length = None if parts[-1] is Ellipsis else len(parts)
        return dataclasses.replace(field, kind=FieldKind.NUMBERS, is_whole=number is int, bounds=bounds, length=length)
    raise TypeError(f"{name}: a form has no control for {annotation}")


def _kind_of_text(description: str) -> FieldKind:
    """Tells a path from a name by what its description says it is."""
    if _FOLDER.search(description):
        return FieldKind.FOLDER
    return FieldKind.FILE if _FILE.search(description) else FieldKind.TEXT


def _bounds(metadata: Iterable[Any]) -> Bounds:
    found: dict[str, Any] = {}
    for mark in metadata:
        for attribute, side, edge in (("ge", "low", ""), ("gt", "low", "above_low"), ("le", "high", "")):
            if hasattr(mark, attribute):
                found |= {side: getattr(mark, attribute)} | ({edge: True} if edge else {})
        if hasattr(mark, "lt"):
            found |= {"high": mark.lt, "below_high": True}
    return Bounds(**found)


def _first_line(model: type[BaseModel]) -> str:
    return _plain((model.__doc__ or "").strip().partition("\n")[0])


def _plain(text: str) -> str:
    """Returns a description without the marks that documentation has around code."""
    return text.replace("``", "")


# --------------------------------------------------------------------------------------------------- content by field


def flat(content: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a config's content by dotted field; a source that is not there is its ``kind`` alone, as None."""
    values: dict[str, Any] = {}
    chosen = sources()

    def take(node: Mapping[str, Any], prefix: str) -> None:
        for name, value in node.items():
            place = f"{prefix}{name}"
            if place in chosen and value is None:
                values[f"{place}.kind"] = None
            elif isinstance(value, Mapping):
                take(value, f"{place}.")
            else:
                values[place] = list(value) if isinstance(value, tuple) else value

    take(content, "")
    return values


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the content that :func:`flat` took apart."""
    content: dict[str, Any] = {}
    chosen = sources()
    for field, value in values.items():
        *parents, last = field.split(".")
        if last == "kind" and value is None and ".".join(parents) in chosen:
            *parents, last = parents
        node = content
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = value
    return content


# ------------------------------------------------------------------------------------------------------------- search


def matching(groups: Iterable[FieldGroup], query: str, among: Iterable[str] | None = None) -> tuple[FieldGroup, ...]:
    """Returns what is left of groups if every word must occur in a field's name, title, group or description.

    What has the words in its title comes first, then what has them in its name or group, then the others; each as it
    stood before.

    Args:
        groups: to search.
        query: words, in any order and case; empty for all fields.
        among: names of the fields that may be found; None for all.
    """
    words = query.casefold().split()
    allowed = None if among is None else set(among)
    left = []
    for group in groups:
        fields = tuple(
            field
            for field in group.fields
            if (allowed is None or field.name in allowed) and _has_all(words, field, group)
        )
        if fields:
            ranked = sorted(fields, key=lambda field: _rank(words, field, group))
            left.append(dataclasses.replace(group, fields=tuple(ranked)))
    return tuple(sorted(left, key=lambda group: _rank(words, group.fields[0], group)))


def _rank(words: Sequence[str], field: FormField, group: FieldGroup) -> int:
    """Returns how far from a field's own title the words of a query are; 0 is in it."""
    places = (field.title, f"{field.title} {field.name} {group.title}")
    found = (all(word in place.casefold() for word in words) for place in places)
    return next((rank for rank, is_there in enumerate(found) if is_there), len(places))


def _has_all(words: Sequence[str], field: FormField, group: FieldGroup) -> bool:
    text = " ".join((field.name, field.title, group.title, field.description, *field.choices)).casefold()
    return all(word in text for word in words)
