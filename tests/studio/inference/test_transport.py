"""Messages between two ends of a channel: what arrives equals what was sent, and nothing is left behind."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import gc
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lpsnet_studio.inference.transport import Channel, Outbox, socket_pair
from tests.studio.inference.messages_at_random import EVERY_KIND, of_message

ON_LINUX = Path("/proc/self/fd").is_dir()


@pytest.fixture(params=[True, False], ids=["descriptors", "bytes over the socket"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[Channel, Channel]]:
    one, other = (Channel(end, pass_descriptors=request.param) for end in socket_pair())
    yield one, other
    one.close()
    other.close()


def carried(ends: tuple[Channel, Channel], message: object) -> Any:
    """Sends a message from one end and returns what arrives at the other."""
    sender = threading.Thread(target=ends[0].send, args=(message,))
    sender.start()
    received = ends[1].receive()
    sender.join()
    return received


def assert_same(one: Any, other: Any) -> None:
    """Compares two messages field by field; arrays by dtype and content."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, Mapping):
        assert one.keys() == other.keys()
        assert_same(list(one.values()), [other[key] for key in one])
    elif isinstance(one, tuple | list):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_same(left, right)
    else:
        assert one == other


def open_blocks() -> int:
    """Returns how many blocks this process holds open."""
    gc.collect()
    count = 0
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # another thread may close one meanwhile
            count += "lpsnet-message" in str(path.readlink())
    return count


@pytest.mark.parametrize("kind", EVERY_KIND, ids=lambda kind: kind.__name__)
@hypothesis_settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_every_kind_of_message_arrives_as_it_was_sent(
    ends: tuple[Channel, Channel], kind: Any, data: st.DataObject
) -> None:
    message = data.draw(of_message(kind))
    assert_same(carried(ends, message), message)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 4), np.float32),
        np.arange(7, dtype=np.uint16),
        np.arange(600_000, dtype=np.float32).reshape(600, 1000),
        np.asfortranarray(np.arange(600_000).reshape(600, 1000)),
        np.arange(600_000).reshape(600, 1000)[::3, 5:900:2],
        np.zeros((50, 50, 3), np.bool_),
    ],
    ids=["empty", "short", "large", "fortran order", "strided", "bool"],
)
def test_arrays_of_any_layout_arrive(ends: tuple[Channel, Channel], array: np.ndarray) -> None:
    assert_same(carried(ends, {"array": array}), {"array": array})


def test_one_array_in_two_places_stays_one_array(ends: tuple[Channel, Channel]) -> None:
    shared = np.ones((300, 300), np.uint8)
    first, second = carried(ends, (shared, shared))
    assert first is second


def test_received_arrays_are_writable_and_nobody_elses(ends: tuple[Channel, Channel]) -> None:
    sent = np.zeros((200, 200), np.int32)
    received = carried(ends, sent)
    received += 1
    assert not sent.any()
    assert received.all()


def test_a_received_array_outlives_channel_and_message(ends: tuple[Channel, Channel]) -> None:
    first, _second = carried(ends, (np.full(100_000, 7, np.uint8), np.full(100_000, 9, np.uint8)))
    del _second
    for end in ends:
        end.close()
    gc.collect()
    assert (first == 7).all()


def test_a_pickle_over_64_kilobytes_without_any_array_arrives(ends: tuple[Channel, Channel]) -> None:
    message = [f"segment {number}" for number in range(50_000)]
    assert carried(ends, message) == message


def wait_for_blocks(expected: Callable[[int], bool]) -> int:
    """Waits until so many blocks are open: they are closed in a thread of their own."""
    end = time.monotonic() + 5
    while not expected(count := open_blocks()):
        assert time.monotonic() < end, count
        time.sleep(0.01)
    return count


@pytest.mark.skipif(not ON_LINUX, reason="counts descriptors in /proc")
def test_mappings_and_descriptors_go_with_arrays_and_channel() -> None:
    before = open_blocks()
    ends = tuple(Channel(end) for end in socket_pair())
    kept = [carried(ends, np.full(100_000, number, np.uint8)) for number in range(20)]
    assert open_blocks() >= before + 20
    assert [int(array[-1]) for array in kept] == list(range(20))
    del kept
    few = wait_for_blocks(lambda count: count < before + 20)
    for _ in range(50):
        carried(ends, np.zeros(100_000, np.uint8))
    wait_for_blocks(lambda count: count <= few)
    for end in ends:
        end.close()
    del end, ends
    wait_for_blocks(lambda count: count == before)


