"""The settings of the inspection."""

from __future__ import annotations

from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.inspector.preset_bar import PRESET_NAMES
from lpsnet_studio.inspector.setting_words import undo_words
from lpsnet_studio.presets import PresetName, field_by_field, flaws_of, preset_changes

__all__ = ["InspectionCommands"]

_NO_MINE = "There are no settings of yours yet: change some, then choose “Save as my settings” in the Merge menu."


class InspectionCommands:
    """Turns the knobs that have an action of their own, and whole presets."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        place.session.restore_mine(place.settings.preferences.my_settings)
        place.session.mine_changed.connect(self._keep_mine)

    def semantic_oracle(self, on: bool) -> None:
        """Switches the semantic oracle."""
        self._place.session.change_settings(words=undo_words("semantic_oracle"), semantic_oracle=on)

    def box_oracle(self, on: bool) -> None:
        """Switches the box oracle."""
        self._place.session.change_settings(words=undo_words("box_oracle"), box_oracle=on)

    def use_borderness(self, on: bool) -> None:
        """Switches border-ness in the boxes' scores."""
        self._place.session.change_settings(words=undo_words("use_borderness"), use_borderness=on)

    def choose_conflict(self, strategy: str) -> None:
        """Chooses who gets contested pixels."""
        self._place.session.change_settings(words=undo_words("conflict"), conflict=strategy)

    def use_preset(self, name: PresetName) -> None:
        """Turns every knob but the oracles to where a preset has it."""
        session = self._place.session
        if name == "mine" and not session.mine:
            self._place.notifications.show_info(_NO_MINE)
            return
        session.change_settings(
            words=f"preset {PRESET_NAMES[name]}", **preset_changes(name, session.default_settings, session.mine)
        )
        flaws = flaws_of(session.mine) if name == "mine" else ()
        if flaws:
            self._place.notifications.show_info(f"Left out of my settings: {'; '.join(flaws)}.")

    def save_mine(self) -> None:
        """Keeps every knob but the oracles as it is now, in the place of earlier ones, which undo brings back."""
        session = self._place.session
        before = dict(session.mine)
        session.keep_mine()
        if session.mine == before:
            self._place.notifications.show_info("My settings are these already.")
        elif before:
            self._place.notifications.show_info("Saved in place of my earlier settings; undo brings them back.")
        else:
            self._place.notifications.show_info("Saved as my settings: the preset Mine comes back to them.")

    def reset_settings(self) -> None:
        """Turns every knob but the oracles to what the network's config asks for."""
        session = self._place.session
        session.change_settings(words="reset of settings", **field_by_field(session.default_settings))

    def _keep_mine(self) -> None:
        """Writes the user's own settings to disk."""
        kept = self._place.settings
        if dict(kept.preferences.my_settings) != dict(self._place.session.mine):
            kept.change(my_settings=dict(self._place.session.mine))
