"""The network: which, where and how."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog

from lpsnet.assets import resources_folder
from lpsnet_studio.actions.entry import Choice
from lpsnet_studio.browser.listing import CHECKPOINT_SUFFIXES
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.state import NetworkChoice

__all__ = ["ModelCommands"]

_FIRST_PRESET = "coco_r50"


class ModelCommands:
    """Loads networks and says what is loaded.

    Args:
        place: what commands work with.
        device: where networks are to run at first.
    """

    def __init__(self, place: Workplace, device: str = "auto") -> None:
        self._place = place
        place.session.network = replace(place.session.network, device=device)

    @property
    def device(self) -> str:
        """Where networks are to run."""
        return self._place.session.network.device

    def load(self, choice: NetworkChoice) -> None:
        """Loads a network."""
        self._place.session.load_model(choice)

    def ensure_network(self) -> None:
        """Has a network built where none is loaded or on its way."""
        session = self._place.session
        if session.model is None and session.loading_model is None:
            self.load_config(_FIRST_PRESET)

    def load_checkpoint(self, path: Path) -> None:
        """Loads a network from its checkpoint."""
        self.load(NetworkChoice(checkpoint=str(path), device=self.device))

    def load_config(self, name: str) -> None:
        """Builds an untrained network from a preset or a YAML file."""
        self.load(NetworkChoice(config=name, device=self.device))

    def open_checkpoint(self) -> None:
        """Asks for a checkpoint."""
        patterns = " ".join(f"*{suffix}" for suffix in CHECKPOINT_SUFFIXES)
        name = self._ask_file("Open checkpoint", f"Checkpoints ({patterns})")
        if name:
            self.load_checkpoint(Path(name))

    def open_config(self) -> None:
        """Asks for a config."""
        name = self._ask_file("Open config", "Configs (*.yaml *.yml)")
        if name:
            self.load_config(name)

    def load_preset(self) -> None:
        """Asks for a preset."""
        names = sorted(path.stem for path in (resources_folder() / "configs").glob("*.yaml"))
        model = self._place.session.model
        now = model.name if model is not None else _FIRST_PRESET
        chosen, accepted = QInputDialog.getItem(
            self._place.window,
            "Load untrained preset",
            "The weights will be random: predictions mean nothing until the network is trained.",
            names,
            names.index(now) if now in names else 0,
            editable=False,
        )
        if accepted:
            self.load_config(chosen)

    def recent(self) -> list[Choice]:
        """Returns the networks that were loaded before, the latest first."""
        raise NotImplementedError

    def devices(self) -> list[Choice]:
        """Returns where the network could run."""
        raise NotImplementedError

    def input_size(self) -> None:
        """Asks for the short side of the network's input."""
        raise NotImplementedError

    def show_card(self) -> None:
        """Shows what the network is."""
        raise NotImplementedError

    def _ask_file(self, title: str, pattern: str) -> str:
        name, _ = QFileDialog.getOpenFileName(self._place.window, title, self._place.last_folder(), pattern)
        if name:
            self._place.remember_folder(Path(name).parent)
        return name
