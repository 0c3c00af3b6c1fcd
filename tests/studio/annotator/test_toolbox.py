"""Which tool is in the hand: what was proposed for an image is left once the image is another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.placed_mask import PlacedMask
from lpsnet_studio.annotator.toolbox import Toolbox
from lpsnet_studio.annotator.tools.base import MaskShape
from lpsnet_studio.annotator.tools.proposal import ProposalTool
from tests.studio.annotator.desks import begun_desk
from tests.studio.annotator.editing import CAR, PERSON, drawn


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = begun_desk(tmp_path, drawn("11..22"), {1: PERSON, 2: CAR})
    yield made
    assert not made.shut()


def _delete(editor: Editor) -> None:
    editor.select([2])
    editor.delete()


@pytest.mark.parametrize("change", ["edit", "undo", "classes", "selection"])
def test_a_proposal_is_left_once_it_may_not_be_true_any_more(desk: Desk, change: str) -> None:
    editor, toolbox = desk.editor, Toolbox(desk)
    assert editor is not None
    editor.select([1])
    editor.set_crowd(True)
    toolbox.choose("brush")
    taken: list[str] = []
    shape = MaskShape(PlacedMask(np.ones((1, 1), np.bool_), (0, 3)), CAR)
    toolbox.propose([shape], "1 pixel", lambda: taken.append("taken"))
    assert isinstance(toolbox.tool, ProposalTool)
    changes: dict[str, Callable[[], object]] = {
        "edit": lambda: _delete(editor),
        "undo": desk.undo,
        "classes": lambda: desk.change_labels(desk.labels.merge(CAR, PERSON)),
        "selection": lambda: editor.select([2]),
    }
    changes[change]()
    is_true = change == "selection"
    assert isinstance(toolbox.tool, ProposalTool) is is_true
    assert toolbox.key("enter") is is_true
    assert taken == ["taken"] * is_true
    assert toolbox.tool is not None
    assert toolbox.tool.name == "Brush", "the tool that was in the hand comes back"
