"""What is open now: images, network, settings, the latest result and the place in its merge.

The session holds no Qt. Panels call its methods and listen to its signals; none talks to another. Data flows one way: a
panel sets something, the session posts a request to the service, :meth:`Session.receive` takes the reply, and signals
tell every panel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from psygnal import Signal

from lpsnet.structures import BordernessMaps, Candidates, InspectionSettings, PanopticSegmentation
from lpsnet_studio.correspondence import Correspondence, Service, problem_of
from lpsnet_studio.effects import Comparison, Effect
from lpsnet_studio.gallery import Gallery
from lpsnet_studio.inference.messages import (
    CloseImage,
    DatasetListed,
    Failed,
    ImageOpened,
    ImageSource,
    Inspect,
    Inspected,
    Kept,
    ListDataset,
    LoadModel,
    MemoryUse,
    ModelCard,
    ModelLoaded,
    OpenImage,
    Progress,
    Ready,
    Reply,
)
from lpsnet_studio.knobs import Knobs
from lpsnet_studio.machine import Machine
from lpsnet_studio.replay import Replay
from lpsnet_studio.state import Busy, Entry, Measured, NetworkChoice, Problem, Result, settings_possible
from lpsnet_studio.tally import ClassTally

__all__ = ["Service", "Session", "image_key"]


class Session(Gallery, Knobs, Machine, Replay):
    """What is open now, observable; oracles that the current image cannot have are kept in the settings as wishes.

    Args:
        service: where requests go.

    Attributes:
        service: where requests go.
        model: the network that is loaded; None if there is none.
        cancelled: whether the current image has no result because the user withdrew the request.
        network: which network is loaded or on its way, and where and how it is to run.
    """

    picture_changed = Signal()
    model_changed = Signal()
    result_changed = Signal()
    busy_changed = Signal()
    background_cancelled = Signal()
    """The user withdraws what goes on in the background."""
    received = Signal(object)
    """Every reply of the service, after the session has taken it."""
    failed = Signal(object)
    """A :class:`Problem`."""

    def __init__(self, service: Service) -> None:
        super().__init__()
        self.service = service
        self._letters = Correspondence(service, self.busy_changed.emit)
        self._waiting_inspect: Inspect | None = None
        self._comparison = Comparison()
        self._candidates: Candidates | None = None
        self._borderness: BordernessMaps | None = None
        self._wanted_index: int | Callable[[Sequence[Entry]], int] = 0
        self._prepared: Callable[[Sequence[Entry]], Sequence[Entry]] = tuple
        self.cancelled = False
        self.model: ModelCard | None = None
        self._before_saved: tuple[InspectionSettings, InspectionSettings] | None = None
        """The user's settings, and what a reset goes to, while a saved inspection is shown with its own."""
        self.network = NetworkChoice()
        self._loaded = self.network

    # ------------------------------------------------------------------------------------------------------ questions

    @property
    def truth(self) -> PanopticSegmentation | None:
        """The current image's ground truth."""
        return None if self.picture is None else self.picture.truth

    @property
    def effective_settings(self) -> InspectionSettings:
        """The settings as the current image can have them: without ground truth no oracle."""
        return settings_possible(self.settings, has_truth=self.truth is not None)

    @property
    def obstacle(self) -> str:
        """Why the current image cannot be inspected, in a sentence; empty if it can."""
        if self.picture is None or self.picture.kept is not None or not self.effective_settings.needs_network:
            return ""
        or_oracles = "" if self.truth is None else ", or turn both oracles on"
        if self.model is None:
            return "" if self.loading_model is not None else f"No network is loaded: load one{or_oracles}."
        if not self.picture.network_fits:
            return f"The network knows other classes than this data set: load one that fits it{or_oracles}."
        return ""

    @property
    def busy(self) -> Busy | None:
        """What the service is doing; None if nothing."""
        return self._letters.busy

    @property
    def opening_picture(self) -> bool:
        """Whether the current image's pixels are on their way."""
        return self._letters.pending(OpenImage) is not None

    @property
    def loading_model(self) -> LoadModel | None:
        """The network that is on its way."""
        return self._letters.pending(LoadModel)

    @property
    def effect(self) -> Effect | None:
        """What the last change of settings did to the current image's result; None if nothing was changed."""
        return self._comparison.effect

    # --------------------------------------------------------------------------------------------------------- opening

    def set_entries(self, entries: Sequence[Entry], index: int = 0) -> None:
        """Replaces the image list and opens one of it; a data set that is still being read will not replace it."""
        self.stop_listing()
        for kind in (OpenImage, Inspect):
            self._letters.withdraw(kind)
        self._take_entries(entries)
        self._forget_picture()
        self.entries_changed.emit()
        if self.entries:
            self.open_index(min(max(index, 0), len(self.entries) - 1))
        else:
            self.current_changed.emit(-1)

    def open_dataset(
        self,
        json_path: Path,
        images_dir: Path | None = None,
        index: int | Callable[[Sequence[Entry]], int] = 0,
        prepared: Callable[[Sequence[Entry]], Sequence[Entry]] = tuple,
    ) -> None:
        """Asks for a COCO panoptic data set; its images become the list when they are here.

        Args:
            json_path: its JSON file.
            images_dir: the folder of its photos; None to search it.
            index: which image is opened; or what returns that, once it is known what the list is.
            prepared: returns what of its images becomes the list, in which order, and what is known of them.
        """
        self._wanted_index, self._prepared = index, prepared
        images = None if images_dir is None else str(images_dir)
        self._letters.ask(ListDataset(self._letters.next_number(), str(json_path), images))

    def stop_listing(self) -> None:
        """Withdraws the data set that was asked for: something else is opened."""
        self._letters.withdraw(ListDataset)

    def open_index(self, index: int) -> None:
        """Opens the image at a position of the list; a position outside it is ignored."""
        if not 0 <= index < len(self.entries):
            return
        before, entry = self.current, self.entries[index]
        self.index = index
        if before is not None and before.source != entry.source:
            self._forget_picture()
        self.cancelled = False
        self.current_changed.emit(index)
        if entry.problem and not entry.worth_retrying:
            self._letters.withdraw(OpenImage)
            self._letters.withdraw(Inspect)
            self._forget_picture()
            self.failed.emit(Problem(entry.problem, picture=entry.source.path))
            return
        self._waiting_inspect = None
        self._letters.drop(Inspect)
        self._letters.ask(OpenImage(self._letters.next_number(), image_key(entry.source), entry.source))

    def retry(self) -> None:
        """Asks again for the current image if it has no result and none is on its way."""
        entry = self.current
        under_way = self._letters.pending(OpenImage) or self._letters.pending(Inspect)
        if entry is None or self.result is not None or under_way is not None or self.obstacle:
            return
        if not entry.problem or entry.worth_retrying:
            self.open_index(self.index)

    def step_image(self, by: int) -> None:
        """Goes to a neighbour in the list as it is shown; stops at its ends."""
        self.open_index(self.neighbour(by))

    def reload(self, index: int) -> None:
        """Reads an image from disk again, whatever the service still has of it, and inspects it anew."""
        if 0 <= index < len(self.entries):
            source = self.entries[index].source
            if Path(source.path).exists():
                self._learn_of(index, problem="", worth_retrying=False, measured=None)
            if index == self.index:
                self._forget_picture()
            self.service.post(CloseImage(image_key(source)))
            self.open_index(index)

    def load_model(self, choice: NetworkChoice) -> None:
        """Asks for a network; the one loaded before stays until it is here."""
        self.network = choice
        number, checkpoint = self._letters.next_number(), choice.checkpoint or None
        self._letters.ask(LoadModel(number, choice.config, checkpoint, choice.device, short_side=choice.short_side))

    def cancel(self) -> None:
        """Withdraws everything that the service was asked for; work in the background only if there is nothing else."""
        if self.busy is None:
            self.background_cancelled.emit()
        self._waiting_inspect = None
        self._letters.cancel()

    # -------------------------------------------------------------------------------------------------------- settings

    def _prepare_change(self) -> None:
        """Remembers the state of now, to compare the next one with."""
        self._comparison.begin(self.result, self.effective_settings)

    def _follow_settings(self, *, changed: bool, preview: bool) -> None:
        if changed or (not preview and self._shows_preview()):
            self.inspect(preview=preview)

    def inspect(self, *, preview: bool = False) -> None:
        """Asks for the current image's stages with the settings of now.

        One request is under way at a time, so that a dragged slider shows results on its way; the newest settings wait.
        A result that needs no network does not wait for one that does.
        """
        if self.picture is None or self.obstacle or self._model_is_missing():
            return
        settings = self.effective_settings
        request = Inspect(self._letters.next_number(), self.picture.image, settings, preview)
        under_way = self._letters.pending(Inspect)
        if under_way is not None and not (under_way.settings.needs_network and not settings.needs_network):
            self._waiting_inspect = request
        else:
            self._waiting_inspect = None
            self._letters.ask(request)

    def _shows_preview(self) -> bool:
        under_way = self._waiting_inspect or self._letters.pending(Inspect)
        if under_way is not None:
            return under_way.preview
        return self.result is not None and self.result.preview

    def _model_is_missing(self) -> bool:
        is_saved = self.picture is not None and self.picture.kept is not None
        return self.model is None and not is_saved and self.effective_settings.needs_network

    @property
    def is_current(self) -> bool:
        """Whether the result shown is what the settings ask for, at full size."""
        return (
            self.result is not None
            and not self.result.preview
            and self.result.settings == self.effective_settings
            and self._waiting_inspect is None
        )

    # --------------------------------------------------------------------------------------------------------- replies

    def receive(self, reply: Reply) -> None:
        """Takes a reply of the service; replies to what is no longer wanted are ignored."""
        try:
            self._take(reply)
        finally:  # whatever a panel makes of it
            self.received.emit(reply)

    def _take(self, reply: Reply) -> None:
        match reply:
            case Ready():
                self._take_service(reply)
            case MemoryUse():
                self._take_memory(reply)
            case Progress():
                self._letters.note(reply)
            case Failed():
                self._take_failure(reply)
            case ModelLoaded():
                if self._letters.settle(LoadModel, reply.request):
                    self._take_model(reply)
            case DatasetListed():
                if self._letters.settle(ListDataset, reply.request):
                    self._take_dataset(reply)
            case ImageOpened():
                if self._letters.settle(OpenImage, reply.request):
                    self._take_picture(reply)
            case Inspected():
                self._complete(reply)
                if self._letters.settle(Inspect, reply.request):
                    self._take_result(reply)

    def _take_model(self, reply: ModelLoaded) -> None:
        self._leave_saved()
        is_same = self.model is not None and self.network.is_same_network(self._loaded)
        if not is_same or reply.card.settings != self.default_settings:
            self.default_settings = reply.card.settings
            wishes = {"box_oracle": self.settings.box_oracle, "semantic_oracle": self.settings.semantic_oracle}
            self.settings = replace(reply.card.settings, **wishes)
            self._forget_history()
        self.model, self._loaded = reply.card, self.network
        self._comparison.forget()
        self.model_changed.emit()
        self.settings_changed.emit()
        if self.current is not None and not self.current.problem:
            self.open_index(self.index)

    def _take_dataset(self, reply: DatasetListed) -> None:
        images = [Entry(image.name, image.source, (image.height, image.width), image.problem) for image in reply.images]
        entries, index = self._prepared(images), self._wanted_index
        self.set_entries(entries, index(entries) if callable(index) else index)
        if not self.entries:
            self.failed.emit(Problem(f"{reply.json_path}: this data set holds no image"))

    def _take_picture(self, reply: ImageOpened) -> None:
        if self.current is None or reply.image != image_key(self.current.source):
            return
        before, self.picture = self.picture, reply
        self._candidates = self._borderness = None
        try:
            if before is None or before.image != reply.image:
                self._forget_result()
            self._learn(size=(reply.pixels.shape[0], reply.pixels.shape[1]), problem="", worth_retrying=False)
            if reply.kept is None:
                self._leave_saved()
            else:
                self._enter_saved(reply.kept)
            self.picture_changed.emit()
        finally:  # whatever a panel makes of it
            self.inspect()

    def _enter_saved(self, kept: Kept) -> None:
        """Shows a saved inspection with its own settings; the user's come back with the next picture."""
        if self._before_saved is None:
            self._before_saved = self.settings, self.default_settings
        self._take_settings(kept.settings, kept.settings)

    def _leave_saved(self) -> None:
        if self._before_saved is not None:
            before, self._before_saved = self._before_saved, None
            self._take_settings(*before)

    def _take_settings(self, settings: InspectionSettings, default: InspectionSettings) -> None:
        self.settings, self.default_settings = settings, default
        self._forget_history()
        self._comparison.forget()
        self.settings_changed.emit()

    def _take_result(self, reply: Inspected) -> None:
        if self.picture is None or reply.image != self.picture.image:
            return
        chosen = None if self.result is None else self.result.identity_of(self.selected)
        self.result = Result(
            settings=reply.settings,
            categories=self.picture.categories,
            size=reply.size,
            preview=reply.preview,
            labels=reply.trace.labels,
            candidates=self._candidates,
            borderness=self._borderness,
            detections=reply.detections,
            trace=reply.trace,
            quality=reply.quality,
            stages=reply.stages,
            seconds=reply.seconds,
            figure="PQ" if self.current is None else self.current.figure,
        )
        self._playback.take(reply.trace)
        self._comparison.take(self.result)
        selected = 0 if chosen is None else self.result.owner_of(chosen)
        self.selected = selected
        self._ask_waiting()
        if not reply.preview:
            self._keep_measured(self.result)
        self.result_changed.emit()
        self.selection_changed.emit(selected)
        self._point_again(retell=True)

    def _complete(self, reply: Inspected) -> None:
        """Keeps what the service will not send again while it is the same, of replies that come too late as well."""
        if self.picture is None or reply.image != self.picture.image:
            return
        if reply.candidates is not None or reply.settings.box_oracle:
            self._candidates = reply.candidates
        if reply.borderness is not None:
            self._borderness = reply.borderness

    def _ask_waiting(self) -> None:
        """Asks for what waited until the service had answered; before panels are told, lest one of them fails."""
        if self._waiting_inspect is not None:
            waiting, self._waiting_inspect = self._waiting_inspect, None
            self._letters.ask(waiting)

    def _take_failure(self, reply: Failed) -> None:
        question = self._letters.numbered(reply.request)
        if question is None:
            return
        quiet = reply.kind in ("superseded", "cancelled")
        if isinstance(question, OpenImage | Inspect):
            self.cancelled = reply.kind == "cancelled" and self.result is None
        self._letters.drop(type(question))
        if isinstance(question, Inspect):
            self._ask_waiting()
        if isinstance(question, LoadModel) and self.model is not None:
            self.network = self._loaded
        if isinstance(question, OpenImage) and not quiet:
            self._learn(problem=reply.sentence, worth_retrying=True)
        if not quiet:
            self.failed.emit(problem_of(question, reply, self.current, self.model))

    def _keep_measured(self, result: Result) -> None:
        pq = result.pq
        if pq is not None:
            network = self.model.identity if result.settings.needs_network and self.model is not None else ""
            tally = ClassTally.of(result.quality.counts, result.categories) if result.quality is not None else None
            self._learn(measured=Measured(pq, result.settings, network, tally))

    def _learn(self, **changes: Any) -> None:
        """Keeps in the list what is known now of the current image."""
        self._learn_of(self.index, **changes)

    # ------------------------------------------------------------------------------------------------------- forgetting

    def _forget_picture(self) -> None:
        if self.picture is not None:
            self.picture = self._candidates = self._borderness = None
            self._forget_result()
            self.picture_changed.emit()

    def _forget_result(self) -> None:
        self._waiting_inspect = None
        self._letters.drop(Inspect)
        self._comparison.forget()
        if self.result is None:
            return
        self.play(False)
        self._playback.forget()
        self.result, self.selected = None, 0
        self.result_changed.emit()
        self.selection_changed.emit(0)
        self._point_again(retell=True)


def image_key(source: ImageSource) -> str:
    """Names an image so that opening it again finds what the service still has of it."""
    truth = "" if source.truth is None else f"{source.truth.json_path}#{source.truth.image_id}"
    return f"{source.path}|{truth}" + ("" if source.stated_size is None else f"|{source.stated_size}")
