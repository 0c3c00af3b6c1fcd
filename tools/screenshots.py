"""Makes pictures of the real window: of drawn scenes for the documentation, of real photos for looking at alone.

Run as ``python tools/screenshots.py``. Without a display it starts itself again under ``xvfb-run``. Pictures go into
``screenshots/``, which is not committed; with ``--commit-images`` those of drawn scenes also into ``docs/images/``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
SECONDS = 180.0
PHOTOS = (0, 3, 12)
"""Which of the validation photos are shown: several things, a portrait photo, a crowd."""


def main() -> int:
    """Makes the pictures; returns the exit status."""
    options = _options()
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        runner = shutil.which("xvfb-run")
        if runner is None:
            sys.exit("There is no display here and no xvfb-run to stand in for one: apt-get install xvfb")
        screen = "-screen 0 1600x1000x24"
        os.execv(runner, [runner, "-a", "-s", screen, sys.executable, *sys.argv])
    from PySide6.QtWidgets import QApplication

    from lpsnet_studio.app import clear_foreign_qt

    clear_foreign_qt()
    application = QApplication([])
    options.out.mkdir(parents=True, exist_ok=True)
    for path in _all_pictures(options):
        print(path)
    application.quit()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=PROJECT / "screenshots", help="where pictures go")
    parser.add_argument("--commit-images", action="store_true", help="also refresh docs/images from drawn scenes")
    return parser.parse_args()


def _all_pictures(options: argparse.Namespace) -> Iterator[Path]:
    for theme in ("dark", "light"):
        yield from _empty_window(theme, options.out)
        scene = list(_scene(theme, options.out))
        yield from scene
        if options.commit_images:
            images = PROJECT / "docs" / "images"
            images.mkdir(parents=True, exist_ok=True)
            target = images / ("studio.png" if theme == "dark" else "studio-light.png")
            shutil.copy(scene[0], target)
            yield target
        truth = PROJECT.parent / "shared" / "data" / "coco-mini" / "annotations" / "panoptic_val2017.json"
        if truth.is_file():
            yield from _photos(theme, options.out, truth)
        else:
            print(f"skipped: no real photos here ({truth})", file=sys.stderr)


class Scene:
    """A window of its own folders, closed at the end."""

    def __init__(self, theme: str, *arguments: str, size: tuple[int, int] = (1360, 860)) -> None:
        from lpsnet_studio.app import parse_arguments
        from lpsnet_studio.settings import Folders
        from lpsnet_studio.studio import Studio

        self._home = tempfile.TemporaryDirectory()
        self.studio = Studio(parse_arguments(["--theme", theme, *arguments]), Folders.under(Path(self._home.name)))
        self.studio.session.failed.connect(lambda problem: print(problem.sentence, file=sys.stderr))
        self.studio.window.resize(*size)
        self.studio.window.show()

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *_: object) -> None:
        self.studio.close()
        self._home.cleanup()

    def wait(self) -> None:
        """Waits for the result of what was asked for."""
        from lpsnet_studio.render import wait_until

        session = self.studio.session
        if not wait_until(lambda: session.is_current and session.busy is None, SECONDS):
            sys.exit(f"nothing was shown within {SECONDS:.0f} s")

    def grab(self, path: Path) -> Path:
        """Takes a picture of what is on the screen."""
        from lpsnet_studio.render import settle

        settle()
        window = self.studio.window
        if not window.screen().grabWindow(window.winId()).save(str(path)):
            sys.exit(f"{path}: the picture could not be written")
        return path


def _empty_window(theme: str, out: Path) -> Iterator[Path]:
    with Scene(theme) as scene:
        yield scene.grab(out / f"empty-{theme}.png")
        scene.studio.window.resize(480, 360)
        yield scene.grab(out / f"empty-small-{theme}.png")


def _scene(theme: str, out: Path) -> Iterator[Path]:
    with Scene(theme, "--demo") as scene:
        scene.studio.begin()
        scene.wait()
        session = scene.studio.session
        contested = next((place for place, step in enumerate(session.steps) if step.contests), 0)
        session.seek(contested + 1)
        yield scene.grab(out / f"scene-step-{theme}.png")
        session.seek(len(session.steps))
        yield scene.grab(out / f"scene-finished-{theme}.png")
        session.select(1)
        scene.studio.window.commands.view.zoom_actual()
        scene.studio.window.canvas.zoom_by(8)
        yield scene.grab(out / f"scene-zoomed-{theme}.png")


def _photos(theme: str, out: Path, truth: Path) -> Iterator[Path]:
    with Scene(theme, str(truth), "--config", "coco_r50") as scene:
        scene.studio.begin()
        scene.wait()
        yield scene.grab(out / f"photo-untrained-{theme}.png")
        session = scene.studio.session
        session.change_settings(semantic_oracle=True, box_oracle=True)
        for index in PHOTOS:
            session.open_index(index)
            scene.wait()
            yield scene.grab(out / f"photo-{index}-{theme}.png")
        session.change_layer("labels", visible=True)
        session.change_layer("segments", visible=False)
        yield scene.grab(out / f"photo-labels-{theme}.png")


if __name__ == "__main__":
    sys.exit(main())
