"""Drawn scenes on disk: what is read back, what is replaced, and what an interruption leaves."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lpsnet.engine import scene_dataset
from lpsnet.engine.scene_dataset import SceneRequest, write_scenes
from lpsnet.formats.coco_panoptic import CocoPanopticWriter, read_coco_panoptic
from lpsnet.images import read_image
from lpsnet.scenes import draw_scene, scene_categories

REQUEST = SceneRequest(first_seed=3, count=3, height=96, width=128)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("processes", [1, 2])
def test_what_is_read_back_is_what_was_drawn(tmp_path: Path, processes: int) -> None:
    told: list[str] = []
    path = write_scenes(tmp_path / "a" / "set", REQUEST, processes=processes, on_done=told.append)
    dataset = read_coco_panoptic(path)
    assert [record.image_id for record in dataset.records] == [3, 4, 5]
    assert told == [record.file_name for record in dataset.records]
    assert dataset.categories == scene_categories()
    for seed, record in zip(REQUEST.seeds, dataset.records, strict=True):
        drawn, read = draw_scene(seed, 96, 128), dataset.read_segmentation(record)
        assert record.image_path is not None
        np.testing.assert_array_equal(read_image(record.image_path), drawn.image)
        np.testing.assert_array_equal(read.ids, drawn.segmentation.ids)
        assert read.segments == drawn.segmentation.segments
    names = sorted(contents(tmp_path / "a" / "set"))
    assert names == [
        "annotations/panoptic_scenes.json",
        *(f"annotations/panoptic_scenes/scene-00000{seed}.png" for seed in (3, 4, 5)),
        *(f"images/scene-00000{seed}.png" for seed in (3, 4, 5)),
    ]


def test_the_same_request_gives_the_same_files_however_many_draw(tmp_path: Path) -> None:
    write_scenes(tmp_path, REQUEST)
    first = contents(tmp_path)
    write_scenes(tmp_path, REQUEST, processes=2)
    assert contents(tmp_path) == first


def test_another_request_replaces_drawn_scenes_and_nothing_else(tmp_path: Path) -> None:
    write_scenes(tmp_path, REQUEST)
    (tmp_path / "images" / "holiday.png").write_bytes(b"mine")
    path = write_scenes(tmp_path, SceneRequest(first_seed=5, count=2, height=64, width=80, weather="night"))
    assert [record.size for record in read_coco_panoptic(path).records] == [(64, 80), (64, 80)]
    assert names_in(tmp_path / "images") == ["holiday.png", "scene-000005.png", "scene-000006.png"]
    assert names_in(path.with_suffix("")) == ["scene-000005.png", "scene-000006.png"]
    record = read_coco_panoptic(path).records[0]
    assert record.image_path is not None
    np.testing.assert_array_equal(read_image(record.image_path), draw_scene(5, 64, 80, weather="night").image)


def test_a_data_set_of_something_else_is_not_replaced_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "annotations" / "panoptic_scenes.json"
    with CocoPanopticWriter(path, None, scene_categories()) as writer:
        writer.add(1, "photo.png", draw_scene(0, 64, 64).segmentation)
    before = contents(tmp_path)
    with pytest.raises(
        ValueError, match=r"panoptic_scenes.json is not a data set of drawn scenes; choose another --out"
    ):
        write_scenes(tmp_path, REQUEST)
    assert contents(tmp_path) == before
    write_scenes(tmp_path, REQUEST, overwrite=True)
    assert len(read_coco_panoptic(path).records) == 3


@pytest.mark.parametrize("folder", ["images", "annotations/panoptic_scenes"])
def test_pictures_of_unknown_origin_are_not_replaced_unless_asked(tmp_path: Path, folder: str) -> None:
    stranger = tmp_path / folder / "scene-000004.png"
    stranger.parent.mkdir(parents=True)
    stranger.write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"scene-000004.png is there already, perhaps from a run that was killed"):
        write_scenes(tmp_path, REQUEST)
    assert contents(tmp_path) == {f"{folder}/scene-000004.png": b"mine"}
    write_scenes(tmp_path, REQUEST, overwrite=True)
    assert stranger.read_bytes() != b"mine"


def test_a_damaged_or_strange_json_is_not_taken_for_an_own_one(tmp_path: Path) -> None:
    path = tmp_path / "annotations" / "panoptic_scenes.json"
    path.parent.mkdir()
    for content in (b"", b"{", b"[]", b'{"info": 3}', b'{"info": {"generator": "lpsnet scenes"}, "images": [3]}'):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="not a data set of drawn scenes"):
            write_scenes(tmp_path, REQUEST)
        assert path.read_bytes() == content


def test_names_in_an_own_json_never_lead_to_other_files(tmp_path: Path) -> None:
    path = write_scenes(tmp_path / "set", REQUEST)
    outside = tmp_path / "scene-000009.png"
    outside.write_bytes(b"mine")
    content = json.loads(path.read_text())
    content["images"].append({"file_name": "../../scene-000009.png"})
    path.write_text(json.dumps(content))
    write_scenes(tmp_path / "set", REQUEST)
    assert outside.read_bytes() == b"mine"


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_an_interruption_leaves_the_older_data_set_or_nothing(
    tmp_path: Path, error: BaseException, processes: int
) -> None:
    def stop_at_second(name: str) -> None:
        if name == "scene-000004.png":
            raise error

    fresh, older = tmp_path / "fresh", tmp_path / "older"
    write_scenes(older, SceneRequest(first_seed=4, count=2, height=64, width=64))
    before = contents(older)
    for folder in (fresh, older):
        with pytest.raises(type(error)):
            write_scenes(folder, REQUEST, processes=processes, on_done=stop_at_second)
    assert contents(older) == before
    assert not fresh.exists()


def test_a_full_disk_is_said_in_a_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"scene-000003.png could not be written: no space left on device"):
        write_scenes(tmp_path / "set", REQUEST)
    assert not (tmp_path / "set").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match=r"file.*could not be written"):
        write_scenes(tmp_path / "file" / "set", REQUEST)


def killed_at(folder: Path, moment: str, request: str = "first_seed=3, count=3") -> None:
    """Runs a writing in a process of its own that is killed without a chance to clear up."""
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from lpsnet.engine.scene_dataset import SceneRequest, write_scenes\n"
        "from lpsnet.formats import atomic\n"
        "def die(*_): os.kill(os.getpid(), signal.SIGKILL)\n"
        "if sys.argv[2] == 'publish': atomic._Replacement.perform = die\n"
        "def on_done(name):\n"
        "    if sys.argv[2] == 'draw' or (sys.argv[2] == 'stage' and name[-5] in '49'): die()\n"
        f"write_scenes(Path(sys.argv[1]), SceneRequest({request}, height=96, width=128), on_done=on_done)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder), moment], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL


needs_kill = pytest.mark.skipif(os.name != "posix", reason="signals")


@needs_kill
@pytest.mark.parametrize("moment", ["draw", "stage"])
def test_a_killed_run_leaves_nothing_for_good(tmp_path: Path, moment: str) -> None:
    killed_at(tmp_path / "set", moment)
    assert names_in(tmp_path / "set" / "images")
    write_scenes(tmp_path / "set", SceneRequest(first_seed=4, count=4, height=96, width=128))
    write_scenes(tmp_path / "fresh", SceneRequest(first_seed=4, count=4, height=96, width=128))
    assert contents(tmp_path / "set") == contents(tmp_path / "fresh")


@needs_kill
@pytest.mark.parametrize("moment", ["stage", "publish"])
def test_a_run_killed_over_an_older_data_set_leaves_that_and_no_more(tmp_path: Path, moment: str) -> None:
    older = SceneRequest(first_seed=4, count=2, height=64, width=64)
    write_scenes(tmp_path / "set", older)
    before = contents(tmp_path / "set")
    killed_at(tmp_path / "set", moment)
    left = contents(tmp_path / "set")
    assert {name: left[name] for name in before} == before
    assert any(name.endswith(".tmp") for name in left)
    write_scenes(tmp_path / "set", older)
    assert contents(tmp_path / "set") == before


@needs_kill
def test_pictures_that_were_there_before_a_killed_run_stay(tmp_path: Path) -> None:
    stranger = tmp_path / "images" / "scene-000004.png"
    stranger.parent.mkdir()
    stranger.write_bytes(b"mine")
    killed_at(tmp_path, "stage", "first_seed=5, count=10")
    with pytest.raises(ValueError, match=r"scene-000004.png is there already"):
        write_scenes(tmp_path, REQUEST)
    assert contents(tmp_path) == {"images/scene-000004.png": b"mine"}


def test_two_runs_do_not_write_to_one_folder(tmp_path: Path) -> None:
    def start_another(_name: str) -> None:
        with pytest.raises(ValueError, match=r"another run, process .*, is writing to .*set; wait for its end"):
            write_scenes(tmp_path / "set", REQUEST)

    write_scenes(tmp_path / "set", REQUEST, on_done=start_another)
    write_scenes(tmp_path / "fresh", REQUEST)
    assert contents(tmp_path / "set") == contents(tmp_path / "fresh")


def _die(seed: int, request: SceneRequest) -> None:
    os._exit(9)


def test_a_drawing_process_that_is_killed_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene_dataset, "_draw", _die)
    with pytest.raises(OSError, match="scenes of 128 × 96 need more memory than there is"):
        write_scenes(tmp_path / "set", REQUEST, processes=2)
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"count": 0}, "--count must lie between 1 and 1000000, not 0"),
        ({"first_seed": -3}, "--seed must be 0 or more, not -3"),
        ({"height": 63}, "--height must lie between 64 and 8192, not 63"),
        ({"width": 100_000}, "--width must lie between 64 and 8192, not 100000"),
        ({"weather": "hail"}, "--weather must be one of noon, .*, not 'hail'"),
    ],
)
def test_bad_values_are_refused_in_a_sentence(values: dict[str, int], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SceneRequest(**{"first_seed": 0, "count": 1, **values})
