"""A real display for benchmarks of the window: the user's, or Xvfb's."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

__all__ = ["open_studio", "wait_until_shown", "with_display"]


def with_display() -> None:
    """Starts the program again under ``xvfb-run`` where there is no display; does nothing where there is one."""
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM")
    if not sys.platform.startswith("linux") or shown:
        return
    runner = shutil.which("xvfb-run")
    if runner is None:
        sys.exit("There is no display here and no xvfb-run to stand in for one: apt-get install xvfb")
    os.execv(runner, [runner, "-a", "-s", "-screen 0 1600x1000x24", sys.executable, *sys.argv])


def open_studio(*arguments: str) -> tuple[Any, Callable[[], None]]:
    """Opens the Studio in folders of its own; returns it and a function that closes it."""
    from lpsnet_studio.app import _application, clear_foreign_qt, parse_arguments

    clear_foreign_qt()
    _application()
    from lpsnet_studio.settings import Folders
    from lpsnet_studio.studio import Studio

    home = TemporaryDirectory()
    studio = Studio(parse_arguments(arguments), Folders.under(Path(home.name)))
    studio.session.failed.connect(lambda problem: sys.exit(problem.sentence))
    studio.window.resize(1360, 860)
    studio.window.show()

    def close() -> None:
        studio.close()
        home.cleanup()

    return studio, close


def wait_until_shown(studio: Any) -> None:
    """Waits until the result that the settings ask for is shown."""
    from lpsnet_studio.render import wait_until

    if not wait_until(lambda: studio.session.is_current and studio.session.busy is None, 300):
        sys.exit("nothing was shown within 300 s")
