"""What a change did is told in words, counts and swatches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lpsnet.structures import Stage, StageResult
from lpsnet_studio.effects import Effect, Part
from lpsnet_studio.inference.messages import Inspect, OpenImage
from lpsnet_studio.inspector.effect_words import class_counts, cost_words, counted, quality_difference, spoken
from lpsnet_studio.session import Session
from tests.studio.hand_made import CAR, CATEGORIES, PERSON, ROAD, ListeningService, inspected, open_first

PERSONS = (Part(PERSON, (0.1, 0.1, 0.3, 0.3), 9, 1), Part(PERSON, (0.5, 0.1, 0.7, 0.3), 9, 2))
A_CAR, A_ROAD = Part(CAR, (0.1, 0.1, 0.3, 0.3), 9, 3), Part(ROAD, None, 9)


def effect(before: float | None, after: float | None, *, resized: int | None = 0) -> Effect:
    return Effect((), (), resized, before, after)


@pytest.mark.parametrize(
    ("before", "after", "values", "change", "sign"),
    [
        (0.613, 0.63, "PQ 61.3 → 63.0", "▲ +1.7", 1),
        (0.63, 0.613, "PQ 63.0 → 61.3", "▼ −1.7", -1),
        (0.613, 0.613, "PQ 61.3 → 61.3", "unchanged", 0),
        (0.6130, 0.6133, "PQ 61.3 → 61.3", "▲ < 0.1", 1),
        (0.6133, 0.6130, "PQ 61.3 → 61.3", "▼ < 0.1", -1),
        (0.89751, 0.53849, "PQ 89.8 → 53.8", "▼ −36.0", -1),
        (0.61349, 0.61351, "PQ 61.3 → 61.4", "▲ +0.1", 1),
    ],
)
def test_quality_before_and_after(before: float, after: float, values: str, change: str, sign: int) -> None:
    told = quality_difference(effect(before, after))
    assert told is not None
    assert (told.values, told.change, told.sign) == (values, change, sign)


def test_a_preview_is_about_right() -> None:
    told = quality_difference(effect(0.5, 0.6, resized=None))
    assert told is not None
    assert told.values == "PQ 50.0 → ≈ 60.0"


def test_there_is_no_quality_without_truth() -> None:
    assert quality_difference(effect(None, None)) is None


def test_segments_are_counted_by_class() -> None:
    counts = class_counts((A_CAR, *PERSONS), CATEGORIES)
    assert [(each.words, each.count) for each in counts] == [("person ×2", 2), ("car", 1)]
    assert counted("−", 1) == "−1 segment"
    told = spoken(Effect((A_ROAD,), (*PERSONS, A_CAR), 0, 0.5, 0.4), CATEGORIES)
    assert told == "−3 segments: person ×2, car\n+1 segment: road\nPQ 50.0 → 40.0 ▼ −10.0"
    assert spoken(effect(None, None), CATEGORIES) == "No segment changed"
    assert spoken(effect(None, None, resized=2), CATEGORIES) == "No segment came or went · 2 grew or shrank"
    assert spoken(effect(None, None, resized=None), CATEGORIES) == "No segment came or went"


def test_the_cost_names_what_ran() -> None:
    stages = [StageResult(Stage.NETWORK, False, 2.0), StageResult(Stage.MERGE, True, 0.01)]
    assert cost_words(stages, 0.0123) == "12 ms: merge"
    assert cost_words(stages[1:], 2.04) == "2.0 s: merge"
    assert cost_words(stages[:1], 0.0) == "kept from before"


@pytest.fixture
def view(qtbot: Any, theme: Any, session: Session, service: ListeningService) -> Any:
    from lpsnet_studio.inspector.effect_view import EffectView

    made = EffectView(session, theme)
    qtbot.addWidget(made)
    made.resize(300, made.height())
    made.show()
    open_first(session, service)
    return made


def colors_of(session: Session) -> list[tuple[Any, tuple[int, int, int]]]:
    """Returns the class of every segment with the colour that lists and canvas give it."""
    from lpsnet_studio.inspector.overlays import step_color

    result = session.result
    assert result is not None
    founders = [step for step in result.trace.steps if step.owner]
    return [(result.categories[step.label], step_color(step, result.categories)) for step in founders]


def test_an_empty_area_takes_one_line(qtbot: Any, theme: Any, session: Session, service: ListeningService) -> None:
    from lpsnet_studio.inspector.effect_view import EffectView

    view = EffectView(session, theme)
    qtbot.addWidget(view)
    assert [word.text for word in view.lost.shown()] == ["Turn a setting to see what it changes."]
    assert view.height() < 2 * view.lost.sizeHint().height()
    open_first(session, service)
    assert session.result is not None
    session.result = replace(session.result, quality=None)
    session.result_changed.emit()
    assert not view.lost.isHidden(), "without figures there is nothing else to say"
    assert view.quality.isHidden()


def test_a_change_shows_what_it_did_until_another_image(view: Any, session: Session, service: ListeningService) -> None:
    assert view.quality.text().startswith("PQ ")
    assert "PQ is not SQ × RQ" in view.rest.toolTip()
    assert view.change.isHidden()
    assert view.lost.isHidden(), "figures speak for themselves"
    swatches = {row.name: color for row, color in colors_of(session)}
    session.change_settings(score_threshold=0.7, stuff_limit=1500)
    session.receive(inspected(service.last(Inspect)))
    height = view.height()
    words = view.lost.shown()
    assert [word.text for word in words] == ["−2 segments:", "car", "road"]
    assert [word.colors for word in words[1:]] == [(swatches["car"],), (swatches["road"],)]
    assert view.change.text().startswith("▼ −")
    session.undo()
    session.receive(inspected(service.last(Inspect)))
    assert view.gained.isHidden()
    assert [word.text for word in view.lost.shown()] == ["+2 segments:", "car", "road"]
    assert view.height() == height, "nothing moves"
    session.open_index(1)
    assert view.change.isHidden()
    assert [word.text for word in view.lost.shown()] == ["Turn a setting to see what it changes."]
    assert service.count(OpenImage) == 2


def test_what_there_is_no_room_for_is_counted(view: Any) -> None:
    from lpsnet_studio.inspector.effect_view import Word

    view.lost.set_words([Word("−266 segments:"), *(Word(f"class number {n}", count=2) for n in range(133))])
    view.lost.resize(268, view.lost.height())
    shown = [word.text for word in view.lost.shown()]
    assert shown[0] == "−266 segments:"
    assert shown[1].startswith("c")
    assert shown[-1] == f"and {2 * (133 - (len(shown) - 2))} more", "segments are counted, as the total counts them"
    metrics = view.lost.fontMetrics()
    assert sum(metrics.horizontalAdvance(text) for text in shown) + 14 * (len(shown) - 2) <= 268
    assert view.minimumSizeHint().width() < 200


def test_class_names_are_never_markup(view: Any, session: Session, service: ListeningService) -> None:
    from lpsnet.categories import Categories

    named = Categories(tuple(replace(each, name=f"<b>{each.name}</b>") for each in CATEGORIES))
    session.picture = replace(session.picture, categories=named)
    session.change_settings(score_threshold=0.7)
    session.receive(inspected(service.last(Inspect)))
    assert [word.text for word in view.lost.shown()] == ["−1 segment:", "<b>car</b>"]
    assert "&lt;b&gt;car&lt;/b&gt;" in view.lost.toolTip()
