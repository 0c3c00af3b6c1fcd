"""COCO panoptic data sets: one JSON file of images and segments, and one PNG of ids an image.

A segment id is ``R + 256·G + 65536·B`` of the PNG; 0 is void. Layout and fields are those of panopticapi. Whatever the
JSON says is checked when it is opened, a PNG when it is read; nothing outside the data set's folders is touched.
"""

from __future__ import annotations

import os
import pickle
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from lpsnet.assets import resource
from lpsnet.categories import Categories
from lpsnet.formats.coco_panoptic_writer import CocoPanopticWriter
from lpsnet.formats.fields import ConfinedFolder, Fields, FormatError, StreamedList, load_json
from lpsnet.formats.id_png import MAX_ID, PanopticFormatError, read_id_png
from lpsnet.structures import PanopticSegmentation

__all__ = [
    "FIRST_PHOTOS",
    "MAX_SIDE",
    "PHOTOS_REMEDY",
    "CocoPanopticDataset",
    "CocoPanopticWriter",
    "ImageId",
    "PanopticFormatError",
    "Record",
    "find_photos",
    "instances_complaint",
    "photos_not_found",
    "read_box",
    "read_coco_panoptic",
]

ImageId = int | str
MAX_SIDE = 2**16 - 1
"""Pixels of the longest side that an image may have."""
FIRST_PHOTOS = 4
"""How many photos a folder is asked for that does not bear a customary name."""
PHOTOS_REMEDY = "put it there, or name it in the command or the config"
"""What remedies photos that are not found: the end of the sentence that says so."""
_MOST_NEIGHBOURS = 64
"""How many folders beside the JSON, and beside its own, are looked into."""
_NAMED = 5
"""How many folders a message names."""


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One image of a panoptic data set.

    Attributes:
        image_id: its id in the data set.
        file_name: name of the photo as the JSON gives it.
        width: of the photo as it was annotated, which may be before or after EXIF rotation; ``read_image`` takes
            :attr:`size` as its ``stated_size``.
        height: likewise.
        image_path: where the photo should be; None if no folder of photos was found.
        png_path: where its ids are; None if the image is not annotated.
        packed_segments: :attr:`segments` as bytes: ten thousand images' objects would take 40 MB.
        image_json: the JSON object of the image, every field kept.
    """

    image_id: ImageId
    file_name: str
    width: int
    height: int
    image_path: Path | None
    png_path: Path | None
    packed_segments: bytes
    image_json: Mapping[str, Any]

    @property
    def segments(self) -> tuple[Mapping[str, Any], ...]:
        """The JSON objects of its segments, every field kept; made anew at every call."""
        return tuple(pickle.loads(self.packed_segments))

    @property
    def size(self) -> tuple[int, int]:
        """``(height, width)``."""
        return self.height, self.width

    @property
    def json_areas(self) -> dict[int, float]:
        """Areas of the segments as the JSON gives them, which is what panopticapi takes for ground truth."""
        return {segment["id"]: segment["area"] for segment in self.segments if "area" in segment}


@dataclass(frozen=True, eq=False)
class CocoPanopticDataset:
    """A panoptic data set that has been opened and found well formed.

    Attributes:
        path: its JSON file.
        categories: its classes.
        records: one entry an image, in the order of the file.
        images_dir: the folder of photos, if one was found.
        pngs_dir: the folder of PNGs.
        header: the other fields of the JSON, such as ``info`` and ``licenses``.
        searched: the folders in which photos were looked for, if none was found to hold them.
        paired_by_name: whether annotations were given to the images of a reference by file names, not by ids.
    """

    path: Path
    categories: Categories
    records: tuple[Record, ...]
    images_dir: Path | None
    pngs_dir: Path
    header: Mapping[str, Any]
    searched: tuple[Path, ...] = ()
    paired_by_name: bool = False

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def by_id(self) -> Mapping[ImageId, Record]:
        """The record of each image id."""
        return {record.image_id: record for record in self.records}

    @cached_property
    def photos_problem(self) -> str:
        """Why there are no photos, where they were sought, and the remedy, in a sentence; empty if there are some."""
        if self.images_dir is not None or not self.records:
            return ""
        return f"{self.path}: {photos_not_found(self.records[0].file_name, self.searched)}"

    def read_segmentation(self, record: Record) -> PanopticSegmentation:
        """Reads the segmentation of one image. Areas and boxes are counted in the PNG, segments keep the JSON's order.

        Raises:
            PanopticFormatError: naming the PNG, if it is missing, damaged, of another size than the image, or holds
                other ids than the JSON; naming the JSON, if the image is not annotated.
        """
        if record.png_path is None:
            raise PanopticFormatError(f"{self.path}: image {record.image_id!r} has no annotation")
        segments = record.segments
        try:
            return PanopticSegmentation.from_ids(
                read_id_png(record.png_path, size=record.size),
                {segment["id"]: self.categories.index_of[segment["category_id"]] for segment in segments},
                crowds={segment["id"] for segment in segments if segment.get("iscrowd", 0)},
                scores={segment["id"]: float(segment["score"]) for segment in segments if "score" in segment},
            )
        except PanopticFormatError:
            raise
        except ValueError as error:
            where = f"segments_info of image {record.image_id!r} in {self.path}"
            raise PanopticFormatError(f"{record.png_path}: {error} (against {where})") from None


# ------------------------------------------------------------------------------------------------------------ reading


def read_coco_panoptic(
    json_path: str | Path,
    *,
    images_dir: str | Path | None = None,
    pngs_dir: str | Path | None = None,
    reference: CocoPanopticDataset | None = None,
) -> CocoPanopticDataset:
    """Opens a panoptic data set: its JSON is read and checked whole, no PNG yet.

    ``area``, ``bbox`` and ``iscrowd`` of a segment may be missing, as they are in predictions.

    Args:
        json_path: the JSON file.
        images_dir: folder of the photos; by default searched where COCO puts it: ``panoptic_val2017.json`` in
            ``annotations/`` beside ``val2017/``, or in ``images/``; else among the folders beside the JSON and beside
            its folder the one that holds most of the first photos.
        pngs_dir: folder of the PNGs; by default the JSON's name without its suffix.
        reference: ground truth whose images and categories stand for those of this file, for predictions that hold
            annotations only. Annotations of further images are left out. They are told apart by their ids; but where
            the file lists images of its own, whose names are just those of every annotated image of the reference under
            other ids, by these names: pictures of a folder are numbered anew.

    Raises:
        PanopticFormatError: naming file and field: cannot be read, not JSON, instance annotations, missing fields and
            wrong types, NaN, unknown category or image, duplicate or out-of-range ids, a file name that leaves its
            folder.
    """
    path = Path(json_path)
    try:
        content = load_json(path, streamed={"annotations"})
        if complaint := instances_complaint(content.value.get("annotations")):
            raise content.refuse("annotations", complaint)
        categories = reference.categories if reference else _read_categories(content)
        pngs = Path(pngs_dir) if pngs_dir is not None else path.with_suffix("")
        photos = Path(images_dir) if images_dir is not None else None
        searched: Sequence[Path] = ()
        paired_by_name = False
        if reference is None:
            if photos is None:
                first = list(islice(content.objects("images"), FIRST_PHOTOS))
                photos, searched = find_photos(path, first, pngs)
            records = _read_images(content, photos)
        else:
            photos = photos or reference.images_dir
            by_name = _records_by_name(content, reference)
            paired_by_name = by_name is not None
            records = by_name or dict(reference.by_id)
        annotated = _read_annotations(content, records, pngs, categories, skip_strangers=reference is not None)
    except FormatError as error:
        raise PanopticFormatError(str(error)) from None
    header = {name: value for name, value in content.value.items() if name not in _OWN_FIELDS}
    kept = annotated if reference else {**records, **annotated}
    return CocoPanopticDataset(
        path, categories, tuple(kept.values()), photos, pngs, header, tuple(searched), paired_by_name
    )


_OWN_FIELDS = frozenset({"images", "annotations", "categories"})


def instances_complaint(annotations: object) -> str:
    """Returns that a list of annotations is that of COCO's instances, in words that go on from the field's name.

    The first annotation tells: it has a segmentation of its own, and no segments in a PNG. Empty if it is none such.
    """
    first = next(iter(annotations), None) if isinstance(annotations, (list, StreamedList)) else None
    if not isinstance(first, dict) or "segments_info" in first or "segmentation" not in first:
        return ""
    return "look like instance annotations, not panoptic ones: the first has a segmentation and no segments_info"


def _read_categories(content: Fields) -> Categories:
    """Reads the classes; those of COCO take their customary colours where the file gives none, as COCO's own does."""
    records = content.items("categories")
    customary = _customary_colors()
    try:
        categories = Categories.from_json(records, content.source)
    except ValueError as error:
        raise FormatError(str(error)) from None
    return Categories(
        tuple(
            entry if "color" in record else replace(entry, color=customary.get((entry.id, entry.name), entry.color))
            for record, entry in zip(records, categories, strict=True)
        )
    )


