"""Where to find what, and what to send when something breaks."""

from __future__ import annotations

from lpsnet_studio.commands.workplace import Workplace

__all__ = ["HelpCommands"]


class HelpCommands:
    """Shows cards, and gathers what a report needs."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def show_shortcuts(self) -> None:
        """Shows the card of shortcuts."""
        from lpsnet_studio.chrome.shortcut_card import ShortcutCard

        ShortcutCard(self._place.window).open()

    def find_action(self) -> None:
        """Lets the user type what to do."""
        raise NotImplementedError

    def copy_diagnostics(self) -> None:
        """Copies what a report needs to the clipboard."""
        raise NotImplementedError

    def open_log(self) -> None:
        """Shows the folder of the log files."""
        raise NotImplementedError

    def about(self) -> None:
        """Shows version and licences."""
        raise NotImplementedError
