"""What is wrong with a config, in words: each field as people write it, with what it should have been."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lpsnet.config.fields import field_names, group_names, kind_of, located, models_in, nearest

__all__ = ["Fault", "faults_of", "told"]

_MOST_TOLD = 6
_LONGEST_VALUE = 40
_DEEPEST = 4
_MEANT: Mapping[str, str] = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
}
"""What a value must be, by what pydantic calls the fault."""
_EDGES: Mapping[str, tuple[str, str]] = {
    "greater_than_equal": ("ge", "{} or more"),
    "greater_than": ("gt", "above {}"),
    "less_than_equal": ("le", "{} or less"),
    "less_than": ("lt", "below {}"),
}
"""Where pydantic keeps the edge of a range, and what is said of it."""
_NO_FIELDS = ("model_type", "model_attributes_type", "dataclass_type")


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong field.

    Attributes:
        field: as people write it; empty for the config as a whole.
        reason: what is wrong, and how to mend it where that is known.
    """

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field or 'the file'}: {self.reason}"

    def is_due_to(self, override: str) -> bool:
        """Whether an override ``field=value`` set what is wrong."""
        key = override.partition("=")[0].strip()
        if not self.field:
            return key in self.reason
        if f"{key}.".startswith(f"{self.field}."):
            # Where several fields do not belong together, the reason names them.
            return key == self.field or key.rpartition(".")[2] in self.reason
        parent, _, last = key.rpartition(".")
        return f"{self.field}.".startswith(f"{key}.") or (last == "kind" and self.field.startswith(f"{parent}."))


def faults_of(error: ValidationError, model: type[BaseModel]) -> tuple[Fault, ...]:
    """Returns what pydantic found wrong with a ``model``, in words."""
    return tuple(_fault(details, model) for details in error.errors(include_url=False))


def told(source: str, faults: Sequence[Fault]) -> str:
    """Returns faults in one sentence that begins with where they are; the first few, if there are many."""
    more = f"; and {len(faults) - _MOST_TOLD} more" if len(faults) > _MOST_TOLD else ""
    return f"{source}: {'; '.join(str(fault) for fault in faults[:_MOST_TOLD])}{more}"


def _fault(details: ErrorDetails, model: type[BaseModel]) -> Fault:
    field, around, kind = located(model, details["loc"])
    value = details["input"]
    match details["type"]:
        case "extra_forbidden":
            return _unknown(field, value, around, kind, model)
        case "missing":
            place = details["loc"][-1]
            return Fault(field, f"value {place + 1} is missing" if isinstance(place, int) else "must be given")
        case "union_tag_not_found":
            return Fault(f"{field}.kind", f"must be given: {_kinds(around, field)}")
        case "union_tag_invalid":
            return Fault(f"{field}.kind", f"must be {_kinds(around, field)}, not {_shown(value.get('kind'))}")
        case wrong if wrong in _NO_FIELDS:
            inside = f"{field}." if field else ""
            first = next(name for name in field_names(model) if name.startswith(inside))
            return Fault(field, f"must hold fields, such as {first}, and is {_shown(value)}")
        case "value_error":
            return Fault(field, details["msg"].removeprefix("Value error, "))
    return Fault(field, f"{_asked(details)}, not {_shown(value)}")


def _asked(details: ErrorDetails) -> str:
    """Returns what was asked for in the place of a value, or, of what is not known here, what pydantic says."""
    wrong, told = details["type"], details.get("ctx", {})
    if wrong in _MEANT:
        return f"must be {_MEANT[wrong]}"
    if wrong in _EDGES:
        name, words = _EDGES[wrong]
        return f"must be {words.format(format(told[name], ',.10g'))}"
    if wrong == "literal_error":
        return f"must be {told['expected'].replace(chr(39), '')}"
    if wrong == "too_long":
        return f"must hold at most {told['max_length']} values"
    return details["msg"]


def _unknown(field: str, value: Any, around: Sequence[type[BaseModel]], kind: str, model: type[BaseModel]) -> Fault:
    """Tells of a field that is not there: the kind that has it, or what it was probably meant to be."""
    parent, _, last = field.rpartition(".")
    owner = next((kind_of(each) for each in around if last in each.model_fields), "")
    if kind and owner:
        switch = f"set {parent}.kind={owner} to switch"
        return Fault(field, f"belongs to {parent}.kind {owner}, and {parent}.kind is {kind}: {switch}")
    while isinstance(value, Mapping) and len(value) == 1 and field.count(".") < _DEEPEST:
        (name, value) = next(iter(value.items()))
        field = f"{field}.{' '.join(str(name).split())}"
    known = group_names(model) if isinstance(value, Mapping) else tuple(field_names(model))
    meant = " or ".join(nearest(field, known))
    return Fault(field, "there is no such field" + (f"; did you mean {meant}?" if meant else ""))


def _kinds(around: Sequence[type[BaseModel]], field: str) -> str:
    last = field.rpartition(".")[2]
    return " or ".join(kind_of(each) for each in models_in(around[0].model_fields[last].annotation))


def _shown(value: Any) -> str:
    """Returns a value as YAML would have it, cut where it gets long."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):  # YAML may have keys that are no text, and loops
        text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
