"""The report: it says what a fault needs and nothing of the person."""

from __future__ import annotations

import logging
import os
import re
import traceback
from datetime import datetime
from pathlib import Path

import pytest

from lpsnet_studio.diagnostics import _LIBRARIES, Diagnostics, ServiceWatch, anonymous, differences, versions
from lpsnet_studio.failures import Failure
from lpsnet_studio.inference.messages import Device, ImageSource, Ready
from lpsnet_studio.log import SERVICE_LOGGER, Crash, Log
from lpsnet_studio.session import Session
from lpsnet_studio.state import Entry
from tests.conftest import PROJECT
from tests.studio.hand_made import ListeningService, open_first


@pytest.fixture
def watch(session: Session) -> ServiceWatch:
    return ServiceWatch(session)


def test_the_report_names_what_runs(session: Session, service: ListeningService, watch: ServiceWatch) -> None:
    devices = (Device("cpu", "processor"), Device("mps", "Apple GPU", "not supported"))
    for take in (watch.take, session.receive):
        take(Ready(os.getpid(), "2.9.1+cpu", devices))
    session.set_service_state("ready")
    open_first(session, service)
    assert session.model is not None
    session.change_settings(overlap_threshold=0.75)
    session.change_view(names=True)
    report = Diagnostics(session, watch, screens={"Platform": "offscreen"}).report()
    for words in (
        "torch, as the service says: 2.9.1+cpu",
        "PySide6-Essentials: ",
        "Platform: offscreen",
        "State: ready",
        "Devices: cpu, processor; mps, Apple GPU (not supported)",
        f"Runs on: {session.model.device} ({session.model.device_reason})",
        f"Network: hand-made, {session.model.backbone}, trained, 4 classes, short side 64",
        "Image: 80×60 pixels, with ground truth",
        "overlap_threshold: 0.75 (at first ",
        "names: True (at first False)",
    ):
        assert words in report
    assert "/pictures/" not in report


@pytest.mark.parametrize("name", _LIBRARIES)
def test_a_library_whose_version_is_told_is_used(name: str) -> None:
    module = {"opencv-python-headless": "cv2", "Pillow": "PIL", "PySide6-Essentials": "PySide6"}.get(name, name)
    packages = (PROJECT / "core" / "lpsnet", PROJECT / "lpsnet_studio")
    sources = (path.read_text(encoding="utf-8") for package in packages for path in package.rglob("*.py"))
    assert any(re.search(rf"^\s*(from|import) {module}\b", source, re.MULTILINE) for source in sources)
    assert versions()[name] != "not installed"


def test_what_is_as_at_first_is_not_listed(session: Session) -> None:
    assert differences(session.settings, session.settings) == {}


def test_it_works_when_nothing_ever_came_up(session: Session, watch: ServiceWatch) -> None:
    report = Diagnostics(session, watch).report()
    assert "State: not started yet" in report
    assert "Memory of the service: not known" in report


def test_it_works_when_the_service_is_dead(session: Session, watch: ServiceWatch) -> None:
    watch.take(Ready(2**22 + 1, "2.9.1", ()))
    for state in ("ready", "restarting", "restarting", "ready", "restarting", "unavailable"):
        session.set_service_state(state)
    report = Diagnostics(session, watch).report()
    assert "State: unavailable" in report
    assert "Started again: 2 times" in report
    assert "Memory of the service: it does not run" in report


def test_another_process_with_the_old_number_is_not_taken_for_the_service(
    session: Session, watch: ServiceWatch
) -> None:
    watch.take(Ready(1, "2.9.1", ()))
    assert "Memory of the service: it does not run" in Diagnostics(session, watch).report()


def test_the_last_lines_of_both_logs_are_in_it(session: Session, watch: ServiceWatch, tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.close()
    assert log.studio is not None
    assert log.service is not None
    log.studio.write_text("".join(f"window {number}\n" for number in range(200)))
    log.service.write_text("```\nlast words\n")
    report = Diagnostics(session, watch, log).report()
    assert "window 199" in report
    assert "window 150" in report
    assert "window 149" not in report
    assert "````text\n```\nlast words\n````" in report, "nothing in a log ends its block"


def test_failures_and_the_last_crash_are_in_it(session: Session, watch: ServiceWatch) -> None:
    failure = Failure("ValueError: no", "view.py, line 3", "Traceback of a view", count=4)
    crash = Crash(Path("/nowhere"), datetime(2026, 1, 2, 3, 4), "Fatal Python error")
    report = Diagnostics(session, watch, failures=[failure], crash=crash).report()
    assert "## Unexpected failure, 4 times, view.py, line 3" in report
    assert "Traceback of a view" in report
    assert "## Crash of 2026-01-02 03:04" in report


def test_no_picture_is_named(session: Session, watch: ServiceWatch, tmp_path: Path) -> None:
    log = Log(tmp_path / "state")
    try:
        session.failed.connect(lambda problem: logging.getLogger("lpsnet_studio").warning("told: %s", problem.sentence))
        names = ["/media/patients/Jane Doe 1961.png", "/media/patients/Jane Doe"]
        session.set_entries([Entry(Path(name).name, ImageSource(name), problem=f"{name}: truncated") for name in names])
        session.open_index(1)
        logging.getLogger(SERVICE_LOGGER).error("Jane Doe 1961.png has no pixels")
        logging.getLogger(SERVICE_LOGGER).error("%s: kept", tmp_path / "state" / "studio.log")
        failure = Failure("OSError", "view.py, line 3", "OSError: no such file: '/elsewhere/John.tif'", count=1)
        report = Diagnostics(session, watch, log, failures=[failure]).report()
    finally:
        log.close()
    for name in ("Jane", "Doe", "1961", "patients", "/media", "elsewhere", "John"):
        assert name not in report
    assert "told: <picture>.png: truncated" in report
    assert "told: <path>: truncated" in report
    assert "<picture>.png has no pixels" in report
    assert "'<picture>.tif'" in report
    assert "studio.log: kept" in report


def test_where_in_the_program_it_happened_is_told(session: Session, watch: ServiceWatch) -> None:
    try:
        differences(None, None)
    except TypeError:
        details = traceback.format_exc()
    report = Diagnostics(session, watch, failures=[Failure("TypeError", "", details, count=1)]).report()
    assert "diagnostics.py" in report


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/ada/photos/1.png", "~/photos/1.png"),
        ('File "/home/ada"', 'File "~"'),
        ("/home/ada.old/1.png and /home/adam", "/home/USER.old/1.png and /home/adam"),
        ("/media/ada/disk", "/media/USER/disk"),
        ("C:\\Users\\Ada\\x", "C:\\Users\\USER\\x"),
        ("ada_notes, Ada-1 adapter", "USER_notes, USER-1 adapter"),
    ],
)
def test_neither_home_nor_name_is_told(text: str, expected: str) -> None:
    assert anonymous(text, Path("/home/ada"), "ada") == expected


def test_a_home_behind_a_link_is_known(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    assert anonymous(f"{real}/a {link}/b", link, "") == "~/a ~/b"


def test_a_name_that_says_nothing_stays(tmp_path: Path) -> None:
    assert anonymous("the root logger", tmp_path, "root") == "the root logger"
