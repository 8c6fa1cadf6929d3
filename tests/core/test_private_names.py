"""Names of torch, Snakemake and DVC that are used and that no release has to keep.

pyproject.toml admits the releases below the next that may change them. When one is to be admitted, this test says what
it changed; each name stands with the file that uses it and with what happens without it.
"""

import importlib
import inspect
import re
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import torch

SOURCE = Path(__file__).parents[2] / "src"

_LAYER = "Tensor W, Tensor? B, int[] padding, int[] stride, int[] dilation, int groups"
_LAST = "str binary_attr, Scalar? alpha, str? unary_attr, Scalar?[] unary_scalars, str? unary_algorithm"
OPERATORS = {
    "_reorder_convolution_weight.default": "(Tensor self, int[2] padding=0, int[2] stride=1, int[2] dilation=1, "
    "int groups=1, int[]? input_size=None) -> Tensor Y",
    "_convolution_pointwise.default": f"(Tensor X, {_LAYER}, str attr, Scalar?[] scalars, str? algorithm) -> Tensor Y",
    "_convolution_pointwise_.binary": f"(Tensor(a!) other, Tensor X, {_LAYER}, {_LAST}) -> Tensor(a!) Y",
    "_reorder_linear_weight.default": "(Tensor self, int? batch_size=None) -> Tensor Y",
    "_linear_pointwise.default": "(Tensor X, Tensor W, Tensor? B, str attr, Scalar?[] scalars, str? algorithm) "
    "-> Tensor Y",
}
# The module, the name in it, the arguments that come first (none for what is no function), the file here that uses it.
TOUCH, VERSIONED = "resolute/engines/touch.py", "resolute/engines/versioned.py"
TARGETS, COMMON = "snakemake_logger_plugin_resolute/targets.py", "../workflow/rules/common.smk"
NAMES: list[tuple[str, str, list[str] | None, str]] = [
    ("snakemake.cli", "main", ["argv"], TOUCH),
    ("snakemake.executors.touch", "Executor.SLEEPING_TIME", None, TOUCH),
    ("snakemake.executors.touch", "Executor.printjob", ["self", "job"], TOUCH),
    ("snakemake.io", "_IOFile.checksum", ["self"], TOUCH),
    ("snakemake.scheduling.job_scheduler", "JobScheduler.schedule", ["self"], TOUCH),
    ("snakemake.scheduling.job_scheduler", "JobScheduler.job_selector", ["self", "jobs"], TOUCH),
    ("snakemake.common.argparse", "ArgumentParser.parse_known_args", ["self", "args", "namespace"], TARGETS),
    ("snakemake.shell", "shell.prefix", ["prefix"], COMMON),
    ("dvc.dependency.param", "read_param_file", ["fs", "path", "key_paths"], VERSIONED),
    ("dvc.output", "Output.get_hash", ["self"], VERSIONED),
    ("dvc.repo", "lock_repo", ["repo"], VERSIONED),
    ("dvc.repo", "Repo.status", ["self"], VERSIONED),
    ("dvc.repo", "Repo.drop_data_index", ["self"], VERSIONED),
    ("dvc.repo.index", "Index.graph", None, "resolute/engines/sync.py"),
    ("dvc.stage", "Stage.addressing", None, "resolute/engines/sync.py"),
    ("torch", "_C._jit_onnx_log", None, "resolute/export/trace.py"),
]


def mend(name: str, file: str) -> str:
    return (
        f"{name} is not what src/{file} expects of it: see what this release has in its place and mend that file, "
        "or lower the upper bound in pyproject.toml"
    )


@pytest.mark.parametrize("operator", OPERATORS)
def test_onednn_has_the_operators_that_fuse_layers(operator: str) -> None:
    name, overload = operator.split(".")
    try:
        schema = str(getattr(getattr(torch.ops.mkldnn, name), overload)._schema)
    except AttributeError:
        schema = "absent"
    expected = OPERATORS[operator]
    assert schema.endswith(expected), f"{schema}: {mend(operator, 'resolute/inference/fused.py')}; until then: slower"


@pytest.mark.parametrize(("module", "name", "arguments", "file"), NAMES, ids=[name for _, name, _, _ in NAMES])
def test_the_engines_have_the_names_that_are_used(
    module: str, name: str, arguments: list[str] | None, file: str
) -> None:
    try:
        found: Any = reduce(getattr, name.split("."), importlib.import_module(module))
    except (ImportError, AttributeError):
        pytest.fail(mend(f"{module}.{name} is absent", file))
    if arguments is not None:
        assert list(inspect.signature(found).parameters)[: len(arguments)] == arguments, mend(f"{module}.{name}", file)
        assert inspect.iscoroutinefunction(found) == (name == "_IOFile.checksum"), mend(f"{module}.{name}", file)


def test_no_private_name_is_used_that_is_not_asked_for_here() -> None:
    """What begins with `_` in torch's operators or in an import from the three."""
    private = re.compile(r"(?:torch\.ops\.\w+|from (?:torch|snakemake|dvc)[\w.]* import)[. ](_\w+)")
    used = {name for path in SOURCE.rglob("*.py") for name in private.findall(path.read_text())}
    asked = {name.split(".")[0] for name in (*OPERATORS, *(name for _, name, _, _ in NAMES))}
    assert used, "the search finds nothing any more"
    assert used <= asked, "a private name is used that this test does not ask for: add it above"
