"""A whole inspection in a file: its size and time, and what other levels of compression would come to.

The demo network's inspection of a drawn scene of 800×1066 with its ground truth. A figure a level: the arrays deflated
into memory by zlib at that level; then what saving and loading take in all, checks and disk included.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from _machine import describe_machine, markdown_table, median_seconds

from lpsnet.analysis.inspection_arrays import Arrays, pack
from lpsnet.analysis.inspection_file import load_inspection, save_inspection
from lpsnet.assets import resource
from lpsnet.engine.network import load_network
from lpsnet.inspection import Inspection
from lpsnet.scenes import draw_scene

LEVELS = (0, 1, 3, 6, 9)


def deflated(arrays: Arrays, level: int) -> bytes:
    """Returns the arrays as ``numpy.savez`` would write them, at a level of zlib; 0 leaves them as they are."""
    kind = zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind, compresslevel=level or None) as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, values, allow_pickle=False)
    return buffer.getvalue()


def main() -> None:
    network = load_network(checkpoint=resource("demo") / "lpsnet_demo.safetensors", device="cpu")
    scene = draw_scene(7, 800, 1066)
    inspection = Inspection(
        scene.image,
        network.categories,
        run_network=network.run,
        truth=scene.segmentation,
        settings=network.config.inspection,
    )
    inspection.run()
    saved = inspection.saved(name="scene 7", network=network.facts)
    arrays = pack(saved)
    rows: list[list[object]] = [["zlib level", "MB", "ms"]]
    for level in LEVELS:
        seconds = median_seconds(lambda level=level: deflated(arrays, level), repeats=5)
        rows.append([level, len(deflated(arrays, level)) / 1e6, 1000 * seconds])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.npz"
        save = median_seconds(lambda: save_inspection(path, saved), repeats=5)
        load = median_seconds(lambda: load_inspection(path), repeats=5)
        size = path.stat().st_size
    print(describe_machine())
    megabytes = sum(values.nbytes for values in arrays.values()) / 1e6
    print(f"{len(arrays)} arrays of {megabytes:.1f} MB, {len(saved.candidates or ())} candidates")
    print(markdown_table(rows))
    print(f"saved in {1000 * save:.0f} ms as {size / 1e6:.2f} MB, loaded and checked in {1000 * load:.0f} ms")


if __name__ == "__main__":
    main()
