"""Predictions drawn beside their ground truth, with a caption, for whoever looks after a training."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from lpsnet.categories import Categories
from lpsnet.data.sources import LabelledPicture
from lpsnet.engine.output_folder import make_folder
from lpsnet.formats.atomic import write_atomically
from lpsnet.overlay import render_overlay
from lpsnet.structures import PanopticSegmentation

__all__ = ["LARGEST_SAMPLE", "Samples", "beside_each_other"]

LARGEST_SAMPLE = (2048, 2048)
"""Width and height of a sample in pixels, at most, its caption included."""

_HALVES = ("prediction", "ground truth")
_TEXT = 13
"""Height of the letters in pixels."""
_LINE = 18
_MARGIN = 6
_CAPTION = 2 * _LINE + _MARGIN
"""Height of the caption: the picture's name, and below it what the halves are."""
_INK, _PAPER = (240, 240, 240), (24, 24, 24)
"""The caption brings its own ground: it reads alike whatever the picture and the viewer's colours are."""


@dataclass(slots=True, eq=False)
class Samples:
    """Draws the first predictions beside their truths.

    Attributes:
        folder: made with the first of them.
        wanted: how many.
        categories: the classes.
        written: the pictures.
    """

    folder: Path
    wanted: int
    categories: Categories
    written: list[Path] = field(default_factory=list)

    def add(self, picture: LabelledPicture, prediction: PanopticSegmentation) -> None:
        """Draws a prediction if another is wanted.

        Raises:
            OSError: in one sentence naming the file, if it cannot be written.
        """
        if len(self.written) >= self.wanted:
            return
        halves = [
            Image.fromarray(render_overlay(picture.image, shown, self.categories))
            for shown in (prediction, picture.truth)
        ]
        both = beside_each_other(halves, picture.name)
        make_folder(self.folder)
        path = self.folder / f"{len(self.written):02d}.png"
        write_atomically(path, lambda stream: both.save(stream, "PNG"))
        self.written.append(path)


def beside_each_other(halves: list[Image.Image], name: str) -> Image.Image:
    """Puts a prediction and its ground truth beside each other, below a caption that says which is which.

    Args:
        halves: the two, RGB and of one size; they are made smaller where they would not fit.
        name: of the picture; it is shortened in its middle where it is too long.

    Returns:
        An RGB image within :data:`LARGEST_SAMPLE`.
    """
    font = ImageFont.load_default(_TEXT)
    largest = (LARGEST_SAMPLE[0] // 2, LARGEST_SAMPLE[1] - _CAPTION)
    for half in halves:
        half.thumbnail(largest)
    width, height = halves[0].size
    # A small picture leaves room beside it: its caption is written out all the same.
    cell = max(width, *(int(np.ceil(font.getlength(words))) + 2 * _MARGIN for words in _HALVES))
    sheet = Image.new("RGB", (2 * cell, height + _CAPTION), _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN, _MARGIN // 2), _shortened(name, font, 2 * (cell - _MARGIN)), _INK, font)
    for number, (half, words) in enumerate(zip(halves, _HALVES, strict=True)):
        sheet.paste(half, (number * cell, _CAPTION))
        draw.text((number * cell + _MARGIN, _MARGIN // 2 + _LINE), words, _INK, font)
    return sheet


def _shortened(name: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: int) -> str:
    """Returns a name on one line that is no longer than ``room`` pixels; its end, which tells most, is kept."""
    words = " ".join(name.split())
    if font.getlength(words) <= room:
        return words
    # No letter is narrower than a pixel.
    for kept in range(min(len(words) - 1, room), 0, -1):
        begin, end = kept // 3, kept - kept // 3
        shown = f"{words[:begin]}…{words[-end:]}"
        if font.getlength(shown) <= room:
            return shown
    return "…"
