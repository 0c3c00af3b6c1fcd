"""Messages between two processes: small pickles over a socket, arrays in anonymous shared memory.

A message is any picklable object; numpy arrays anywhere inside it leave the pickle (protocol 5, out of band) and are
laid side by side in one block. On Linux and macOS the block is an anonymous file, ``memfd_create`` or a temporary file
that is unlinked before it is used, whose descriptor travels over the Unix socket (``SCM_RIGHTS``). No block ever has a
name, so none can outlive the two processes, however they end; and none counts against the size of ``/dev/shm``. The
block is filled by ``pwrite``, which reports a full memory as an error where a write to a mapping would be a SIGBUS.
Windows cannot pass descriptors: there the block's bytes follow over the socket.

The receiver maps the block and reads the arrays in place. They are writable, its own alone, and the mapping lasts as
long as any of them. When the last one goes it clears the block's first byte, and the sender may fill the block anew:
most of the cost of shared memory is in its first use.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import pickle
import queue
import socket
import struct
import tempfile
import threading
import weakref
from collections.abc import Callable, Hashable, Sequence
from functools import cache
from typing import Any

__all__ = ["Channel", "Outbox", "socket_pair"]

_PREFIX = struct.Struct("<IIQ")
"""Lengths in bytes of the table of offsets, of the pickle if it travels over the socket, and of the block."""
_ENTRY = struct.Struct("<QQ")
"""Offset and length of one buffer in the block."""
_ALIGNMENT = 64
_SMALL_BUFFER = 2048
"""Arrays up to this many bytes stay in the pickle: a row of the table is not worth it."""
_LARGEST_PICKLE = 48 * 1024
"""A larger pickle goes into the block, so that what travels over the socket stays below 64 KB."""
_HEADER = _ALIGNMENT
"""Bytes of a block before its first array; the first of them is 1 while the receiver uses the block."""
_BLOCKS_KEPT = 4
_LARGEST_KEPT = 32 * 2**20
_CAN_PASS_DESCRIPTORS = hasattr(socket, "send_fds") and hasattr(socket, "AF_UNIX")


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Returns the two ends of a new connection; neither is inherited by child processes."""
    return socket.socketpair()


class Channel:
    """One end of a connection. One thread may send while another receives.

    Args:
        connection: a connected stream socket, which the channel owns from now on.
        pass_descriptors: whether blocks travel as descriptors; both ends must agree.
    """

    def __init__(self, connection: socket.socket, *, pass_descriptors: bool = _CAN_PASS_DESCRIPTORS) -> None:
        self._socket = connection
        self._pass_descriptors = pass_descriptors
        self._blocks = _BlockPool()

    def send(self, message: object) -> None:
        """Sends one message; blocks while the other side does not read.

        Raises:
            OSError: if the other side has gone.
            MemoryError: if there is no room for the block; nothing of the message has been sent then.
        """
        buffers: list[memoryview] = []
        pickled: bytes = pickle.dumps(message, protocol=5, buffer_callback=lambda each: _keep_inside(each, buffers))
        inline = pickled
        if len(pickled) > _LARGEST_PICKLE:
            buffers.append(memoryview(pickled))
            inline = b""
        offsets, size = _lay_out(buffers)
        table = b"".join(map(_ENTRY.pack, offsets, (buffer.nbytes for buffer in buffers)))
        prefix = _PREFIX.pack(len(table), len(inline), size)
        if size and self._pass_descriptors:
            block = self._blocks.filled(buffers, offsets, size)
            sent = socket.send_fds(self._socket, [prefix], [block.descriptor])
            self._socket.sendall(prefix[sent:] + table + inline)
        else:
            self._socket.sendall(prefix + table + inline)
            self._send_bytes(buffers, offsets, size)

    def receive(self) -> Any:
        """Waits for the next message and returns it.

        Raises:
            EOFError: if the other side has closed the connection or has died.
            OSError: if the connection broke.
        """
        prefix, descriptor = self._receive_prefix()
        table_length, pickle_length, size = _PREFIX.unpack(prefix)
        try:
            table = self._receive_exactly(table_length)
            pickled: bytearray | memoryview = self._receive_exactly(pickle_length)
            block = memoryview(self._receive_exactly(size) if descriptor is None else _mapped(descriptor, size))
        finally:
            if descriptor is not None:
                os.close(descriptor)
        buffers = [block[offset : offset + length] for offset, length in _ENTRY.iter_unpack(table)]
        if pickle_length == 0:
            pickled = buffers.pop()
        return pickle.loads(pickled, buffers=buffers)

    def close(self) -> None:
        """Closes this end; a thread that waits in :meth:`receive` on either side wakes with EOFError."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _send_bytes(self, buffers: Sequence[memoryview], offsets: Sequence[int], size: int) -> None:
        position = 0
        for buffer, offset in zip(buffers, offsets, strict=True):
            self._socket.sendall(bytes(offset - position))
            self._socket.sendall(buffer)
            position = offset + buffer.nbytes
        self._socket.sendall(bytes(size - position))

    def _receive_prefix(self) -> tuple[bytes, int | None]:
        """Returns the prefix of a message and the descriptor that came with its first byte, if any."""
        if not self._pass_descriptors:
            return bytes(self._receive_exactly(_PREFIX.size)), None
        prefix, descriptors, _, _ = socket.recv_fds(self._socket, _PREFIX.size, 1)
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        if not prefix:
            raise EOFError("the other process has closed the connection")
        prefix += self._receive_exactly(_PREFIX.size - len(prefix))
        return prefix, descriptors[0] if descriptors else None

    def _receive_exactly(self, length: int) -> bytearray:
        content = bytearray(length)
        view = memoryview(content)
        while view:
            received = self._socket.recv_into(view)
            if not received:
                raise EOFError("the other process has closed the connection")
            view = view[received:]
        return content


def _keep_inside(buffer: pickle.PickleBuffer, outside: list[memoryview]) -> bool:
    """Decides where an array's bytes go: True leaves them in the pickle, otherwise they join ``outside``."""
    content = buffer.raw()
    if content.nbytes <= _SMALL_BUFFER:
        return True
    outside.append(content)
    return False


