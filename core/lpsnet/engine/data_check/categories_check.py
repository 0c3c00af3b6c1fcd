"""The categories of a data set, each field judged by the reader's own rule."""

from __future__ import annotations

from dataclasses import dataclass, field

from lpsnet.categories import Categories, Category
from lpsnet.engine.data_check.json_faults import JsonFaults
from lpsnet.formats.data_report import FaultKind
from lpsnet.formats.fields import Fields

__all__ = ["ListedClass", "ListedClasses", "check_categories"]


@dataclass(frozen=True, slots=True)
class ListedClass:
    """One category, so far as it could be read.

    Attributes:
        id: the data set's id.
        name: of the category; its id where it has none.
        isthing: whether it is a thing; None where that is not known.
        place: where it stands in the file.
    """

    id: int
    name: str
    isthing: bool | None
    place: str


@dataclass(slots=True)
class ListedClasses:
    """The categories that have an id of their own.

    Attributes:
        entries: in the order of the file; a class index is a position here.
        index_of: the class index of each id.
        is_whole: whether no category is missing here because its id could not be read, or is another's.
    """

    entries: list[ListedClass] = field(default_factory=list)
    index_of: dict[int, int] = field(default_factory=dict)
    is_whole: bool = True


def check_categories(data: JsonFaults) -> ListedClasses:
    """Names what is wrong with the categories, and returns those that segments can belong to."""
    values = data.top_level("categories")
    classes = ListedClasses(is_whole=bool(values))
    if values is not None and not values:
        data.fault(FaultKind.TOP_LEVEL, "categories", "must not be empty")
    places_of_names: dict[str, str] = {}
    for record in data.objects(FaultKind.CATEGORY, values or (), "categories"):
        if record is None:
            classes.is_whole = False
        else:
            _check_category(data, record, classes, places_of_names)
    return classes


def _check_category(data: JsonFaults, record: Fields, classes: ListedClasses, places_of_names: dict[str, str]) -> None:
    with_id, with_name, with_isthing = (
        data.take(FaultKind.CATEGORY, record, _category_with, name) for name in ("id", "name", "isthing")
    )
    if "color" in record.value:
        data.take(FaultKind.CATEGORY, record, _category_with, "color")
    if with_name is not None:
        first = places_of_names.setdefault(with_name.name, record.where)
        if first != record.where:
            place = record.place("name")
            data.fault(FaultKind.CATEGORY_NAME_TWICE, place, f"{with_name.name!r} is that of {first} too")
    if with_id is None:
        classes.is_whole = False
    elif with_id.id in classes.index_of:
        data.fault(FaultKind.CATEGORY_TWICE, record.place("id"), f"{with_id.id} appears twice")
        classes.is_whole = False
    else:
        name = with_name.name if with_name is not None else str(with_id.id)
        isthing = with_isthing.isthing if with_isthing is not None else None
        classes.index_of[with_id.id] = len(classes.entries)
        classes.entries.append(ListedClass(with_id.id, name, isthing, record.where))


def _category_with(record: Fields, name: str) -> Category:
    """Returns a category that is right but for one field, which is that of ``record``: the reader judges that one."""
    probe = {"id": 1, "name": "a name", "isthing": 0, name: record.required(name)}
    try:
        return Categories.from_json([probe], record.source)[0]
    except ValueError as error:
        raise record.refuse(name, str(error).removeprefix(f"{record.source}: categories[0].{name} ")) from None