@cache
def _customary_colors() -> Mapping[tuple[int, str], tuple[int, int, int]]:
    table = Categories.load(resource("categories", "coco_panoptic.json"))
    return {(entry.id, entry.name): entry.color for entry in table}


def find_photos(path: Path, photos: Sequence[Fields], pngs: Path) -> tuple[Path | None, Sequence[Path]]:
    """Returns the folder of photos, and, if there is none, the folders in which they were looked for.

    That is the first customary folder that holds the first photo, else the one, of those and their neighbours, that
    holds most of the first few. A photo's name may begin with folders, such as ``photos/a.jpg`` in the data set's root.
    The folder of id PNGs is passed over: where photos are PNGs too, it holds files of the same names.

    Args:
        path: the data set's JSON file.
        photos: the first :data:`FIRST_PHOTOS` objects of its ``images``.
        pngs: the folder of id PNGs.

    Raises:
        FormatError: if the first photo's name leads out of a customary folder.
    """
    if not photos:
        return None, ()
    searched = []
    for folder in _customary_folders(path):
        if folder.is_dir() and not _is_same(folder, pngs):
            if _is_photo(ConfinedFolder(folder).file(photos[0], "file_name"), pngs):
                return folder, ()
            searched.append(folder)
    searched += [folder for folder in _neighbours(path) if folder not in searched and not _is_same(folder, pngs)]
    held = [_count_held(folder, photos, pngs) for folder in searched]
    most = max(held, default=0)
    return (searched[held.index(most)], ()) if most else (None, searched)


