"""Networks that were loaded before, to be loaded again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lpsnet_studio import demo_network
from lpsnet_studio.paths import path_words
from lpsnet_studio.settings import Settings, remembered
from lpsnet_studio.state import NetworkChoice

__all__ = ["RecentNetwork", "RecentNetworks"]

_CONFIG_SUFFIXES = (".yaml", ".yml")
_NOT_SHIPPED = "is not part of this installation"


@dataclass(frozen=True, slots=True)
class RecentNetwork:
    """A network that was loaded before.

    Attributes:
        origin: path of its checkpoint or config, the name of its preset, or what the demo's is known as.
        problem: why it cannot be loaded now, in words; empty if nothing is known against it.
    """

    origin: str
    problem: str = ""

    @property
    def is_preset(self) -> bool:
        """Whether it is known by a preset's name."""
        return not (self.is_file or self.is_demo)

    @property
    def is_demo(self) -> bool:
        """Whether it is the one that comes with the Studio."""
        return self.origin == demo_network.KNOWN_AS

    @property
    def is_file(self) -> bool:
        """Whether it lies in a file of the user's."""
        return Path(self.origin).is_absolute()

    @property
    def words(self) -> str:
        """Its name, and where it is or why it cannot be loaded."""
        if self.is_demo:
            return f"{demo_network.NAME}  –  {self.problem or demo_network.SCHOOLING}"
        if self.is_preset:
            return f"{self.origin}  –  {self.problem or 'untrained preset'}"
        path = Path(self.origin)
        kind = "untrained, " if path.suffix.lower() in _CONFIG_SUFFIXES else ""
        return f"{path.name}  –  {self.problem or f'{kind}{path_words(path.parent)}'}"

    @property
    def tip(self) -> str:
        """What a pointer that rests on it is told."""
        return "The network that comes with the Studio." if self.is_demo else self.origin

    def choice(self, device: str) -> NetworkChoice:
        """Returns what to ask the session for; of the demo's, where it is not there, nothing that could be loaded."""
        if self.is_demo:
            return NetworkChoice(checkpoint=str(demo_network.checkpoint() or ""), device=device)
        if self.is_preset or Path(self.origin).suffix.lower() in _CONFIG_SUFFIXES:
            return NetworkChoice(config=self.origin, device=device)
        return NetworkChoice(checkpoint=self.origin, device=device)


class RecentNetworks:
    """Networks that were loaded before, the latest first.

    Args:
        settings: where they are kept.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._problems: dict[str, str] = {}

    @property
    def networks(self) -> list[RecentNetwork]:
        """What was loaded before, with what :meth:`take_problems` was told last."""
        kept = self._settings.preferences.recent_networks
        missing = {} if demo_network.checkpoint() is not None else {demo_network.KNOWN_AS: _NOT_SHIPPED}
        problems = self._problems | missing
        return [RecentNetwork(origin, problems.get(origin, "")) for origin in kept]

    @property
    def paths(self) -> list[str]:
        """Those of them that lie in files of the user's."""
        return [network.origin for network in self.networks if network.is_file]

    def remember(self, choice: NetworkChoice) -> None:
        """Puts a network that has been loaded at the front."""
        origin = choice.checkpoint or choice.config
        if demo_network.is_file(choice.checkpoint):
            origin = demo_network.KNOWN_AS
        elif choice.checkpoint or Path(origin).suffix.lower() in _CONFIG_SUFFIXES:
            origin = str(Path(origin).absolute())
        kept = remembered(self._settings.preferences.recent_networks, origin)
        self._problems.pop(origin, None)
        if origin and kept != self._settings.preferences.recent_networks:
            self._settings.change(recent_networks=kept)

    def take_problems(self, problems: dict[str, str]) -> None:
        """Takes why some cannot be loaded, by their origin."""
        self._problems = problems

    def forget_missing(self) -> None:
        """Forgets those that cannot be loaded."""
        self._settings.change(recent_networks=tuple(each.origin for each in self.networks if not each.problem))

    def clear(self) -> None:
        """Forgets all of them."""
        self._settings.change(recent_networks=())
