"""What fails once in the background is asked for again: no panel goes without it for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lpsnet_studio.background import is_awaited
from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.messages import Inspect
from lpsnet_studio.inspector import errors_judging, film_strip, levels_panel, semantics_panel, truth_overlay
from lpsnet_studio.inspector.errors_judging import Judging
from lpsnet_studio.inspector.levels_panel import LevelsPanel
from lpsnet_studio.inspector.semantics_panel import SemanticsPanel
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, inspected, open_first, truth
from tests.studio.inspector.levels_boxes import answer_with_boxes, open_with_boxes
from tests.studio.inspector.ranked_boxes import open_ranked


class StumbleError(RuntimeError):
    pass


@pytest.fixture
def stumble(monkeypatch: pytest.MonkeyPatch, qtbot: Any) -> Callable[[Any, str, Callable[[], object]], None]:
    """Does something during which a function of a module raises once, and waits until that was told."""

    def during(module: Any, name: str, act: Callable[[], object]) -> None:
        original, calls = getattr(module, name), []

        def once(*arguments: Any, **named: Any) -> Any:
            calls.append(arguments)
            if len(calls) == 1:
                raise StumbleError
            return original(*arguments, **named)

        monkeypatch.setattr(module, name, once)
        with qtbot.captureExceptions() as told:
            act()
            qtbot.waitUntil(lambda: bool(told), timeout=3000)
        assert [kind for kind, _, _ in told] == [StumbleError]

    return during


def test_a_result_is_judged_after_another_could_not_be(
    session: Session, service: ListeningService, stumble: Any, qtbot: Any
) -> None:
    open_first(session, service)
    first, judging = session.result, Judging()
    assert first is not None
    stumble(errors_judging, "judge", lambda: judging.want(first, truth(), None))
    qtbot.wait(150)
    assert judging.latest is None, "what has just failed is not tried again by itself"
    session.change_settings(overlap_threshold=0.0)
    session.receive(inspected(service.last(Inspect)))
    second = session.result
    assert second is not None
    judging.want(second, truth(), None)
    qtbot.waitUntil(lambda: judging.latest is not None and judging.latest.result is second)


def test_the_same_result_is_judged_when_it_is_asked_for_again(
    session: Session, service: ListeningService, stumble: Any, qtbot: Any
) -> None:
    open_first(session, service)
    result, judging = session.result, Judging()
    assert result is not None
    stumble(errors_judging, "judge", lambda: judging.want(result, truth(), None))
    judging.want(result, truth(), None)
    qtbot.waitUntil(lambda: judging.latest is not None)
    stumble(errors_judging, "with_losses", lambda: judging.want(result, judging._wanted[1], None))  # type: ignore[index]
    judging.want(result, judging._wanted[1], None)  # type: ignore[index]
    qtbot.waitUntil(lambda: judging.latest is not None and judging.latest.losses is not None)


def test_a_result_that_came_while_another_failed_is_judged_at_once(
    session: Session, service: ListeningService, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    open_first(session, service)
    first, judging, original = session.result, Judging(), errors_judging.judge
    session.change_settings(overlap_threshold=0.0)
    session.receive(inspected(service.last(Inspect)))
    second = session.result
    assert first is not None
    assert second is not None

    def judge(result: Any, *rest: Any) -> Any:
        if result is first:
            judging._wanted = second, truth(), None
            raise StumbleError
        return original(result, *rest)

    monkeypatch.setattr(errors_judging, "judge", judge)
    with qtbot.captureExceptions() as told:
        judging.want(first, truth(), None)
        qtbot.waitUntil(lambda: judging.latest is not None and judging.latest.result is second)
    assert len(told) == 1


def test_boxes_of_the_levels_come_with_the_next_result(
    session: Session, service: ListeningService, theme: Any, stumble: Any, qtbot: Any
) -> None:
    open_with_boxes(session, service)
    panel = LevelsPanel(session, Examination(session), theme)
    qtbot.addWidget(panel)
    stumble(levels_panel, "Survey", panel.show)
    assert panel._survey is None
    session.change_settings(overlap_threshold=0.0)
    answer_with_boxes(session, service)
    qtbot.waitUntil(lambda: panel._survey is not None and panel._survey.result is session.result)


def test_pictures_of_the_levels_are_drawn_at_the_next_wish(
    session: Session, service: ListeningService, theme: Any, stumble: Any, qtbot: Any
) -> None:
    open_with_boxes(session, service)
    panel = LevelsPanel(session, Examination(session), theme)
    qtbot.addWidget(panel)
    shown: list[Any] = []
    panel.tiles.set_pictures = shown.append  # type: ignore[method-assign]
    stumble(levels_panel, "level_pictures", panel.show)
    qtbot.waitUntil(lambda: not is_awaited(panel._drawing))  # a wish of the meantime, as at another size
    shown.clear()
    panel.choices.show_group("suppressed")
    qtbot.waitUntil(lambda: any(shown))


def test_classes_are_counted_when_they_are_shown_again(
    session: Session, service: ListeningService, theme: Any, stumble: Any, qtbot: Any
) -> None:
    open_ranked(session, service)
    panel = SemanticsPanel(session, Examination(session), theme)
    qtbot.addWidget(panel)
    stumble(semantics_panel, "class_shares", panel.show)
    assert panel._shares is None
    panel.refresh()
    qtbot.waitUntil(lambda: panel._shares is not None)


def test_steps_are_drawn_with_the_next_result(
    window: Any, session: Session, service: ListeningService, stumble: Any, qtbot: Any
) -> None:
    stumble(film_strip, "step_picture", lambda: open_first(session, service))
    film = window.timeline.film
    session.change_settings(overlap_threshold=0.0)
    session.receive(inspected(service.last(Inspect)))
    qtbot.waitUntil(lambda: len(film._pictures) == len(session.steps) and not is_awaited(film._drawing), timeout=3000)


def test_the_truth_comes_to_the_curtain_when_it_is_turned_on_again(
    window: Any, session: Session, service: ListeningService, stumble: Any, qtbot: Any
) -> None:
    open_first(session, service)
    stumble(truth_overlay, "numbered", lambda: session.change_view(comparison="curtain"))
    assert not window.canvas.stage.curtain.isVisible()
    session.change_view(comparison="off")
    session.change_view(comparison="curtain")
    qtbot.waitUntil(window.canvas.stage.curtain.isVisible)
