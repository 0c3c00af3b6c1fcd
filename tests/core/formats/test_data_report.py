"""A report as plain text: errors first, bounded, one line a fault, whatever files and classes are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpsnet.formats.data_report import (
    ClassFacts,
    DataFacts,
    DataReport,
    Fault,
    FaultKind,
    FaultLog,
    SmallThing,
    format_report,
    report_lines,
)

PATH = Path("/data/panoptic_mini.json")


def report_of(
    *faults: Fault, most_per_kind: int = 100, facts: DataFacts | None = None, complete: bool = True
) -> DataReport:
    log = FaultLog(most_per_kind)
    for fault in faults:
        log.add(fault)
    return DataReport(
        PATH, Path("/data/mini"), Path("/data/pngs"), log.faults, log.counts, facts or DataFacts(), 1.25, complete
    )


def fault(kind: FaultKind, number: int = 0) -> Fault:
    place = f"images[{number}].width"
    return Fault(kind, PATH, place, f"{place} is wrong", number)


def test_errors_come_first_and_decide_the_exit_status() -> None:
    warned = report_of(fault(FaultKind.IMAGE_SMALL))
    assert (warned.errors, warned.warnings, warned.exit_status) == (0, 1, 0)
    both = report_of(fault(FaultKind.IMAGE_SMALL), fault(FaultKind.IMAGE), fault(FaultKind.IMAGE, 1))
    assert (both.errors, both.warnings, both.exit_status) == (2, 1, 1)
    assert [entry.severity for entry in both.faults] == ["error", "error", "warning"]
    assert list(report_lines(both))[:5] == [
        "Error: fields of images that are missing or wrong (2)",
        "  /data/panoptic_mini.json: images[0].width is wrong",
        "  /data/panoptic_mini.json: images[1].width is wrong",
        "",
        "Warning: images that are extremely small (1)",
    ]


@pytest.mark.parametrize(("kept", "shown", "printed"), [(100, 3, 3), (2, 3, 2), (100, 30, 25)])
def test_what_is_not_printed_is_counted(kept: int, shown: int, printed: int) -> None:
    report = report_of(*(fault(FaultKind.IMAGE, number) for number in range(25)), most_per_kind=kept)
    lines = list(report_lines(report, shown=shown))
    assert lines[0].endswith("(25)")
    assert sum(line.endswith("is wrong") for line in lines) == printed
    assert (f"  … and {25 - printed} more" in lines) == (printed < 25)
    assert report.errors == 25


@pytest.mark.parametrize(
    ("faults", "complete", "verdict"),
    [
        ((), True, "No fault in 1.2 s"),
        ((FaultKind.IMAGE,), True, "1 error in 1.2 s"),
        ((FaultKind.IMAGE, FaultKind.IMAGE, FaultKind.IMAGE_SMALL), True, "2 errors and 1 warning in 1.2 s"),
        ((), False, "No fault in 1.2 s; stopped before everything was looked at"),
    ],
)
def test_the_last_line_is_what_it_comes_to(faults: tuple[FaultKind, ...], complete: bool, verdict: str) -> None:
    assert list(report_lines(report_of(*map(fault, faults), complete=complete)))[-1] == verdict


def test_names_cannot_break_a_line_or_command_a_terminal() -> None:
    name = "a\n\x1b[31mred\u202e\ud800"
    facts = DataFacts(
        images=1,
        classes=(ClassFacts(1, name, True, 1, 0, 9),),
        smallest_things=(SmallThing(9, name, 1, name),),
    )
    report = report_of(Fault(FaultKind.PHOTO_MISSING, Path("/data") / name, "images[0].file_name", name), facts=facts)
    for line in report_lines(report):
        assert line.isprintable()
        line.encode()
    assert "/data/a\\n\\x1b[31mred\\u202e\\ud800: a\\n\\x1b[31mred" in format_report(report)


def test_facts_are_printed_with_the_most_frequent_class_first() -> None:
    facts = DataFacts(
        images=1200,
        annotated=1000,
        classes=(
            ClassFacts(3, "dog", True, 2, 0, 30),
            ClassFacts(7, "road", False, 8, 0, 60),
            ClassFacts(9, "cat", True, 0, 0, 0),
            ClassFacts(26, "car", True, 2, 3, 10),
        ),
        widths=(333, 640),
        heights=(480, 480),
        void_median=0.026,
        void_most=0.967,
        void_most_image=61,
        smallest_things=(SmallThing(4, 531, 6926760, "sports ball"),),
    )
    assert format_report(report_of(facts=facts)).splitlines() == [
        "data set         /data/panoptic_mini.json",
        "photos           /data/mini",
        "PNGs             /data/pngs",
        "images           1,200, of which 1,000 annotated",
        "segments         15: 4 things, 8 stuff, 3 crowds",
        "sizes            333 to 640 wide, 480 high (pixels)",
        "void             2.6% of an image in the median, at most 96.7% (image 61)",
        "smallest things  sports ball of 4 px (segment 6926760 of image 531)",
        "",
        "class  id  kind   segments  crowds  share of pixels",
        "road    7  stuff         8       0           60.00%",
        "car    26  thing         2       3           10.00%",
        "dog     3  thing         2       0           30.00%",
        "1 of 4 classes have no segment",
        "",
        "No fault in 1.2 s",
    ]


def test_every_kind_has_a_heading_of_its_own() -> None:
    assert len({kind.title for kind in FaultKind}) == len(FaultKind)
    severities = [kind.severity for kind in FaultKind]
    assert severities == sorted(severities), "errors are printed before warnings"