@pytest.mark.skipif(not ON_LINUX, reason="counts descriptors in /proc")
def test_the_last_descriptor_of_a_block_is_closed_by_a_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    before, real, closed = wait_for_blocks(lambda _count: True), os.close, []

    def close(descriptor: int) -> None:
        name = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - a file without a name
        if "lpsnet-message" in name:
            closed.append((threading.current_thread().name, open_blocks()))
        real(descriptor)

    ends = tuple(Channel(end) for end in socket_pair())
    array = carried(ends, np.zeros(40_000_000, np.uint8))  # more than a sender keeps to fill again
    wait_for_blocks(lambda count: count >= before + 1)
    monkeypatch.setattr(os, "close", close)
    del array
    wait_for_blocks(lambda count: count == before)
    assert closed == [("closes blocks", before + 1)]
    for end in ends:
        end.close()


@hypothesis_settings(max_examples=60, deadline=None)
@given(order=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 60_000)), max_size=30))
def test_a_block_is_filled_again_only_after_its_arrays_are_gone(order: list[tuple[int, int]]) -> None:
    ends = tuple(Channel(end) for end in socket_pair())
    held: dict[int, tuple[int, np.ndarray]] = {}
    for value, (place, length) in enumerate(order):
        array = carried(ends, np.full(length, value, np.int32))
        held[place] = (value, array[length // 2 :])
        for expected, part in held.values():
            assert (part == expected).all()
    for end in ends:
        end.close()


@pytest.mark.skipif(not ON_LINUX, reason="looks into /dev/shm")
def test_blocks_in_flight_have_no_name_anywhere() -> None:
    names = set(Path("/dev/shm").iterdir())
    one, other = (Channel(end) for end in socket_pair())
    one.send(np.zeros(4_000_000, np.uint8))
    assert set(Path("/dev/shm").iterdir()) == names
    one.close()
    other.close()


def test_the_end_of_the_other_side_is_told(ends: tuple[Channel, Channel]) -> None:
    ends[0].close()
    with pytest.raises(EOFError):
        ends[1].receive()
    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        ends[1].send("to nobody")


def test_a_message_that_breaks_off_is_an_end(ends: tuple[Channel, Channel]) -> None:
    ends[0]._socket.sendall(b"\x00" * 5)
    ends[0].close()
    with pytest.raises(EOFError):
        ends[1].receive()


def test_without_memory_for_a_block_the_channel_stays_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (Channel(end, pass_descriptors=True) for end in socket_pair())

    def refuse(*_arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", refuse)
        with pytest.raises(MemoryError, match="No space left"):
            one.send(np.zeros(1_000_000, np.uint8))
    one.send("still here")
    assert other.receive() == "still here"
    one.close()
    other.close()


# --------------------------------------------------------------------------------------------------------------- outbox


class _Gate:
    """Stands for a channel whose other side reads only when it is let."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()
        self.sent: list[Any] = []

    def send(self, message: object) -> None:
        self.entered.set()
        assert self.open.wait(5)
        if isinstance(message, Exception):
            raise message
        self.sent.append(message)


def test_of_one_slot_only_the_newest_is_sent_and_keeps_its_place() -> None:
    gate = _Gate()
    done = threading.Event()
    outbox = Outbox(gate, on_broken=lambda _error: done.set())  # type: ignore[arg-type]
    outbox.put("first")
    assert gate.entered.wait(5)
    outbox.put("progress 1", slot="progress")
    outbox.put("answer")
    outbox.put("progress 2", slot="progress")
    outbox.put(OSError("gone"))
    gate.open.set()
    assert done.wait(5)
    assert gate.sent == ["first", "progress 2", "answer"]


def test_something_else_is_sent_where_memory_is_short() -> None:
    gate = _Gate()
    gate.open.set()
    done = threading.Event()
    outbox = Outbox(gate, lambda _error: done.set(), instead=lambda _message, error: f"sorry: {error}")  # type: ignore[arg-type]
    outbox.put(MemoryError("no room"))
    outbox.put(OSError("gone"))
    assert done.wait(5)
    assert gate.sent == ["sorry: no room"]
    outbox.put("to nobody")
    assert gate.sent == ["sorry: no room"]
