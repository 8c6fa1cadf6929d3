"""Stale means executed: an edit changes the lists of the jobs that run the file, and no other."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from resolute import registry
from resolute.core import layout
from resolute.methods.plan import make_plan
from resolute.sources import HALVES, STAGES, refresh, sources
from resolute.sources.imports import PACKAGE, _statements, closure
from resolute.sources.make import ABOUT_METHODS

# Every module that a job has loaded when it runs: Python's own account of what is executed.
LOADED = """
import sys
from importlib import import_module
for name in sys.argv[1:]:
    import_module(name)
for module in list(sys.modules.values()):
    if module.__name__.partition(".")[0] == "resolute" and module.__file__:
        print(module.__file__)
"""


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of its own, beside a project that has nothing else."""
    shutil.copytree(PACKAGE, tmp_path / "src/resolute", ignore=shutil.ignore_patterns("__pycache__", "official"))
    (tmp_path / "params.yaml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "src"))
    return tmp_path / "src/resolute"


def refreshed(copy: Path) -> set[str]:
    """The lists that had to be written anew: `<stage>` or `<stage>/<method>`."""
    code = "from resolute.sources import refresh; print(*refresh({}), sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    folder = copy.parents[1] / "data/sources"
    return {str(Path(line).relative_to(folder).with_suffix("")) for line in done.stdout.split()}


def edit(file: Path) -> None:
    """A change that every kind of file bears."""
    comment = {".css": "/* edited */", ".jinja": "{# edited #}"}.get(file.suffix, "# edited")
    file.write_text(f"{file.read_text()}\n{comment}\n")


EDITED = (
    "core/atomic.py",
    "images/imresize.py",
    "inference/prepare.py",
    "measurements/titles.py",
    "methods/network/training.py",
    "models/blocks/attention.py",
    "models/rlfn.py",
    "metrics/counters.py",
    "published/table.schema.json",
    "registry/key_maps/rfdn_frame.yaml",
    "registry/rlfn_tiny.yaml",
    "pages/style.css",
    "train/loop.py",
)


def executing(file: Path) -> set[str]:
    """The jobs that have a file in their lists."""
    jobs = {(stage, "") for stage in STAGES} | {(stage, name) for stage in HALVES for name in registry.names()}
    return {f"{stage}/{name}" if name else stage for stage, name in jobs if file in sources(stage, name)}


@pytest.mark.slow
def test_an_edit_changes_the_lists_of_the_jobs_that_run_the_file_and_no_other(copy: Path) -> None:
    everything = refreshed(copy)
    assert len(everything) == len(STAGES) + len(HALVES) * len(registry.names())
    assert refreshed(copy) == set()
    for name in EDITED:
        edit(copy / name)
        wanted = executing(PACKAGE / name)
        assert wanted, f"{name} is executed by nobody"
        assert refreshed(copy) == wanted, name


@pytest.mark.parametrize(
    "name",
    [
        "inference/prepare.py",
        "inference/fused.py",
        "inference/fusion.py",
        "methods/network/inference.py",
        "images/zipped.py",
        "images/tiling.py",
        *(f"registry/key_maps/{path.stem}.yaml" for path in (PACKAGE / "registry/key_maps").glob("*.yaml")),
    ],
)
def test_no_training_runs_what_infers_or_fetches(name: str) -> None:
    assert not {job for job in executing(PACKAGE / name) if job.startswith("train")}


@pytest.mark.parametrize("name", ["measurements/titles.py", "published/verdict.py", "published/table.schema.json"])
def test_what_is_judged_and_shown_otherwise_is_not_measured_again(name: str) -> None:
    assert executing(PACKAGE / name) <= {"tables", "figures", "report"}


@pytest.mark.parametrize("room", ["weights", "publish"])
def test_no_job_runs_what_is_no_stages(room: str) -> None:
    assert not any(map(executing, (PACKAGE / room).glob("*.py")))


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_runs_another(stage: str) -> None:
    others = {other for other in STAGES if other != stage}
    assert not {file.relative_to(PACKAGE).parts[0] for file in closure(f"resolute.{stage}")} & others


def test_a_block_retrains_the_networks_that_have_it_alone() -> None:
    trained = {job for job in executing(PACKAGE / "models/blocks/swin.py") if job.startswith("train/")}
    windowed = {"hnct_team12", "imdeception_team19", "imdtn_team09", "mobilesr_team20"}
    # SwinIR is made of it, CiaoSR and HAESR fill images up as it does.
    parts = {f"resolute.models.{part}" for part in ("swinir", "haesr", "encoders.swinir", "decoders.ciaosr")}
    windowed |= {name for name in registry.names() if parts & set(registry.entry(name).modules)}
    assert trained == {f"train/{name}" for name in windowed}


def test_a_loss_of_a_file_of_its_own_retrains_the_methods_whose_recipes_choose_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "params.yaml").touch()
    monkeypatch.chdir(tmp_path)
    defaults = {"iterations": 1, "batch_size": 1, "lr_patch_size": 8, "loss": "l1"}
    plain, balanced = (
        {name: make_plan(defaults, recipe, name) for name in ("rlfn_tiny", "wbsr_tiny")}
        for recipe in ({}, {"phases": [{}, {"loss": {"bdloss": {"rate": 0}}}]})
    )
    files = {PACKAGE / "methods/balanced.py", PACKAGE / "methods/mixture.py"}
    for name in plain:
        assert not files & sources("train", name, plain[name])
        assert files < sources("train", name, balanced[name])
    refresh(plain)
    assert refresh({**plain, "wbsr_tiny": balanced["wbsr_tiny"]}) == [layout.sources("train", "wbsr_tiny")]


