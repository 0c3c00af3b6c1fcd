from __future__ import annotations

import json

import numpy as np
import pytest

from lpsnet.assets import resource
from lpsnet.categories import Categories, Category

DOG = {"id": 18, "name": "dog", "isthing": 1, "color": [1, 2, 3], "supercategory": "animal"}
SKY = {"id": 187, "name": "sky", "isthing": 0}


def test_records_become_categories_in_their_order():
    categories = Categories.from_json([SKY, DOG], "c.json")
    assert [entry.name for entry in categories] == ["sky", "dog"]
    assert (len(categories), categories[1]) == (2, Category(18, "dog", True, (1, 2, 3), "animal"))
    assert categories.index_of == {187: 0, 18: 1}
    assert categories.isthing.tolist() == [False, True]
    assert categories.colors.dtype == np.uint8
    assert categories.colors[1].tolist() == [1, 2, 3]


def test_what_is_written_is_read_back_equal():
    categories = Categories.from_json([SKY, DOG], "c.json")
    assert Categories.from_json(json.loads(json.dumps(categories.to_json())), "c.json") == categories


def test_missing_colours_are_all_different():
    categories = Categories.from_json([{**SKY, "id": identity} for identity in range(1, 134)], "c.json")
    assert len({entry.color for entry in categories}) == 133


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": 0}, r"id must be a positive whole number, not 0"),
        ({"id": True}, r"id must be a positive whole number, not True"),
        ({"id": "18"}, r"id must be a positive whole number, not '18'"),
        ({"id": None}, r"id must be a positive whole number, not None"),
        ({"name": ""}, r"name must be a name, not ''"),
        ({"name": 5}, r"name must be a name, not 5"),
        ({"isthing": 2}, r"isthing must be 0 or 1, not 2"),
        ({"isthing": None}, r"isthing must be 0 or 1, not None"),
        ({"color": [1, 2]}, r"color must be three numbers from 0 to 255, not \[1, 2\]"),
        ({"color": [1, 2, 256]}, r"color must be three numbers from 0 to 255"),
        ({"color": "red"}, r"color must be three numbers from 0 to 255, not 'red'"),
    ],
)
def test_a_malformed_record_is_named_with_file_place_and_field(change, message):
    with pytest.raises(ValueError, match=rf"^c\.json: categories\[1\]\.{message}"):
        Categories.from_json([SKY, {**DOG, **change}], "c.json")


def test_a_record_that_is_no_object_is_named():
    with pytest.raises(ValueError, match=r"^c\.json: categories\[0\] is not an object$"):
        Categories.from_json(["dog"], "c.json")  # type: ignore[list-item]


def test_the_same_id_twice_and_an_empty_list_are_refused():
    with pytest.raises(ValueError, match=r"^c\.json: category id 18 appears twice$"):
        Categories.from_json([DOG, SKY, DOG], "c.json")
    with pytest.raises(ValueError, match=r"^c\.json: a category list must not be empty$"):
        Categories.from_json([], "c.json")


@pytest.mark.parametrize("wrap", [list, lambda records: {"categories": records}])
def test_a_file_holds_the_list_alone_or_under_its_key(tmp_path, wrap):
    path = tmp_path / "c.json"
    path.write_text(json.dumps(wrap([DOG, SKY])), encoding="utf-8")
    assert Categories.load(path) == Categories.from_json([DOG, SKY], "c.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"{}", "holds no list of categories"),
        (b"3", "holds no list"),
    ],
)
def test_a_file_without_categories_is_named(tmp_path, content, message):
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"broken\.json: {message}"):
        Categories.load(path)


def test_the_coco_panoptic_list_has_80_things_and_53_stuff_classes():
    categories = Categories.load(resource("categories", "coco_panoptic.json"))
    assert (len(categories), int(categories.isthing.sum())) == (133, 80)
    assert categories[0].name == "person"
