#!/usr/bin/env bash
# Opens the Studio on its drawn scenes; with no display, renders the same offscreen into demo-output/.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "$(uname)" = Darwin ]; then
    exec .venv/bin/lpsnet-studio --demo
fi

echo "There is no display here: the demo is rendered offscreen into demo-output/"
# The offscreen platform warns for every window that it has no frame to give it.
QT_QPA_PLATFORM=offscreen QT_LOGGING_RULES="default.warning=false" .venv/bin/lpsnet-studio --demo --render demo-output
echo "Left in demo-output/: pictures of the window, and a scene's panoptic segmentation as COCO JSON + PNG"