def test_no_stage_runs_what_builds_networks_of_somebodys_own_for_those_of_the_registry() -> None:
    assert not executing(PACKAGE / "models/own.py")


def test_a_new_network_with_its_block_and_key_map_and_a_new_data_set_change_no_job_of_another(copy: Path) -> None:
    refreshed(copy)
    shutil.copy(copy / "datasets/registry/set5.yaml", copy / "datasets/registry/newcomer.yaml")
    (copy / "models/blocks/newcomer.py").write_text('"""New."""\n')
    shutil.copy(copy / "registry/key_maps/esa.yaml", copy / "registry/key_maps/newcomer.yaml")
    network = (copy / "models/rlfn.py").read_text()
    (copy / "models/newcomer.py").write_text(f"import resolute.models.blocks.newcomer\n{network}")
    text = (copy / "registry/rlfn_team04.yaml").read_text()
    (copy / "registry/newcomer.yaml").write_text(
        text.replace("model: rlfn", "model: newcomer").replace("- esa", "- newcomer")
    )
    changed = refreshed(copy)
    assert {job for job in changed if "/" in job} == {f"{stage}/newcomer" for stage in HALVES}
    assert changed - {f"{stage}/newcomer" for stage in HALVES} == {"tables", "figures", "report"}  # which show names


@pytest.mark.parametrize("name", ["methods/patchwise.py", "methods/weights.py", "inference/prepare.py"])
def test_what_scores_patches_makes_no_index_stale(name: str) -> None:
    found = {job for job in executing(PACKAGE / name) if job.partition("/")[0] == "patches"}
    assert found == {f"patches/{method}" for method in registry.names()}


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["train", "evaluate", "profile", "patches"])
def test_a_list_has_all_that_python_loads(stage: str) -> None:
    name = "seemore_t"
    half = HALVES[stage]
    main = f"resolute.{ABOUT_METHODS.get(stage, stage)}"
    modules = [main, f"resolute.methods.network.{half}", "resolute.models.seemore"]
    done = subprocess.run([sys.executable, "-c", LOADED, *modules], capture_output=True, text=True, check=True)
    loaded = {Path(line) for line in done.stdout.split()}
    assert loaded - sources(stage, name) == set()


TYPED = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import a
else:
    import b
try:
    import c
except ImportError:
    import d
"""


def test_what_only_types_are_checked_with_is_not_run() -> None:
    found = {node.names[0].name for node in _statements(ast.parse(TYPED).body) if isinstance(node, ast.Import)}
    assert found == {"b", "c", "d"}
