"""The command line, a file a command; ``lpsnet --help`` lists them.

A command imports what is heavy when it runs, so that ``lpsnet --help`` answers at once.
"""

from __future__ import annotations

from collections.abc import Callable

from lpsnet.cli import check_data, check_run, evaluate, export, info, predict, scenes, score, train
from lpsnet.cli.app import app, main

__all__ = ["app", "main"]

_COMMANDS_AS_LISTED: tuple[Callable[..., None], ...] = (
    predict.predict,
    score.score,
    evaluate.evaluate,
    train.train,
    export.export,
    check_data.check_data,
    info.info,
    scenes.scenes,
)

for _command in _COMMANDS_AS_LISTED:
    app.command()(_command)

app.add_typer(check_run.check_run, name="check-run")
