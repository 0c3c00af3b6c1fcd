"""Files of labelme: shapes in their order, and one sentence for what is none."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lpsnet.formats.labelme import LabelmeFormatError, ShapeKind, read_labelme


def _shape(**fields: Any) -> dict[str, Any]:
    return {"label": "dog", "points": [[1, 2], [3.5, 2], [3, 4]], "shape_type": "polygon", "flags": {}, **fields}


def _file(path: Path, *shapes: dict[str, Any], **fields: Any) -> Path:
    content = {
        "version": "5.4.1",
        "flags": {},
        "shapes": list(shapes),
        "imagePath": "1.jpg",
        "imageData": None,
        "imageHeight": 30,
        "imageWidth": 40,
        **fields,
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def _packed(mask: np.ndarray) -> str:
    stream = io.BytesIO()
    Image.fromarray(mask).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def test_shapes_are_read_in_their_order(tmp_path: Path) -> None:
    mask = np.array([[True, False], [True, True], [False, True]])
    found = read_labelme(
        _file(
            tmp_path / "1.json",
            _shape(group_id=3, flags={"iscrowd": True}),
            _shape(label="car", shape_type="rectangle", points=[[5, 6], [1, 2]], group_id=None, flags=None),
            _shape(shape_type="circle", points=[[5, 6], [5, 9]]),
            _shape(shape_type="mask", points=[[4, 5], [5, 7]], mask=_packed(mask)),
            _shape(shape_type="oriented_rectangle", points=[[0, 0], [2, 1], [1, 3], [-1, 2]]),
        )
    )
    assert [shape.kind for shape in found.shapes] == ["polygon", "rectangle", "circle", "mask", "polygon"]
    assert [shape.label for shape in found.shapes] == ["dog", "car", "dog", "dog", "dog"]
    first, second, _, drawn, turned = found.shapes
    assert (first.group, first.iscrowd, second.group, second.iscrowd) == (3, True, None, False)
    assert first.points.tolist() == [[1, 2], [3.5, 2], [3, 4]]
    assert drawn.mask is not None
    assert (drawn.mask == mask).all()
    assert turned.stated_kind == "oriented_rectangle"
    assert (found.image_name, found.image_path, found.size) == ("1.jpg", tmp_path / "1.jpg", (30, 40))


@pytest.mark.parametrize(
    "fields",
    [
        {"shape_type": "point", "points": [[1, 2]]},
        {"shape_type": "line", "points": [[1, 2], [3, 4]]},
        {"shape_type": "linestrip"},
        {"shape_type": "polygon", "points": [[1, 2], [3, 4]]},
        {"shape_type": "rectangle", "points": [[1, 2]]},
        {"shape_type": "something new"},
        {"points": []},
    ],
)
def test_what_has_no_area_is_another_shape(tmp_path: Path, fields: dict[str, Any]) -> None:
    (shape,) = read_labelme(_file(tmp_path / "1.json", _shape(**fields))).shapes
    assert shape.kind is ShapeKind.OTHER
    assert shape.stated_kind == fields.get("shape_type", "polygon")


def test_old_files_say_neither_kind_nor_size(tmp_path: Path) -> None:
    shape = _shape()
    del shape["shape_type"], shape["flags"]
    found = read_labelme(_file(tmp_path / "1.json", shape, imageHeight=None, imagePath=None))
    assert found.size is None
    assert found.shapes[0].kind is ShapeKind.POLYGON
    assert (found.image_name, found.image_path) == ("1", None)


@pytest.mark.parametrize("climbing", ["../photos/2.jpg", "..\\photos\\2.jpg", "/photos/2.jpg", "C:\\photos\\2.jpg"])
def test_a_picture_elsewhere_is_known_by_name_and_not_followed(tmp_path: Path, climbing: str) -> None:
    found = read_labelme(_file(tmp_path / "1.json", imagePath=climbing))
    assert (found.image_name, found.image_path) == ("2.jpg", None)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"label": ""}, r"shapes\[0\]\.label must be a text"),
        ({"points": [[1, 2, 3]]}, r"shapes\[0\]\.points must be pairs"),
        ({"points": [[1, True]]}, r"shapes\[0\]\.points must be pairs"),
        ({"points": [[1, 1e300]]}, r"shapes\[0\]\.points must be pairs"),
        ({"points": "x"}, r"shapes\[0\]\.points must be a list"),
        ({"group_id": "1"}, r"shapes\[0\]\.group_id must be"),
        ({"shape_type": 3}, r"shapes\[0\]\.shape_type must be"),
        ({"shape_type": "mask", "points": [[0, 0], [1, 1]]}, r"shapes\[0\]\.mask is missing"),
        ({"shape_type": "mask", "points": [[0, 0], [1, 1]], "mask": "§"}, r"shapes\[0\]\.mask must be a PNG in base"),
        ({"shape_type": "mask", "points": [[0, 0], [1, 1]], "mask": "aGVsbG8="}, r"shapes\[0\]\.mask is truncated"),
    ],
)
def test_a_wrong_shape_is_refused_by_file_and_field(tmp_path: Path, fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(LabelmeFormatError, match=complaint) as caught:
        read_labelme(_file(tmp_path / "1.json", _shape(**fields)))
    assert str(caught.value).startswith(f"{tmp_path / '1.json'}: ")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("{", "not JSON"), ("[]", "is not an object"), ('{"annotations": [], "shapes": []}', "no file of labelme"),
     ('{"shapes": [], "imageHeight": 0, "imageWidth": 3}', "imageHeight must be a whole number"), ("{}", "no file of")],
)  # fmt: skip
def test_another_file_is_refused(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "1.json").write_text(content)
    with pytest.raises(LabelmeFormatError, match=complaint):
        read_labelme(tmp_path / "1.json")
