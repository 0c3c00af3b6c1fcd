"""Whether a training, an evaluation or a prediction can work, said before it is started; nothing is written.

- :mod:`~lpsnet.engine.preflight.findings`: what is found, and what it comes to;
- :mod:`~lpsnet.engine.preflight.remedies`: what mends it, known by name;
- :mod:`~lpsnet.engine.preflight.training`: all of a training;
- :mod:`~lpsnet.engine.preflight.results`: all of an evaluation and of a prediction;
- :mod:`~lpsnet.engine.preflight.pictures`, :mod:`~lpsnet.engine.preflight.weights`,
  :mod:`~lpsnet.engine.preflight.folders`: what they read, and where they write;
- :mod:`~lpsnet.engine.preflight.memory`, :mod:`~lpsnet.engine.preflight.memory_trace`,
  :mod:`~lpsnet.engine.preflight.room`: what they will take, and whether it is there.
"""

from __future__ import annotations

from lpsnet.engine.preflight.findings import Estimates, Finding, Preflight
from lpsnet.engine.preflight.results import check_evaluation, check_prediction
from lpsnet.engine.preflight.training import check_training

__all__ = ["Estimates", "Finding", "Preflight", "check_evaluation", "check_prediction", "check_training"]
