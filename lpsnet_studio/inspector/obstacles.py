"""Why there is nothing to tell of a result, and what to do about it; no Qt."""

from __future__ import annotations

from lpsnet_studio.session import Session

__all__ = ["NO_IMAGE", "NO_TRUTH", "obstacle_of", "obstacle_to_judging"]

NO_IMAGE = (
    "No image is open. Open one (Ctrl+O), a data set with its panoptic JSON (Ctrl+U), or the demo scenes (Ctrl+D)."
)
NO_TRUTH = (
    "There is no ground truth for this image, so nothing can be called right or wrong. "
    "Open a data set with its panoptic JSON (Ctrl+U), or the demo scenes (Ctrl+D)."
)


def obstacle_of(session: Session) -> str:
    """Returns why the current image has no result; empty if it has one."""
    if session.current is None:
        return NO_IMAGE
    if session.picture is None:
        is_coming = session.opening_picture
        return "This image is not here yet." if is_coming else "This image could not be opened: choose another."
    if session.result is None:
        return session.obstacle or "The image has not been inspected yet: this comes with its result."
    return ""


def obstacle_to_judging(session: Session) -> str:
    """Returns why the result cannot be compared with the ground truth; empty if it can."""
    if session.picture is not None and session.truth is None:
        return NO_TRUTH
    obstacle = obstacle_of(session)
    is_judged = session.result is None or session.result.quality is not None
    return obstacle or ("" if is_judged else "This result was not compared with the ground truth.")
