"""What each oracle would bring to one image: the four cells of the paper's Table 6, for it alone (method row 56)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lpsnet.analysis.gains import OracleGains, OracleResult
from lpsnet.inspection import Inspection, MissingTruthError
from lpsnet.metrics.panoptic_quality import PanopticQuality
from lpsnet.model.cancellation import Cancelled

__all__ = ["oracle_gains"]


def oracle_gains(inspection: Inspection, *, should_stop: Callable[[], bool] = lambda: False) -> OracleGains:
    """Measures an image as it is, with ground-truth semantics, with ground-truth boxes and with both.

    Everything but the oracles is set as in the inspection, which is not touched: a sibling that shares the network's
    output does the work. The network is not run.

    Args:
        inspection: on whose image the network has run.
        should_stop: asked before each of the four.

    Raises:
        MissingTruthError: if the image has no ground truth.
        MissingNetworkError: if the network has not run.
        Cancelled: if ``should_stop`` says so.
    """
    if inspection.truth is None:
        raise MissingTruthError(
            "what the oracles would bring is measured against ground truth, and this image has none"
        )
    sibling = inspection.sibling()

    def measured(semantic_oracle: bool, box_oracle: bool) -> OracleResult:
        if should_stop():
            raise Cancelled
        sibling.run(replace(sibling.settings, semantic_oracle=semantic_oracle, box_oracle=box_oracle))
        assert sibling.quality is not None
        quality = PanopticQuality(sibling.quality.counts, sibling.categories)
        return OracleResult.of(quality, semantic_oracle=semantic_oracle, box_oracle=box_oracle)

    return OracleGains(
        as_it_is=measured(False, False),
        boxes=measured(False, True),
        semantics=measured(True, False),
        both=measured(True, True),
    )
