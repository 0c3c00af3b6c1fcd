"""The whole program in one process needs what the program itself does for it."""

from __future__ import annotations

from lpsnet_studio.app import keep_none_alive

keep_none_alive()
