"""What a network's notes say to people."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lpsnet.model_card import card_text, training_notes, with_export_note
from lpsnet.scenes import scene_categories

FIGURES = {
    "pq": 0.27308, "sq": 0.39315, "rq": 0.34162, "pq_things": 0.0064, "sq_things": 0.1022, "rq_things": 0.0104,
    "pq_stuff": 0.59313, "sq_stuff": None, "rq_stuff": 1, "miou": 0.40929,
}  # fmt: skip
CARD = {
    "iteration": 450,
    "iterations": 1500,
    "data": "120 images of train.json",
    **training_notes(8, "adamw", scene_categories()),
    "measured on": "24 images of val.json",
    "figures": FIGURES,
}


def test_the_card_of_a_training_can_be_read_aloud() -> None:
    categories = scene_categories()
    things = sum(category.isthing for category in categories)
    assert card_text({**CARD, "text": "My street."}).splitlines() == [
        "My street.",
        "training: 450 of 1,500 iterations, 8 pictures an iteration, AdamW",
        "data: 120 images of train.json",
        f"classes: {len(categories)} ({things} things, {len(categories) - things} stuff)",
        "measured on: 24 images of val.json",
        "figures in percent: PQ 27.3 (things 0.6, stuff 59.3), SQ 39.3 (things 10.2, stuff —), "
        "RQ 34.2 (things 1.0, stuff 100.0), mIoU 40.9",
    ]


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ({"iteration": 1500, "iterations": 1500}, "training: 1,500 iterations"),
        ({"iteration": 12}, "iteration: 12"),
        (
            {"training": {"batch": 16, "optimizer": {"name": "sgd", "lr": 0.01}}},
            "training: 16 pictures an iteration, SGD",
        ),
        ({"training": {"iterations": 30, "seed": 4}}, "training: 30 iterations"),
        ({"training": {"seed": 4}}, 'training: {"seed": 4}'),
        ({"training": "by hand", "iteration": 3, "iterations": 4}, "training: by hand\niteration: 3\niterations: 4"),
        ({"iteration": True, "iterations": "many"}, "iteration: true\niterations: many"),
        ({"figures": {"ap": 0.5, "things": 0.25}}, "figures in percent: AP 50.0, things 25.0"),
        ({"figures": {"pq": 71.6}}, 'figures: {"pq": 71.6}'),
        ({"figures": {"pq": True}}, 'figures: {"pq": true}'),
        ({"figures": {}}, "figures: {}"),
        ({"figures": "good"}, "figures: good"),
        ({"classes": ["car", "road", "sky"]}, "classes: 3"),
        ({"classes": {"things": "some", "stuff": 2}}, 'classes: {"things": "some", "stuff": 2}'),
        ({"exported": [3]}, "exported: [3]"),
    ],
)
def test_what_others_noted_is_told_whatever_it_is(card: dict[str, Any], told: str) -> None:
    assert card_text(card) == told


def test_an_export_says_what_changed_and_keeps_what_was_noted() -> None:
    changes = {"inspection.score_threshold": (0.2, 0.02), "inspection.use_borderness": (True, False)}
    card = with_export_note(CARD, changes, halved=True)
    assert {name: note for name, note in card.items() if name != "exported"} == CARD
    assert card_text(card).splitlines()[-1] == (
        "exported with inspection.score_threshold 0.02 instead of 0.2, inspection.use_borderness false instead of "
        "true, weights in half precision; the figures above were measured before"
    )
    again = with_export_note(card, {"inspection.nms_iou": (0.6, 0.5)}, halved=False)
    assert card_text(again).splitlines()[-2:] == [
        card_text(card).splitlines()[-1],
        "exported with inspection.nms_iou 0.5 instead of 0.6; the figures above were measured before",
    ]
    assert json.loads(json.dumps(again)) == again
    assert with_export_note(card, {}, halved=False) == card


def test_an_export_without_figures_speaks_of_none() -> None:
    assert card_text(with_export_note({"data": "scenes"}, {}, halved=True)).splitlines() == [
        "data: scenes",
        "exported with weights in half precision",
    ]
