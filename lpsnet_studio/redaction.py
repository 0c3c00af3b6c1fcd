"""Takes the names of people's files out of what the Studio writes down about itself; no Qt."""

from __future__ import annotations

import os
import re
import site
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from lpsnet import structures
from lpsnet.images import IMAGE_SUFFIXES

__all__ = ["program_folders", "redacted"]

_START = r"(?:file://)?(?:/(?=[^\s/])|~[/\\]|[A-Za-z]:[\\/]+|\\\\(?=[^\s\\]))"
_PATH = re.compile(
    rf"""(?P<quote>["'“`])(?P<quoted>{_START}(?:\\.|(?!(?P=quote)|”).)*)"""  # up to the quotation mark that closes it
    rf"""|(?<![^\s(\[=<|,;:“"'])(?P<bare>{_START}(?:(?!:\s|:$|\s{_START}|[\n|<>]).)*)"""  # up to what a sentence adds
)
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,11}(?=\W*$)")
_PICTURE = re.compile(rf"""[^\s"'“”/\\<>|]+({"|".join(map(re.escape, sorted(IMAGE_SUFFIXES)))})\b""", re.IGNORECASE)


def redacted(text: str, names: Iterable[str] = (), own: Sequence[Path] = ()) -> str:
    """Returns a text without the names of files: of each only its suffix is left, ``<picture>.jpg``.

    Where an unquoted path ends cannot be known for certain, as names may hold blanks: more is taken out rather than
    less.

    Args:
        text: such as lines of a log.
        names: of files that are known, with or without their folders.
        own: folders whose paths say nothing about a person and stay.
    """
    for name in sorted({name for name in names if len(name) > 1 and name in text}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda found: _stand_in(found[0]), text)
    kept = tuple({str(place) for folder in own for place in (folder, Path(os.path.realpath(folder)))})
    parts, position = [], 0
    while (found := _PATH.search(text, position)) is not None:
        begin, end = found.span("quoted" if found["quoted"] is not None else "bare")
        path = text[begin:end]
        home = next((folder for folder in kept if re.match(rf"{re.escape(folder)}(?![\w.-])", path)), None)
        if home is not None:
            end = begin + len(home) + len(re.match(r"\S*", path[len(home) :])[0])
            path = path[: end - begin]
        parts += [text[position:begin], path if home is not None else _stand_in(path)]
        position = end
    return _PICTURE.sub(lambda name: f"<picture>{name[1]}", "".join(parts) + text[position:])


def program_folders() -> list[Path]:
    """Returns where the Studio, Python and the libraries lie; none of them is a folder that holds a home."""
    package, core = Path(__file__).parent, Path(structures.__file__).parent
    folders = {package, core, Path(sys.prefix), Path(sys.base_prefix), Path(site.getusersitepackages())}
    return sorted(folder for folder in folders if not Path.home().is_relative_to(folder))


def _stand_in(path: str) -> str:
    """Returns what stands for a path: what it is, as far as its suffix tells."""
    found = _SUFFIX.search(path)
    suffix = "" if found is None else found[0]
    kind = "picture" if suffix.lower() in IMAGE_SUFFIXES else "file" if suffix else "path"
    return f"<{kind}>{suffix}"
