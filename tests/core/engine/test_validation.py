"""Measuring in the middle of a training: the figures of an evaluation, alone or shared, and what bad pictures cost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest
import torch
from PIL import Image
from torch import Tensor

from lpsnet.categories import Categories
from lpsnet.checkpoint import network_from
from lpsnet.config import Config, ScenesSource
from lpsnet.data.sources import LabelledPicture, PictureSource, open_source
from lpsnet.engine import validation
from lpsnet.engine.distributed import Processes
from lpsnet.engine.evaluate import evaluate
from lpsnet.engine.reporting import recorded_events
from lpsnet.engine.train import train
from lpsnet.engine.validation import Validation, _Runner, validate
from lpsnet.events import Evaluated, EventReader, Note, Stopped
from lpsnet.model.lpsnet import LPSNet
from lpsnet.run_directory import RunDirectory
from lpsnet.scenes import scene_categories
from tests.core.engine.informed_network import informed_network
from tests.core.engine.tiny_training import tiny_config

T = TypeVar("T")
ALONE = Processes(0, 1, torch.device("cpu"), "asked for")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Measured on six pictures, three of which become samples."""
    return tiny_config(tmp_path, overrides=("data.val.limit=6", "training.samples=3"))


def network(config: Config) -> LPSNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        return network_from(config, len(config.load_categories())).train()


def pictures(config: Config) -> PictureSource:
    assert config.data.val is not None
    return open_source(config.data.val, config.load_categories())


def photo(folder: Path, number: int) -> Path:
    return folder / "data" / "photos" / f"{number:02d}.png"


def measured(config: Config, samples: Path, processes: Processes = ALONE, **changes: Any) -> Validation:
    given = {"model": network(config), "source": pictures(config), "should_stop": lambda: False, **changes}
    found = validate(config=config, processes=processes, samples=samples, **given)
    assert found is not None
    return found


# ------------------------------------------------------------------------------------------------------ what it finds


def test_its_figures_are_those_of_an_evaluation(config: Config, tmp_path: Path) -> None:
    model = network(config)
    found = measured(config, tmp_path / "samples", model=model)
    assert model.training
    whole = evaluate(_Runner(model.eval(), config, ALONE.device), pictures(config), config.inspection).to_json()
    for name, kind in (("", "All"), ("_things", "Things"), ("_stuff", "Stuff")):
        assert [found.figures[f"{figure}{name}"] for figure in ("pq", "sq", "rq")] == [
            whole["panoptic"][kind][figure] for figure in ("pq", "sq", "rq")
        ]
    assert found.figures["miou"] == whole["semantics"]["miou"]
    assert found.figures["miou"] is not None
    assert found.figures["miou"] > 0
    assert (found.images, found.failures) == (6, ())
    assert found.samples == tuple(tmp_path / "samples" / f"{number:02d}.png" for number in range(3))
    (size,) = {Image.open(path).size for path in found.samples}
    assert size[0] >= 160
    assert size[1] > 64


def test_a_bad_picture_is_named_and_the_others_are_measured(config: Config, tmp_path: Path) -> None:
    photo(tmp_path, 1).write_bytes(b"no picture")
    found = measured(config, tmp_path / "samples")
    assert found.images == 5
    assert found.failure_words.startswith("1 of 6 pictures could not be measured: ")
    assert str(photo(tmp_path, 1)) in found.failure_words
    run = _Runner(network(config).eval(), config, ALONE.device)
    rest = evaluate(run, pictures(config), config.inspection, pictures=[0, 2, 3, 4, 5])
    assert found.panoptic.to_json() == rest.panoptic.to_json()
    assert found.semantics.to_json() == rest.semantics.to_json()
    assert len(found.samples) == 3


def test_of_many_failures_the_first_are_told(config: Config, tmp_path: Path) -> None:
    for number in range(5):
        photo(tmp_path, number).write_bytes(b"")
    words = measured(config, tmp_path / "samples").failure_words
    assert words.startswith("5 of 6 pictures could not be measured: ")
    assert [f"{number:02d}.png" in words for number in range(5)] == [True, True, True, False, False]
    assert words.endswith("; and 2 more")


def test_a_dead_device_is_no_measurement(config: Config, tmp_path: Path) -> None:
    model = network(config)

    def fault(_module: object, _inputs: object) -> None:
        raise RuntimeError("CUDA error: an illegal memory access")

    model.register_forward_pre_hook(fault)
    with pytest.raises(ValueError, match=r"CUDA error: an illegal memory access; .* 5 more were not tried"):
        measured(config, tmp_path / "samples", model=model)
    assert model.training


def test_stopping_gives_it_up(config: Config, tmp_path: Path) -> None:
    asked = iter([False, False, *[True] * 5])
    given_up = validate(network(config), config, pictures(config), ALONE, tmp_path / "samples", lambda: next(asked))
    assert given_up is None


# -------------------------------------------------------------------------------------------------- several processes


@dataclass(eq=False)
class Meeting:
    """Where threads meet that stand for processes."""

    count: int
    barrier: threading.Barrier = field(init=False)
    brought: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.barrier = threading.Barrier(self.count, timeout=60)

    def exchange(self, rank: int, own: T) -> list[T]:
        self.brought[rank] = own
        self.barrier.wait()
        everyone = [self.brought[number] for number in range(self.count)]
        self.barrier.wait()
        return everyone


@dataclass(frozen=True)
class Thread(Processes):
    """One of several threads in the place of a process."""

    meeting: Meeting

    def sum(self, values: Tensor) -> Tensor:
        return torch.stack(self.meeting.exchange(self.rank, values)).sum(dim=0)

    def gathered(self, own: T) -> list[T]:
        return self.meeting.exchange(self.rank, own)

    def copy_from_first(self, tensors: Iterable[Tensor]) -> None:
        for tensor in tensors:
            tensor.copy_(self.meeting.exchange(self.rank, tensor.clone())[0])