def photos_not_found(sought: str, searched: Sequence[Path]) -> str:
    """Returns that the photos were not found, in words that go on from the data set's file and end in the remedy.

    Args:
        sought: the name of one of them.
        searched: the folders in which it was looked for.
    """
    places = [str(folder) for folder in searched[:_NAMED]]
    more = len(searched) - len(places)
    where = ", ".join([*places, *([f"{more} more"] if more else [])])
    looked_in = f"; looked in {where}" if where else ""
    return f"the folder of its photos, such as {sought}, was not found beside it{looked_in}; {PHOTOS_REMEDY}"


def _customary_folders(path: Path) -> tuple[Path, ...]:
    """Returns where COCO puts the photos of a data set, and where others do; some may not exist."""
    split, home = _split_of(path), path.parent
    root = _above(home)
    return (
        root / split,
        root / "images" / split,
        root / "images",
        home / split,
        home / "images" / split,
        home / "images",
        home,
        root,
    )


def _above(folder: Path) -> Path:
    """Returns the folder that holds another, which may be relative: pathlib takes the one above ``.`` for ``.``."""
    return folder / ".." if folder.name in ("", "..") else folder.parent


def _split_of(path: Path) -> str:
    """Returns for example ``val2017`` for ``panoptic_val2017.json``."""
    return path.stem.removeprefix("panoptic_")


