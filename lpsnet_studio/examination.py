"""What is looked at beyond the result: maps, pixels, and what ground truth would gain; no Qt.

Panels ask while they are shown, so that one that is not shown costs nothing. Answers are kept for the current image
and network, and forgotten with them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from psygnal import Signal

from lpsnet.analysis.gains import OracleGains
from lpsnet.maps import HeatMap
from lpsnet_studio.canvas.candidate_scene import CandidatesShown
from lpsnet_studio.canvas.colormaps import Scale
from lpsnet_studio.inference.messages import (
    Cancel,
    Failed,
    GainsWeighed,
    Look,
    Probe,
    Probed,
    Reply,
    Seen,
    Sight,
    WeighGains,
)
from lpsnet_studio.inference.vocabulary import SightKind
from lpsnet_studio.judgement import VerdictsShown
from lpsnet_studio.session import Session
from lpsnet_studio.state import Problem

__all__ = ["MOST_PINS", "Examination", "Place"]

_MOST_KEPT = 32
"""Maps: the largest is of the image's size, 4 bytes a pixel."""
MOST_PINS = 100
"""Pixels that can be held on to at a time; each has a line in the panel and a number on the image."""
_TOO_MANY_PINS = Problem(
    f"No more than {MOST_PINS} pixels can be pinned at a time.",
    "Remove a pin in the panel Probe, or all of them with Shift+P.",
)
_MOST_PIXELS = 1000
"""Pixels that the mouse has been at, and pins, of which there are fewer; each is about a kilobyte."""
_IN_MAGMA: tuple[SightKind, ...] = ("borderness", "target")
"""Set apart from probabilities, which have the other colours."""
_OPEN_IMAGE = "Open the image itself with the network to see them."
Place = tuple[int, int]
"""Column and row of a pixel of the image."""


