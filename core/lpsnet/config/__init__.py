"""Every setting of the method and of its training, checked on construction; presets live in ``resources/configs``.

A setting that a table or figure of the paper ablates, or that the paper leaves open, is a field here and names its
row of docs/method.md. No config object reaches the network's modules: they take plain keyword arguments. The parts:

- :mod:`~lpsnet.config.network`: what the network is built from, and what it takes in;
- :mod:`~lpsnet.config.paths`: how the paths in it are written;
- :mod:`~lpsnet.config.training`: data, targets, losses, optimiser and schedule;
- :mod:`~lpsnet.config.presets`: the whole, read from presets and files;
- :mod:`~lpsnet.config.overrides`: single settings that win over these;
- :mod:`~lpsnet.config.fields`: what the fields are called;
- :mod:`~lpsnet.config.faults`: what is wrong with them, in words.
"""

from __future__ import annotations

from lpsnet.config.network import BackboneConfig, BoxHeadConfig, InputConfig, ModelConfig, SemanticHeadConfig
from lpsnet.config.overrides import apply_overrides
from lpsnet.config.paths import expand_path
from lpsnet.config.presets import Config, load_config, parse_config, preset_names
from lpsnet.config.training import (
    AugmentationConfig,
    DataConfig,
    DataSource,
    LossConfig,
    OptimizerConfig,
    PanopticSource,
    ScenesSource,
    ScheduleConfig,
    TargetConfig,
    TrainingConfig,
)

__all__ = [
    "AugmentationConfig",
    "BackboneConfig",
    "BoxHeadConfig",
    "Config",
    "DataConfig",
    "DataSource",
    "InputConfig",
    "LossConfig",
    "ModelConfig",
    "OptimizerConfig",
    "PanopticSource",
    "ScenesSource",
    "ScheduleConfig",
    "SemanticHeadConfig",
    "TargetConfig",
    "TrainingConfig",
    "apply_overrides",
    "expand_path",
    "load_config",
    "parse_config",
    "preset_names",
]
