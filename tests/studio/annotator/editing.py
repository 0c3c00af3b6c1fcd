"""Small documents in an editor, for tests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lpsnet_studio.annotator.document import Document
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.edits import Edit, SegmentInfo
from lpsnet_studio.annotator.labels import Label, LabelSet

__all__ = ["CAR", "LABELS", "PERSON", "SEA", "SKY", "EditorUnderTest", "drawn"]

PERSON, CAR, SKY, SEA = 1, 3, 20, 30
LABELS = LabelSet(
    (
        Label(PERSON, "person", (200, 0, 0), True),
        Label(CAR, "car", (90, 0, 90), True),
        Label(SKY, "sky", (0, 0, 200), False),
        Label(SEA, "sea", (0, 90, 90), False),
    )
)


def drawn(*rows: str) -> NDArray[np.uint16]:
    """Returns a map from rows of digits; a dot is void."""
    return np.array([[0 if sign == "." else int(sign) for sign in row] for row in rows], np.uint16)


class EditorUnderTest(Editor):
    """An editor that remembers what it told.

    Attributes:
        journal: every edit.
        sentences: every refusal.
    """

    def __init__(self, ids: NDArray[np.uint16], categories: Mapping[int, int | SegmentInfo]) -> None:
        self.journal: list[Edit] = []
        self.sentences: list[str] = []
        infos = {n: info if isinstance(info, SegmentInfo) else SegmentInfo(info) for n, info in categories.items()}
        super().__init__(Document(ids, infos), LABELS, journal=self.journal.append)
        self.refused.connect(self.sentences.append)

    def rows(self) -> list[str]:
        """Returns the map as rows of digits, void as dots."""
        return ["".join("." if number == 0 else str(number) for number in row) for row in self.document.ids.tolist()]

    def categories(self) -> dict[int, int]:
        """Returns the class of every segment."""
        return {number: info.category for number, info in sorted(self.document.segments.items())}
