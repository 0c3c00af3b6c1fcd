from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.jobs.queue import Wait, devices_of, moved, plan
from lpsnet_studio.jobs.spec import PredictSpec, TrainSpec

AUTO = "cuda:1"
DEVICES = ("auto", "cpu", "cuda", "cuda:0", "cuda:1", "cuda:2")


def training(name: str, *devices: str) -> TrainSpec:
    return TrainSpec("demo", (), Path("/runs") / name, devices)


needs = st.lists(st.sampled_from(DEVICES), min_size=1, max_size=3, unique=True).map(tuple)
queues = st.lists(needs, max_size=8).map(
    lambda all_needs: [training(str(number), *devices) for number, devices in enumerate(all_needs)]
)
busy_devices = st.sets(st.sampled_from(("cpu", "cuda:0", "cuda:1", "cuda:2", "auto"))).map(
    lambda devices: {device: Path("/runs/busy") / device for device in devices}
)


@given(queues, busy_devices)
def test_no_device_ever_has_two_and_no_job_is_lost(queue: list[TrainSpec], busy: dict[str, Path]) -> None:
    planned = plan(queue, busy, AUTO)
    had = list(busy)
    for spec in planned.starts:
        had += devices_of(spec, AUTO)
    assert len(had) == len(set(had))
    assert sorted([*(spec.folder for spec in planned.starts), *planned.waits]) == sorted(spec.folder for spec in queue)
    assert list(planned.starts) == [spec for spec in queue if spec in planned.starts]


@given(queues, busy_devices)
def test_a_job_waits_only_for_who_has_its_device_or_stands_in_front(
    queue: list[TrainSpec], busy: dict[str, Path]
) -> None:
    planned = plan(queue, busy, AUTO)
    for place, spec in enumerate(queue):
        in_front = {other.folder: other for other in queue[:place]}
        runs = [other.folder for other in planned.starts] + list(busy.values())
        if spec.folder in planned.waits:
            wait = planned.waits[spec.folder]
            assert wait.device in devices_of(spec, AUTO)
            assert wait.is_running == (wait.holder in runs)
            if wait.holder in in_front:
                assert wait.device in devices_of(in_front[wait.holder], AUTO)
            else:
                assert busy[wait.device] == wait.holder
        else:
            assert not any(devices_of(spec, AUTO) & devices_of(other, AUTO) for other in in_front.values())


@given(queues, st.data())
def test_every_job_gets_its_turn_in_its_order_among_those_it_competes_with(
    queue: list[TrainSpec], data: st.DataObject
) -> None:
    waiting: list[TrainSpec] = list(queue)
    running: list[TrainSpec] = []
    started: list[TrainSpec] = []
    while waiting or running:
        busy = {device: spec.folder for spec in running for device in devices_of(spec, AUTO)}
        starts = plan(waiting, busy, AUTO).starts
        assert starts or running, "whoever is first finds the device free once nothing runs"
        started += starts
        running += starts
        waiting = [spec for spec in waiting if spec not in starts]
        del running[data.draw(st.integers(0, len(running) - 1))]
    assert len(started) == len(queue)
    for later, spec in enumerate(started):
        for earlier in started[:later]:
            if devices_of(spec, AUTO) & devices_of(earlier, AUTO):
                assert queue.index(earlier) < queue.index(spec)


@given(st.lists(st.integers(), min_size=1, max_size=6, unique=True), st.data(), st.integers(-3, 9))
def test_moving_keeps_all_and_the_order_of_the_others(items: Sequence[int], data: st.DataObject, place: int) -> None:
    item = data.draw(st.sampled_from(items))
    result = moved(items, item, place)
    assert result.index(item) == min(max(place, 0), len(items) - 1)
    assert [other for other in result if other != item] == [other for other in items if other != item]


def test_a_job_of_several_devices_is_not_overtaken_for_ever() -> None:
    both, one = training("both", "cuda:0", "cuda:1"), training("one", "cuda:1")
    planned = plan([both, one], {"cuda:0": Path("/runs/now")})
    assert planned.starts == ()
    assert planned.waits == {
        both.folder: Wait("cuda:0", Path("/runs/now"), is_running=True),
        one.folder: Wait("cuda:1", both.folder, is_running=False),
    }


def test_auto_is_a_device_of_its_own_until_it_is_known() -> None:
    auto, cpu = training("a", "auto"), PredictSpec((), Path("/runs/b"), device="cpu")
    assert plan([auto, cpu], {}).starts == (auto, cpu)
    assert plan([auto, cpu], {}, "cpu").starts == (auto,)
    assert devices_of(training("c", "cuda", "auto"), "cuda:0") == {"cuda:0"}
    assert devices_of(training("d", "cpu", "cpu")) == {"cpu"}