def _neighbours(path: Path) -> Iterator[Path]:
    """Returns the folders beside a data set's JSON and those beside its own, those first that are called like it."""
    split = _split_of(path)
    for place in (path.parent, _above(path.parent)):
        try:
            with os.scandir(place) as entries:
                names = [entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
        except OSError:
            continue
        names.sort(key=lambda name: (name not in split, split not in name, name))
        yield from (place / name for name in names[:_MOST_NEIGHBOURS])


def _count_held(folder: Path, photos: Sequence[Fields], pngs: Path) -> int:
    """Returns how many photos lie in a folder and do not lead out of it."""
    confined, held = ConfinedFolder(folder), 0
    for photo in photos:
        try:
            held += _is_photo(confined.file(photo, "file_name"), pngs)
        except FormatError:
            continue
    return held


def _is_photo(file: Path, pngs: Path) -> bool:
    """Returns whether a file is there and is no id PNG, which a name with folders in it may lead to."""
    return file.is_file() and not _is_same(file.parent, pngs)


def _is_same(folder: Path, other: Path) -> bool:
    return other.is_dir() and folder.samefile(other)


def _read_images(content: Fields, folder: Path | None) -> dict[ImageId, Record]:
    """Reads the image list, without annotations yet."""
    records: dict[ImageId, Record] = {}
    # Names are checked even where the photos were not found: an export must not carry them on.
    confined = ConfinedFolder(folder if folder is not None else Path(content.source).parent)
    for entry in content.objects("images"):
        identity = entry.identity("id")
        if identity in records:
            raise entry.refuse("id", f"{identity!r} appears twice")
        image_path = confined.file(entry, "file_name")
        records[identity] = Record(
            image_id=identity,
            file_name=entry.text("file_name"),
            width=entry.whole("width", 1, MAX_SIDE),
            height=entry.whole("height", 1, MAX_SIDE),
            image_path=image_path if folder is not None else None,
            png_path=None,
            packed_segments=_pack([]),
            image_json=entry.value,
        )
    return records


def _records_by_name(content: Fields, reference: CocoPanopticDataset) -> dict[ImageId, Record] | None:
    """Returns the reference's annotated records by the ids that the file gives to images of their names.

    Returns:
        None where ids are to be gone by: the names do not tell every annotated image apart, or say what the ids say.
    """
    own = _names_by_id(content)
    for name_of in (str, _base_name):
        ids: dict[str, list[ImageId]] = {}
        for identity, name in own.items():
            ids.setdefault(name_of(name), []).append(identity)
        occurrences = Counter(name_of(record.file_name) for record in reference.records)
        annotated = {name_of(record.file_name): record for record in reference.records if record.png_path is not None}
        if all(occurrences[name] == len(ids.get(name, ())) == 1 for name in annotated):
            paired = {ids[name][0]: record for name, record in annotated.items()}
            return None if all(identity == record.image_id for identity, record in paired.items()) else paired
    return None


def _names_by_id(content: Fields) -> dict[ImageId, str]:
    """Returns the file names of the listed images; nothing if the list is missing or not well formed."""
    try:
        listed = [(entry.identity("id"), entry.text("file_name")) for entry in content.objects("images")]
    except FormatError:
        return {}
    names = dict(listed)
    return names if len(names) == len(listed) else {}


def _base_name(name: str) -> str:
    """Returns a file name without the folders before it, whichever way they are set apart."""
    return name.replace("\\", "/").rpartition("/")[2]


def _read_annotations(
    content: Fields,
    records: Mapping[ImageId, Record],
    pngs: Path,
    categories: Categories,
    *,
    skip_strangers: bool,
) -> dict[ImageId, Record]:
    """Returns the annotated records, complete."""
    annotated: dict[ImageId, Record] = {}
    confined = ConfinedFolder(pngs)
    owners: dict[Path, ImageId] = {}
    for entry in content.objects("annotations"):
        identity = entry.identity("image_id")
        record = records.get(identity)
        if record is None and skip_strangers:
            continue
        if record is None:
            raise entry.refuse("image_id", f"{identity!r} is not the id of an image")
        if identity in annotated:
            raise entry.refuse("image_id", f"{identity!r} is annotated twice")
        png = confined.file(entry, "file_name")
        if owners.setdefault(png, identity) != identity:
            raise entry.refuse("file_name", f"{png.name!r} already belongs to image {owners[png]!r}")
        _check_segments(entry, record, categories)
        packed = _pack(entry.items("segments_info"))
        annotated[identity] = replace(record, png_path=png, packed_segments=packed)
    return annotated


def _pack(segments: list[Any]) -> bytes:
    return pickle.dumps(segments, pickle.HIGHEST_PROTOCOL)


def _check_segments(annotation: Fields, record: Record, categories: Categories) -> None:
    """Checks the segments of one image."""
    seen: set[int] = set()
    for segment in annotation.objects("segments_info"):
        identity = segment.whole("id", 1, MAX_ID)
        if identity in seen:
            raise segment.refuse("id", f"{identity} appears twice in the image")
        seen.add(identity)
        category = segment.required("category_id")
        if isinstance(category, bool) or not isinstance(category, int) or category not in categories.index_of:
            raise segment.refuse("category_id", f"{category!r} is not the id of a category")
        present = segment.value.keys()
        if "iscrowd" in present:
            segment.whole("iscrowd", 0, 1)
        if "area" in present:
            segment.number("area", 0, record.width * record.height)
        if "score" in present:
            segment.number("score", 0, 1)
        if "bbox" in present:
            read_box(segment)


def read_box(segment: Fields) -> list[float]:
    """Returns the ``bbox`` of a segment: x, y, width and height in pixels.

    Raises:
        FormatError: naming file and field, if it is no list of four numbers.
    """
    box = segment.items("bbox")
    if len(box) != 4 or any(isinstance(side, bool) or not isinstance(side, (int, float)) for side in box):
        raise segment.refuse("bbox", f"must be four numbers x, y, width, height, not {box!r}")
    return box
