"""A job's log: what a line is, how the file is read, which lines are held and in which rows they are shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.jobs.log import JobLog, LogFile, LogPart, lines_with
from lpsnet_studio.jobs.log_levels import LONGEST_LINE, Level, LevelReader, is_continued, level_of, plain_line
from lpsnet_studio.jobs.log_rows import LogRows, shown_codes

TRACEBACK = """Traceback (most recent call last):
  File "a.py", line 1, in <module>
    main()
KeyError: 'a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 2, in <module>
torch.OutOfMemoryError: CUDA out of memory
	of 4 GiB""".splitlines()


def levels(lines: list[str]) -> list[Level]:
    reader = LevelReader()
    return [level_of(reader.read(line, line.encode())) for line in lines]


def starts(lines: list[str]) -> int:
    reader = LevelReader()
    return sum(not is_continued(reader.read(line)) for line in lines)


# --------------------------------------------------------------------------------------------------------------- lines


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\x1b[1;31merror: \xe2\x80\x9cx\xe2\x80\x9d\x1b[0m", "error: “x”"),
        (b" 10%|#\r 20%|##\r 30%|###", " 30%|###"),
        (b"50%\r100%\r\r", "100%"),
        (b"windows\r", "windows"),
        (b"a\tb\x00\x07", "a       b"),
        (b"\xff\xfe", "��"),
        (b"\x1b]8;;https://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\u2028b".encode(), "a b"),
        (b"\x1b[2K\r\x1b[1A", ""),
    ],
)
def test_a_line_reads_as_it_stood_in_a_terminal_at_last(raw: bytes, text: str) -> None:
    assert plain_line(raw) == text


def test_of_a_line_without_end_the_beginning_is_kept() -> None:
    text = plain_line(b"x" * (LONGEST_LINE + 1234))
    assert text == "x" * LONGEST_LINE + " … 1,234 more characters"


@given(st.binary(max_size=200))
def test_whatever_is_written_makes_one_line_that_can_be_painted(raw: bytes) -> None:
    text = plain_line(raw.replace(b"\n", b""))
    assert not any(sign in text for sign in "\n\r\x1b\x00\u2028\x85")
    assert level_of(LevelReader().read(text, raw)) in Level


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("error: train.json: categories are missing", Level.ERROR),
        ("failed: 001.jpg: the file is truncated", Level.ERROR),
        ("RuntimeError: CUDA error: out of memory", Level.ERROR),
        ("[rank1]: RuntimeError: NCCL", Level.ERROR),
        ("E1123 05:00:00.123000 12345 torch/distributed/api.py:874] failed (exitcode: 1)", Level.ERROR),
        ("ERROR:root:no", Level.ERROR),
        ("✗ error  data: nothing there", Level.ERROR),
        ("! warning  disk: little is free", Level.WARNING),
        ("PARTIAL: stopped, figures over 3 of 9 images", Level.WARNING),
        ("2026-11-23 05:00:00 - lpsnet - CRITICAL - no", Level.ERROR),
        ("sh: line 1: 123 Segmentation fault (core dumped)", Level.ERROR),
        ("Killed", Level.ERROR),
        ("/a/b.py:12: UserWarning: strange", Level.WARNING),
        ("warning: no CUDA device", Level.WARNING),
        ("WARNING:root:slow", Level.WARNING),
        ("[W1123 05:00:00.1 socket.cpp:697] no IPv6", Level.WARNING),
        ("W1123 05:00:00.1 1 torch/distributed/run.py:792] OMP_NUM_THREADS", Level.WARNING),
        ("\x1b[33mthe head is too small\x1b[0m", Level.WARNING),
        ("=== started 2026-11-23 05:00:00: python -m lpsnet.cli train", Level.MARK),
        ("20: loss total 1.234, box 0.1; 12.3 images/s, 0:12:33 left", Level.INFO),
        ("500: PQ 41.2, things 38.0, stuff 44.1 on 50 images in 12 s", Level.INFO),
        ("0 errors were found, no warning was given", Level.INFO),
        ("terminated and saved after 20 iterations; go on with --run-dir a --resume", Level.INFO),
    ],
)
def test_the_level_of_what_jobs_write(line: str, level: Level) -> None:
    assert levels([line]) == [level]


def test_a_traceback_with_its_cause_is_one_error() -> None:
    lines = ["20: loss total 1", *TRACEBACK, "on we go"]
    assert levels(lines) == [Level.INFO, *[Level.ERROR] * len(TRACEBACK), Level.INFO]
    assert starts(TRACEBACK) == 1


def test_processes_that_write_between_each_other_keep_their_tracebacks_apart() -> None:
    lines = [f"[rank{rank}]: {line}" for line in TRACEBACK for rank in (0, 1)]
    assert set(levels(lines)) == {Level.ERROR}
    assert starts(lines) == 2


def test_frames_belong_together() -> None:
    lines = [
        "╭────── UNTRAINED ──────╮",
        "│ its weights are random │",
        "╰────╯",
        "resnet50 on CPU",
        "╭─ Error ─╮",
        "│ No │",
    ]
    assert levels(lines) == [*[Level.WARNING] * 3, Level.INFO, *[Level.ERROR] * 2]
    assert starts(lines) == 3


def test_the_source_of_a_warning_belongs_to_it() -> None:
    lines = ["/a/b.py:12: UserWarning: strange", "  warnings.warn('strange')", "20: loss"]
    assert levels(lines) == [Level.WARNING, Level.WARNING, Level.INFO]
    assert starts(lines) == 2


# ---------------------------------------------------------------------------------------------------------------- file


def read_all(file: LogFile, log: JobLog) -> None:
    while True:
        part = file.read_new()
        log.take(part)
        if not part.has_more:
            return


def test_a_log_is_read_as_it_grows(tmp_path: Path) -> None:
    path, log = tmp_path / "log.txt", JobLog()
    file = LogFile(path)
    read_all(file, log)
    assert log.lines == []
    path.write_bytes(b"one\ntw")
    read_all(file, log)
    assert log.lines == ["one", "tw"]
    with path.open("ab") as stream:
        stream.write(b"o\nthr" + "é".encode()[:1])
    read_all(file, log)
    assert log.lines == ["one", "two", "thr�"]
    with path.open("ab") as stream:
        stream.write("é".encode()[1:] + b"\n")
    read_all(file, log)
    assert log.lines == ["one", "two", "thré"]
    assert log.left_out == 0


@given(content=st.lists(st.sampled_from([b"a\n", b"bb", b"\r", b"\n", b"error: x\n", "é".encode()]), max_size=30))
def test_in_whatever_pieces_a_log_comes_it_is_the_same_in_the_end(
    content: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path, log = tmp_path_factory.mktemp("log") / "log.txt", JobLog()
    file, rows = LogFile(path), LogRows(log)
    path.touch()
    for piece in content:
        with path.open("ab") as stream:
            stream.write(piece)
        rows.take(log.take(file.read_new()))
    written = b"".join(content).split(b"\n")
    last = [] if not written[-1].strip() else [plain_line(written[-1])]
    assert log.lines == [plain_line(line) for line in written[:-1]] + last
    assert [rows.text(row) for row in range(len(rows))] == log.lines


def test_of_a_large_log_the_end_is_read_and_earlier_lines_when_asked_for(tmp_path: Path) -> None:
    path, log = tmp_path / "log.txt", JobLog()
    lines = [f"line {number}" for number in range(1000)]
    path.write_text("\n".join(lines) + "\n")
    file, rows = LogFile(path, first_bytes=1000), LogRows(log)
    rows.take(log.take(file.read_new()))
    assert log.lines == lines[-len(log) :]
    assert 0 < log.left_out == sum(len(line) + 1 for line in lines[: -len(log)])
    while (part := file.read_earlier()) is not None:
        rows.take(log.take(part))
    assert log.lines == lines
    assert log.left_out == 0
    assert [rows.text(row) for row in range(len(rows))] == lines
    assert log.text(log.first) == "line 0"


def test_a_log_that_is_cut_off_or_replaced_is_read_anew(tmp_path: Path) -> None:
    path, log = tmp_path / "log.txt", JobLog()
    file = LogFile(path)
    path.write_text("one\ntwo\n")
    log.take(file.read_new())
    path.write_text("new\n")
    assert log.take(file.read_new()).anew
    assert log.lines == ["new"]
    path.write_text("longer than before\n")
    log.take(file.read_new())
    assert log.lines == ["longer than before"]
    other = tmp_path / "other.txt"
    other.write_text("longer than before\nand more\n")
    other.replace(path)
    assert log.take(file.read_new()).anew
    path.unlink()
    log.take(file.read_new())
    assert log.lines == []


def test_a_bar_without_end_is_one_line_that_takes_no_memory(tmp_path: Path) -> None:
    path, log = tmp_path / "log.txt", JobLog()
    file = LogFile(path)
    path.write_bytes(b"".join(b"\r%d%% done" % number for number in range(100_000)))
    read_all(file, log)
    assert log.lines == ["99999% done"]
    assert len(file._rest) < 200_000


def test_a_log_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    log = JobLog()
    log.take(LogFile(tmp_path).read_new())
    assert log.problem.startswith(f"{tmp_path}: cannot be read: ")


def test_what_is_held_is_bounded_and_lines_keep_their_numbers() -> None:
    log = JobLog(most_lines=100)
    rows = LogRows(log)
    for start in range(0, 1000, 30):
        codes = bytes([Level.ERROR, *[Level.INFO] * 29])
        rows.take(log.take(LogPart([f"line {number}" for number in range(start, start + 30)], codes)))
        assert len(log) <= 100
        assert log.text(start + 29) == f"line {start + 29}"
        assert log.count(Level.ERROR) == sum(log.level(number) == Level.ERROR for number in range(log.first, log.end))
        assert [rows.text(row) for row in range(len(rows))] == log.lines
    assert log.let_go == log.first


def test_characters_are_bounded_too() -> None:
    log = JobLog(most_characters=1000)
    log.take(LogPart(["x" * 300] * 10, bytes(10)))
    assert 1 <= len(log) <= 3


# ---------------------------------------------------------------------------------------------------------------- rows


def log_of(lines: list[str]) -> JobLog:
    log, reader = JobLog(), LevelReader()
    log.take(LogPart(lines, bytes(reader.read(line) for line in lines)))
    return log


def test_filters_let_marks_pass_and_whole_errors() -> None:
    lines = ["=== started now: lpsnet", "one", "WARNING: two", *TRACEBACK, "three"]
    log = log_of(lines)
    rows = LogRows(log)
    rows.show(log, Level.WARNING, 0)
    assert [rows.text(row) for row in range(len(rows))] == ["=== started now: lpsnet", "WARNING: two", *TRACEBACK]
    rows.show(log, Level.ERROR, 0)
    assert [rows.text(row) for row in range(len(rows))] == ["=== started now: lpsnet", *TRACEBACK]
    assert log.first_of(Level.ERROR) == 3
    assert list(log.block(6)) == list(range(3, 3 + len(TRACEBACK)))


@given(
    st.lists(st.text(st.sampled_from("ab漢 é"), max_size=30), max_size=10),
    st.integers(2, 12),
    st.integers(0, 10),
)
def test_pieces_of_lines_put_together_are_the_lines(lines: list[str], columns: int, early: int) -> None:
    log, rows = JobLog(), LogRows(JobLog())
    rows.show(log, Level.INFO, columns)
    for some in (lines[:early], lines[early:]):
        rows.take(log.take(LogPart(some, bytes(len(some)))))
    pieces = [rows.text(row) for row in range(len(rows))]
    assert all(sum(2 if sign == "漢" else 1 for sign in piece) <= max(columns, 2) for piece in pieces)
    joined = ["".join(piece for row, piece in enumerate(pieces) if rows.number(row) == n) for n in range(len(lines))]
    assert joined == lines
    assert sum(rows.begins_line(row) for row in range(len(rows))) == len(lines)


def test_searching_is_plain_and_minds_no_capitals() -> None:
    lines = ["Loss 1.5", "a.c", "abc", "LOSS", "straße"]
    everything = bytes([1] * len(lines))
    assert list(lines_with("loss", lines, 10, everything)) == [10, 13]
    assert list(lines_with("a.c", lines, 0, everything)) == [1]
    assert list(lines_with("STRASSE", lines, 0, everything)) == [4]
    assert list(lines_with("loss", lines, 0, bytes(len(lines)))) == []
    assert [bool(code) for code in bytes([0, 1, 2, 3, 0x11, 0x12]).translate(shown_codes(Level.ERROR))] == [
        *(False, False, True, True, False, True)
    ]
