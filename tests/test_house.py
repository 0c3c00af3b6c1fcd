"""The house: which rooms do without torch, which without Qt, and how large a file of the window may grow.

Import-linter reads who imports whom; these tests import for real, with torch or Qt taken away.
"""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
CORE = PROJECT / "core" / "lpsnet"
STUDIO = PROJECT / "lpsnet_studio"

TORCH = ("torch", "torchvision")
QT = ("PySide6", "shiboken6", "pyqtgraph", "superqt", "qtpy")
ROOMS_WITH_TORCH = {"checkpoint", "cli", "data", "decoding", "engine", "inspection", "losses", "model", "oracle_gains"}

LONGEST_FILE = 500
LONGEST_FUNCTION = 60


def _contract(identity: str) -> dict[str, list[str]]:
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    return next(contract for contract in contracts if contract["id"] == identity)


def _modules(folder: Path, package: str) -> Iterator[str]:
    """Yields the name of every module below a package's folder."""
    for module in pkgutil.iter_modules([str(folder)]):
        name = f"{package}.{module.name}"
        yield name
        if module.ispkg:
            yield from _modules(folder / module.name, name)


def _within(modules: Iterable[str], rooms: Iterable[str]) -> list[str]:
    rooms = tuple(rooms)
    return [module for module in modules if any(module == room or module.startswith(f"{room}.") for room in rooms)]


def _import_without(modules: Iterable[str], absent: Iterable[str]) -> None:
    """Imports every module in one fresh interpreter in which ``absent`` cannot be imported."""
    code = (
        "import importlib, sys\n"
        f"for name in {tuple(absent)!r}: sys.modules[name] = None\n"
        f"for name in {tuple(modules)!r}:\n"
        "    try: importlib.import_module(name)\n"
        "    except ImportError as error: sys.exit(f'{name}: {error}')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=PROJECT)
    assert done.returncode == 0, done.stderr


def test_every_room_of_the_core_says_whether_it_does_without_torch() -> None:
    rooms = {module.name for module in pkgutil.iter_modules([str(CORE)])}
    without = {name.removeprefix("lpsnet.") for name in _contract("core-without-torch")["source_modules"]}
    single_modules = {name for name in without if "." in name}
    assert without - single_modules == rooms - ROOMS_WITH_TORCH
    assert {name.partition(".")[0] for name in single_modules} <= ROOMS_WITH_TORCH


def test_rooms_without_torch_work_where_there_is_neither_torch_nor_qt() -> None:
    rooms = _contract("core-without-torch")["source_modules"]
    modules = _within(_modules(CORE, "lpsnet"), rooms)
    assert len(modules) >= len(rooms) > 0
    _import_without(modules, TORCH + QT)


def test_the_core_works_where_there_is_no_qt() -> None:
    _import_without(_modules(CORE, "lpsnet"), QT)


def test_everything_of_the_studio_but_the_service_works_where_there_is_no_torch() -> None:
    service = _contract("studio-service-is-a-process")["protected_modules"]
    _import_without((name for name in _modules(STUDIO, "lpsnet_studio") if name not in service), TORCH)


def test_the_models_of_the_studio_work_where_there_is_no_qt() -> None:
    rooms = _contract("studio-models-without-qt")["source_modules"]
    modules = _within(_modules(STUDIO, "lpsnet_studio"), rooms)
    assert len(modules) >= len(rooms) > 0
    _import_without(modules, QT)


@pytest.mark.parametrize("absent", [TORCH[0], QT[0]])
def test_an_absent_package_is_really_absent(absent: str) -> None:
    with pytest.raises(AssertionError, match=absent):
        _import_without([absent], [absent])


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_file_of_the_studio_is_too_long_to_be_read() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in STUDIO.rglob("*.py")}
    assert lengths
    too_long = {str(path.relative_to(PROJECT)): lines for path, lines in lengths.items() if lines > LONGEST_FILE}
    assert too_long == {}


def test_no_function_of_the_studio_is_too_long_to_be_read() -> None:
    too_long = {
        f"{path.relative_to(PROJECT)}:{function.lineno} {function.name}": lines
        for path in STUDIO.rglob("*.py")
        for function in _functions(ast.parse(path.read_text(encoding="utf-8")))
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_FUNCTION
    }
    assert too_long == {}
