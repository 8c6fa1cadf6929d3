"""Both engines have the same graph, and call the same things stale after an edit."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from tests.engines.conftest import Project, copy_parts

Edges = dict[str, set[str]]

# DVC's graph as it resolves it: every output with its dependencies, parameters left out.
ASK_DVC = """
import json, os
from dvc.repo import Repo
with Repo() as repo:
    stages = [stage for stage in repo.index.stages if stage.addressing != "sources"]  # which has no rule
    relative = lambda path: os.path.relpath(path, repo.root_dir)
    found = {}
    for stage in stages:
        needed = [relative(dep.fs_path) for dep in stage.deps if not hasattr(dep, "params")]
        found.update({relative(out.fs_path): needed for out in stage.outs})
print(json.dumps(found))
"""
# The stages that DVC calls changed; and all, each with its outputs and with those it follows from, itself included.
ASK_STAGES = """
import json, os, networkx
from dvc.repo import Repo
with Repo() as repo:
    graph = repo.index.graph
    print(json.dumps([sorted(repo.status()), {
        stage.addressing: {
            "outs": [os.path.relpath(out.fs_path, repo.root_dir) for out in stage.outs],
            "from": sorted({stage.addressing} | {needed.addressing for needed in networkx.descendants(graph, stage)}),
        }
        for stage in graph
    }]))
"""


def snakemake_edges(project: Project) -> Edges:
    """Every output of Snakemake's jobs with the files that its job reads."""
    found: Edges = {}
    for job in re.split(r"^(?:local)?rule ", project.run("snakemake", "-n", "--forceall"), flags=re.MULTILINE):
        files = {
            kind: names.split(", ") for kind, names in re.findall(r"^    (input|output): (.+)$", job, re.MULTILINE)
        }
        found.update({output: set(files["input"]) for output in files.get("output", [])})
    return found


def dvc_edges(project: Project, made: set[str]) -> Edges:
    """Every output of DVC's stages with the files that it depends on; folders are the files in them.

    Args:
        made: what Snakemake makes: the files of a folder that need not exist yet.
    """
    found: dict[str, list[str]] = json.loads(project.run(sys.executable, "-c", ASK_DVC))
    paths = set(found).union(*found.values())
    files = {path: files_of(project, path, made) for path in paths}
    expanded = {out: set[str]().union(*(files[path] for path in needed)) for out, needed in found.items()}
    return {file: needed for out, needed in expanded.items() for file in files[out]}


