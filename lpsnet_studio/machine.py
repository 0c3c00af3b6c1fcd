"""What computes for the window: the service, what it could run on, and the memory it takes; no Qt."""

from __future__ import annotations

from psygnal import Signal

from lpsnet_studio.inference.messages import Device, MemoryUse, Ready

__all__ = ["Machine"]


class Machine:
    """The service as panels see it, observable.

    Attributes:
        devices: what the service could run on, and what it could not and why; empty before it is known.
        service_state: what became of the service, in words; empty before it is known.
        memory: what the service takes; None before it is known.
    """

    service_changed = Signal()
    memory_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.devices: tuple[Device, ...] = ()
        self.service_state = ""
        self.memory: MemoryUse | None = None

    def set_service_state(self, state: str) -> None:
        """Takes what became of the service, in words."""
        if state != self.service_state:
            self.service_state = state
            if state != "ready":
                self._take_memory(None)
            self.service_changed.emit()

    def _take_service(self, reply: Ready) -> None:
        self.devices = reply.devices
        self.service_changed.emit()

    def _take_memory(self, memory: MemoryUse | None) -> None:
        self.memory = memory
        self.memory_changed.emit()
