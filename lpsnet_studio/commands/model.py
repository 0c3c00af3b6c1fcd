"""The network: which, where and how."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog

from lpsnet.assets import resources_folder
from lpsnet.weight_files import WEIGHT_SUFFIXES
from lpsnet_studio import demo, demo_network
from lpsnet_studio.actions.entry import Choice
from lpsnet_studio.commands.presence import Presence
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.inference.messages import Device
from lpsnet_studio.networks import RecentNetwork, RecentNetworks
from lpsnet_studio.state import NetworkChoice

__all__ = ["ModelCommands"]

_FIRST_PRESET = "coco_r50"
_LONGEST_REASON = 90
"""Characters of a menu's line; what is longer is told by the tool tip."""


class ModelCommands:
    """Loads networks and says what is loaded.

    Args:
        place: what commands work with.
        device: where networks are to run at first.
    """

    def __init__(self, place: Workplace, device: str = "auto") -> None:
        self._place = place
        self._recent = RecentNetworks(place.settings)
        self._presence = Presence(place.background, lambda: self._recent.paths, self._recent.take_problems)
        self._card: QDialog | None = None
        self._sizes: QDialog | None = None
        place.session.model_changed.connect(self._remember)
        self.check_recent()
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
        self.load(NetworkChoice(checkpoint=str(path.absolute()), device=self.device))

    def load_config(self, name: str) -> None:
        """Builds an untrained network from a preset or a YAML file."""
        self.load(NetworkChoice(config=name, device=self.device))

    def demo_choice(self) -> NetworkChoice:
        """Returns the network of the demo: the trained one where the installation has it, else an untrained one."""
        trained = demo_network.checkpoint()
        if trained is not None:
            return NetworkChoice(checkpoint=str(trained), device=self.device)
        return NetworkChoice(config=demo.PRESET, device=self.device)

    def load_demo(self) -> None:
        """Loads the network of the demo."""
        self.load(self.demo_choice())

    def open_checkpoint(self) -> None:
        """Asks for a checkpoint."""
        patterns = " ".join(f"*{suffix}" for suffix in WEIGHT_SUFFIXES)
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

    # ------------------------------------------------------------------------------------------------ loaded before

    def recent(self) -> list[Choice]:
        """Returns the networks that were loaded before, the latest first, and how to forget them."""
        networks = self._recent.networks
        choices = [
            Choice(each.words, each.tip, partial(self._load_again, each), enabled=not each.problem) for each in networks
        ]
        if any(each.problem for each in networks):
            tip = "Take those that cannot be loaded off this list."
            choices.append(Choice("Remove missing from this list", tip, self._recent.forget_missing))
        if networks:
            choices.append(Choice("Clear this list", "Forget which networks were loaded.", self._recent.clear))
        self.check_recent()
        return choices

    def check_recent(self) -> None:
        """Looks, in the background, whether the networks that were loaded before are still there."""
        self._presence.look()

    def _load_again(self, network: RecentNetwork) -> None:
        self.load(network.choice(self.device))
        self.check_recent()

    def _remember(self) -> None:
        """Remembers a network now that it has really been loaded."""
        self._recent.remember(self._place.session.network)

    # ---------------------------------------------------------------------------------------------- where and how

    def devices(self) -> list[Choice]:
        """Returns where the network could run, and what it could not run on and why."""
        known = self._place.session.devices
        choices = [self._device_choice("auto", "Automatic", "CUDA where there is a device, else the CPU.")]
        for device in known or (Device("cpu", "CPU"),):
            if device.problem:
                short = device.problem.partition(":")[0] if len(device.problem) > _LONGEST_REASON else device.problem
                choices.append(Choice(f"{device.words}  –  {short}", device.problem, _nothing, enabled=False))
            else:
                words = device.words if device.name == "cpu" else f"{device.name}  –  {device.words}"
                choices.append(self._device_choice(device.name, words, f"Run the network on {device.words}."))
        return choices

    def _device_choice(self, name: str, words: str, tip: str) -> Choice:
        now = "cuda:0" if self.device == "cuda" else self.device
        return Choice(words, tip, partial(self.run_on, name), checked=name == now)

    def run_on(self, device: str) -> None:
        """Has the network run on another device; what is turned stays."""
        self._change(replace(self._place.session.network, device=device))

    def run_at(self, short_side: int) -> None:
        """Has the network run at another short side of its input, 0 being its config's; what is turned stays."""
        self._change(replace(self._place.session.network, short_side=short_side))

    def _change(self, choice: NetworkChoice) -> None:
        """Loads the network of now in another way; where none was asked for, the next one will be loaded so."""
        if choice.config or choice.checkpoint:
            self.load(choice)
        else:
            self._place.session.network = choice

    def input_size(self) -> None:
        """Shows the choice of the short side of the network's input."""
        from lpsnet_studio.chrome.input_size import InputSizeDialog

        if self._sizes is None:
            self._sizes = InputSizeDialog(self._place.session, self.run_at, self._place.window)
        _bring_up(self._sizes)

    def show_card(self) -> None:
        """Shows what the network is."""
        from lpsnet_studio.chrome.model_card import ModelCardDialog

        if self._card is None:
            place = self._place
            self._card = ModelCardDialog(place.session, place.theme, self.input_size, place.window)
        _bring_up(self._card)

    def _ask_file(self, title: str, pattern: str) -> str:
        name, _ = QFileDialog.getOpenFileName(self._place.window, title, self._place.last_folder(), pattern)
        if name:
            self._place.remember_folder(Path(name).parent)
        return name


def _bring_up(dialog: QDialog) -> None:
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()


def _nothing() -> None:
    """Is what a choice does that cannot be chosen."""
