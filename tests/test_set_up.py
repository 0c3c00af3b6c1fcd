"""The set-up's scripts: which Debian packages Qt lacks, and which Python will do."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
SCRIPT = PROJECT / "tools" / "system_libraries.py"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the set-up looks after system libraries on Linux only")


def _fake_program(folder: Path, name: str, script: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def _missing_packages(tmp_path: Path, ldd_output: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "ldd.txt").write_text(ldd_output, encoding="utf-8")
    _fake_program(tmp_path, "ldd", f"cat {tmp_path}/ldd.txt")
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    return subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, env=environment, check=True)


def test_names_the_packages_of_missing_libraries_once(tmp_path: Path) -> None:
    result = _missing_packages(
        tmp_path,
        "libqxcb.so:\n"
        "\tlibxcb-cursor.so.0 => not found\n"
        "\tlibglib-2.0.so.0 => not found\n"
        "\tlibgthread-2.0.so.0 => not found\n"
        "\tlibxcb.so.1 => /lib/x86_64-linux-gnu/libxcb.so.1 (0x00007f0000000000)\n",
    )
    packages = set(result.stdout.split()) - {"fonts-dejavu-core"}
    assert packages == {"libglib2.0-0", "libxcb-cursor0"}


def test_a_library_of_unknown_package_is_named(tmp_path: Path) -> None:
    result = _missing_packages(tmp_path, "\tlibnever-seen.so.7 => not found\n")
    assert "libnever-seen.so.7" in result.stderr
    assert "libnever-seen" not in result.stdout


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="the table is checked against Debian's own data base")
def test_the_table_agrees_with_the_packages_installed_here() -> None:
    table = dict(re.findall(r'"(lib\S+\.so\.\d+)": "(\S+)"', SCRIPT.read_text(encoding="utf-8")))
    assert len(table) > 30
    listing = subprocess.run(
        ["dpkg-query", "--search", *(f"*/{library}" for library in table)], capture_output=True, text=True, check=False
    ).stdout
    owners: dict[str, set[str]] = {}
    for line in listing.splitlines():
        package, _, path = line.partition(": ")
        name = package.split(":")[0].removesuffix("t64")
        if re.fullmatch(r"(/usr)?/lib/[^/]+-linux-gnu[^/]*", str(Path(path).parent)):
            owners.setdefault(Path(path).name, set()).add(name)
    if not owners:
        pytest.skip("none of Qt's system libraries were installed by dpkg here")
    assert {library: found for library, found in owners.items() if table[library] not in found} == {}


def test_an_old_python_is_refused_by_name(tmp_path: Path) -> None:
    _fake_program(tmp_path, "old-python", '[[ "$*" == *exit* ]] && exit 1; echo 3.10.2')
    checkout = tmp_path / "checkout"
    shutil.copytree(PROJECT / "tools", checkout / "tools")
    result = subprocess.run(
        ["bash", checkout / "tools" / "set_up.sh"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHON": str(tmp_path / "old-python")},
        check=False,
    )
    assert result.returncode != 0
    assert "3.10.2" in result.stderr
    assert "3.11" in result.stderr
    assert not (checkout / ".venv").exists()
