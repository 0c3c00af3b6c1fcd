"""Fixtures shared by every test."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Where tests run side by side, each process keeps to one core.
os.environ.setdefault("OMP_NUM_THREADS", "1" if "PYTEST_XDIST_WORKER" in os.environ else "2")

# How fast this machine is says nothing of what is tested.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

_SELDOM = 50
"""Tests between two collections of what is oldest."""

PROJECT = Path(__file__).resolve().parents[1]


def pytest_collection_finish() -> None:
    """Spares the collector what was imported: it is there for good, and is more than any test makes."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Lets modules go as they would have: some tell at the end of what is still there."""
    gc.unfreeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Makes text of what a test logged: a file name that is none cannot be sent between processes."""
    report = yield
    report.sections = [(name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real COCO photos, their panoptic truth and golden figures; not part of the repository."""
    folder = PROJECT.parent / "shared"
    if not (folder / "data" / "coco-mini").is_dir():
        pytest.skip(f"no real COCO photos here: {folder} does not exist")
    return folder


@pytest.fixture(scope="session")
def coco_mini(shared_data: Path) -> Path:
    """COCO 2017 in miniature: 100 training and 40 validation photos with panoptic annotations."""
    return shared_data / "data" / "coco-mini"


@pytest.fixture
def collected_in_this_thread() -> Iterator[None]:
    """Keeps Python's collector of cycles out of other threads, as the Studio does, and runs it after the test."""
    is_on = gc.isenabled()
    gc.disable()
    yield
    gc.collect(2 if gc.get_count()[2] > _SELDOM else 1)
    # What a test stopped or began stays as it was before.
    (gc.enable if is_on else gc.disable)()


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files and folders that were synchronised with the disk since the test began, in that order."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("the system does not tell which file a descriptor is of")
    names: list[Path] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        names.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return names
