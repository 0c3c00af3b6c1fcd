"""The demo is drawn, loaded and opened; what is asked for anew takes the place of what was asked for before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lpsnet_studio import demo
from lpsnet_studio.commands import files, presence
from lpsnet_studio.commands.drops import MOST_LOOKED_AT
from lpsnet_studio.inference.messages import (
    Cancel,
    DatasetListed,
    Failed,
    Inspect,
    ListDataset,
    LoadModel,
    ModelCard,
    ModelLoaded,
)
from lpsnet_studio.session import Session
from lpsnet_studio.state import NetworkChoice
from tests.studio.hand_made import CATEGORIES, ListeningService, card, open_first


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


def trained_on_scenes(path: Path) -> ModelCard:
    return replace(card(origin=path), categories=demo.categories())


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


def test_a_trained_network_shows_what_it_predicts(
    window: Any, session: Session, service: ListeningService, drawing: Drawing, demo_checkpoint: Path, qtbot: Any
) -> None:
    session.change_settings(box_oracle=True)
    window.actions_by_id["show_demo"].trigger()
    assert service.last(LoadModel).checkpoint == str(demo_checkpoint)
    session.receive(ModelLoaded(service.last(LoadModel).request, trained_on_scenes(demo_checkpoint)))
    drawing.go_on.set()
    qtbot.waitUntil(lambda: service.count(ListDataset) == 1)
    assert service.count(LoadModel) == 1
    assert not session.settings.box_oracle
    assert not session.settings.semantic_oracle
    session.undo()
    assert session.settings.box_oracle


@pytest.mark.parametrize(("trained", "loads"), [(True, 0), (False, 1)])
def test_only_a_trained_network_takes_the_place_of_the_demos(
    window: Any,
    session: Session,
    service: ListeningService,
    drawing: Drawing,
    demo_checkpoint: Path,
    qtbot: Any,
    trained: bool,
    loads: int,
) -> None:
    session.load_model(NetworkChoice("mine"))
    own = replace(trained_on_scenes(demo_checkpoint.with_name("own.safetensors")), trained=trained)
    session.receive(ModelLoaded(service.last(LoadModel).request, own))
    before = service.count(LoadModel)
    drawing.go_on.set()
    window.actions_by_id["new_scenes"].trigger()
    qtbot.waitUntil(lambda: service.count(ListDataset) == 1)
    assert service.count(LoadModel) == before + loads
    assert not session.settings.box_oracle
    assert not session.settings.semantic_oracle


def test_without_the_demos_network_one_that_knows_the_scenes_stays(
    window: Any, session: Session, service: ListeningService, drawing: Drawing, tmp_path: Path, qtbot: Any
) -> None:
    session.load_model(NetworkChoice("mine"))
    own = replace(trained_on_scenes(tmp_path / "own.yaml"), trained=False)
    session.receive(ModelLoaded(service.last(LoadModel).request, own))
    drawing.go_on.set()
    window.actions_by_id["show_demo"].trigger()
    qtbot.waitUntil(lambda: service.count(ListDataset) == 1)
    assert service.count(LoadModel) == 1
    assert session.settings.box_oracle
    assert session.settings.semantic_oracle


def test_other_scenes_are_others_and_take_the_place_of_those_under_way(
    window: Any, service: ListeningService, drawing: Drawing, qtbot: Any
) -> None:
    for _ in range(3):
        window.actions_by_id["new_scenes"].trigger()
    qtbot.waitUntil(lambda: len(drawing.asked) == 3)
    seeds = {scenes.seed for scenes in drawing.asked}
    assert len(seeds) == 3
    assert all(seed >= 200_000 and seed + demo.COUNT <= 1_000_000 for seed in seeds), "six digits, and never trained on"
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


# ------------------------------------------------------------------------------------ whatever was asked for last stays


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Makes two folders, "slow" and "fast"; the slow one is listed once the event is set."""
    for name in ("slow", "fast"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.png").write_bytes(b"read by the service alone")
    go_on, list_folder = threading.Event(), files.list_folder

    def list_slowly(folder: Path) -> Any:
        if folder.name == "slow":
            go_on.wait(20)
        return list_folder(folder)

    monkeypatch.setattr(files, "list_folder", list_slowly)
    yield go_on
    go_on.set()


def names(session: Session) -> list[str]:
    return [entry.name for entry in session.entries]


def let_it_end(window: Any, qtbot: Any, go_on: threading.Event) -> None:
    go_on.set()
    assert window.commands.wait_for_background(5000)
    qtbot.wait(30)


def test_a_slow_folder_does_not_replace_a_fast_one(
    window: Any, session: Session, slow: threading.Event, tmp_path: Path, qtbot: Any
) -> None:
    window.commands.files.open_paths([tmp_path / "slow"])
    window.commands.files.open_paths([tmp_path / "fast"])
    qtbot.waitUntil(lambda: names(session) == ["fast.png"])
    let_it_end(window, qtbot, slow)
    assert names(session) == ["fast.png"]
    assert window.commands._place.background.busy is None


def test_nor_a_picture_and_nothing_seems_to_be_listed_any_more(
    window: Any, session: Session, slow: threading.Event, tmp_path: Path, qtbot: Any
) -> None:
    told: list[Any] = []
    background = window.commands._place.background
    background.busy_changed.connect(lambda: told.append(background.busy))
    window.commands.files.open_paths([tmp_path / "slow"])
    assert background.busy is not None
    window.commands.files.open_paths([tmp_path / "fast" / "fast.png"])
    assert told[-1] is None
    let_it_end(window, qtbot, slow)
    assert names(session) == ["fast.png"]


def test_nor_is_a_network_that_is_opened_meanwhile_in_its_way(
    window: Any, session: Session, service: ListeningService, slow: threading.Event, tmp_path: Path, qtbot: Any
) -> None:
    checkpoint = tmp_path / "net.safetensors"
    checkpoint.write_bytes(b"read by the service alone")
    window.commands.files.open_paths([tmp_path / "slow"])
    window.commands.files.open_paths([checkpoint])
    let_it_end(window, qtbot, slow)
    assert names(session) == ["slow.png"]


def test_the_demo_does_not_replace_what_was_opened_while_it_was_drawn(
    window: Any,
    session: Session,
    service: ListeningService,
    drawing: Drawing,
    slow: threading.Event,
    tmp_path: Path,
    qtbot: Any,
) -> None:
    window.actions_by_id["show_demo"].trigger()
    window.commands.files.open_paths([tmp_path / "fast"])
    qtbot.waitUntil(lambda: names(session) == ["fast.png"])
    let_it_end(window, qtbot, drawing.go_on)
    assert names(session) == ["fast.png"]
    assert service.count(ListDataset) == 0
    assert not session.settings.box_oracle
    assert not session.settings.semantic_oracle


def test_a_data_set_that_is_being_read_makes_way_for_a_folder(
    window: Any, session: Session, service: ListeningService, slow: threading.Event, tmp_path: Path, qtbot: Any
) -> None:
    truth = tmp_path / "truth.json"
    truth.write_text("{}")
    window.commands.files.open_paths([truth])
    listing = service.last(ListDataset)
    window.commands.files.open_paths([tmp_path / "slow"])
    assert service.last(Cancel).target == listing.request
    session.receive(DatasetListed(listing.request, str(truth), (), CATEGORIES))
    assert session.current is None
    assert window.notifications.texts == []
    let_it_end(window, qtbot, slow)
    assert names(session) == ["slow.png"]


# ----------------------------------------------------------------------------------------------- Esc, one thing a press


def test_esc_does_one_thing_a_press(
    window: Any, session: Session, service: ListeningService, drawing: Drawing, qtbot: Any
) -> None:
    open_first(session, service)
    esc, lookahead = window.actions_by_id["cancel"], window.images.lookahead
    window.actions_by_id["measure_all"].trigger()
    session.change_settings(overlap_threshold=0.7)
    asked = service.last(Inspect).request
    window.actions_by_id["show_demo"].trigger()
    session.select(1)
    session.play(True)
    cancels = service.count(Cancel)

    def state() -> tuple[bool, int, bool, bool]:
        drawn = window.commands._place.background.busy is not None
        return session.playing, session.selected, drawn, lookahead.measuring is not None

    assert state() == (True, 1, True, True)
    esc.trigger()
    assert state() == (False, 1, True, True)
    esc.trigger()
    assert state() == (False, 0, True, True)
    assert service.count(Cancel) == cancels
    esc.trigger()
    assert state() == (False, 0, False, True)
    assert service.last(Cancel).target == asked
    session.receive(Failed(asked, "cancelled", "Cancelled."))
    esc.trigger()
    assert state() == (False, 0, False, False)


def test_a_listing_that_is_withdrawn_leaves_the_measuring(
    window: Any, session: Session, service: ListeningService, slow: threading.Event, tmp_path: Path
) -> None:
    open_first(session, service)
    window.actions_by_id["measure_all"].trigger()
    window.commands.files.open_paths([tmp_path / "slow"])
    window.actions_by_id["cancel"].trigger()
    assert window.commands._place.background.busy is None
    assert window.images.lookahead.measuring is not None


def test_the_button_beside_the_progress_withdraws_though_something_is_selected(
    window: Any, session: Session, service: ListeningService, slow: threading.Event, tmp_path: Path, qtbot: Any
) -> None:
    open_first(session, service)
    session.select(1)
    window.commands.files.open_paths([tmp_path / "slow"])
    qtbot.waitUntil(window.statusBar()._cancel.isVisible, timeout=3000)
    window.statusBar()._cancel.click()
    assert window.commands._place.background.busy is None
    assert session.selected == 1


# ------------------------------------------------------------------------------------------------------- slow disks


def test_recent_things_are_looked_for_once_at_a_time_and_stand_in_no_savings_way(
    window: Any, session: Session, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    assert window.commands.wait_for_background(5000)
    qtbot.wait(20)
    go_on, looked = threading.Event(), []

    def look(paths: Any) -> dict[str, str]:
        looked.append(tuple(paths))
        go_on.wait(20)
        return dict.fromkeys(looked[-1], "is not there any more")

    monkeypatch.setattr(presence, "problems_of", look)
    window.commands._place.settings.change(recent_paths=("/gone/a",))
    for _ in range(10):
        window.commands.files.recent()
        window.commands.model.recent()
    qtbot.waitUntil(lambda: len(looked) == 2)
    saved: list[int] = []
    window.commands._place.background.run(lambda: 7, saved.append, title="saving", cancellable=False)
    qtbot.waitUntil(lambda: saved == [7], timeout=2000)
    assert len(looked) == 2, "one for each list"
    window.commands._place.settings.change(recent_paths=("/gone/b",))
    go_on.set()
    qtbot.waitUntil(
        lambda: [item.problem for item in window.commands.files.recently.paths] == ["is not there any more"]
    )
    assert sorted(looked) == [(), (), ("/gone/a",), ("/gone/b",)], "once more, as it was asked for meanwhile"


def test_a_share_that_cannot_be_reached_is_named(window: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def exists(path: Path) -> bool:
        asked.append(path)
        raise OSError(112, "Host is down")

    monkeypatch.setattr(Path, "exists", exists)
    paths = [tmp_path / f"{number}.png" for number in range(200)]
    window.commands.files.open_paths(paths)
    assert window.notifications.texts == [f"{paths[0]}: cannot be reached (Host is down)"]
    assert asked == [paths[0]], "one answer is enough"


def test_of_many_paths_only_the_first_are_looked_at(
    window: Any, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[Path] = set()
    monkeypatch.setattr(Path, "exists", lambda path: bool(asked.add(path)) or True)
    monkeypatch.setattr(Path, "is_dir", lambda path: bool(asked.add(path)))
    paths = [tmp_path / f"{number}.png" for number in range(1000)]
    window.commands.files.open_paths(paths)
    assert names(session) == [path.name for path in paths]
    assert {path for path in asked if path.suffix == ".png"} == set(paths[:MOST_LOOKED_AT])