def files_of(project: Project, path: str, made: set[str]) -> set[str]:
    """The files that both engines mean by a path: itself, or what lies or will lie below it."""
    below = {file for file in made if file.startswith(f"{path}/")}
    folder = project.root / path
    if path in made:
        return {path}
    if f"{path}.csv" in made:  # a folder of images that Snakemake knows by its manifest alone
        return {f"{path}.csv"}
    if folder.is_dir() and not path.startswith("reports"):
        there = (file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
        below |= {str(file.relative_to(project.root)) for file in there}
    return below or {path}


def differences(project: Project) -> set[tuple[str, str, str]]:
    """What one engine knows of and the other does not: the engine without it, the output, the input."""
    theirs = snakemake_edges(project)
    ours = dvc_edges(project, set(theirs))
    return {
        (lacking, output, file)
        for output in ours.keys() | theirs.keys()
        for lacking, files in (
            ("dvc", theirs.get(output, set()) - ours.get(output, set())),
            ("snakemake", ours.get(output, set()) - theirs.get(output, set())),
        )
        for file in files
    }


@pytest.fixture
def bare(tmp_path: Path) -> Project:
    """The workflow's files alone: nothing is made, and the graphs are there all the same."""
    copy_parts(tmp_path / "checkout")
    project = Project(tmp_path / "checkout")
    project.run("git", "init", "--quiet")
    return project


def train_alone(project: Project, preset: str, methods: list[str]) -> None:
    """A preset with a few methods of its own, whose graph is small."""
    project.run("resolute", "preset", preset)
    params = project.root / "params.yaml"
    settings = yaml.safe_load(params.read_text())
    settings["methods"].update(trained=methods, published=["bicubic"], counted=methods)
    settings["methods"].pop("seeds", None)
    settings["recipes"] = {name: recipe for name, recipe in settings["recipes"].items() if name in methods}
    params.write_text(yaml.safe_dump(settings, sort_keys=False))
    project.run("resolute", "jobs")


@pytest.mark.slow
@pytest.mark.parametrize(
    "preset",
    [
        "quick",
        "lightweight",
        pytest.param("bench", marks=pytest.mark.attack),
        pytest.param("moeisr_claims", marks=pytest.mark.attack),
        pytest.param("esr_series", marks=pytest.mark.attack),
        pytest.param("bsds", marks=pytest.mark.attack),
        pytest.param("paper", marks=pytest.mark.attack),
    ],
)
def test_both_graphs_have_the_same_edges(preset: str, bare: Project) -> None:
    bare.run("resolute", "preset", preset)
    assert differences(bare) == set()


@pytest.mark.slow
def test_both_graphs_of_unions_spans_classes_and_exported_graphs_have_the_same_edges(bare: Project) -> None:
    of_classes = ["wbsr_srresnet", "wbsr_srresnet_k5"]
    train_alone(bare, "paper", ["bsrn", "carn_m", "classsr_srresnet", "srresnet", "liif_edsr", *of_classes])
    bare.edit("params.yaml", "  timed:", "  onnxruntime: [bsrn, liif_edsr]\n  timed:")
    bare.run("resolute", "jobs")
    assert differences(bare) == set()
    made = snakemake_edges(bare)
    assert "src/resolute/export/trace.py" in made["reports/measurements/onnxruntime/bsrn/x3.parquet"]
    assert any("df2k" in output for output in made)
    assert "reports/figures/classes_wbsr_srresnet-b100-x4.svg" in made


@pytest.mark.slow
def test_imported_weights_are_in_both_graphs(bare: Project) -> None:
    file = "data/weights/own/imdn_tiny/x4/mine.safetensors"
    (bare.root / file).parent.mkdir(parents=True)
    (bare.root / file).touch()
    bare.edit("params.yaml", "methods:\n", "methods:\n  own: {imdn_tiny: [mine]}\n")
    bare.run("resolute", "jobs")
    assert differences(bare) == set()
    assert file in snakemake_edges(bare)["reports/measurements/quality/imdn_tiny/x4/own-mine/embedded.parquet"]


@pytest.mark.slow
def test_a_dependency_that_one_side_lacks_is_named(bare: Project) -> None:
    path = bare.root / "dvc.yaml"
    text = path.read_text()
    content = yaml.safe_load(text)
    content["stages"]["train"]["do"]["deps"].remove("data/sources/train/${item.method}.csv")
    content["stages"]["report"]["deps"].remove("reports/tables")
    content["stages"]["patches"]["do"]["deps"].append("params.yaml")
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    found = differences(bare)
    spans = dict.fromkeys(("imdn_tiny", "rfdn_tiny", "rlfn_tiny", "seemore_t", "wbsr_tiny", "wbsr_tiny_uniform"), "x4")
    spans |= dict.fromkeys(("liif_tiny", "moeisr_tiny"), "x1-4")
    runs = {
        f"data/weights/trained/{name}/{span}/quick-seed0": f"data/sources/train/{name}.csv"
        for name, span in spans.items()
    }
    tables = {file for lacking, output, file in found if output == "reports/index.html"}
    assert tables
    assert all(file.startswith("reports/tables/") for file in tables)
    assert found == {
        *{
            ("dvc", f"{run}.{form}", list_)
            for run, list_ in runs.items()
            for form in ("csv", "times.csv", "safetensors")
        },
        *{("dvc", "reports/index.html", file) for file in tables},
        *{("snakemake", f"data/patches/embedded/x4.{form}", "params.yaml") for form in ("npy", "parquet")},
    }


@pytest.mark.slow
def test_a_warm_start_that_one_side_lacks_is_named(bare: Project) -> None:
    train_alone(bare, "bsds", [f"seemore_{size}" for size in "tbl"])
    path = bare.root / "dvc.yaml"
    content = yaml.safe_load(path.read_text())
    needed = content["stages"]["train_warm"]["do"]["deps"]
    needed.remove(next(file for file in needed if "${item.start}" in file))
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    runs = [(f"data/weights/trained/seemore_{size}", scale) for size in "tbl" for scale in (3, 4)]
    assert differences(bare) == {
        ("dvc", f"{folder}/x{scale}/bsds-seed0.{form}", f"{folder}/x{scale - 1}/bsds-seed0.safetensors")
        for folder, scale in runs
        for form in ("csv", "times.csv", "safetensors")
    }


@pytest.mark.slow
def test_a_stage_that_one_side_lacks_is_named(bare: Project) -> None:
    path = bare.root / "dvc.yaml"
    content = yaml.safe_load(path.read_text())
    del content["stages"]["patch_figures"]
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    named = {(lacking, output) for lacking, output, _ in differences(bare)}
    shapes = [f"reports/figures/patch_{what}_motorcycle_left" for what in ("categories", "difficulty", "scores")]
    forms = {f"{shape}.{form}" for shape in shapes for form in ("pdf", "png", "svg")}
    assert {("dvc", output) for output in (*forms, f"{shapes[1]}.json")} == named


# A file, a text in it and what replaces it; an empty text appends, a file that is not there is made.
EDITS = {
    "a training setting": ("params.yaml", "\n  learning_rate: 0.001\n", "\n  learning_rate: 0.002\n"),
    "a method's recipe": ("params.yaml", "imdn_tiny: {}", "imdn_tiny: {iterations: 6}"),
    "protocols": ("params.yaml", "[y_basicsr, y_matlab]", "[y_basicsr]"),
    "profiling": ("params.yaml", "lr_size: 64x64", "lr_size: 32x32"),
    "patches": ("params.yaml", "lr_stride: 32", "lr_stride: 16"),
    "what figures show": ("params.yaml", "protocol: y_basicsr", "protocol: y_matlab"),
    "checkpoints": ("params.yaml", "{every: 200}", "{every: 100}"),
    "one cost": ("params.yaml", "timed: []", "timed: [imdn_tiny]"),
    "an exported graph": ("params.yaml", "timed: []", "timed: []\n  onnxruntime: [imdn_tiny]"),
    "another seed": ("params.yaml", "seeds: [0]", "seeds: [0, 1]"),
    "a model": ("src/resolute/models/rlfn.py", "", "\n# edited\n"),
    "a block": ("src/resolute/models/blocks/attention.py", "", "\n# edited\n"),
    "a new block": ("src/resolute/models/blocks/newcomer.py", "", '"""New."""\n'),
    "a new file of a stage": ("src/resolute/train/newcomer.py", "", '"""New."""\n'),
    "a template": ("src/resolute/pages/style.css", "", "\n"),
    "a registry entry": ("src/resolute/registry/rlfn_tiny.yaml", "RLFN tiny", "RLFN small"),
    "a data set": ("src/resolute/datasets/registry/embedded.yaml", "", "\n# edited\n"),
    "a published table": ("data/published/ntire2022/errata.csv", "", "\n"),
}
# Those that reach both engines as another of them does.
ALIKE = (
    *("a method's recipe", "one cost", "checkpoints", "a model", "a new file of a stage", "a registry entry"),
    *("a template", "a new block"),  # which files are on a job's list: tests/sources
)
TRAINED = {"train", "training_figures", "evaluate", "tables", "figures", "report"}
ALL = {"fetch_images", "degrade", "pack_hr", "patches", "profile", *TRAINED}
# What a few of the edits must call for, so that both engines cannot agree on nothing.
RULES = {
    "a training setting": TRAINED,
    "protocols": {"evaluate", "tables", "figures", "report"},
    "profiling": {"profile", "tables", "figures", "report"},
    "patches": {"patches", *TRAINED},
    "one cost": {"profile", "tables", "figures", "report"},
    "an exported graph": {"profile_onnxruntime", "tables", "figures", "report"},  # and no cost
    "another seed": TRAINED,
    "what figures show": {"tables", "figures", "report"},
    "checkpoints": {"report"},
    "a block": {"profile", *TRAINED},
    "a new block": set(),
    "a template": {"report"},
    "a data set": ALL - {"profile"},
    "a published table": {"tables", "report"},
}


def planned_outputs(project: Project) -> dict[str, str]:
    """Every output that Snakemake would make now, with the rule that makes it."""
    done = project.call("snakemake", "--detailed-summary")
    assert done.returncode == 0, done.stderr
    header, *lines = [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    return {row["output_file"]: row["rule"] for row in rows if row["plan"] != "no update"}


@pytest.fixture(scope="module")
def made(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the small project that edits are made in and taken back."""
    folder = tmp_path_factory.mktemp("made") / "checkout"
    shutil.copytree(base / "checkout", folder, symlinks=True)
    return Project(folder)


@pytest.mark.slow
@pytest.mark.parametrize(
    "edit", [pytest.param(edit, marks=pytest.mark.attack) if edit in ALIKE else edit for edit in EDITS]
)
def test_both_engines_call_the_same_stale(edit: str, made: Project) -> None:
    path, old, new = EDITS[edit]
    file, jobs = made.root / path, made.root / "workflow/jobs.yaml"
    text = file.read_text() if file.exists() else None
    listed = jobs.read_text()
    if old:
        made.edit(path, old, new)
    else:
        file.write_text((text or "") + new)
    made.run("resolute", "jobs")
    try:
        seen = made.changed()
        planned = planned_outputs(made)  # which brings the lists of source files up to date
        found, stages = json.loads(made.run(sys.executable, "-c", ASK_STAGES))
    finally:
        if text is None:
            file.unlink()
        else:
            file.write_text(text)
        jobs.write_text(listed)
    changed = set(found) - {"sources"}  # which has no rule
    redone = {
        stage
        for stage, facts in stages.items()
        if any(path == out or path.startswith(f"{out}/") for out in facts["outs"] for path in planned)
    }
    assert seen, "DVC sees nothing"
    assert changed <= redone
    following = {stage for stage, facts in stages.items() if changed & set(facts["from"])}
    assert redone <= following
    assert set(planned.values()) == RULES.get(edit, set(planned.values()))
