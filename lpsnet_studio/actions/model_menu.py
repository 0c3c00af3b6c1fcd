"""The network: which, where and how."""

from __future__ import annotations

from lpsnet_studio.actions.entry import Action

__all__ = ["MODEL"]

MODEL: tuple[Action, ...] = (
    Action(
        id="open_checkpoint",
        text="Open checkpoint…",
        tip="Load a trained network from its checkpoint.",
        handler="model.open_checkpoint",
        menu="Model",
        icon="checkpoint",
        keys=("Ctrl+L",),
    ),
    Action(
        id="open_config",
        text="Open config…",
        tip="Build an untrained network from a YAML file.",
        handler="model.open_config",
        menu="Model",
        icon="config",
        keys=("Ctrl+K",),
    ),
    Action(
        id="load_preset",
        text="Load untrained preset…",
        tip="Build a network from a preset. Its weights are random: its predictions mean nothing until it is trained.",
        handler="model.load_preset",
        menu="Model",
        icon="preset",
        keys=("Ctrl+Shift+L",),
    ),
    Action(
        id="load_demo_network",
        text="Load demo network",
        tip="Load the network that comes with the Studio. It was trained on drawn scenes and knows nothing else.",
        handler="model.load_demo",
        menu="Model",
        icon="demo",
    ),
    Action(
        id="recent_networks",
        text="Recent networks",
        tip="Load again a network that was loaded before.",
        handler="model.recent",
        menu="Model",
        icon="recent",
        kind="submenu",
    ),
    Action(
        id="device",
        text="Device",
        tip="Choose where the network runs.",
        handler="model.devices",
        menu="Model",
        icon="device",
        kind="submenu",
        section=1,
    ),
    Action(
        id="input_size",
        text="Input size…",
        tip="Choose the short side of the network's input: larger finds smaller things and takes longer.",
        handler="model.input_size",
        menu="Model",
        icon="input-size",
        keys=("Ctrl+Shift+I",),
        section=1,
    ),
    Action(
        id="model_card",
        text="Model card",
        tip="Show what the network is, where it came from and where it runs.",
        handler="model.show_card",
        menu="Model",
        icon="model-card",
        keys=("Ctrl+I",),
        section=2,
    ),
)
