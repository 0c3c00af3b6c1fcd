"""Fixtures of the window's tests: folders of their own, and a window that listens to a service that never answers."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lpsnet_studio import demo_network
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders, Settings
from tests.studio.hand_made import ListeningService


@pytest.fixture(autouse=True, scope="package")
def garbage_between_tests() -> Iterator[None]:
    """A thread that outlives its test, as one that reads a run, finds no window of that test's to destroy."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def garbage(collected_in_this_thread: None) -> None:
    """Objects of Qt's are destroyed in the thread that they live in."""


@pytest.fixture(autouse=True)
def no_demo_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tests find does not depend on whether this checkout has the demo's network."""
    monkeypatch.setattr(demo_network, "demo_checkpoint", lambda: None)


@pytest.fixture(autouse=True)
def no_window_stays() -> Iterator[None]:
    """Deletes what a test leaves on the screen: every window that is left would follow the theme of later tests."""
    yield
    if "PySide6.QtWidgets" not in sys.modules:
        return
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    for widget in QApplication.topLevelWidgets():
        widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(autouse=True, scope="module")
def no_journal_stays() -> Iterator[None]:
    """Every project that a test opens is closed by it: one left open has a thread, and a lock in its folder."""
    before = _journals()
    yield
    left = _journals() - before
    for thread in left:
        thread.join(20.0)
    assert not [thread.name for thread in left if thread.is_alive()]


def _journals() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("journal of ")}


@pytest.fixture
def demo_checkpoint(no_demo_network: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands in for the demo's network, in the place that an installation has it."""
    path = tmp_path / "site-packages" / "lpsnet_demo.safetensors"
    path.parent.mkdir()
    path.write_bytes(b"read by the service alone")
    monkeypatch.setattr(demo_network, "demo_checkpoint", lambda: path)
    return path


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders.under(tmp_path / "home")


@pytest.fixture
def service() -> ListeningService:
    return ListeningService()


@pytest.fixture
def session(service: ListeningService) -> Session:
    return Session(service)


@pytest.fixture
def theme(qapp: Any) -> Any:
    from lpsnet_studio.theme import Theme

    made = Theme()
    made.apply("dark")
    return made


@pytest.fixture
def window(qtbot: Any, session: Session, theme: Any, folders: Folders) -> Iterator[Any]:
    from lpsnet_studio.main_window import MainWindow

    made = MainWindow(session, theme, Settings(folders.config), folders)
    qtbot.addWidget(made)
    made.resize(1200, 800)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


@pytest.fixture
def at_work(window: Any, session: Session, service: ListeningService, qtbot: Any, tmp_path: Path) -> Iterator[Any]:
    """The window with a project open, and an image of it on the desk; whatever a test leaves open is shut."""
    from tests.studio.annotating import annotating

    made = annotating(window, session, service, qtbot, tmp_path)
    yield made
    if made.desk.store is not None:
        made.desk.shut(abandon=True)
