"""Predictions drawn beside their ground truth: what is where, what is written over it, and how large it gets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont
from tensorboard.backend.event_processing.event_accumulator import IMAGES, EventAccumulator

from lpsnet.engine.reporting import recorded_events
from lpsnet.engine.samples import LARGEST_SAMPLE, _shortened, beside_each_other
from lpsnet.events import Evaluated
from lpsnet.run_directory import RunDirectory

RED, BLUE = (200, 10, 20), (10, 20, 200)


def pair(width: int, height: int) -> list[Image.Image]:
    return [Image.new("RGB", (width, height), color) for color in (RED, BLUE)]


@pytest.mark.parametrize("size", [(1, 1), (40, 300), (640, 480), (1024, 2000), (9000, 30), (30, 9000), (4000, 3000)])
def test_a_sample_keeps_within_its_bound_and_shows_both_halves(size: tuple[int, int]) -> None:
    sheet = beside_each_other(pair(*size), "a.jpg")
    assert sheet.width <= LARGEST_SAMPLE[0]
    assert sheet.height <= LARGEST_SAMPLE[1]
    pixels = np.asarray(sheet)
    left, right = np.hsplit(pixels, 2)
    # Each on its own side, and as many pixels of the one as of the other.
    shown = [int((side == color).all(axis=-1).sum()) for side, color in ((left, RED), (right, BLUE))]
    assert shown[0] == shown[1] > 0
    assert not (right == RED).all(axis=-1).any()
    if max(size) <= 1000:
        assert shown[0] == size[0] * size[1], "a picture that fits keeps its size"


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255)])
def test_the_caption_has_the_same_ground_over_light_and_dark_pictures(color: tuple[int, int, int]) -> None:
    halves = [Image.new("RGB", (300, 200), color) for _ in range(2)]
    caption = np.asarray(beside_each_other(halves, "a.jpg"))[:-200].astype(float).mean(axis=-1)
    for part in (caption[:, :300], caption[:, 300:]):
        assert np.median(part) < 40
        assert part.max() > 200


def test_the_caption_says_which_half_is_which_and_of_what() -> None:
    def caption(name: str) -> np.ndarray:
        return np.asarray(beside_each_other(pair(300, 10), name))[:-10]

    first, second = caption("first.jpg"), caption("second.jpg")
    differing = np.flatnonzero((first != second).any(axis=(1, 2)))
    # The lower line tells the halves apart, and is the same for every picture.
    words = np.flatnonzero((first.max(axis=-1) > 200).any(axis=1))
    assert differing.max() < words.max()
    lower = first[differing.max() + 3 :]
    assert (lower[:, :300] != lower[:, 300:]).any()


@pytest.mark.parametrize("name", ["x" * 5000, "a/b/" * 40 + "the-end.jpg", "straße 猫\n.png", ""])
@pytest.mark.parametrize("room", [60, 150, 600])
def test_a_long_name_is_shortened_and_keeps_its_end(name: str, room: int) -> None:
    font = ImageFont.load_default(13)
    shown = _shortened(name, font, room)
    assert font.getlength(shown) <= room
    assert "\n" not in shown
    whole = " ".join(name.split())
    begin, _, end = shown.partition("…")
    if font.getlength(whole) <= room:
        assert shown == whole
    else:
        assert whole.startswith(begin)
        assert whole.endswith(end)
        assert len(end) >= len(begin)


def test_samples_are_in_tensorboard_at_every_evaluation(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    sample = directory.samples(4) / "00.png"
    sample.parent.mkdir(parents=True)
    beside_each_other(pair(30, 20), "a.jpg").save(sample)
    paths = [sample.relative_to(tmp_path).as_posix(), "samples/iteration-0000004/gone.png"]
    with recorded_events(directory) as record:
        for iteration in (4, 8):
            record(Evaluated(iteration=iteration, figures={"pq": 0.5}, images=1, seconds=1.0, samples=tuple(paths)))
    curves = EventAccumulator(str(directory.tensorboard), size_guidance={IMAGES: 0}).Reload()
    assert curves.Tags()["images"] == ["samples/00"]
    shown = curves.Images("samples/00")
    assert [image.step for image in shown] == [4, 8]
    assert (shown[0].width, shown[0].height) == Image.open(sample).size
