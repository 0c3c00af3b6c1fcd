"""Whole sets of inspection settings: the paper's, FCOS's and the user's own; no Qt.

A preset settles everything but the oracles, which are about what is asked of an image and not about the method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Literal, get_args

from lpsnet.structures import InspectionSettings

__all__ = [
    "ORACLE_FIELDS",
    "PRESETS",
    "PresetName",
    "active_presets",
    "changed_fields",
    "field_by_field",
    "flaws_of",
    "preset_changes",
]

PresetName = Literal["paper", "fcos", "mine"]
PRESETS: tuple[PresetName, ...] = get_args(PresetName)
ORACLE_FIELDS = ("box_oracle", "semantic_oracle", "oracle_borderness")
"""What no preset touches."""

_PRESET_FIELDS = tuple(spec.name for spec in fields(InspectionSettings) if spec.name not in ORACLE_FIELDS)


def field_by_field(settings: InspectionSettings) -> dict[str, Any]:
    """Returns settings as they are kept as the user's own: without the oracles."""
    return {name: getattr(settings, name) for name in _PRESET_FIELDS}


def preset_changes(
    name: PresetName, config: InspectionSettings, mine: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Returns what a preset sets, field by field.

    - ``paper``: everything as the paper says, or as the method decides where it is silent. The stuff limit is the one
      of the network's config, as the method settles it by data set (method row 54).
    - ``fcos``: the same with the scores of FCOS's code, the square root of the product (method row 32); its thresholds,
      ranking and NMS are the paper's own (method rows 35, 36). The merge is the paper's.
    - ``mine``: what was kept; a field that was not, or that does not hold, is as the config asks.

    Args:
        name: which preset.
        config: the settings that the network's config asks for.
        mine: the user's own, see :func:`field_by_field`.
    """
    if name == "mine":
        return field_by_field(config) | _sound_fields(mine or {})
    paper = field_by_field(replace(InspectionSettings(), stuff_limit=config.stuff_limit))
    return paper | {"score_sqrt": True} if name == "fcos" else paper


def active_presets(
    settings: InspectionSettings, config: InspectionSettings, mine: Mapping[str, Any] | None = None
) -> tuple[PresetName, ...]:
    """Returns the presets that would change nothing; the user's own may be the same as another."""
    known = [name for name in PRESETS if name != "mine" or mine]
    now = field_by_field(settings)
    return tuple(name for name in known if preset_changes(name, config, mine) == now)


def changed_fields(settings: InspectionSettings, config: InspectionSettings) -> tuple[str, ...]:
    """Returns the fields that are not as the network's config asks, in the order of the settings."""
    return tuple(
        spec.name for spec in fields(InspectionSettings) if getattr(settings, spec.name) != getattr(config, spec.name)
    )


def flaws_of(mine: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns why fields of the user's own settings are left out, each in words that go on a sentence.

    Another version may have had other fields or other ranges, and people edit preferences by hand.
    """
    return tuple(flaw for name, value in mine.items() if (flaw := _flaw(name, value)))


def _sound_fields(mine: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in mine.items() if not _flaw(name, value)}


def _flaw(name: str, value: Any) -> str:
    """Returns what is wrong about a field; empty if nothing."""
    if name not in _PRESET_FIELDS:
        return f"{name} is no setting of a preset"
    try:
        replace(InspectionSettings(), **{name: value})
    except (ValueError, TypeError) as error:
        return str(error)
    return ""
