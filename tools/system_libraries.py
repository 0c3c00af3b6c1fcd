"""Names the Debian packages whose libraries Qt needs and this system lacks.

Run with the interpreter that PySide6 is installed for; prints the packages on one line, nothing if all is there. What
is needed is asked of Qt's own files with ``ldd``, so that the answer holds for the version that is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

__all__ = ["PACKAGE_OF", "main", "missing_libraries", "needed_files", "packages_for"]

WINDOWLESS_FILES = (
    "Qt/plugins/platforms/libqoffscreen.so",
    "QtWidgets.abi3.so",
    "QtSvg.abi3.so",
    "QtTest.abi3.so",
    "QtOpenGLWidgets.abi3.so",
    "QtNetwork.abi3.so",
)
X11_FILES = (
    "Qt/plugins/platforms/libqxcb.so",
    "Qt/plugins/xcbglintegrations/libqxcb-egl-integration.so",
    "Qt/plugins/xcbglintegrations/libqxcb-glx-integration.so",
)
WAYLAND_FILES = ("Qt/plugins/platforms/libqwayland.so",)

# Under these names they install on Debian 12 and 13 and on Ubuntu 22.04 and 24.04 alike: where a package was renamed
# with the suffix t64, apt-get still knows it by this one.
PACKAGE_OF = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libOpenGL.so.0": "libopengl0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libatomic.so.1": "libatomic1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libexpat.so.1": "libexpat1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}

FONT_PACKAGE = "fonts-dejavu-core"
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")


def missing_libraries(ldd_output: str) -> set[str]:
    """Returns the shared libraries that ``ldd`` did not find."""
    return set(re.findall(r"^\s*(\S+) => not found", ldd_output, flags=re.MULTILINE))


def packages_for(libraries: Iterable[str]) -> tuple[list[str], list[str]]:
    """Returns the packages of ``libraries``, sorted, and the libraries whose package is not known."""
    libraries = set(libraries)
    known = {PACKAGE_OF[library] for library in libraries if library in PACKAGE_OF}
    return sorted(known), sorted(libraries - PACKAGE_OF.keys())


def _ask_ldd(files: Iterable[Path]) -> str:
    # Which libraries are missing is read from what ldd prints; its exit status speaks of static files too.
    return subprocess.run(["ldd", *map(str, files)], capture_output=True, text=True, check=False).stdout


def _has_a_font() -> bool:
    folders = (Path(folder).expanduser() for folder in FONT_FOLDERS)
    return any(path.suffix.lower() in {".ttf", ".otf", ".ttc"} for folder in folders for path in folder.rglob("*"))


def needed_files(windowless: bool, wayland: bool) -> tuple[str, ...]:
    """Returns the files of PySide6 whose libraries must be there, relative to its folder."""
    if windowless:
        return WINDOWLESS_FILES
    return WINDOWLESS_FILES + X11_FILES + (WAYLAND_FILES if wayland else ())


def main() -> int:
    """Prints the missing packages; says on stderr which libraries no package is known for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windowless", action="store_true", help="only what drawing without a display needs")
    options = parser.parse_args()
    wanted = needed_files(options.windowless, wayland="WAYLAND_DISPLAY" in os.environ)
    spec = importlib.util.find_spec("PySide6")
    if spec is None or spec.origin is None:
        print("PySide6 is not installed for this Python", file=sys.stderr)
        return 1
    folder = Path(spec.origin).parent
    files = [folder / name for name in wanted if (folder / name).is_file()]
    packages, unknown = packages_for(missing_libraries(_ask_ldd(files)))
    if not _has_a_font():
        packages.append(FONT_PACKAGE)
    if unknown:
        print(f"Qt lacks {', '.join(unknown)}; find their packages with: apt-file search NAME", file=sys.stderr)
    if packages:
        print(*packages)
    return 0


if __name__ == "__main__":
    sys.exit(main())