class Examination:
    """Asks the service for maps, pixels and gains, and keeps its answers.

    Args:
        session: what is open.

    Attributes:
        shown: the map that lies over the image; None if none does.
        candidates: which boxes lie over the image before any were merged.
        verdicts: what of the segments is marked as right or wrong.
        pins: pixels that the user holds on to, the newest last.
        chosen: the pin that is told of, in the place of the pixel under the mouse; None if none is.
        probe_problem: why no pixel can be asked about, in a sentence; empty if it can, or none was.
        gains: what ground truth would gain at the settings of the result; None until that is known.
        gains_problem: why the gains cannot be had, in a sentence; empty if they can or were not asked for.
    """

    maps_changed = Signal()
    """A map has come, or all were forgotten."""
    shown_changed = Signal()
    """Another map lies over the image, or the one that does has come."""
    probed_changed = Signal()
    """More is known of pixels, or other pixels are of interest."""
    pins_changed = Signal()
    gains_changed = Signal()

    def __init__(self, session: Session) -> None:
        self._session = session
        self._maps: OrderedDict[Sight, HeatMap] = OrderedDict()
        self._asked: dict[int, Sight] = {}
        self._problems: dict[Sight, str] = {}
        self._probed: dict[Place, Probed] = {}
        self._probes: dict[int, Place] = {}
        self._waiting_probes: list[Place] = []
        self._gains_request = 0
        self._scales: dict[SightKind, Scale] = {}
        self.shown: Sight | None = None
        self.candidates = CandidatesShown()
        self.verdicts = VerdictsShown()
        self.pins: tuple[Place, ...] = ()
        self.chosen: Place | None = None
        self._let_go: tuple[Place, ...] = ()
        self.probe_problem = ""
        self._image = ""
        self.gains: OracleGains | None = None
        self.gains_problem = ""
        session.received.connect(self._take)
        session.picture_changed.connect(self._forget_picture)
        session.model_changed.connect(self._forget_answers)
        session.result_changed.connect(self._follow_result)

    # ------------------------------------------------------------------------------------------------------------ maps

    def want(self, sight: Sight) -> HeatMap | None:
        """Returns a map, or asks for it: :attr:`maps_changed` then tells when it is here."""
        known = self._maps.get(sight)
        if known is not None:
            self._maps.move_to_end(sight)
            return known
        if not self.is_asked(sight) and not self.problem_of(sight) and self._can_ask():
            self._asked[self._post(lambda number, image: Look(number, image, sight))] = sight
        return None

    def map_of(self, sight: Sight) -> HeatMap | None:
        """Returns a map if it is here."""
        return self._maps.get(sight)

    def problem_of(self, sight: Sight) -> str:
        """Returns why a map cannot be had, in words; empty if it can, or was not asked for.

        What a saved inspection does not hold is known before it is asked for.
        """
        return self._problems.get(sight) or self._not_kept(sight)

    def _not_kept(self, sight: Sight) -> str:
        picture = self._session.picture
        if picture is None or picture.kept is None:
            return ""
        lack = picture.kept.lack_of(sight, has_truth=picture.truth is not None)
        return f"{lack}. {_OPEN_IMAGE}" if lack else ""

    def is_asked(self, sight: Sight) -> bool:
        """Whether a map is on its way."""
        return sight in self._asked.values()

    def show(self, sight: Sight | None) -> None:
        """Lays a map over the image in the place of the one that lies there; None takes that away."""
        if sight == self.shown:
            return
        self.shown = sight
        if sight is not None:
            self.want(sight)
        self.shown_changed.emit()

    @property
    def scale(self) -> Scale:
        """How the numbers of the map that lies over the image are coloured."""
        return Scale() if self.shown is None else self.scale_of(self.shown)

    def scale_of(self, sight: Sight) -> Scale:
        """Returns how the numbers of a map are coloured, as the user chose for maps of its kind."""
        return self._scales.get(sight.kind) or self.own_scale_of(sight)

    def own_scale_of(self, sight: Sight) -> Scale:
        """Returns the scale that shows all that a map can hold, in the colours of its kind."""
        heat = self._maps.get(sight)
        suited = Scale() if heat is None else Scale.suited_to(heat)
        return replace(suited, colors="magma") if sight.kind in _IN_MAGMA else suited

    def change_scale(self, **changes: Any) -> None:
        """Changes how maps of the shown kind are coloured; see :class:`~lpsnet_studio.canvas.colormaps.Scale`."""
        if self.shown is not None:
            self._scales[self.shown.kind] = replace(self.scale, **changes)
            self.shown_changed.emit()

    def reset_scale(self) -> None:
        """Shows all that maps of the shown kind can hold, in their own colours."""
        if self.shown is not None and self._scales.pop(self.shown.kind, None) is not None:
            self.shown_changed.emit()

    @property
    def shown_map(self) -> HeatMap | None:
        """The map that lies over the image, if it is here."""
        return None if self.shown is None else self._maps.get(self.shown)

    # ---------------------------------------------------------------------------------------------------------- pixels

    def want_pixel(self, place: Place) -> Probed | None:
        """Returns what the network says at a pixel, or asks: :attr:`probed_changed` then tells when it is here.

        One probe is under way at a time; of the pixels that wait, the newest is asked for first.
        """
        known = self._probed.get(place)
        is_wanted = known is None and place not in self._probes.values() and not self.probe_problem
        if is_wanted and self._can_ask():
            if place in self._waiting_probes:
                self._waiting_probes.remove(place)
            self._waiting_probes.append(place)
            self._probe_next()
        return known

    def _probe_next(self) -> None:
        if self._waiting_probes and not self._probes:
            place = self._waiting_probes.pop()
            # Where the mouse has been is of no interest any more; a pin is.
            self._waiting_probes = [other for other in self._waiting_probes if other in self.pins]
            self._probes[self._post(lambda number, image: Probe(number, image, *place))] = place

    def pin(self, place: Place) -> None:
        """Holds on to a pixel, and chooses it; says so in the place of that once there are :data:`MOST_PINS`."""
        if place in self.pins:
            self.choose(place)
        elif len(self.pins) >= MOST_PINS:
            self._session.failed.emit(_TOO_MANY_PINS)
        else:
            self.pins, self._let_go = (*self.pins, place), ()
            self.want_pixel(place)
            self.chosen = place
            self.pins_changed.emit()

    def choose(self, place: Place | None) -> None:
        """Chooses one of the pins; None for the pixel under the mouse."""
        if place != self.chosen and (place is None or place in self.pins):
            self.chosen = place
            self.pins_changed.emit()

    def unpin(self, place: Place) -> None:
        """Lets go of a pixel."""
        if place in self.pins:
            self.pins = tuple(other for other in self.pins if other != place)
            self.chosen = None if self.chosen == place else self.chosen
            self.pins_changed.emit()

    def unpin_all(self) -> None:
        """Lets go of every pixel."""
        if self.pins:
            self._let_go = self.pins
            self.pins, self.chosen = (), None
            self.pins_changed.emit()

    def pin_again(self) -> None:
        """Holds on to the pixels again that :meth:`unpin_all` has let go of, unless others were pinned since."""
        if self._let_go:
            self.pins, self._let_go = self._let_go, ()
            self.chosen = self.pins[-1]
            self.pins_changed.emit()

    @property
    def has_pins_to_turn(self) -> bool:
        """Whether there are pins to let go of, or to hold on to again."""
        return bool(self.pins or self._let_go)

    # ----------------------------------------------------------------------------------------------------------- gains

    def want_gains(self) -> OracleGains | None:
        """Returns what ground truth would gain, or asks: :attr:`gains_changed` then tells when it is here."""
        is_wanted = self.gains is None and not self._gains_request and not self.gains_problem
        if is_wanted and self._session.truth is not None and self._session.is_current and self._can_ask():
            settings = self._session.effective_settings
            self._gains_request = self._post(lambda number, image: WeighGains(number, image, settings))
        return self.gains

    # --------------------------------------------------------------------------------------------------------- replies

    def _can_ask(self) -> bool:
        return self._session.picture is not None and self._session.result is not None

    def _post(self, question: Callable[[int, str], Look | Probe | WeighGains]) -> int:
        picture = self._session.picture
        assert picture is not None
        number = self._session.service.next_request()
        self._session.service.post(question(number, picture.image))
        return number

    def _take(self, reply: Reply) -> None:
        match reply:
            case Seen() if reply.request in self._asked:
                self._take_map(self._asked.pop(reply.request), reply.map)
            case Probed() if reply.request in self._probes:
                self._take_pixel(self._probes.pop(reply.request), reply)
            case GainsWeighed() if reply.request == self._gains_request:
                self._gains_request, self.gains = 0, reply.gains
                self.gains_changed.emit()
            case Failed():
                self._take_failure(reply)

    def _take_pixel(self, place: Place, reply: Probed) -> None:
        self._probed[place] = reply
        if len(self._probed) > _MOST_PIXELS:
            del self._probed[next(other for other in self._probed if other not in self.pins)]
        self._probe_next()
        self.probed_changed.emit()

    def _take_map(self, sight: Sight, heat: HeatMap) -> None:
        self._maps[sight] = heat
        while len(self._maps) > _MOST_KEPT:
            self._maps.popitem(last=False)
        self.maps_changed.emit()
        if sight == self.shown:
            self.shown_changed.emit()

    def _take_failure(self, reply: Failed) -> None:
        """Keeps why something cannot be had; what was withdrawn may be asked for again."""
        sentence = "" if reply.kind in ("cancelled", "superseded") else reply.sentence
        if reply.request in self._asked:
            sight = self._asked.pop(reply.request)
            if sentence:
                self._problems[sight] = sentence
            self.maps_changed.emit()
        elif reply.request in self._probes:
            del self._probes[reply.request]
            self.probe_problem = sentence
            if sentence:  # which is true of every other pixel too
                self._waiting_probes.clear()
            self._probe_next()
            self.probed_changed.emit()
        elif self._gains_request and reply.request == self._gains_request:
            self._gains_request, self.gains_problem = 0, sentence
            self.gains_changed.emit()

    # ------------------------------------------------------------------------------------------------------ forgetting

    def _follow_result(self) -> None:
        """Forgets what other settings would have gained, and what could not be had without a result."""
        self._withdraw_gains()
        self._problems.clear()
        self.probe_problem = ""
        if self.shown is not None:
            self.want(self.shown)
        self.gains_changed.emit()

    def _withdraw_gains(self) -> None:
        if self._gains_request:
            self._session.service.post(Cancel(self._gains_request))
        self._gains_request, self.gains, self.gains_problem = 0, None, ""

    def _forget_picture(self) -> None:
        """Lets go of the pins of another image; those of one that another network looks at anew stay."""
        picture = self._session.picture
        image = "" if picture is None else picture.image
        if image != self._image:
            self._image = image
            had_pins = self.has_pins_to_turn
            self.pins, self.chosen, self._let_go = (), None, ()
            if had_pins:
                self.pins_changed.emit()
        self._forget_answers()

    def _forget_answers(self) -> None:
        for number in (*self._asked, *self._probes):
            self._session.service.post(Cancel(number))
        for kept in (self._maps, self._asked, self._problems, self._probed, self._probes, self._waiting_probes):
            kept.clear()
        self.probe_problem = ""
        self._withdraw_gains()
        self.maps_changed.emit()
        self.shown_changed.emit()
        self.probed_changed.emit()
        self.gains_changed.emit()
