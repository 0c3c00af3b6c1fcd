"""The demo is drawn, loaded and opened; what is asked for anew takes the place of what was asked for before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lpsnet_studio import demo
from lpsnet_studio.inference.messages import ListDataset, LoadModel
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, open_first


class Drawing:
    """Stands in for the process that draws: waits to be let go, and writes no picture."""

    def __init__(self) -> None:
        self.asked: list[demo.Scenes] = []
        self.go_on = threading.Event()

    def __call__(self, scenes: demo.Scenes, on_progress: Callable[[float], None]) -> Path:
        self.asked.append(scenes)
        while not self.go_on.wait(0.01):
            on_progress(0.5)
        scenes.json_path.parent.mkdir(parents=True, exist_ok=True)
        return scenes.json_path


@pytest.fixture
def drawing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Drawing]:
    made = Drawing()
    monkeypatch.setattr(demo, "draw_elsewhere", made)
    yield made
    made.go_on.set()


def test_the_network_is_built_while_the_scenes_are_drawn(
    window: Any, session: Session, service: ListeningService, drawing: Drawing, qtbot: Any
) -> None:
    window.actions_by_id["show_demo"].trigger()
    assert service.last(LoadModel).config == demo.PRESET
    assert service.count(ListDataset) == 0
    drawing.go_on.set()
    qtbot.waitUntil(lambda: service.count(ListDataset) == 1)
    assert service.last(ListDataset).json_path == str(drawing.asked[0].json_path)
    assert service.count(LoadModel) == 1
    assert session.settings.box_oracle
    assert session.settings.semantic_oracle
    assert drawing.asked == [demo.Scenes(window.commands._place.folders.cache)]


def test_other_scenes_are_others_and_take_the_place_of_those_under_way(
    window: Any, service: ListeningService, drawing: Drawing, qtbot: Any
) -> None:
    for _ in range(3):
        window.actions_by_id["new_scenes"].trigger()
    qtbot.waitUntil(lambda: len(drawing.asked) == 3)
    seeds = {scenes.seed for scenes in drawing.asked}
    assert len(seeds) == 3
    assert all(seed >= 100_000 and seed + demo.COUNT <= 1_000_000 for seed in seeds), "six digits"
    drawing.go_on.set()
    qtbot.waitUntil(lambda: service.count(ListDataset) == 1)
    qtbot.wait(50)
    assert service.count(ListDataset) == 1
    assert window.notifications.texts == []


def test_cancel_withdraws_the_drawing(
    window: Any, session: Session, service: ListeningService, drawing: Drawing, qtbot: Any
) -> None:
    open_first(session, service)
    window.actions_by_id["show_demo"].trigger()
    loads = service.count(LoadModel)
    assert window.commands._place.background.busy.step == "drawing scenes"
    window.actions_by_id["cancel"].trigger()
    assert window.commands._place.background.busy is None
    assert window.commands.wait_for_background(2000)
    qtbot.wait(20)
    assert service.count(ListDataset) == 0
    assert service.count(LoadModel) == loads, "the network that is used stays until there is something to show"
    assert session.current is not None


def test_a_config_that_is_dropped_is_loaded(window: Any, service: ListeningService, tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("model: {}")
    window.commands.files.open_dropped([config, tmp_path / "film.mp4"])
    assert service.last(LoadModel).config == str(config)
    assert service.count(LoadModel) == 1
    assert window.notifications.texts[0].startswith("film.mp4: not a picture")