def shared(count: int, work: Callable[[Processes], T]) -> list[T | Exception]:
    """Returns what each of several processes comes to: what ``work`` returns there, or raises."""
    meeting = Meeting(count)

    def outcome(rank: int) -> T | Exception:
        try:
            return work(Thread(rank, count, torch.device("cpu"), "asked for", meeting))
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(outcome, range(count)))


@dataclass(frozen=True, eq=False)
class Scenes:
    """Drawn scenes, some of which cannot be read."""

    bad: frozenset[int]
    categories: Categories = field(default_factory=scene_categories)
    files: Iterator[Path] = field(default_factory=lambda: iter(()))
    name: str = "six scenes"

    def __len__(self) -> int:
        return 6

    def identity(self, index: int) -> tuple[str, int | str]:
        return f"scene {60 + index}", 60 + index

    def read(self, index: int) -> LabelledPicture:
        if index in self.bad:
            raise ValueError(f"scene {index}: torn")
        return drawn_scenes()[index]


@cache
def drawn_scenes() -> tuple[LabelledPicture, ...]:
    source = open_source(ScenesSource(first_seed=60, count=6, height=96, width=128), scene_categories())
    return tuple(source.read(index) for index in range(len(source)))


@pytest.mark.parametrize("count", [1, 2, 7])
def test_any_number_of_processes_measure_what_an_evaluation_does(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    knowing = informed_network(drawn_scenes(), scene_categories(), haze=2.0)
    monkeypatch.setattr(validation, "_Runner", lambda *_words: knowing)
    first, source = network(config), Scenes(frozenset({2, 5}))
    found = shared(count, lambda peer: measured(config, tmp_path, peer, model=deepcopy(first), source=source))
    whole = evaluate(knowing, source, config.inspection)
    assert whole.panoptic.all.pq > 0.2
    for rank, one in enumerate(found):
        assert isinstance(one, Validation), one
        for kind in ("tp", "fp", "fn"):
            assert getattr(one.panoptic.counts, kind).tolist() == getattr(whole.panoptic.counts, kind).tolist()
        assert one.figures["pq"] == pytest.approx(whole.panoptic.all.pq)
        assert one.semantics.to_json() == whole.semantics.to_json()
        assert (one.images, sorted(one.failures)) == (4, ["scene 2: torn", "scene 5: torn"])
        assert bool(one.samples) == (rank == 0)


def test_nothing_measured_ends_every_process_in_the_same_sentence(config: Config, tmp_path: Path) -> None:
    for number in range(6):
        photo(tmp_path, number).write_bytes(b"")
    first, second = shared(2, lambda peer: measured(config, tmp_path / "samples", peer))
    assert isinstance(first, ValueError)
    assert "6 of 6 pictures could not be measured" in str(first)
    assert "panoptic.json" in str(first)
    assert str(first) == str(second)


def test_being_asked_on_one_process_gives_it_up_on_all(config: Config, tmp_path: Path) -> None:
    def given_up(peer: Processes) -> bool:
        model, source = network(config), pictures(config)
        return validate(model, config, source, peer, tmp_path, lambda: peer.rank == 1) is None

    assert shared(2, given_up) == [True, True]


def test_a_failing_disk_ends_every_process(config: Config, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    first, second = shared(2, lambda peer: measured(config, tmp_path / "file" / "samples", peer))
    assert isinstance(first, OSError)
    assert isinstance(second, ValueError)
    assert str(second).startswith("process 0: ")


# ---------------------------------------------------------------------------------------------------------- in a run


def test_a_run_names_a_bad_picture_and_goes_on(tmp_path: Path) -> None:
    config = with_val_of_its_own(tmp_path)
    photo(tmp_path / "val", 1).write_bytes(b"no picture")
    events = run(config, tmp_path / "run")
    (told,) = [event for event in events if isinstance(event, Note) and "could not be measured" in event.text]
    assert told.level == "warning"
    assert told.text.startswith("iteration 2: 1 of 3 pictures could not be measured: ")
    (evaluated,) = [event for event in events if isinstance(event, Evaluated)]
    assert evaluated.images == 2
    assert set(evaluated.figures) >= {"pq", "sq", "rq", "pq_things", "pq_stuff", "miou"}
    assert isinstance(events[-1], Stopped)
    assert events[-1].reason == "finished"


def test_a_run_whose_pictures_are_all_bad_ends_in_one_sentence(tmp_path: Path) -> None:
    config = with_val_of_its_own(tmp_path)
    for number in range(3):
        photo(tmp_path / "val", number).unlink()
    with pytest.raises(ValueError, match="3 of 3 pictures could not be measured"):
        run(config, tmp_path / "run")
    last = EventReader(tmp_path / "run" / "events.jsonl").read_new()
    assert [event for event in last if isinstance(event, Stopped)][-1].message.count("00.png") == 1


def with_val_of_its_own(folder: Path) -> Config:
    """Two iterations, then measured on other files than those it learns from."""
    schedule = {"batch": 4, "iterations": 2, "warmup": 0, "steps": []}
    (folder / "val").mkdir()
    other = tiny_config(folder / "val")
    config = tiny_config(folder, schedule=schedule)
    return config.model_copy(update={"data": config.data.model_copy(update={"val": other.data.val})})


def run(config: Config, folder: Path) -> list[Any]:
    directory = RunDirectory(folder)
    with recorded_events(directory) as record:
        assert train(config, directory, ALONE, on_event=record) == "finished"
    return list(EventReader(directory.events).read_new())
