"""Makes pictures of the real window in every state that it must look right in.

Run as ``python tools/screenshots.py``. Without a display it starts itself again under ``xvfb-run``. Pictures go into
``screenshots/``, which is not committed; with ``--commit-images`` those of drawn scenes that the documentation shows
also into ``docs/images/``. Real photos are shown where there are any.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from states import DOCUMENTED, STATES, Pictures

PROJECT = Path(__file__).resolve().parents[1]
SCALES = ("1.5", "2")
SCREEN = "-screen 0 2800x1800x24"


def main() -> int:
    """Makes the pictures; returns the exit status."""
    options = _options()
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        runner = shutil.which("xvfb-run")
        if runner is None:
            sys.exit("There is no display here and no xvfb-run to stand in for one: apt-get install xvfb")
        os.execv(runner, [runner, "-a", "-s", SCREEN, sys.executable, *sys.argv])
    options.out.mkdir(parents=True, exist_ok=True)
    _take(options)
    if not (options.only or options.scale):
        for scale in SCALES:
            _take_scaled(options, scale)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=PROJECT / "screenshots", help="where pictures go")
    parser.add_argument("--commit-images", action="store_true", help="also refresh docs/images from drawn scenes")
    parser.add_argument("--only", nargs="*", metavar="STATE", help=f"some of {', '.join(STATES)}")
    parser.add_argument("--themes", nargs="*", default=("dark", "light"), choices=("dark", "light"))
    parser.add_argument("--scale", default="", help="a part of the file names, beside QT_SCALE_FACTOR")
    return parser.parse_args()


def _take(options: argparse.Namespace) -> None:
    from lpsnet_studio.app import _application, clear_foreign_qt

    clear_foreign_qt()
    _application()
    for theme in options.themes:
        pictures = Pictures(options.out, theme, options.scale)
        for name, state in STATES.items():
            if name in (options.only or STATES):
                state(pictures)
        for path in pictures.taken:
            print(path)
        if options.commit_images:
            _commit(options.out, theme)


def _commit(out: Path, theme: str) -> None:
    images = PROJECT / "docs" / "images"
    images.mkdir(parents=True, exist_ok=True)
    for name, documented in DOCUMENTED.items():
        ending = "" if theme == "dark" else "-light"
        taken = out / f"{name}-{theme}.png"
        if taken.is_file():
            shutil.copy(taken, images / f"{documented}{ending}.png")


def _take_scaled(options: argparse.Namespace, scale: str) -> None:
    """Takes some pictures on a screen of finer pixels, which Qt asks about only once in a process."""
    subprocess.run(
        [
            *(sys.executable, __file__, "--out", str(options.out), "--scale", scale),
            *("--only", "welcome", "demo", "small", "--themes", *options.themes),
        ],
        check=True,
        env={**os.environ, "QT_SCALE_FACTOR": scale},
    )


if __name__ == "__main__":
    sys.exit(main())
