"""A tour through everything that is shown of an image: the longest stall of the window in every act, and the memory.

A real window opens drawn scenes of 800×1333 with the demo's network and goes round, for five minutes unless told
otherwise: sliders, levels, border-ness, semantics, pixels and pins, errors, the page Why, exports. A timer of 4 ms
ticks in the window and notes the largest gap of every act; an idle Qt program ticks beside it under the same load.
Budget: an act's largest gap less the idle program's is at most 50 ms. Memory is read in every round when another
image has just been opened, at the same moment of every round: it is to be at the end what it was in the first rounds.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from _display import open_studio, wait_until_shown, with_display
from _machine import describe_machine, markdown_table
from _stalls import Stalls

SIZE = (800, 1333)
SCENES = 3
SEED = 7
PAUSE = 0.05
"""Seconds between two things that the tourist does."""
REST = 2.0
"""Seconds that an image has lain open when memory is read."""


class Tour:
    """The acts of the tour, each of them a list of things to do with a pause after each.

    Args:
        studio: with a scene open.
        folder: where exports go.
    """

    def __init__(self, studio: Any, folder: Path) -> None:
        self.studio, self.folder = studio, folder
        self.session, self.examination = studio.session, studio.window.examination
        self.acts: dict[str, Callable[[], Iterator[Callable[[], object]]]] = {
            "open": self._open,
            "sliders": self._sliders,
            "levels": self._levels,
            "border-ness": self._borderness,
            "semantics": self._semantics,
            "probe": self._probe,
            "errors": self._errors,
            "why": self._why,
            "export": self._export,
        }

    def _trigger(self, name: str) -> Callable[[], None]:
        return self.studio.window.actions_by_id[name].trigger

    def _open(self) -> Iterator[Callable[[], object]]:
        yield self._trigger("last_step")
        yield lambda: self.session.open_index((self.session.index + 1) % SCENES)
        yield lambda: wait_until_shown(self.studio)

    def _turned(self, name: str, values: list[float]) -> Iterator[Callable[[], object]]:
        before = getattr(self.session.settings, name)
        for value in values:
            yield lambda value=value: self.session.change_settings(preview=True, **{name: value})
        yield lambda: self.session.change_settings(**{name: before})

    def _sliders(self) -> Iterator[Callable[[], object]]:
        yield from self._turned("overlap_threshold", [step / 20 for step in range(20)])
        yield from self._turned("score_threshold", [step / 20 for step in range(20)])
        yield from self._turned("nms_iou", [0.3 + step / 20 for step in range(12)])

    def _panel(self, name: str, doing: Iterator[Callable[[], object]]) -> Iterator[Callable[[], object]]:
        yield self._trigger(f"panel_{name}")
        yield from itertools.repeat(lambda: None, 10)
        yield from doing
        yield lambda: self.studio.window.docks[name].hide()

    def _levels(self) -> Iterator[Callable[[], object]]:
        points = (self._click(share) for share in (0.2, 0.4, 0.5, 0.6, 0.8))
        turned = self._turned("score_threshold", [0.05, 0.1, 0.3, 0.5])
        return self._panel("levels", itertools.chain(points, turned))

    def _looks(self, sights: list[Any]) -> Iterator[Callable[[], object]]:
        for sight in sights:
            yield lambda sight=sight: self.examination.show(sight)
            yield from itertools.repeat(lambda: None, 6)
        yield lambda: self.examination.change_scale(high=0.4)
        yield lambda: self.examination.show(None)

    def _borderness(self) -> Iterator[Callable[[], object]]:
        from lpsnet_studio.inference.messages import Sight

        levels = [Sight("borderness", level) for level in (0, 3, 4, 5, 6, 7)]
        others = [Sight(kind, target=target) for kind in ("target", "difference") for target in ("run", "box")]
        return self._panel("borderness", self._looks([*levels, *others]))

    def _semantics(self) -> Iterator[Callable[[], object]]:
        from lpsnet_studio.inference.messages import Sight

        classes = [Sight("class", label=label) for label in range(4)]
        return self._panel("semantics", self._looks([Sight("entropy"), Sight("margin"), Sight("next_best"), *classes]))

    def _point(self, share: float) -> tuple[int, int]:
        return int(SIZE[1] * share), int(SIZE[0] * (0.4 + 0.4 * share))

    def _click(self, share: float) -> Callable[[], None]:
        return lambda: self.studio.window.canvas.clicked.emit(*self._point(share))

    def _probe(self) -> Iterator[Callable[[], object]]:
        def doing() -> Iterator[Callable[[], object]]:
            for step in range(60):
                yield lambda step=step: self.session.point(*self._point(step / 60))
                if step % 20 == 10:
                    yield self._trigger("pin_pixel")
            yield from self._turned("overlap_threshold", [0.0, 0.1, 0.6])
            yield self._trigger("unpin_all")

        return self._panel("probe", doing())

    def _errors(self) -> Iterator[Callable[[], object]]:
        return self._panel("errors", self._turned("score_threshold", [0.05, 0.2, 0.4, 0.6]))

    def _why(self) -> Iterator[Callable[[], object]]:
        return self._panel("why", itertools.repeat(lambda: None, 20))

    def _export(self) -> Iterator[Callable[[], object]]:
        yield from itertools.repeat(lambda: None, 4)
        yield lambda: self.studio.window.commands.saving.save_panoptic_to(self.folder / "tour_panoptic.json")
        yield lambda: self.studio.window.commands.wait_for_background(20_000)


def _megabytes() -> tuple[float, float]:
    """Returns what the window's and the service's process hold in memory, MiB."""
    own = psutil.Process()
    return own.memory_info().rss / 2**20, sum(child.memory_info().rss for child in own.children()) / 2**20


def main() -> None:
    from lpsnet_studio import demo
    from lpsnet_studio.render import wait_until

    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=300, help="how long to go round (300)")
    options.add_argument("--config", help="an untrained network in place of the demo's, for example coco_r50")
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        dataset = demo.Scenes(Path(place), seed=SEED, count=SCENES, size=SIZE)
        demo.draw(dataset, lambda _share: None)
        network = ("--config", options.config) if options.config else ("--checkpoint", str(_demo_network()))
        studio, close = open_studio(str(dataset.json_path), *network)
        studio.begin()
        wait_until(lambda: studio.session.current is not None, 60)
        wait_until_shown(studio)
        tour = Tour(studio, Path(place))
        worst = dict.fromkeys(tour.acts, 0.0)
        memory = [_megabytes()]
        rounds, stalls, began = 0, Stalls(), time.perf_counter()

        def go_round() -> None:
            nonlocal rounds
            while time.perf_counter() - began < options.seconds:
                for name, act in tour.acts.items():
                    stalls.longest = 0.0
                    for do in act():
                        do()
                        wait_until(lambda: False, PAUSE)
                    if name == "open":
                        wait_until(lambda: False, REST)
                        memory.append(_megabytes())
                    worst[name] = max(worst[name], stalls.longest)
                rounds += 1

        stalls.during(go_round)
        close()
    print(describe_machine())
    print(f"{rounds} rounds in {time.perf_counter() - began:.0f} s over {SCENES} scenes of {SIZE[0]}×{SIZE[1]}\n")
    rows = [["act", "longest stall, ms", "less the idle program's (budget 50)"]]
    rows += [[name, longest, longest - stalls.idle] for name, longest in worst.items()]
    print(markdown_table([*rows, ["idle Qt program at the same time", stalls.idle, ""]]))
    print()
    print(markdown_table([["memory, MiB", "window", "service"], *_memory_rows(memory)]))


def _memory_rows(memory: list[tuple[float, float]]) -> list[list[object]]:
    """Returns the rows of the table of memory: as it began, and every scene's first, middle and last round."""
    opened = memory[1:]
    middle = (len(opened) - SCENES) // 2
    spans = {
        "every scene's first round": opened[:SCENES],
        "every scene's round in the middle": opened[middle : middle + SCENES],
        "every scene's last round": opened[-SCENES:],
        "all rounds": opened,
    }
    rows: list[list[object]] = [["the first scene, before the first round", *memory[0]]]
    for name, read in spans.items():
        windows, services = zip(*read, strict=True)
        rows.append([name, f"{min(windows):.0f} … {max(windows):.0f}", f"{min(services):.0f} … {max(services):.0f}"])
    return rows


def _demo_network() -> Path:
    from lpsnet_studio import demo_network

    path = demo_network.checkpoint()
    if path is None:
        raise SystemExit("this installation has no demo network: name another with --config")
    return path


if __name__ == "__main__":
    with_display()
    main()
