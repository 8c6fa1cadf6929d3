"""Torch's compiler stays unimported where nothing is compiled, and is there for whoever asks for more."""

import subprocess
import sys

import pytest

COUNTED = """
import sys
from resolute.profile.make import profile

assert profile("rlfn", 4, (64, 64), timed=False)["n_conv"] == 57
assert "torch._dynamo" not in sys.modules
"""
WOKEN = """
import sys
import torch
from resolute.core.uncompiled import uncompiled

with uncompiled():
    import torch._dynamo
    assert "torch._dynamo.config" not in sys.modules
    assert torch._dynamo.config.cache_size_limit > 0
assert sys.modules["torch._dynamo"].__file__
"""


@pytest.mark.slow
@pytest.mark.parametrize("code", [COUNTED, WOKEN], ids=["asleep", "woken"])
def test_the_compiler_is_imported_only_when_it_is_needed(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
