"""Starts the Studio: options, log, window, and after the first paint the inference service."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtCore import QMessageLogContext, QtMsgType
    from PySide6.QtWidgets import QApplication

    from lpsnet_studio.log import Log
    from lpsnet_studio.settings import Folders

__all__ = ["clear_foreign_qt", "complaint_about_display", "complaint_about_qt", "main", "parse_arguments"]

_log = logging.getLogger("lpsnet_studio")
_CV2_QT_VARIABLES = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Reads the command line; prints a message and exits with status 2 if it cannot be understood."""
    parser = argparse.ArgumentParser(
        prog="lpsnet-studio",
        description="A window on every step from a photo to panoptic segments.",
        epilog="lpsnet-studio export writes the segmentations of an annotation project without a window; "
        "see lpsnet-studio export --help. A folder of that name is opened as ./export.",
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, help="pictures, a folder, a COCO panoptic JSON file or a checkpoint to open"
    )
    parser.add_argument(
        "--render", type=Path, metavar="DIR", help="show no window: leave pictures of it and a COCO export in DIR"
    )
    network = parser.add_mutually_exclusive_group()
    network.add_argument(
        "--demo", action="store_true", help="draw scenes with ground truth and show how the demo's network sees them"
    )
    network.add_argument("--checkpoint", type=Path, metavar="FILE", help="network to load")
    network.add_argument(
        "--config", default=None, metavar="NAME", help="preset or YAML file of an untrained network (coco_r50)"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (auto)")
    parser.add_argument("--theme", choices=("dark", "light"), help="look of the window (as last time)")
    parser.add_argument("--version", action="version", version=f"LPSNet Studio {version('lpsnet-studio')}")
    return parser.parse_args(arguments)


def clear_foreign_qt() -> None:
    """Undoes what importing OpenCV's builds with a window of their own does to Qt's plugin search."""
    before = {name: os.environ.get(name) for name in _CV2_QT_VARIABLES}
    import cv2  # noqa: F401

    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def complaint_about_qt(python: tuple[int, ...], pyside: tuple[int, ...]) -> str:
    """Returns why the window cannot run on these versions, and what to do; empty if it can.

    PySide6 6.12 gives away a reference to None, which it never took, with every call into Qt that returns nothing.
    Python 3.11 counts those and aborts after some thousand calls; from 3.12 on None is not counted.
    """
    if python[:2] < (3, 12) and pyside[:2] >= (6, 12):
        versions = f"PySide6 {'.'.join(map(str, pyside))} makes Python {'.'.join(map(str, python[:2]))} abort"
        return f"{versions}: install 'PySide6-Essentials<6.12', or use Python 3.12 or later"
    return ""


def complaint_about_display(environment: Mapping[str, str]) -> str:
    """Returns why no window can be shown, and what to do; empty if one may."""
    if not sys.platform.startswith("linux"):
        return ""
    if any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")):
        return ""
    return "there is no display here: --render DIR leaves pictures without one, and xvfb-run stands in for one"


def _log_qt_message(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    """Sends Qt's own messages where the Studio's go, but for one that says nothing."""
    from PySide6.QtCore import QtMsgType

    if "propagateSizeHints" in message:
        return
    levels = {
        QtMsgType.QtDebugMsg: logging.DEBUG,
        QtMsgType.QtInfoMsg: logging.INFO,
        QtMsgType.QtWarningMsg: logging.WARNING,
        QtMsgType.QtCriticalMsg: logging.ERROR,
    }
    logging.getLogger("qt").log(levels.get(kind, logging.CRITICAL), "%s", message)


def _application() -> QApplication:
    from PySide6.QtCore import qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    qInstallMessageHandler(_log_qt_message)
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(["lpsnet-studio"])
    application.setApplicationName("lpsnet-studio")
    application.setApplicationDisplayName("LPSNet Studio")
    application.setDesktopFileName("lpsnet-studio")
    return application


def _complain(words: str) -> None:
    """Tells the terminal, if the Studio was started from one, why it goes no further."""
    if sys.stderr is not None:
        sys.stderr.write(f"lpsnet-studio: {words}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the Studio, or the command that does without a window; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["export"]:
        from lpsnet_studio.annotator.export_command import main as export

        return export(arguments[1:])
    options = parse_arguments(arguments)
    clear_foreign_qt()
    import PySide6

    if complaint := complaint_about_qt(sys.version_info[:3], PySide6.__version_info__[:3]):
        _complain(complaint)
        return 1
    from lpsnet_studio.settings import Folders

    if options.render is not None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        with tempfile.TemporaryDirectory(prefix="lpsnet-studio-") as place:
            return _render(options, Folders.under(Path(place)))
    if complaint := complaint_about_display(os.environ):
        _complain(complaint)
        return 1
    return _run(options, Folders.of_user())


def _run(options: argparse.Namespace, folders: Folders) -> int:
    """Shows the window until it is closed; returns the exit status."""
    from lpsnet_studio.log import Log

    log: Log | None = None
    try:
        log = Log(folders.state)
        _log.info("LPSNet Studio starts as process %d: %s", os.getpid(), _start_words())
        application = _application()
        log.catch_crashes()
        return _show(application, options, folders, log)
    except Exception as error:
        _log.exception("the Studio ended on an unexpected failure")
        place = "" if log is None or log.studio is None else f"; {log.studio} holds the details"
        _complain(f"unexpected failure, {type(error).__name__}: {error}{place}")
        return 1
    finally:
        if log is not None:
            log.close()


def _show(application: QApplication, options: argparse.Namespace, folders: Folders, log: Log) -> int:
    from lpsnet_studio.studio import Studio

    studio = Studio(options, folders)
    stop_guarding = studio.guard(log)
    try:
        studio.begin_after_first_paint()
        studio.window.show()
        status = application.exec()
        _log.info("LPSNet Studio ends with status %d", status)
        return status
    finally:
        stop_guarding()
        studio.client.close()


def _start_words() -> str:
    import PySide6

    names = {
        "LPSNet Studio": version("lpsnet-studio"),
        "Python": platform.python_version(),
        "PySide6": PySide6.__version__,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
    return ", ".join(f"{name} {value}" for name, value in names.items())


def _render(options: argparse.Namespace, folders: Folders) -> int:
    _application()
    from lpsnet_studio.render import RenderError, render
    from lpsnet_studio.studio import Studio

    try:
        made = render(Studio(options, folders), options.render)
    except (RenderError, OSError) as error:
        _complain(str(error))
        return 1
    for path in made:
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
