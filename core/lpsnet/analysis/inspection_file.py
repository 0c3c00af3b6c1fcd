"""The whole inspection of an image in a file, reopened bit for bit without the network.

``scene.npz`` holds it all: the arrays of :data:`lpsnet.analysis.inspection_arrays.ARRAYS`, each deflated, and
``about``, the UTF-8 text of a JSON object with everything that is no array. ``scene.json`` beside it is a
copy of that text for people and for programs that read no numpy; nothing is read from it. Neither holds a pickle.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from lpsnet.analysis.inspection_arrays import (
    ARRAYS,
    OPTIONAL_PARTS,
    Arrays,
    pack,
    parts_of,
    unpack_areas,
    unpack_borderness,
    unpack_candidates,
    unpack_detections,
    unpack_quality,
    unpack_segments,
    unpack_steps,
)
from lpsnet.analysis.inspection_checks import Layout, check_layout, check_values, expected_arrays
from lpsnet.analysis.saved_inspection import SavedInspection
from lpsnet.categories import Categories
from lpsnet.formats.atomic import FileGroup, refuse_folder, write_failure
from lpsnet.formats.fields import Fields, FormatError, places_not_finite, read_file
from lpsnet.images import MAX_PIXELS
from lpsnet.structures import InspectionSettings, MergeTrace, PanopticSegmentation, Stage

__all__ = ["FORMAT", "VERSION", "InspectionFileError", "SavedInspection", "load_inspection", "save_inspection"]

FORMAT = "lpsnet-inspection"
"""What the field ``format`` says."""
VERSION = 1
"""Of the format; a reader refuses any other."""

_ABOUT = "about"
"""The array that holds the JSON."""
_LONGEST_ABOUT = 64 << 20
_MOST_BYTES = 16 << 30
"""Of all arrays together, so that a small file cannot ask for more memory than any inspection needs."""
_MOST_SECONDS = 1e9
_LARGEST_SCALE = 1e6
_COMPRESSION_LEVEL = 1
"""Of zlib: higher ones take several times as long for a few per cent."""


class InspectionFileError(FormatError):
    """A file is not a whole inspection; the message names the file and the field."""


# ------------------------------------------------------------------------------------------------------------- saving


def save_inspection(path: str | Path, saved: SavedInspection) -> tuple[Path, Path]:
    """Writes an inspection, both files or neither; older ones of these names are replaced.

    Args:
        path: the ``.npz`` file; its folder must exist. The JSON takes the same name with ``.json``.
        saved: what to write.

    Returns:
        The ``.npz`` and the ``.json``.

    Raises:
        ValueError: if the name does not end with ``.npz``, or naming the field, if something in ``saved`` could not be
            read back: an unknown class, a score that is not finite, steps that do not lead to the owner map.
        OSError: one sentence naming the file that cannot be written, or that would be replaced and is something else.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"{path}: an inspection is saved under a name that ends with .npz")
    arrays = pack(saved)
    about = _about_text(saved, arrays)
    _unpack(_parse_about(about, str(path)), arrays, str(path))
    beside = path.with_suffix(".json")
    _refuse_foreign(beside)
    group = FileGroup()
    try:
        group.add(path, _zip_bytes({**arrays, _ABOUT: np.frombuffer(about, np.uint8)}))
        group.publish(beside, about)
    finally:
        group.discard()
    return path, beside


