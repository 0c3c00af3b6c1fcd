"""``python -m lpsnet.cli``, the same as ``lpsnet``."""

from __future__ import annotations

from lpsnet.cli import main

if __name__ == "__main__":
    main()
