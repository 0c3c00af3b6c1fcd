"""What charts are called and say."""

from __future__ import annotations

import math

import pytest

from lpsnet_studio.jobs.curve_charts import CHARTS, Chart, scale_of, word_of
from lpsnet_studio.jobs.curve_words import (
    absence_words,
    axis_words,
    damage_words,
    note_words,
    place_words,
    value_words,
)

_ALL = (
    *("loss.total", "loss.borderness", "lr", "gradient_norm", "images_per_second", "memory_bytes"),
    *("pq", "pq_things", "sq_stuff", "miou", "picture.pq", "picture.rq", "picture.seconds"),
    *("load.cpu_percent", "load.rss_bytes", "load.gpus.0.percent", "load.gpus.0.memory_bytes"),
)


def _chart(title: str) -> Chart:
    return next(chart for chart in CHARTS if chart.title == title)


@pytest.mark.parametrize("name", _ALL)
def test_every_figure_is_in_one_chart(name: str) -> None:
    assert len([chart for chart in CHARTS if chart.names([name, name]) == (name,)]) == 1


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("loss.borderness", "border-ness"),
        ("loss.total", "total"),
        ("lr", "learning rate"),
        ("pq_things", "PQ things"),
        ("miou", "mIoU"),
        ("picture.pq", "PQ"),
        ("load.cpu_percent", "CPU"),
        ("load.rss_bytes", "all processes"),
        ("load.gpus.0.percent", "GPU 0"),
    ],
)
def test_figures_are_called_as_people_call_them(name: str, word: str) -> None:
    assert word_of(name) == word


def test_figures_are_shown_in_the_unit_of_their_chart() -> None:
    assert scale_of("pq") == scale_of("picture.sq") == 100
    assert scale_of("load.rss_bytes") * 2**31 == 2
    assert scale_of("load.cpu_percent") == scale_of("loss.total") == 1


def test_values_have_the_digits_they_deserve() -> None:
    assert value_words(41.26, _chart("Quality")) == "41.3"
    assert value_words(1.239, _chart("Memory")) == "1.24"
    assert value_words(0.0012345, _chart("Learning rate")) == "0.001234"
    assert value_words(math.nan, _chart("Losses")) == value_words(math.inf, _chart("Losses")) == "—"


def test_axes_say_what_they_are_over() -> None:
    assert axis_words(_chart("Losses"), "iteration", is_log=True) == ("Iteration", "Losses, logarithmic")
    assert axis_words(_chart("Memory"), "time", is_log=False) == ("Time since the start", "Memory in GiB")
    assert axis_words(_chart("Quality of pictures"), "iteration", is_log=False)[0] == "Pictures done"
    assert (place_words(12_000, "iteration"), place_words(12_000, "time")) == ("12,000", "3 h 20 min")


def test_an_empty_chart_says_when_something_comes() -> None:
    losses = _chart("Losses")
    assert absence_words(losses, 0, 20) == "Choose a run to see its curves."
    assert absence_words(losses, 1, 1) == "No losses yet. The first come after the first iteration."
    assert absence_words(losses, 1, 1000) == "No losses yet. The first come after 1,000 iterations."
    assert absence_words(losses, 1, None) == "No losses yet. The first come after the first iterations."
    assert all("{" not in absence_words(chart, 1, None) for chart in CHARTS)


def test_the_load_of_the_processor_says_what_a_hundred_per_cent_are() -> None:
    names = ["load.cpu_percent", "load.gpus.0.percent"]
    assert (
        note_words(names, [None])
        == note_words(names, [8, 4])
        == note_words(names, [8, None])
        == ("CPU: 100 % is one core.")
    )
    assert note_words(names, [8, 8]) == "CPU: 100 % is one core; there are 8, so that 800 % is all of them."
    assert note_words(names, [1]) == "CPU: 100 % is one core; there is one."
    assert note_words(["load.rss_bytes", "loss.total"], [8]) == ""


def test_lines_that_could_not_be_read_are_told_of() -> None:
    assert damage_words({}) == damage_words({"a": 0}) == ""
    assert damage_words({"a": 1}) == "1 line of the events could not be read and is left out."
    assert damage_words({"a": 1200}) == "1,200 lines of the events could not be read and are left out."
    assert damage_words({"a": 2, "b": 0}) == "2 lines of the events of a could not be read and are left out."
