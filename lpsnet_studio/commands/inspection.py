"""The settings of the inspection."""

from __future__ import annotations

from lpsnet_studio.commands.workplace import Workplace

__all__ = ["InspectionCommands"]


class InspectionCommands:
    """Turns the knobs that have an action of their own, and whole presets."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def semantic_oracle(self, on: bool) -> None:
        """Switches the semantic oracle."""
        self._place.session.change_settings(semantic_oracle=on)

    def box_oracle(self, on: bool) -> None:
        """Switches the box oracle."""
        self._place.session.change_settings(box_oracle=on)

    def use_borderness(self, on: bool) -> None:
        """Switches border-ness in the boxes' scores."""
        self._place.session.change_settings(use_borderness=on)

    def choose_conflict(self, strategy: str) -> None:
        """Chooses who gets contested pixels."""
        self._place.session.change_settings(conflict=strategy)

    def use_preset(self, name: str) -> None:
        """Turns every knob to where a preset has it."""
        raise NotImplementedError

    def save_mine(self) -> None:
        """Keeps every knob as it is now."""
        raise NotImplementedError

    def reset_settings(self) -> None:
        """Turns every knob to what the network's config asks for."""
        raise NotImplementedError
