"""Writes the reference of all settings into ``docs/guide/configuration.md``, under its hand-written part.

Run as ``python tools/config_reference.py`` after a setting has changed. Names, defaults, ranges and descriptions come
from the config's own schema; what the settings of the inspection do, from the words of the Studio's panel.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from lpsnet.config import Config
from lpsnet.structures import InspectionSettings
from lpsnet_studio.inspector.setting_words import SETTINGS

__all__ = ["PAGE", "reference", "with_reference"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "guide" / "configuration.md"
MARK = "<!-- What follows is written by tools/config_reference.py. -->"
Schema = Mapping[str, Any]


def main() -> None:
    """Brings the page up to date."""
    PAGE.write_text(with_reference(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def with_reference(page: str) -> str:
    """Returns the page with the reference as it should be.

    Raises:
        ValueError: if the page lacks the mark that the reference stands under.
    """
    head, mark, _ = page.partition(MARK)
    if not mark:
        raise ValueError(f"{PAGE}: lacks the line {MARK}")
    return f"{head}{mark}\n\n{reference()}"


def reference() -> str:
    """Returns a table a group, in the order of the config."""
    schema = Config.model_json_schema()
    return "\n\n".join(_tables("", schema, schema["$defs"])) + "\n"


def _tables(prefix: str, group: Schema, definitions: Schema) -> Iterator[str]:
    """Yields a group's table, then those of the groups in it; two sources of data share theirs."""
    inside = {name: _groups(field) for name, field in group["properties"].items()}
    rows = [
        _row(f"{prefix}{name}", field=field, required=name in group.get("required", ()))
        for name, field in group["properties"].items()
        if len(inside[name]) != 1
    ]
    if rows:
        yield _table(prefix.rstrip(".") or "The config itself", _purpose(group) if prefix else "", rows)
    for name, names in inside.items():
        if name == "inspection":
            yield _table(name, InspectionSettings.__doc__ or "", [*_inspection_rows()])
        elif len(names) == 1:
            yield from _tables(f"{prefix}{name}.", definitions[names[0]], definitions)
    sources = [name for name, names in inside.items() if len(names) > 1]
    if sources:
        yield from _source_tables(prefix, sources, [definitions[name] for name in inside[sources[0]]])


def _source_tables(prefix: str, sources: list[str], kinds: list[Schema]) -> Iterator[str]:
    title = " and ".join(f"{prefix}{name}" for name in sources)
    for kind in kinds:
        required = ("kind", *kind["required"])
        rows = [
            _row(*(f"{prefix}{source}.{name}" for source in sources), field=field, required=name in required)
            for name, field in kind["properties"].items()
        ]
        yield _table(f"{title} of kind {kind['properties']['kind']['const']}", _purpose(kind), rows)


def _table(title: str, purpose: str, rows: list[str]) -> str:
    first = re.split(r"(?<=\.)\s", purpose.replace("``", "`"), maxsplit=1)[0]
    head = "| setting | default | values | what it is |\n|---|---|---|---|"
    return "\n\n".join([f"### {title}", *([first] if first else []), "\n".join([head, *rows])])


def _purpose(group: Schema) -> str:
    return str(group.get("description", ""))


def _groups(field: Schema) -> list[str]:
    """Returns the names of the schemas that a field may hold: none for a plain value, several for several kinds."""
    names = [field["$ref"].rpartition("/")[2]] if "$ref" in field else []
    return names + [name for one in (*field.get("anyOf", ()), *field.get("oneOf", ())) for name in _groups(one)]


def _row(*names: str, field: Schema, required: bool) -> str:
    default = "required" if required else f"`{_yaml(field['default'])}`"
    does = field["description"].replace("``", "`")
    return _cells(", ".join(f"`{name}`" for name in names), default, _values(field), does)


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _yaml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).strip('"')


def _values(field: Schema) -> str:
    """Says which values a field takes."""
    if "discriminator" in field:
        return f"fields of kind {' or '.join(sorted(field['discriminator']['mapping'], reverse=True))}"
    if "anyOf" in field:
        return " or ".join(_values(one) for one in field["anyOf"])
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{choice}`" for choice in field["enum"])
    if field["type"] == "array":
        of = field.get("prefixItems", [field.get("items")])
        count = f"{len(of)} " if "prefixItems" in field else "list of "
        return count + _values(of[0]).replace("whole number", "whole numbers").replace("a number", "numbers")
    if field["type"] in ("integer", "number"):
        return " ".join(["whole number" if field["type"] == "integer" else "a number", *_range(field)])
    return {"boolean": "`true`, `false`", "string": "text", "null": "`null`"}[field["type"]]


def _range(field: Schema) -> Iterator[str]:
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        yield f"{low:g} … {_plain(high)}"
        return
    if low is not None:
        yield f"from {low:g}"
    if "exclusiveMinimum" in field:
        yield f"above {field['exclusiveMinimum']:g}"
    if high is not None:
        yield f"up to {_plain(high)}"
    if "exclusiveMaximum" in field:
        yield f"below {field['exclusiveMaximum']:g}"


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _inspection_rows() -> Iterator[str]:
    words = {setting.field: setting for setting in SETTINGS}
    hints = get_type_hints(InspectionSettings)
    for spec in fields(InspectionSettings):
        low, high = spec.metadata["low"], spec.metadata["high"]
        if isinstance(spec.default, bool):
            values = _values({"type": "boolean"})
        elif isinstance(spec.default, str):
            values = _values({"enum": get_args(hints[spec.name])})
        else:
            values = _values(
                {"type": "integer" if hints[spec.name] is int else "number", "minimum": low, "maximum": high}
            )
        does = f"{words[spec.name].does} ({words[spec.name].reference})"
        yield _cells(f"`inspection.{spec.name}`", f"`{_yaml(spec.default)}`", values, does)


if __name__ == "__main__":
    main()
