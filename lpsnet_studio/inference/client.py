"""The window's end of the inference service."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, Signal

from lpsnet_studio.inference.messages import Request
from lpsnet_studio.inference.process import SERVICE_COMMAND
from lpsnet_studio.inference.supervision import Patience, Supervisor

__all__ = ["InferenceClient"]


class InferenceClient(QObject):
    """Sends requests to the inference service and brings its replies into the GUI thread.

    It starts the service, restarts it if it dies or hangs, and asks again what that left unanswered
    (:mod:`lpsnet_studio.inference.supervision`). None of its methods but :meth:`close` ever waits.

    Signals:
        received: every reply of :mod:`lpsnet_studio.inference.messages` but heartbeats, in the GUI thread; each
            request's final reply exactly once.
        state_changed: a :data:`~lpsnet_studio.inference.supervision.ServiceState`, in the GUI thread.

    Args:
        command: how to start the service; the default is the real one.
        patience: when it counts as lost; None for what suits the real one.
        parent: Qt's owner.
    """

    received = Signal(object)
    state_changed = Signal(str)
    _arrived = Signal(object)
    _moved = Signal(str)

    def __init__(
        self,
        command: Sequence[str] = SERVICE_COMMAND,
        patience: Patience | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        # Replies come from a Python thread: the queued hop makes every slot run in the thread of this object.
        self._arrived.connect(self._pass_on, Qt.ConnectionType.QueuedConnection)
        self._moved.connect(self._change_state, Qt.ConnectionType.QueuedConnection)
        self._supervisor = Supervisor(self._arrived.emit, self._moved.emit, command, patience or Patience())
        self._state = "stopped"
        self._started = False

    @property
    def state(self) -> str:
        """The last state that ``state_changed`` told."""
        return self._state

    def start(self) -> None:
        """Starts the service in the background. Call it after the first paint; requests may be posted before."""
        if not self._started:
            self._started = True
            self._supervisor.start()

    def next_request(self) -> int:
        """Returns a request number that was never used before."""
        return self._supervisor.next_request()

    def post(self, request: Request) -> None:
        """Sends a request as soon as the service can take it; never blocks."""
        self._supervisor.post(request)

    def close(self) -> None:
        """Ends the service, within some milliseconds if it listens and at most three seconds if not."""
        self._supervisor.close()

    def _pass_on(self, reply: object) -> None:
        self.received.emit(reply)

    def _change_state(self, state: str) -> None:
        self._state = state
        self.state_changed.emit(state)
