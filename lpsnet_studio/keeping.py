"""What is shown, as a saved inspection: everything that was found about the image; no Qt."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from lpsnet.analysis.saved_inspection import SavedInspection
from lpsnet_studio.inference.messages import ModelCard
from lpsnet_studio.session import Session

__all__ = ["inspection_of"]


def inspection_of(session: Session) -> SavedInspection | None:
    """Returns the inspection of the current image; None if its result is not here at full size. Nothing is copied."""
    result, picture, entry = session.result, session.picture, session.current
    if result is None or picture is None or entry is None or result.preview:
        return None
    if picture.kept is not None:
        network, versions = picture.kept.network, picture.kept.versions
    else:
        network = _facts(session.model) if session.model is not None and result.settings.needs_network else {}
        versions = _versions()
    return SavedInspection(
        image=picture.pixels,
        categories=result.categories,
        settings=result.settings,
        candidates=result.candidates,
        detections=result.detections,
        trace=result.trace,
        borderness=result.borderness,
        truth=picture.truth,
        truth_areas=picture.truth_areas or None,
        quality=result.quality,
        seconds={stage.stage: stage.seconds for stage in result.stages},
        network=network,
        versions=versions,
        name=entry.name,
    )


def _facts(model: ModelCard) -> dict[str, str]:
    """Returns what is to be said of a network in words."""
    return {
        "config": model.name,
        "origin": model.origin.replace("\\", "/").rsplit("/", 1)[-1],
        "weights": "trained" if model.trained else "random",
        "parameters": str(model.parameters),
        "classes": str(len(model.categories)),
        "device": f"{model.device} ({model.device_reason})",
        "input": f"short side {model.short_side}, long side at most {model.long_side_cap}",
    }


def _versions() -> dict[str, str]:
    versions = {}
    for name in ("lpsnet-studio", "numpy"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:  # run from a bare checkout
            versions[name] = "unknown"
    return versions
