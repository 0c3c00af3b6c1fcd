"""Writing COCO panoptic data sets: an older export is replaced whole or not at all, whatever goes wrong."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lpsnet.categories import Categories, Category
from lpsnet.formats import atomic
from lpsnet.formats.coco_panoptic import CocoPanopticWriter, read_coco_panoptic
from lpsnet.formats.id_png import MAX_ID
from lpsnet.structures import PanopticSegmentation

CATEGORIES = Categories(
    (
        Category(7, "road", False, (128, 64, 128)),
        Category(26, "car", True, (0, 0, 142)),
        Category(3, "dog", True, (9, 9, 9)),
    )
)
IDS = np.array([[0, 5, 5, 70000], [5, 5, 5, 70000], [MAX_ID, 0, 5, 5]], np.int32)
SEGMENTATION = PanopticSegmentation.from_ids(IDS, {70000: 1, 5: 0, MAX_ID: 2})


def test_photos_of_one_name_get_pngs_of_their_own(tmp_path: Path) -> None:
    with CocoPanopticWriter(tmp_path / "out.json", None, CATEGORIES) as writer:
        names = [
            writer.add(k, name, SEGMENTATION).name for k, name in enumerate(["x/1.jpg", "y/1.png", "y\\1.PNG", "1-2"])
        ]
    assert names == ["1.png", "1-2.png", "1-3.png", "1-2-2.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    assert [record.png_path.name for record in read_coco_panoptic(tmp_path / "out.json").records] == names


def test_writer_refuses_what_could_not_be_read_again(tmp_path: Path) -> None:
    writer = CocoPanopticWriter(tmp_path / "out.json", None, CATEGORIES)
    writer.add(1, "a.jpg", SEGMENTATION)
    with pytest.raises(ValueError, match="image id 1 is given twice"):
        writer.add(1, "b.jpg", SEGMENTATION)
    with pytest.raises(ValueError, match="class index 3 is not one of the 3"):
        writer.add(2, "b.jpg", PanopticSegmentation.from_ids(IDS, {5: 3, 70000: 1, MAX_ID: 0}))
    with pytest.raises(ValueError, match="id 5 of the id map belongs to no segment"):
        writer.add(2, "b.jpg", PanopticSegmentation(IDS, ()))
    with pytest.raises(ValueError, match="between 0 and 16777215"):
        writer.add(2, "b.jpg", PanopticSegmentation.from_ids(IDS + 1, {1: 0, 6: 0, 70001: 0, MAX_ID + 1: 0}))
    assert len(writer) == 1
    writer.close()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]
    with pytest.raises(ValueError, match="already written"):
        writer.add(3, "c.jpg", SEGMENTATION)


def _everything(folder: Path) -> dict[str, Any]:
    """What stands below ``folder``: the content of every file, the target of every link, None for a folder."""

    def content(path: Path) -> Any:
        if path.is_symlink():
            return path.readlink()
        return path.read_bytes() if path.is_file() else None

    return {str(path.relative_to(folder)): content(path) for path in folder.rglob("*")}


def _export(path: Path, size: int, *, count: int = 2, then: Callable[[], None] = lambda: None) -> None:
    """Writes ``count`` square segmentations, and does something before the writer is closed."""
    with CocoPanopticWriter(path, None, CATEGORIES) as writer:
        for k in range(count):
            writer.add(k, f"{k}.jpg", PanopticSegmentation.from_ids(np.full((size, size), 5), {5: 0}))
        then()


def test_an_older_export_stays_whole_until_the_new_one_is(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    _export(path, 3)
    before = _everything(tmp_path)

    def look_and_fail() -> None:
        assert {name: content for name, content in _everything(tmp_path).items() if name in before} == before
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        _export(path, 2, count=3, then=look_and_fail)
    assert _everything(tmp_path) == before
    _export(path, 2)
    after = _everything(tmp_path)
    assert after.keys() == before.keys()
    assert all(after[name] != before[name] for name in before if name != "out")


@pytest.mark.parametrize(("failing", "start"), [("out.json", b"{"), ("out/1.png", b"\x89PNG")])
@pytest.mark.parametrize("older", [True, False])
def test_full_disk_leaves_the_older_export_and_one_sentence_that_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, start: bytes, older: bool
) -> None:
    path = tmp_path / "out.json"
    if older:
        _export(path, 3)
    before = _everything(tmp_path)
    writer = CocoPanopticWriter(path, None, CATEGORIES)
    with pytest.raises(OSError, match="could not be written: no space left on device") as caught, writer:  # noqa: PT012
        writer.add(0, "0.jpg", SEGMENTATION)
        _fill_the_disk(monkeypatch, start)
        if failing != path.name:
            writer.add(1, "1.jpg", SEGMENTATION)
    assert str(caught.value).startswith(f"{tmp_path / failing} could not")
    assert caught.value.errno == errno.ENOSPC
    assert _everything(tmp_path) == before


def _fill_the_disk(monkeypatch: pytest.MonkeyPatch, start: bytes) -> None:
    """Lets every write of a content that begins with ``start`` fail half-way, as a full disk does."""
    real = atomic._write_through

    def write(path: Path, content: Any) -> None:
        if content.startswith(start):
            path.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, content)

    monkeypatch.setattr(atomic, "_write_through", write)


@pytest.mark.parametrize("blocked", ["out/1.png", "out.json"])
def test_a_folder_that_comes_to_stand_in_a_place_leaves_the_older_export(tmp_path: Path, blocked: str) -> None:
    path = tmp_path / "out.json"
    _export(path, 3)
    expected = _everything(tmp_path) | {blocked: None}

    def block() -> None:
        (tmp_path / blocked).unlink()
        (tmp_path / blocked).mkdir()

    with pytest.raises(OSError, match="could not be written: a folder has this name") as caught:
        _export(path, 2, then=block)
    assert str(caught.value).startswith(f"{tmp_path / blocked} could not")
    assert _everything(tmp_path) == expected


def test_a_folder_in_a_place_is_refused_before_anything_is_computed_in_vain(tmp_path: Path) -> None:
    (tmp_path / "out" / "a.png").mkdir(parents=True)
    with CocoPanopticWriter(tmp_path / "out.json", None, CATEGORIES) as writer:
        with pytest.raises(OSError, match=r"a\.png could not be written: a folder has this name"):
            writer.add(1, "a.jpg", SEGMENTATION)
        writer.add(1, "b.jpg", SEGMENTATION)
    assert [record.file_name for record in read_coco_panoptic(tmp_path / "out.json").records] == ["b.jpg"]
    (tmp_path / "taken.json").mkdir()
    before = _everything(tmp_path)
    with pytest.raises(OSError, match=r"taken\.json could not be written: a folder has this name"):
        CocoPanopticWriter(tmp_path / "taken.json", None, CATEGORIES)
    assert _everything(tmp_path) == before


def _interrupt(monkeypatch: pytest.MonkeyPatch, error: BaseException, n: int, *, behind: bool) -> None:
    """Raises ``error`` once, just before or just behind the n-th time that a file is moved or removed.

    Removing never meets an OSError here: what the system does not let go must stay.
    """
    left = n

    def wrap(real: Callable[..., Any]) -> Callable[..., Any]:
        def change(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0 and not behind:
                raise error
            result = real(*args, **kwargs)
            if left == 0:
                raise error
            return result

        return change

    for name in ("rename", "replace") if isinstance(error, OSError) else ("rename", "replace", "unlink"):
        monkeypatch.setattr(Path, name, wrap(getattr(Path, name)))


@pytest.mark.parametrize(
    ("error", "behind"),
    [(OSError(errno.EACCES, "Permission denied"), False), (KeyboardInterrupt(), False), (KeyboardInterrupt(), True)],
)
def test_closing_that_is_stopped_anywhere_leaves_the_older_export_or_the_new_one(
    tmp_path: Path, error: BaseException, behind: bool
) -> None:
    def prepare(name: str) -> Path:
        path = tmp_path / name / "out.json"
        _export(path, 3, count=3)
        (path.parent / "outside.png").write_bytes(b"precious")
        (path.parent / "out" / "0.png").unlink()
        (path.parent / "out" / "0.png").symlink_to("../outside.png")
        return path

    older = _everything(prepare("older").parent)
    path = prepare("newer")
    _export(path, 2, count=4)
    newer = _everything(path.parent)
    outcomes = []
    for n in range(1, 100):
        path = prepare(str(n))
        with pytest.MonkeyPatch.context() as patches:
            try:
                _export(path, 2, count=4, then=lambda: _interrupt(patches, error, n, behind=behind))  # noqa: B023
            except (OSError, KeyboardInterrupt):
                outcome = _everything(path.parent)
            else:
                break
        assert outcome in (older, newer)
        outcomes.append(outcome)
    assert _everything(path.parent) == newer
    assert len(outcomes) >= 7, "three files moved aside, three moved in, and the JSON"
    assert outcomes[0] == older


def test_discarding_leaves_an_older_data_set_whole_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "old" / "out.json"
    _export(path, 3)
    (path.parent / "empty").mkdir()
    before = _everything(tmp_path)
    for count in (0, 3):
        with CocoPanopticWriter(path, None, CATEGORIES) as writer:
            for k in range(count):
                writer.add(k, f"{k}.jpg", SEGMENTATION)
            assert len(writer) == count
            writer.discard()
        assert _everything(tmp_path) == before
        with CocoPanopticWriter(tmp_path / "new" / "deep" / "out.json", tmp_path / "new" / "ids", CATEGORIES) as writer:
            for k in range(count):
                writer.add(k, f"{k}.jpg", SEGMENTATION)
            writer.discard()
            with pytest.raises(ValueError, match="already written or discarded"):
                writer.add(9, "9.jpg", SEGMENTATION)
        assert _everything(tmp_path) == before


def test_folders_that_others_use_meanwhile_are_not_removed(tmp_path: Path) -> None:
    writer = CocoPanopticWriter(tmp_path / "new" / "out.json", None, CATEGORIES)
    (tmp_path / "new" / "notes.txt").write_bytes(b"mine")
    writer.discard()
    assert _everything(tmp_path) == {"new": None, "new/notes.txt": b"mine"}


@pytest.mark.parametrize("stem", ["n" * 246, "ü" * 123])
def test_long_names_are_written_and_replaced(tmp_path: Path, stem: str) -> None:
    path = tmp_path / f"{stem}.json"
    for _ in range(2):
        with CocoPanopticWriter(path, None, CATEGORIES) as writer:
            writer.add(1, f"{stem}.jpg", SEGMENTATION)
        opened = read_coco_panoptic(path)
        np.testing.assert_array_equal(opened.read_segmentation(opened.by_id[1]).ids, IDS)
