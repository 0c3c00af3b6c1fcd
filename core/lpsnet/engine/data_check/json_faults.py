"""The JSON file of a data set, taken apart by the readers' rules, whose refusals become faults."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from lpsnet.formats.coco_panoptic import ImageId
from lpsnet.formats.data_report import Fault, FaultKind, FaultLog
from lpsnet.formats.fields import Fields, FormatError, StreamedList, places_not_finite

__all__ = ["JsonFaults", "complaint_of", "plain_id"]

_T = TypeVar("_T")


def complaint_of(error: Exception, file: Path) -> str:
    """Returns what a reader's message says behind the file that it names."""
    return str(error).removeprefix(f"{file}: ")


def plain_id(value: object, name: str) -> ImageId | None:
    """Returns the id that the field ``name`` of an object holds; None, without any complaint, if it holds none."""
    try:
        return Fields(value, "", "").identity(name)
    except FormatError:
        return None


class JsonFaults:
    """Takes objects and fields out of a JSON file and notes a fault where the reader's rule refuses.

    A number that is not finite is named wherever it stands, and not again by the rule of the field that holds it.

    Attributes:
        path: the file.

    Args:
        content: the file's outermost object, its images and annotations streamed.
        log: takes the faults.
        has_not_finite: whether a number that is not finite was met when the file was read.
    """

    def __init__(self, content: Fields, log: FaultLog, *, has_not_finite: bool) -> None:
        self.path = Path(content.source)
        self._content = content
        self._log = log
        self._has_not_finite = has_not_finite
        self._places_not_finite: list[str] = []
        self._found_not_finite = False
        self._name_not_finite({name: v for name, v in content.value.items() if not isinstance(v, StreamedList)}, "")

    def top_level(self, name: str) -> Sequence[Any] | StreamedList | None:
        """Returns a list of the outermost object; None, which is a fault, if there is no such list."""
        value = self._content.value.get(name)
        return (
            value
            if isinstance(value, StreamedList)
            else self.take(FaultKind.TOP_LEVEL, self._content, Fields.items, name)
        )

    def entries(self, kind: FaultKind, values: Iterable[Any], name: str, id_name: str) -> Iterator[Fields | None]:
        """Yields the objects of a list of the outermost object; None, which is a fault, for what is no object.

        Args:
            kind: of the fault that something is no object.
            values: the list's elements.
            name: of the list.
            id_name: the field in which its objects hold the image's id.
        """
        for index, value in enumerate(values):
            where = f"{name}[{index}]"
            self._name_not_finite(value, where, plain_id(value, id_name))
            yield self._object(kind, value, where)

    def objects(
        self, kind: FaultKind, values: Iterable[Any], place: str, image_id: ImageId | None = None
    ) -> Iterator[Fields | None]:
        """Yields the objects of any other list, which stands at ``place``; None, which is a fault, for what is none."""
        for index, value in enumerate(values):
            yield self._object(kind, value, f"{place}[{index}]", image_id)

    def take(
        self,
        kind: FaultKind,
        fields: Fields,
        rule: Callable[..., _T],
        name: str,
        *limits: object,
        image_id: ImageId | None = None,
    ) -> _T | None:
        """Returns a field as ``rule(fields, name, *limits)`` reads it; None, which is a fault, if it refuses."""
        try:
            return rule(fields, name, *limits)
        except FormatError as error:
            self.refused(kind, fields.place(name), error, image_id)
            return None

    def refused(self, kind: FaultKind, place: str, error: FormatError, image_id: ImageId | None = None) -> None:
        """Notes that a rule of the reader refuses what stands at ``place``."""
        if not self._is_not_finite(place):
            self._log.add(Fault(kind, self.path, place, complaint_of(error, self.path), image_id))

    def fault(self, kind: FaultKind, place: str, message: str, image_id: ImageId | None = None) -> None:
        """Notes a fault of the file; ``message`` goes on from the field's name."""
        self._log.add(Fault(kind, self.path, place, f"{place} {message}", image_id))

    def name_hidden_not_finite(self) -> None:
        """Names a number that is not finite and stands in none of the values: another of its field's name hides it."""
        if self._has_not_finite and not self._found_not_finite:
            message = "a field that is given twice holds a number that is not finite"
            self._log.add(Fault(FaultKind.NOT_FINITE, self.path, "", message))

    def _object(self, kind: FaultKind, value: object, where: str, image_id: ImageId | None = None) -> Fields | None:
        try:
            return Fields(value, self._content.source, where)
        except FormatError as error:
            self.refused(kind, where, error, image_id)
            return None

    def _name_not_finite(self, value: object, where: str, image_id: ImageId | None = None) -> None:
        """Names the NaNs and infinities of a value, and keeps in mind where they stand until the next value."""
        if not self._has_not_finite:
            return
        self._places_not_finite.clear()
        for place, number in places_not_finite(value, where):
            self._places_not_finite.append(place)
            self._found_not_finite = True
            self.fault(FaultKind.NOT_FINITE, place, f"is {json.dumps(number)}, not a finite number", image_id)

    def _is_not_finite(self, place: str) -> bool:
        return any(bad == place or bad.startswith((f"{place}[", f"{place}.")) for bad in self._places_not_finite)
