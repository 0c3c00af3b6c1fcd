"""The label set: no id is ever given twice, and what became of a class that is gone is never forgotten."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet.assets import resource
from lpsnet.categories import Categories, Category
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.labels import HOTKEYS, Label, LabelSet

DOG = Label(18, "dog", (200, 0, 0), True, "animal", "1")
GRASS = Label(149, "grass", (0, 200, 0), False, "plant")
SKY = Label(187, "sky", (70, 130, 180), False)


def three() -> LabelSet:
    return LabelSet((DOG, GRASS, SKY))


# ------------------------------------------------------------------------------------------------------ single changes


def test_a_new_class_comes_last_with_a_new_id_and_a_colour_of_its_own() -> None:
    labels = three().add("cat", isthing=True, supercategory="animal")
    cat = labels.labels[-1]
    assert (cat.id, cat.name, cat.isthing, cat.supercategory, cat.hotkey) == (188, "cat", True, "animal", "")
    assert cat.color not in {label.color for label in three()}
    assert labels.next_id == 189
    assert labels[188] is labels.by_name["cat"] is cat


def test_thirty_new_classes_have_colours_that_can_be_told_apart() -> None:
    labels = LabelSet()
    for number in range(30):
        labels = labels.add(f"class {number}", isthing=True)
    colors = [label.color for label in labels]
    assert len(set(colors)) == 30
    assert (
        min(
            sum(abs(a - b) for a, b in zip(first, second, strict=True))
            for first in colors
            for second in colors
            if first is not second
        )
        >= 15
    )


def test_a_class_is_renamed_recoloured_and_made_of_another_kind() -> None:
    labels = three().rename(18, " puppy ").recolor(18, (1, 2, 3)).change_kind(18, isthing=False)
    assert labels.labels == (Label(18, "puppy", (1, 2, 3), False, DOG.supercategory, "1"), GRASS, SKY)
    assert three().labels == (DOG, GRASS, SKY)


def test_a_key_is_taken_from_the_class_that_has_it() -> None:
    labels = three().with_hotkey(149, "1")
    assert labels.by_hotkey == {"1": replace(GRASS, hotkey="1")}
    assert labels[18].hotkey == ""
    assert labels.with_hotkey(149, "").by_hotkey == {}
    assert labels.add("cat", isthing=True, hotkey="1").by_hotkey["1"].name == "cat"
    assert labels.with_hotkey(149, "1") == labels


def test_classes_change_places() -> None:
    assert [label.id for label in three().move(187, 0)] == [187, 18, 149]
    assert [label.id for label in three().move(18, 2)] == [149, 187, 18]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "half \ud800", "zero\u200bwidth", 5, None])
def test_a_name_can_be_seen(name: object) -> None:
    with pytest.raises(ValueError, match="name"):
        Label(1, name, (0, 0, 0), True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"id": 0}, "id"),
        ({"id": True}, "id"),
        ({"color": (0, 0)}, "three numbers"),
        ({"color": (0, 0, 256)}, "three numbers"),
        ({"color": (0, 0, 1.0)}, "three numbers"),
        ({"hotkey": "a"}, "digit"),
        ({"hotkey": "12"}, "digit"),
    ],
)
def test_a_class_that_cannot_be_is_refused(values: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        replace(DOG, **values)


def test_two_classes_share_no_id_no_name_and_no_key() -> None:
    for other, why in (
        (replace(GRASS, id=18), "the id 18"),
        (replace(GRASS, name="dog"), "the name 'dog'"),
        (replace(GRASS, hotkey="1"), "the key '1'"),
    ):
        with pytest.raises(ValueError, match=f"two classes have {why}"):
            LabelSet((DOG, other))
    with pytest.raises(ValueError, match="the name 'dog'"):
        three().rename(149, "dog")
    with pytest.raises(ValueError, match="the name 'sky'"):
        three().add("sky", isthing=False)


# ---------------------------------------------------------------------------------------------- what became of classes


def test_segments_of_a_merged_class_are_of_the_other_from_now_on() -> None:
    labels = three().merge(149, 187)
    assert [label.id for label in labels] == [18, 187]
    assert labels.resolve(149) == labels.resolve(187) == 187
    assert labels.current(SegmentInfo(149, iscrowd=True, score=0.5)) == SegmentInfo(187, iscrowd=True, score=0.5)
    assert labels.name_of(149) == labels[187].name


def test_segments_of_a_deleted_class_are_of_none_and_say_of_which_they_were() -> None:
    labels = three().delete(18)
    assert labels.resolve(18) == 0
    assert labels.current(SegmentInfo(18)) == SegmentInfo(18)
    assert labels.name_of(18) == "dog (deleted)"
    assert LabelSet(moved={18: 0}).name_of(18) == "deleted class", "of a project that did not keep the name"


def test_a_chain_of_merges_leads_to_its_end() -> None:
    labels = three().merge(18, 149).merge(149, 187)
    assert labels.resolve(18) == 187
    gone = labels.delete(187)
    for category in (18, 149, 187):
        assert gone.resolve(category) == 0
        assert gone.current(SegmentInfo(category)) == SegmentInfo(187)
        assert gone.name_of(category) == "sky (deleted)"


def test_a_class_never_heard_of_is_left_as_it_is() -> None:
    assert three().resolve(999) == 0
    assert three().current(SegmentInfo(999)) == SegmentInfo(999)
    assert three().name_of(999) == "unknown class"


def test_classes_chosen_before_are_those_that_they_became() -> None:
    assert three().merge(149, 187).delete(18).still_there([149, 18, 187, 999]) == (187,)


def test_a_class_is_not_merged_into_itself_nor_into_one_that_is_gone() -> None:
    with pytest.raises(ValueError, match="'dog' cannot be merged into itself"):
        three().merge(18, 18)
    with pytest.raises(KeyError):
        three().delete(18).merge(149, 18)
    with pytest.raises(KeyError):
        three().delete(18).delete(18)


def test_what_became_of_classes_must_lead_somewhere() -> None:
    with pytest.raises(ValueError, match="class 18 is said to be gone, but it is there"):
        LabelSet((DOG,), moved={18: 0})
    with pytest.raises(ValueError, match="merged into itself"):
        LabelSet((DOG,), moved={1: 2, 2: 1})


changes = st.lists(
    st.tuples(st.sampled_from(["add", "merge", "delete", "rename", "key"]), st.integers(0, 99), st.integers(0, 99)),
    max_size=30,
)


@given(changes)
@settings(max_examples=150)
def test_no_id_is_given_twice_and_every_id_leads_to_a_class_that_is_there(
    deeds: list[tuple[str, int, int]],
) -> None:
    labels, given_ids, lives_on = three(), [18, 149, 187], {18: 18, 149: 149, 187: 187}
    history = [labels]
    for number, (deed, first, second) in enumerate(deeds):
        present = [label.id for label in labels]
        if deed == "add":
            labels = labels.add(f"class {len(given_ids)}", isthing=bool(first % 2))
            given_ids.append(labels.labels[-1].id)
            lives_on[given_ids[-1]] = given_ids[-1]
        elif not present:
            continue
        elif deed == "rename":
            labels = labels.rename(present[first % len(present)], f"renamed by deed {number}")
        elif deed == "key":
            labels = labels.with_hotkey(present[first % len(present)], HOTKEYS[second % 10])
        else:
            gone, into = present[first % len(present)], present[second % len(present)]
            if deed == "merge" and gone == into:
                continue
            labels = labels.merge(gone, into) if deed == "merge" else labels.delete(gone)
            target = into if deed == "merge" else 0
            lives_on = {identity: target if now == gone else now for identity, now in lives_on.items()}
        assert LabelSet.from_json(json.loads(json.dumps(labels.to_json())), "here") == labels
        for then in range(len(history)):
            for category in given_ids:
                was = history[then].current(SegmentInfo(category))
                assert labels.current(was) == labels.current(SegmentInfo(category)), "what is read late reads the same"
        history.append(labels)
    assert len(set(given_ids)) == len(given_ids)
    assert {identity: labels.resolve(identity) for identity in given_ids} == lives_on
    assert {label.id for label in labels} == set(lives_on.values()) - {0}


def test_the_id_of_the_last_class_is_not_given_again_after_it_was_deleted() -> None:
    labels = three().delete(187)
    labels = LabelSet.from_json(labels.to_json(), "here").add("sea", isthing=False)
    assert labels.by_name["sea"].id == 188
    assert LabelSet((DOG,), moved={500: 18}).next_id == 501


# ---------------------------------------------------------------------------------------------------------- in and out


def test_the_classes_of_coco_are_a_label_set_and_come_out_again() -> None:
    categories = Categories.load(resource("categories", "coco_panoptic.json"))
    labels = LabelSet.of(categories)
    assert len(labels) == 133
    assert labels.to_categories() == categories


def test_an_empty_set_is_kept_but_is_no_data_set() -> None:
    assert LabelSet.from_json(LabelSet().to_json(), "here") == LabelSet()
    with pytest.raises(ValueError, match="must not be empty"):
        LabelSet().to_categories()


def test_names_that_occur_twice_are_told_apart() -> None:
    categories = Categories((Category(3, "road ", False, (0, 0, 0)), Category(7, "road", False, (9, 9, 9))))
    assert [label.name for label in LabelSet.of(categories)] == ["road (3)", "road (7)"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            ["traffic\tlight", "a\u200bb", "caf\u00e9\u00a0x", "\u200b"],
            ["traffic light", "a b", "caf\u00e9 x", "class"],
        ),
        (["a", "a", "a (1)"], ["a (1) (1)", "a (2)", "a (1)"]),
        (["a b", "a\tb", "a b (2)"], ["a b (1)", "a b (2) (2)", "a b (2)"]),
        (["a (2)", "a", "a (2)", "a"], ["a (2) (1)", "a (2) (2)", "a (2) (3)", "a (4)"]),
    ],
)
def test_names_of_a_data_set_become_readable_and_each_its_own(names: list[str], expected: list[str]) -> None:
    categories = Categories(tuple(Category(n, name, True, (1, 2, 3)) for n, name in enumerate(names, start=1)))
    assert [label.name for label in LabelSet.of(categories)] == expected


def test_hundreds_of_classes_have_colours_of_their_own_and_then_share_them_evenly() -> None:
    labels = LabelSet()
    for number in range(300):
        labels = labels.add(f"class {number}", isthing=True)
    uses = Counter(label.color for label in labels)
    first = [label.color for label in labels][:200]
    assert len(set(first)) == 200
    assert set(uses.values()) == {1, 2}


def test_a_coco_file_is_read_alone_or_by_its_categories(tmp_path: Path) -> None:
    records = three().to_categories().to_json()
    expected = (replace(DOG, hotkey=""), GRASS, SKY)
    for content in (records, {"categories": records, "images": []}, {"labels": records}):
        path = tmp_path / "labels.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        assert LabelSet.load(path).labels == expected


def test_categories_of_coco_instances_and_mere_names_are_things_in_colours_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "instances.json"
    records = [{"id": 18, "name": "dog", "supercategory": "animal"}, {"id": 3, "name": "sky", "isthing": 0}]
    for content in (records, {"images": [], "categories": records}):
        path.write_text(json.dumps(content), encoding="utf-8")
        dog, sky = LabelSet.load(path)
        assert (dog.id, dog.name, dog.isthing, dog.supercategory) == (18, "dog", True, "animal")
        assert (sky.id, sky.isthing) == (3, False)
        assert dog.color != sky.color
    path.write_text(json.dumps(["dog", "sky"]), encoding="utf-8")
    assert [(label.id, label.name, label.isthing) for label in LabelSet.load(path)] == [
        (1, "dog", True),
        (2, "sky", True),
    ]


LABEL = three().to_json()["labels"][0]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (5, "holds no list of classes"),
        ({}, "holds no list of classes"),
        ({"labels": 3}, "holds no list of classes"),
        ({"categories": None}, "holds no list of classes"),
        ([{"id": 0}], r"categories\[0\].id must be a positive whole number"),
        ([], "must not be empty"),
        (["dog", 5], r"categories\[0\]"),
        (["dog", "\n"], "name"),
        ([{"id": 1, "name": "dog", "color": "red"}], r"categories\[0\].color"),
        ({"labels": [LABEL, LABEL]}, "appears twice"),
        ({"labels": [{**LABEL, "hotkey": 1}]}, "hotkey must be a digit"),
        ({"labels": [{**LABEL, "hotkey": "x"}]}, "is a digit, not 'x'"),
        ({"labels": [{**LABEL, "name": "\n"}]}, "name"),
        ({"labels": [LABEL], "next_id": "7"}, "next_id"),
        ({"labels": [LABEL], "next_id": 0}, "next_id"),
        ({"labels": [LABEL], "moved": {}}, "pairs"),
        ({"labels": [LABEL], "moved": [[1]]}, "pairs"),
        ({"labels": [LABEL], "moved": [[1, -1]]}, "pairs"),
        ({"labels": [LABEL], "moved": ["ab"]}, "pairs"),
        ({"labels": [LABEL], "former": {}}, "names"),
        ({"labels": [LABEL], "former": [[1, 2]]}, "names"),
        ({"labels": [LABEL], "moved": [[18, 0]]}, "is said to be gone"),
    ],
)
def test_what_is_no_label_set_is_refused_with_the_file_named_once(content: object, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        LabelSet.from_json(content, "my labels.json")
    assert str(caught.value).startswith("my labels.json: ")
    assert str(caught.value).count("my labels.json") == 1


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    for content in (b"{", b"\xff\xfe"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"labels\.json: not JSON"):
            LabelSet.load(path)
    with pytest.raises(FileNotFoundError):
        LabelSet.load(tmp_path / "nowhere.json")