def _about_text(saved: SavedInspection, arrays: Arrays) -> bytes:
    """Returns the JSON of an inspection: all that is no array, and what the arrays are."""
    about: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "name": saved.name,
        "versions": dict(saved.versions),
        "network": dict(saved.network),
        "seconds": {str(stage): seconds for stage, seconds in saved.seconds.items()},
        "parts": list(parts_of(saved)),
        "settings": asdict(saved.settings),
        "merge": {
            "overlap_threshold": saved.trace.overlap_threshold,
            "conflict": saved.trace.conflict,
            "notes": list(saved.trace.notes),
        },
        "borderness": None
        if saved.borderness is None
        else {"scale": list(saved.borderness.scale), "pooling": saved.borderness.pooling},
        "categories": saved.categories.to_json(),
        "arrays": {
            spec.name: {
                "dtype": arrays[spec.name].dtype.name,
                "shape": list(arrays[spec.name].shape),
                "meaning": f"{spec.shape_words} {spec.meaning}",
            }
            for spec in ARRAYS
            if spec.name in arrays
        },
    }
    return json.dumps(about, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass") + b"\n"


def _zip_bytes(arrays: Arrays) -> bytes:
    """Returns the content of an ``.npz`` file; the same arrays always give the same bytes."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION_LEVEL) as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                little = values.astype(values.dtype.newbyteorder("<"), copy=False)
                npy.write_array(stream, little, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def _refuse_foreign(path: Path) -> None:
    """Checks that a JSON file which would be replaced is one of an inspection.

    Raises:
        OSError: one sentence naming it, if it is not.
    """
    refuse_folder(path)
    if not path.exists():
        return
    try:
        _parse_about(read_file(path), str(path))
    except InspectionFileError as error:
        raise FileExistsError(f"{path} is there already and belongs to something else: choose another name") from error
    except OSError as error:
        raise write_failure(path, error) from error


# ------------------------------------------------------------------------------------------------------------ loading


def load_inspection(path: str | Path) -> SavedInspection:
    """Reads an inspection, bit for bit as it was saved.

    Every figure is checked, so that what uses it need not: ranges, ids, shapes, and that the steps of the merge lead to
    its owner map.

    Args:
        path: the ``.npz`` file.

    Raises:
        InspectionFileError: in one sentence naming the file and the field, if it cannot be read, is damaged or cut
            short, of another version of the format, or holds anything that no inspection can.
    """
    source = str(path)
    try:
        content = read_file(Path(path))
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        cause = (isinstance(error, OSError) and error.strerror) or str(error)
        raise InspectionFileError(f"{source}: cannot be read ({cause})") from None
    try:
        about, arrays = _read_members(_Members(_opened(content, source), source), source)
    except MemoryError:
        raise InspectionFileError(f"{source}: there is not enough memory for it") from None
    return _unpack(about, arrays, source)


def _opened(content: bytes, source: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(BytesIO(content))
    except Exception as error:  # it raises anything on damaged data
        raise InspectionFileError(f"{source}: is no .npz file, damaged or cut short ({error})") from None


def _read_members(members: _Members, source: str) -> tuple[_About, Arrays]:
    """Reads the JSON, then the arrays that it asks for, whose headers are checked before anything is unpacked."""
    about = _parse_about(members.read_about(), source)
    specs = expected_arrays(about.parts)
    layout = {spec.name: members.layout(spec.name) for spec in specs if members.has(spec.name)}
    sides = check_layout(layout, about.parts, len(about.categories), about.refuse)
    if sides["H"] * sides["W"] > MAX_PIXELS:
        about.refuse("image", f"has more pixels than the limit of {MAX_PIXELS:,}")
    if sum(dtype.itemsize * _cells(shape) for dtype, shape in layout.values()) > _MOST_BYTES:
        raise InspectionFileError(f"{source}: its arrays take more than {_MOST_BYTES >> 30} GiB")
    return about, {spec.name: members.read(spec.name) for spec in specs}


class _Members:
    """The arrays in a zip file, each read with all that its header says checked first."""

    def __init__(self, archive: zipfile.ZipFile, source: str) -> None:
        self._archive = archive
        self._source = source

    def has(self, name: str) -> bool:
        return f"{name}.npy" in self._archive.NameToInfo

    def read_about(self) -> bytes:
        if not self.has(_ABOUT):
            raise InspectionFileError(f"{self._source}: {_ABOUT} is missing, so this is no inspection")
        dtype, shape = self.layout(_ABOUT)
        if dtype != np.uint8 or len(shape) != 1 or shape[0] > _LONGEST_ABOUT:
            raise InspectionFileError(
                f"{self._source}: {_ABOUT} must be a text as uint8 [n], not {dtype} {list(shape)}"
            )
        return self.read(_ABOUT).tobytes()

    def layout(self, name: str) -> tuple[np.dtype[Any], tuple[int, ...]]:
        """Returns dtype and shape as the header says; the length of the member goes with them."""
        with self._damage(name):
            member = self._archive.getinfo(f"{name}.npy")
            with self._archive.open(member) as stream:
                version = npy.read_magic(stream)
                if version != (1, 0):
                    raise ValueError(f"version {version} of the .npy format")
                shape, _, dtype = npy.read_array_header_1_0(stream)
                if dtype.hasobject or dtype.kind not in "biuf":
                    raise ValueError(f"dtype {dtype}")
                if any(side < 0 for side in shape) or member.file_size != stream.tell() + dtype.itemsize * _cells(
                    shape
                ):
                    raise ValueError("its length is not what its shape asks for")
        return dtype.newbyteorder("="), shape

    def read(self, name: str) -> NDArray[Any]:
        with self._damage(name), self._archive.open(f"{name}.npy") as stream:
            values: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
            if stream.read(1):
                raise ValueError("something follows it")
        return np.ascontiguousarray(values, values.dtype.newbyteorder("="))

    def _damage(self, name: str) -> _Damage:
        return _Damage(f"{self._source}: {name} is damaged, cut short or no plain array")


@dataclass(frozen=True, slots=True)
class _Damage:
    """Turns whatever a decoder raises on damaged data into one sentence."""

    sentence: str

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, MemoryError):
            cause = str(error).splitlines() or [type(error).__name__]
            raise InspectionFileError(f"{self.sentence} ({cause[0]})") from None


def _cells(shape: tuple[int, ...]) -> int:
    cells = 1
    for side in shape:
        cells *= side
    return cells


# ------------------------------------------------------------------------------------------------------- the JSON part


@dataclass(frozen=True, slots=True, eq=False)
class _About:
    """The JSON of an inspection file, checked.

    Attributes:
        source: the file, for complaints.
        overlap_threshold: see :class:`lpsnet.structures.MergeTrace`; so with ``conflict`` and ``notes``.
        scale: see :class:`lpsnet.structures.BordernessMaps`; so with ``pooling``.

    The others are those of :class:`SavedInspection`, and which of its optional parts there are.
    """

    source: str
    name: str
    versions: Mapping[str, str]
    network: Mapping[str, str]
    seconds: Mapping[Stage, float]
    parts: tuple[str, ...]
    settings: InspectionSettings
    categories: Categories
    overlap_threshold: float
    conflict: str
    notes: tuple[str, ...]
    scale: tuple[float, float]
    pooling: Literal["max", "own"]

    def refuse(self, name: str, complaint: str) -> NoReturn:
        """Raises that an array is wrong; ``complaint`` goes on from its name."""
        raise InspectionFileError(f"{self.source}: {name} {complaint}")


def _parse_about(text: bytes, source: str) -> _About:
    """Reads the JSON of an inspection file.

    Raises:
        InspectionFileError: in one sentence naming the file and the field.
    """
    try:
        content = json.loads(text.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise InspectionFileError(f"{source}: {_ABOUT} is not JSON, or cut short ({error})") from None
    for place, value in places_not_finite(content):
        raise InspectionFileError(f"{source}: {place} is {value}, not a finite number")
    try:
        return _checked_about(Fields(content, source, ""), source)
    except InspectionFileError:
        raise
    except ValueError as error:  # of the fields, the settings and the categories; each names the file already
        raise InspectionFileError(str(error)) from None


def _checked_about(about: Fields, source: str) -> _About:
    if about.required("format") != FORMAT:
        raise about.refuse("format", f"must be {FORMAT!r}, not {about.required('format')!r}")
    if about.required("version") != VERSION or isinstance(about.required("version"), bool):
        raise about.refuse("version", f"is {about.required('version')!r}, but only {VERSION} can be read here")
    parts = tuple(_texts(about, "parts"))
    for part in parts:
        if part not in OPTIONAL_PARTS:
            raise about.refuse("parts", f"holds {part!r}, which is none of {', '.join(OPTIONAL_PARTS)}")
    if "borderness" in parts:
        scale, pooling = _reading(Fields(about.required("borderness"), source, "borderness"))
    else:
        scale, pooling = (1.0, 1.0), "max"
    merge = Fields(about.required("merge"), source, "merge")
    conflict = merge.text("conflict")
    if conflict not in ("closest", "highest", "smallest"):
        raise merge.refuse("conflict", f"must be one of closest, highest, smallest, not {conflict!r}")
    merge.number("overlap_threshold", 0, 1)
    return _About(
        source=source,
        name=_plain_text(about, "name"),
        versions=_facts(about, "versions"),
        network=_facts(about, "network"),
        seconds=_seconds(Fields(about.required("seconds"), source, "seconds")),
        parts=parts,
        settings=_settings(Fields(about.required("settings"), source, "settings")),
        categories=Categories.from_json(about.items("categories"), source),
        overlap_threshold=merge.required("overlap_threshold"),
        conflict=conflict,
        notes=tuple(_texts(merge, "notes")),
        scale=scale,
        pooling=pooling,
    )


def _plain_text(about: Fields, name: str) -> str:
    """Returns a text that may be empty."""
    value = about.required(name)
    if not isinstance(value, str):
        raise about.refuse(name, f"must be a text, not {value!r}")
    return value


def _texts(about: Fields, name: str) -> list[str]:
    for value in about.items(name):
        if not isinstance(value, str):
            raise about.refuse(name, f"must hold texts, not {value!r}")
    return about.items(name)


def _facts(about: Fields, name: str) -> dict[str, str]:
    facts = Fields(about.required(name), about.source, name)
    return {fact: _plain_text(facts, fact) for fact in facts.value}


def _seconds(stages: Fields) -> dict[Stage, float]:
    for name in stages.value:
        if name not in tuple(Stage):
            raise stages.refuse(name, f"is no stage; there are {', '.join(Stage)}")
        stages.number(name, 0, _MOST_SECONDS)
    return {Stage(name): seconds for name, seconds in stages.value.items()}


def _settings(settings: Fields) -> InspectionSettings:
    names = [spec.name for spec in fields(InspectionSettings)]
    for name in names:
        settings.required(name)
    for name in settings.value:
        if name not in names:
            raise settings.refuse(name, "is no setting")
    try:
        return InspectionSettings(**settings.value)
    except ValueError as error:
        raise InspectionFileError(f"{settings.source}: settings.{error}") from None


def _reading(borderness: Fields) -> tuple[tuple[float, float], Literal["max", "own"]]:
    scale = borderness.items("scale")
    numbers = [
        isinstance(side, int | float) and not isinstance(side, bool) and 0 < side <= _LARGEST_SCALE for side in scale
    ]
    if numbers != [True, True]:
        raise borderness.refuse("scale", f"must be two numbers above 0 and up to {_LARGEST_SCALE:g}, not {scale!r}")
    pooling: Any = borderness.text("pooling")
    if pooling not in ("max", "own"):
        raise borderness.refuse("pooling", f"must be max or own, not {pooling!r}")
    return (scale[0], scale[1]), pooling


# -------------------------------------------------------------------------------------------------------- put together


def _unpack(about: _About, arrays: Arrays, source: str) -> SavedInspection:
    """Checks the arrays against the JSON and makes an inspection of both.

    Raises:
        InspectionFileError: naming the file and the field.
    """
    layout: Layout = {name: (values.dtype, values.shape) for name, values in arrays.items()}
    sides = check_layout(layout, about.parts, len(about.categories), about.refuse)
    check_values(arrays, about.parts, sides, about.refuse)
    trace = MergeTrace(
        steps=unpack_steps(arrays),
        owners=arrays["merge.owners"],
        labels=arrays["merge.labels"],
        segments=unpack_segments(arrays, "merge"),
        overlap_threshold=about.overlap_threshold,
        conflict=about.conflict,
        notes=about.notes,
    )
    has = about.parts.__contains__
    return SavedInspection(
        image=arrays["image"],
        categories=about.categories,
        settings=about.settings,
        candidates=unpack_candidates(arrays) if has("candidates") else None,
        detections=unpack_detections(arrays),
        trace=trace,
        borderness=unpack_borderness(arrays, about.scale, about.pooling) if has("borderness") else None,
        truth=PanopticSegmentation(arrays["truth.ids"], unpack_segments(arrays, "truth")) if has("truth") else None,
        truth_areas=unpack_areas(arrays) if has("truth_areas") else None,
        quality=unpack_quality(arrays) if has("quality") else None,
        seconds=about.seconds,
        network=about.network,
        versions=about.versions,
        name=about.name,
    )
