"""``lpsnet check-run``, driven as a user drives it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lpsnet import cli
from tests.core.engine.tiny_training import write_config, write_data_set


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["check-run", *(str(word) for word in words)])


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_config(tmp_path / "tiny.yaml", write_data_set(tmp_path / "data", odd=()))


def test_findings_are_listed_with_their_remedies_and_an_error_fails(tiny: Path, tmp_path: Path) -> None:
    where = ("--config", tiny, "--run-dir", tmp_path / "run", "--device", "cpu")
    done = run("train", *where, "data.val=null")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "1 warning: it can be started"
    done = run("train", *where, "training.accumulate=3", "data.val=null")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("✗ error"))
    assert "training.batch" in lines[place]
    assert "→ set training.batch=" in lines[place + 1]
    assert lines[-1] == "1 error, 1 warning: it will not work like this"


def test_programs_get_json_alone_or_in_a_file(tiny: Path, tmp_path: Path) -> None:
    where = ("train", "--config", tiny, "--run-dir", tmp_path / "run", "--device", "cpu")
    printed = json.loads(run(*where, "--json", "-").stdout)
    assert run(*where, "--json", tmp_path / "found.json").exit_code == 0
    written = json.loads((tmp_path / "found.json").read_text())
    assert [finding["about"] for finding in written["findings"]] == [each["about"] for each in printed["findings"]]
    assert written["estimates"]["disk_bytes"] == printed["estimates"]["disk_bytes"] > 0
    assert not (tmp_path / "run").exists()


def test_evaluations_and_predictions_are_checked_too(tiny: Path, tmp_path: Path) -> None:
    done = run("evaluate", "--config", tiny, "--device", "cpu")
    assert done.exit_code == 0, done.output
    assert "this network is untrained" in done.stdout
    done = run("predict", tmp_path / "data" / "photos", "--out", tmp_path / "out", "--config", tiny, "--device", "cpu")
    assert done.exit_code == 0, done.output
    assert "6 pictures" in done.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_run_that_trains_is_not_disturbed(tiny: Path, tmp_path: Path) -> None:
    holding = (
        "import contextlib, sys, pathlib",
        "from lpsnet.engine.run_start import held",
        "from lpsnet.run_directory import RunDirectory",
        f"run = RunDirectory(pathlib.Path({str(tmp_path / 'run')!r}))",
        "with contextlib.ExitStack() as undoing, held(run, undoing):",
        "    print('held', flush=True)",
        "    sys.stdin.read()",
    )
    command = [sys.executable, "-c", "\n".join(holding)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        done = run("train", "--config", tiny, "--run-dir", tmp_path / "run", "--device", "cpu")
        child.communicate(timeout=30)
    assert done.exit_code == 1
    assert f"process {child.pid} of" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once(tmp_path: Path, number: signal.Signals) -> None:
    endless = (
        "import sys, time, types",
        "import lpsnet.cli as cli",
        "def never(*_, **__):",
        "    print('looking', flush=True)",
        "    while True:",
        "        try:",
        "            time.sleep(60)",
        "        except KeyboardInterrupt:",
        "            pass",
        # In the place of the package, which takes seconds to import.
        "sys.modules['lpsnet.engine.preflight'] = types.SimpleNamespace(check_training=never)",
        f"sys.argv = ['lpsnet', 'check-run', 'train', '--run-dir', {str(tmp_path)!r}]",
        "cli.main()",
    )
    command = [sys.executable, "-c", "\n".join(endless)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "looking\n"
        child.send_signal(number)
        assert child.wait(timeout=10) == -number
