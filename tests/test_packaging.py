"""The wheel, made from the source distribution and installed beside this environment's dependencies alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(not (PROJECT / "pyproject.toml").is_file(), reason="needs a checkout to build from")


def _run(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made from the source distribution, so that both are known to be complete."""
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, PROJECT, cwd=folder)
    assert len(list(folder.glob("*.tar.gz"))) == 1
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


class Installed:
    """A fresh environment with the wheel in it."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        self.folder = folder
        venv.create(folder / "env", with_pip=False)
        self.programs = folder / "env" / ("Scripts" if sys.platform == "win32" else "bin")
        self.python = self.programs / "python"
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", self.python)
        _run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
        self.site_packages = Path(self.ask("import sysconfig; answer = sysconfig.get_path('purelib')"))
        # Folders named in a .pth join the path without their own .pth files being read: this environment's
        # dependencies are seen and its editable install is not. The wheel goes in first: pip must not see the latter's
        # metadata.
        others = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        (self.site_packages / "dependencies.pth").write_text("\n".join(sorted(others)) + "\n", encoding="utf-8")

    def ask(self, code: str) -> object:
        """Runs ``code`` there and returns what it assigned to ``answer``."""
        answer: object = json.loads(
            _run(self.python, "-c", f"import json\n{code}\nprint(json.dumps(answer))", cwd=self.folder)
        )
        return answer


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed"), wheel)


def test_the_wheel_holds_the_two_packages_and_nothing_else(names: set[str]) -> None:
    top = {name.split("/")[0] for name in names}
    (information,) = {name for name in top if name.endswith(".dist-info")}
    assert top == {"lpsnet", "lpsnet_studio", information}


def test_the_wheel_is_typed_and_carries_its_licences(names: set[str]) -> None:
    assert {"lpsnet/py.typed", "lpsnet_studio/py.typed"} <= names
    licences = {name.split("/licenses/")[1] for name in names if "/licenses/" in name}
    assert {"LICENSE", "resources/categories/NOTICE.md"} <= licences


def test_the_wheel_holds_every_module_and_every_resource_of_the_repository(names: set[str]) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "core/lpsnet", "lpsnet_studio", "resources"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split("\n")
    if not any(tracked):
        pytest.skip("not a git checkout")
    present = [name for name in tracked if name and (PROJECT / name).is_file()]
    in_wheel = [
        name.removeprefix("core/") if not name.startswith("resources/") else f"lpsnet/_{name}" for name in present
    ]
    assert sorted(set(in_wheel) - names) == []


def test_only_the_wheel_is_imported(installed: Installed) -> None:
    where = installed.ask("import lpsnet, lpsnet_studio; answer = [lpsnet.__file__, lpsnet_studio.__file__]")
    assert isinstance(where, list)
    assert all(Path(file).is_relative_to(installed.site_packages) for file in where)


def test_nothing_of_the_checkout_becomes_importable(installed: Installed) -> None:
    found = installed.ask(
        "from importlib.util import find_spec\n"
        "specs = map(find_spec, ('resources', 'tests', 'benchmarks', 'tools', 'core'))\n"
        "answer = [place for spec in specs if spec for place in spec.submodule_search_locations or [spec.origin]]"
    )
    assert isinstance(found, list)
    assert [place for place in found if Path(place).parent in {PROJECT, installed.site_packages}] == []


def test_resources_are_found_inside_the_installation(installed: Installed) -> None:
    folder, categories = installed.ask(  # type: ignore[misc]
        "from lpsnet.assets import resource, resources_folder\n"
        "from lpsnet.categories import Categories\n"
        "answer = [str(resources_folder()), len(Categories.load(resource('categories', 'coco_panoptic.json')))]"
    )
    assert Path(folder).is_relative_to(installed.site_packages)
    assert categories == 133


def test_every_preset_loads_from_the_installation(installed: Installed) -> None:
    names = installed.ask(
        "from lpsnet.config import load_config, preset_names\n"
        "answer = [load_config(name).name for name in preset_names()]"
    )
    assert names == sorted(path.stem for path in (PROJECT / "resources" / "configs").glob("*.yaml"))


def test_the_command_line_answers(installed: Installed) -> None:
    by_script = _run(installed.programs / "lpsnet", "--help", cwd=installed.folder)
    by_module = _run(installed.python, "-m", "lpsnet.cli", "--help", cwd=installed.folder)
    for command in ("predict", "score", "info"):
        assert command in by_script
        assert command in by_module


def test_the_studio_has_its_program(installed: Installed) -> None:
    assert any(installed.programs.glob("lpsnet-studio*"))
    assert installed.ask(
        "from importlib.metadata import entry_points\n"
        "answer = [point.value for point in entry_points(group='gui_scripts') if point.name == 'lpsnet-studio']"
    ) == ["lpsnet_studio.app:main"]


def test_it_knows_its_licences_and_libraries(installed: Installed) -> None:
    version, licence, notice, libraries = installed.ask(  # type: ignore[misc]
        "from lpsnet_studio.chrome import credits\n"
        "listed = [library.name for library in credits.libraries() if library.version]\n"
        "answer = [credits.version_line(), credits.licence(), credits.notice(), listed]"
    )
    assert version.startswith("LPSNet Studio 0")
    assert licence == (PROJECT / "LICENSE").read_text(encoding="utf-8")
    assert "Alexander Kirillov" in notice
    assert {"PySide6_Essentials", "torch", "numpy"} <= set(libraries)
