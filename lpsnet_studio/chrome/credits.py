"""What the Studio is, who made it, and on whose work and terms it stands; no Qt and no network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from lpsnet.assets import resource, resources_folder

__all__ = ["CITATION", "Library", "authors", "libraries", "licence", "notice", "summary", "version_line"]

_PROJECT = "lpsnet-studio"
_BESIDES = ("shiboken6",)
"""Libraries that come with those the project names."""

CITATION = (
    "Weixiang Hong, Qingpei Guo, Wei Zhang, Jingdong Chen, Wei Chu. LPSNet: A Lightweight Solution for Fast Panoptic "
    "Segmentation. Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition (CVPR), 2021."
)
LGPL_NOTICE = (
    "The window is built on Qt and PySide6, which are used unchanged under the GNU Lesser General Public License, "
    "version 3. They are installed beside the Studio as libraries of their own, and you may put other versions of them "
    "in their place. Their sources and the text of the licence come from The Qt Company: https://www.qt.io/licensing."
)


@dataclass(frozen=True, slots=True)
class Library:
    """A library that the Studio uses.

    Attributes:
        name: of its distribution.
        version: the one that is installed; empty if it is not.
        licence: as it names it itself.
    """

    name: str
    version: str
    licence: str


def version_line() -> str:
    """Returns name and version."""
    found = _installed(_PROJECT)
    return f"LPSNet Studio {found.version if found else ''}".strip()


def summary() -> str:
    """Returns what the Studio is, in a line."""
    found = _installed(_PROJECT)
    return (found.metadata["Summary"] or "") if found else ""


def authors() -> str:
    """Returns who wrote it."""
    found = _installed(_PROJECT)
    return (found.metadata["Author"] or "") if found else ""


def licence() -> str:
    """Returns the text of the Studio's own licence."""
    return _licence_file("LICENSE", resources_folder().parent / "LICENSE")


def notice() -> str:
    """Returns whose work the category tables are."""
    return resource("categories", "NOTICE.md").read_text(encoding="utf-8")


def libraries() -> list[Library]:
    """Returns the libraries that the Studio uses, by name."""
    found = _installed(_PROJECT)
    needed = [each for each in (found.requires or [] if found else []) if "extra ==" not in each]
    names = {match.group() for each in needed if (match := re.match(r"[\w.-]+", each))} | set(_BESIDES)
    return [_library(name) for name in sorted(names, key=str.lower)]


def _library(name: str) -> Library:
    found = _installed(name)
    if found is None:
        return Library(name, "", "")
    return Library(found.metadata["Name"] or name, found.version, _licence_of(found))


def _licence_of(found: Distribution) -> str:
    """Returns what a library names its licence: in the field for it, else in the older one, else among its labels."""
    metadata = found.metadata
    for field in ("License-Expression", "License"):
        words = " ".join((metadata[field] or "").split())
        if words and len(words) <= 200 and words.lower() != "unknown":
            return words
    labels = [
        label.rpartition("::")[2].strip() for label in metadata.get_all("Classifier") or [] if "License ::" in label
    ]
    return ", ".join(labels) or "named in its own files"


def _licence_file(name: str, in_checkout: Path) -> str:
    if in_checkout.is_file():
        return in_checkout.read_text(encoding="utf-8")
    found = _installed(_PROJECT)
    for file in (found.files or []) if found else []:
        if file.name == name and "licenses" in file.parts:
            return file.read_text(encoding="utf-8")
    return "This installation lacks its LICENSE file: the Studio is distributed under the BSD 3-Clause License."


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None
