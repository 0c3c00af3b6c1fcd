"""The command line as a whole: what it lists, and what listing it costs."""

from __future__ import annotations

import subprocess
import sys

from lpsnet import cli

HEAVY = {"torch", "torchvision", "numpy", "cv2", "pydantic", "pycocotools", "PIL", "safetensors"}


def test_commands_are_listed_in_the_order_of_their_use() -> None:
    names = [command.callback.__name__ for command in cli.app.registered_commands if command.callback]
    first = ["predict", "score", "info", "scenes"]
    assert [name for name in names if name in first] == first
    assert len(set(names)) == len(names)


def test_help_loads_nothing_heavy() -> None:
    lines = (
        "import sys, typer.testing, lpsnet.cli",
        "done = typer.testing.CliRunner().invoke(lpsnet.cli.app, ['--help'])",
        "assert done.exit_code == 0 and 'predict' in done.output, done.output",
        f"print(*sorted({HEAVY!r} & set(sys.modules)))",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lpsnet.cli", "info", "--size", "1", "--config", "demo", "--checkpoint", "x"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: --checkpoint brings its own config")
    assert "Traceback" not in done.stderr
