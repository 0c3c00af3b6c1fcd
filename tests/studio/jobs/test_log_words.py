from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.jobs.log_words import last_error

TORCHRUN = """\
demo begins: 400 iterations of 4 pictures on cuda:0, 2 processes
error: training.batch 3 cannot be shared by 2 processes in 1 parts: it must be a multiple of 2
E1123 05:00:00.123000 4242 torch/distributed/elastic/multiprocessing/api.py:869] failed (exitcode: 1) local_rank: 0
Traceback (most recent call last):
  File "<frozen runpy>", line 198, in _run_module_as_main
  File "/x/torch/distributed/run.py", line 900, in run
    elastic_launch(
torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
============================================================
lpsnet.cli FAILED
------------------------------------------------------------
Failures:
  <NO_OTHER_FAILURES>
------------------------------------------------------------
Root Cause (first observed failure):
[0]:
  time      : 2026-11-23_05:00:00
  host      : gpu01
  rank      : 0 (local_rank: 0)
  exitcode  : 1 (pid: 4243)
  error_file: <N/A>
  traceback : To enable traceback see: https://pytorch.org/docs/stable/elastic/errors.html
============================================================
"""

RANKS = """\
[rank1]: Traceback (most recent call last):
[rank1]:   File "/x/train.py", line 10, in <module>
[rank1]:     loss.backward()
[rank1]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 1 has a total capacity of 7.79 GiB
W1123 05:00:00.123000 4242 torch/distributed/elastic/multiprocessing/api.py:897] Sending process 4243 closing signal
Traceback (most recent call last):
  File "/x/torch/distributed/run.py", line 900, in run
torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
"""

PANEL = """\
Usage: python -m lpsnet.cli train [OPTIONS] [FIELD=VALUE]...
Try 'python -m lpsnet.cli train -h' for help.
╭─ Error ──────────────────────────────────────╮
│ Invalid value for '--limit': 0 is not in the │
│ range x>=1.                                  │
╰──────────────────────────────────────────────╯
"""

ABORTED = """\
10: loss box 1.0
terminate called after throwing an instance of 'std::bad_alloc'
  what():  std::bad_alloc
Fatal Python error: Aborted

Thread 0x00007f (most recent call first):
  File "/x/train.py", line 3 in run
"""


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("", ""),
        ("\n\n", ""),
        ("10: loss\nlast words\n\n", "last words"),
        ("=== started 2026: python\n", ""),
        (
            TORCHRUN,
            "training.batch 3 cannot be shared by 2 processes in 1 parts: it must be a multiple of 2",
        ),
        (
            RANKS,
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. "
            "GPU 1 has a total capacity of 7.79 GiB",
        ),
        (PANEL, "Invalid value for '--limit': 0 is not in the range x>=1."),
        (ABORTED, "Fatal Python error: Aborted"),
    ],
)
def test_the_line_that_says_why(log: str, sentence: str) -> None:
    assert last_error(log) == sentence


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("raise ValueError('no such class')", "ValueError: no such class"),
        ("raise MemoryError", "MemoryError"),
        ("raise RuntimeError('two\\nlines')", "RuntimeError: two"),
        ("class Odd(Exception): pass\nraise Odd", "Odd"),
        ("try:\n 1/0\nexcept ZeroDivisionError as e:\n raise OSError(28, 'full') from e", "OSError: [Errno 28] full"),
        ("import nonesuch", "ModuleNotFoundError: No module named 'nonesuch'"),
        ("import sys; print('done'); sys.exit('error: bad field')", "bad field"),
    ],
)
def test_what_python_really_writes(program: str, sentence: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert last_error(done.stdout + done.stderr) == sentence


def test_a_sentence_stays_short() -> None:
    assert len(last_error(f"error: {'x' * 10_000}")) < 500


@given(st.text(max_size=300) | st.lists(st.sampled_from(TORCHRUN.splitlines() + PANEL.splitlines())).map("\n".join))
def test_whatever_the_log_holds_it_comes_down_to_one_line(log: str) -> None:
    assert "\n" not in last_error(log)
