"""Single settings that win over a file: ``field=value``, the value YAML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from lpsnet.config.fields import kind_of
from lpsnet.config.training import PanopticSource, ScenesSource

__all__ = ["apply_overrides"]

_SOURCES = ("data.train", "data.val")
_FIELDS_OF_KIND = {kind_of(model): model.model_fields.keys() for model in (ScenesSource, PanopticSource)}


def apply_overrides(content: dict[str, Any], overrides: Sequence[str]) -> None:
    """Sets dotted fields, such as ``input.short_side=882``, of a config's content in place.

    Another ``kind`` of data drops what the former kind had, so that ``data.train.kind=coco_panoptic`` and
    ``data.train.annotations=FILE`` lead from drawn scenes to one's own data, in any order. Whether a field exists, and
    its value, are checked with the rest by :func:`~lpsnet.config.presets.parse_config`.

    Raises:
        ValueError: naming the override, if it does not read ``field=value`` with a YAML value.
    """
    chosen: set[str] = set()
    for override in overrides:
        key, value = _parsed(override)
        parent, _, last = key.rpartition(".")
        if last == "kind" and parent in _SOURCES:
            _drop_other_kind(content, parent, value, chosen)
        _set(content, key.split("."), value)
        chosen.add(key)


def _parsed(override: str) -> tuple[str, Any]:
    key, equals, text = override.partition("=")
    key = key.strip()
    if not equals or not all(key.split(".")):
        raise ValueError(f"an override reads field=value, such as input.short_side=882, not {override!r}")
    try:
        return key, yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ValueError(f"override {override!r}: the value is not YAML") from None


def _set(content: dict[str, Any], names: Sequence[str], value: Any) -> None:
    node = content
    for name in names[:-1]:
        if not isinstance(node.get(name), dict):
            node[name] = {}
        node = node[name]
    node[names[-1]] = value


def _drop_other_kind(content: dict[str, Any], parent: str, kind: Any, chosen: set[str]) -> None:
    """Takes what only other kinds have out of a source of data, but what an override asked for by name."""
    node: Any = content
    for name in parent.split("."):
        node = node.get(name) if isinstance(node, dict) else None
    if not isinstance(node, dict) or not isinstance(kind, str) or kind not in _FIELDS_OF_KIND:
        return
    for name in [name for name in node if name not in _FIELDS_OF_KIND[kind] and f"{parent}.{name}" not in chosen]:
        del node[name]
