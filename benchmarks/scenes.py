"""The drawn scenes: how long does one take, and how hard are they?

The time of a scene is the median over seeds 0 to 19 (0 to 2 for the large sizes), on one core, with the weather that
each seed has; then over the same seeds in every weather. The figures over 1,000 scenes are those that
``lpsnet scenes --statistics --count 1000`` prints.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterable

import cv2
from _machine import describe_machine, markdown_table

from lpsnet.scenes import WEATHERS, draw_scene, draw_truth
from lpsnet.scenes.statistics import measure_scenes

SIZES = ((64, 64, 20), (256, 384, 20), (384, 512, 20), (512, 384, 20), (1080, 1920, 3), (2160, 3840, 3))
SCENES = 1000


def milliseconds(durations: Iterable[float]) -> float:
    return 1000 * statistics.median(durations)


def seconds_of(seed: int, height: int, width: int, weather: str | None) -> float:
    start = time.perf_counter()
    draw_scene(seed, height, width, weather=weather)
    return time.perf_counter() - start


def seconds_of_truth(seed: int, height: int, width: int) -> float:
    start = time.perf_counter()
    draw_truth(seed, height, width)
    return time.perf_counter() - start


def by_size() -> list[list[object]]:
    rows: list[list[object]] = [["height × width", "scenes", "median ms", "slowest ms", "truth alone, median ms"]]
    for height, width, count in SIZES:
        drawn = [seconds_of(seed, height, width, None) for seed in range(count)]
        truth = [seconds_of_truth(seed, height, width) for seed in range(count)]
        rows.append([f"{height} × {width}", count, milliseconds(drawn), 1000 * max(drawn), milliseconds(truth)])
    return rows


def by_weather() -> list[list[object]]:
    rows: list[list[object]] = [
        [weather, milliseconds(seconds_of(seed, 384, 512, weather) for seed in range(10))] for weather in WEATHERS
    ]
    return [["weather at 384 × 512", "median ms"], *rows]


def difficulty() -> list[list[object]]:
    found = measure_scenes(range(SCENES), processes=os.cpu_count() or 1)
    return [
        [f"over {found.scenes} scenes of 384 × 512", ""],
        ["things", found.things],
        ["things in a scene, median", found.median_things],
        ["share under 32² pixels", found.small_share],
        ["share whose box meets one of its class", found.overlapping_share],
        ["share whose box does so with an IoU over 0.1", found.heavily_overlapping_share],
        ["share whose silhouette meets one of its class", found.silhouettes_overlapping_share],
    ]


def main() -> None:
    cv2.setNumThreads(1)
    draw_scene(0)
    print(describe_machine())
    for table in (by_size(), by_weather(), difficulty()):
        print(f"\n{markdown_table(table)}")


if __name__ == "__main__":
    main()
