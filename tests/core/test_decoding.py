from __future__ import annotations

import subprocess
import sys

import pytest

import lpsnet.decoding


def test_every_name_of_the_room_is_found():
    for name in lpsnet.decoding.__all__:
        assert getattr(lpsnet.decoding, name).__name__ == name
    assert dir(lpsnet.decoding) == sorted(lpsnet.decoding.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        lpsnet.decoding.nonsense  # noqa: B018


def test_the_room_loads_torch_only_when_something_in_it_is_used():
    code = "import sys, lpsnet.decoding; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
