"""A question inside a panel: what will happen in a sentence, and a button that does it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt

from lpsnet_studio.annotator.passing_bar import PassingBar
from lpsnet_studio.labels import as_tip
from lpsnet_studio.texts import body

__all__ = ["QuestionBar"]

_LONGEST_VERB = 28


class QuestionBar(PassingBar):
    """Says a sentence, and offers what can be done about it.

    Attributes:
        sentence: what will happen.
        act: does it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._deed: Callable[[], object] = lambda: None
        self.sentence = body()
        self.act.clicked.connect(self._do)
        self._lay_out((self.sentence,))

    def ask(self, sentence: str, verb: str, deed: Callable[[], object]) -> None:
        """Asks; Cancel has the keyboard.

        Args:
            sentence: what will happen.
            verb: on the button that does it.
            deed: what is done.
        """
        self._deed = deed
        shown = verb if len(verb) <= _LONGEST_VERB else f"{verb[: _LONGEST_VERB - 1].rstrip()}…"
        self.act.setText(shown.replace("&", "&&"))
        self.act.setToolTip(as_tip(verb))
        self._say(sentence, offers=True, cancel="Cancel")

    def wait(self, sentence: str) -> None:
        """Says what is looked up before the question can be asked."""
        self._say(sentence, offers=False, cancel="Cancel")

    def tell(self, sentence: str) -> None:
        """Says something that nothing can be done about."""
        self._say(sentence, offers=False, cancel="Close")

    def _say(self, sentence: str, *, offers: bool, cancel: str) -> None:
        takes_focus = self.isHidden() or self._has_focus()
        self.sentence.setText(sentence)
        self.act.setVisible(offers)
        self.act.setAccessibleDescription(sentence)
        self.cancel.setText(cancel)
        self.cancel.setAccessibleDescription(sentence)
        self._come()
        if takes_focus:
            self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_away(self) -> None:
        """Takes the question away, with nothing done."""
        self._deed = lambda: None
        super().take_away()

    def _do(self) -> None:
        deed = self._deed
        self.take_away()
        deed()
