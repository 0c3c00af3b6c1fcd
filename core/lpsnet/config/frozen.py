"""The base of every part of a config."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Frozen"]


class Frozen(BaseModel):
    """Cannot be changed once it is built, and knows no field but its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())