def _lay_out(buffers: Sequence[memoryview]) -> tuple[list[int], int]:
    """Returns each buffer's aligned offset in the block, and the block's size; 0 if there is nothing to put in it."""
    offsets: list[int] = []
    end = _HEADER
    for buffer in buffers:
        start = -(-end // _ALIGNMENT) * _ALIGNMENT
        offsets.append(start)
        end = start + buffer.nbytes
    return offsets, end if buffers else 0


class _Block:
    """Shared memory without a name, seen from the sender.

    Attributes:
        descriptor: of the anonymous file.
        size: its bytes.
    """

    def __init__(self, size: int) -> None:
        self.descriptor = _anonymous_file()
        weakref.finalize(self, os.close, self.descriptor)
        self.size = size
        os.ftruncate(self.descriptor, size)
        os.pwrite(self.descriptor, b"\1", 0)
        self._header = mmap.mmap(self.descriptor, _HEADER)

    @property
    def is_free(self) -> bool:
        """Whether the receiver has let go of what it held last."""
        return self._header[0] == 0

    def fill(self, buffers: Sequence[memoryview], offsets: Sequence[int]) -> None:
        """Writes the buffers and marks the block as used.

        Raises:
            OSError: if there is no memory left.
        """
        os.pwrite(self.descriptor, b"\1", 0)
        for buffer, offset in zip(buffers, offsets, strict=True):
            rest = buffer
            while rest:
                written = os.pwrite(self.descriptor, rest, offset)
                rest, offset = rest[written:], offset + written


class _BlockPool:
    """Blocks of one sender, which are filled again once the receiver has let go of them."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []

    def filled(self, buffers: Sequence[memoryview], offsets: Sequence[int], size: int) -> _Block:
        """Returns a block that holds the buffers.

        Raises:
            MemoryError: if there is no room for them.
        """
        try:
            block = self._take(size)
            block.fill(buffers, offsets)
        except OSError as error:
            self._blocks.clear()
            raise MemoryError(f"no room for a message of {size / 2**20:.0f} MiB ({error.strerror})") from error
        return block

    def _take(self, size: int) -> _Block:
        fitting = [block for block in self._blocks if block.size >= size and block.is_free]
        if fitting:
            return min(fitting, key=lambda block: block.size)
        block = _Block(size)
        if size <= _LARGEST_KEPT:
            # A block that leaves the list lives on in the receiver's mapping.
            self._blocks = [*self._blocks[1 - _BLOCKS_KEPT :], block]
        return block


def _mapped(descriptor: int, size: int) -> mmap.mmap:
    """Maps a received block; when nothing refers to the mapping any more, the sender is let know."""
    block = mmap.mmap(descriptor, size)
    weakref.finalize(block, _release, os.dup(descriptor), _closing()).atexit = False
    return block


def _release(descriptor: int, closing: queue.SimpleQueue[int]) -> None:
    os.pwrite(descriptor, b"\0", 0)
    closing.put(descriptor)


@cache
def _closing() -> queue.SimpleQueue[int]:
    """Returns where to put descriptors that a thread of its own closes.

    Whoever closes the last one of a block waits while the system takes its pages back: a frame for a large photo, which
    the window does not have. ``os.close`` waits outside the interpreter's lock, unlike the end of a mapping.
    """
    descriptors: queue.SimpleQueue[int] = queue.SimpleQueue()

    def close() -> None:
        while True:
            descriptor = descriptors.get()
            os.close(descriptor)

    threading.Thread(target=close, name="closes blocks", daemon=True).start()
    return descriptors


def _anonymous_file() -> int:
    """Returns the descriptor of a file without a name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("lpsnet-message", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class Outbox:
    """Sends messages from a thread of its own, so that whoever puts one in never waits for the other side.

    A message may name a slot: if one of the same slot still waits, the newer takes its place in the queue.

    Args:
        channel: where to send.
        on_broken: called once, from the thread, when the other side has gone; what is put in afterwards is dropped.
        instead: what to send in place of a message that there is no memory for; None to send nothing.
    """

    def __init__(
        self,
        channel: Channel,
        on_broken: Callable[[OSError], None],
        instead: Callable[[Any, MemoryError], object | None] = lambda message, error: None,
    ) -> None:
        self._channel = channel
        self._on_broken = on_broken
        self._instead = instead
        self._waiting: dict[Hashable, object] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def put(self, message: object, *, slot: Hashable = None) -> None:
        """Queues a message; never blocks."""
        with self._changed:
            if not self._closed:
                self._waiting[slot if slot is not None else object()] = message
                self._changed.notify()

    def close(self) -> None:
        """Drops what still waits; the thread ends once it is out of ``send``."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify()

    def _next(self) -> object | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            return None if self._closed else self._waiting.pop(next(iter(self._waiting)))

    def _run(self) -> None:
        while (message := self._next()) is not None:
            try:
                self._send(message)
            except OSError as error:
                self.close()
                self._on_broken(error)

    def _send(self, message: object) -> None:
        try:
            self._channel.send(message)
        except MemoryError as error:
            if (other := self._instead(message, error)) is not None:
                self._channel.send(other)
