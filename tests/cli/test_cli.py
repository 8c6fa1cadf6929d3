"""The command line as a person or a script uses it."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from resolute import measurements, methods, params, registry
from resolute.cli import app
from resolute.core import layout
from resolute.methods import weights
from resolute.params import jobs, presets

HEAVY = (
    "torch",
    "pandas",
    "scipy",
    "skimage",
    "matplotlib",
    "pyarrow",
    "jsonschema",
    "numpy",
    "yaml",
    "rich.table",
)


def resolute(*arguments: str | Path) -> Result:
    """A command in this process: one of its own would import for a second what is here."""
    return CliRunner().invoke(app, [*map(str, arguments)])


def fails(*arguments: str | Path) -> str:
    """The one line that a failing command prints."""
    done = resolute(*arguments)
    assert done.exit_code == 1, done.output
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("resolute: ")
    return lines[0]


@pytest.fixture
def picture(checkout: Path) -> Path:
    """A 20x16 photograph-like PNG."""
    y, x = np.mgrid[0:16, 0:20]
    pixels = np.stack([x * 12, y * 15, (x + y) * 7], axis=2).astype(np.uint8)
    Image.fromarray(pixels).save(checkout / "in.png")
    return checkout / "in.png"


def test_help_imports_nothing_heavy() -> None:
    program = f"import sys, resolute.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_stage_of_the_dag_is_a_command_a_package_and_a_rule_file(checkout: Path) -> None:
    commands = resolute("--help").stdout
    stages = sorted(path.stem for path in (checkout / "workflow/rules").glob("*.smk") if path.stem != "common")
    assert len(stages) == 9
    for stage in (*stages, "sources"):  # which has no rule: Snakemake has it done whenever it plans
        assert f"\n  {stage} " in commands
        room = checkout / "src/resolute" / stage
        assert (room / "make.py").is_file()  # its entry
        face = ast.parse((room / "__init__.py").read_text()).body
        assert all(isinstance(line, ast.ImportFrom | ast.Assign | ast.Expr) for line in face), stage


def test_lists_are_json(checkout: Path) -> None:
    methods = {row["method"]: row for row in json.loads(resolute("list", "methods", "--json").stdout)}
    assert methods["rlfn_team04"]["published"] == ["ntire2022"]
    assert not methods["bicubic"]["trainable"]
    datasets = [row["dataset"] for row in json.loads(resolute("list", "datasets", "--json").stdout)]
    assert {"embedded", "set5", "bsds500", "div2k_train"} <= set(datasets)
    assert {"preset": "quick", "current": "yes"} in json.loads(resolute("list", "presets", "--json").stdout)


def test_doctor_tells_what_is_here(checkout: Path) -> None:
    found = json.loads(resolute("doctor", "--json").stdout)
    assert found["installed"]["torch"]
    assert found["data sets here"]["set5"] == "no"


def test_profile_prints_one_json_object(checkout: Path) -> None:
    found = json.loads(resolute("profile", "rlfn_team04", "--lr-size", "256x256", "--count-only", "--json").stdout)
    assert (found["params"], found["n_conv"]) == (317218, 39)
    assert set(found) >= {
        "macs",
        "flops_2macs",
        "flops_ntire2022",
        "activations",
        "latency_ms",
        "peak_memory_bytes",
        "device",
    }


def test_profile_keeps_counts_of_all_sizes(checkout: Path) -> None:
    kept = resolute("profile", "rlfn_team04", "--count-only").stdout.splitlines()[0]
    rows = measurements.read(checkout / kept)
    assert rows[rows["metric"] == "params"]["lr_size"].tolist() == ["256x256"]
    assert rows[rows["metric"] == "macs"]["lr_size"].tolist() == ["256x256", "320x180", "32x32"]


def test_evaluate_fetches_and_degrades_what_it_needs(checkout: Path) -> None:
    done = resolute("evaluate", "bicubic", "--dataset", "embedded", "--json")
    found = json.loads(done.stdout)
    assert found["weights"] == "published-matlab"
    assert set(found["protocols"]) == {"ntire2022", "y_basicsr", "y_matlab"}
    assert len(found["images"]) == 4


def test_mistakes_are_one_line_with_the_nearest_right_one(checkout: Path) -> None:
    assert "did you mean 'rlfn_team04'" in fails("evaluate", "rlfn_team40", "--dataset", "embedded")
    assert "did you mean 'embedded'" in fails("evaluate", "bicubic", "--dataset", "embeded")
    assert "has no x3: it is made for x4" in fails("profile", "rlfn_team04", "--scale", "3")
    assert "write WIDTHxHEIGHT" in fails("profile", "rlfn_team04", "--lr-size", "256")
    assert "did you mean 'quick'" in fails("preset", "quikc")
    assert "nothing to train" in fails("train", "bicubic")
    assert "nothing to fetch" in fails("fetch")


def test_a_preset_without_a_network_names_every_method_that_it_leaves_out(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = registry.entry("rlfn_team04").published["ntire2022"].files[layout.Span.at(4)].url
    copy = tmp_path / "mirror" / url.removeprefix("https://")
    here = checkout / "data/weights/published/carn_m/paper/x2-4.safetensors"
    for file in (copy, here):
        file.parent.mkdir(parents=True)
        file.touch()
    monkeypatch.setenv("RESOLUTE_MIRROR", str(tmp_path / "mirror"))
    done = resolute("preset", "bench", "--offline")
    assert done.exit_code == 0, done.stderr
    kept = params.load()["methods"]["published"]
    assert kept == ["bicubic", "carn_m", "rlfn_team04"]
    left = re.findall(r"^resolute: (\w+) is left out of methods.published: https://", done.stderr, re.MULTILINE)
    assert sorted(left + kept) == sorted(presets.resolve("bench")["methods"]["published"])
    jobs.check(params.load())


def test_outside_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = subprocess.run([sys.executable, "-m", "resolute", "tables"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.fullmatch(r"resolute: .*run resolute inside a checkout.*\n", done.stderr)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ("trian: 3", "params.yaml: unknown key 'trian': did you mean 'train'"),
        ("preset: 7", "params.yaml: preset: 7 is not of type 'string'"),
        (
            "methods: {published: [], trained: [], counted: [rlfn_team4], timed: []}",
            "methods.counted: unknown method 'rlfn_team4': did you mean 'rlfn_team04'",
        ),
        (
            "methods: {published: [], trained: [rlfn_team04], counted: [], timed: []}",
            "recipes.rlfn_team04 is missing: {} if it needs none of its own",
        ),
        (
            "methods: {published: [rlfn_tiny], trained: [], counted: [], timed: []}",
            "rlfn_tiny has no published weights",
        ),
        (
            "methods: {published: [], trained: [bicubic], counted: [], timed: []}",
            "methods.trained: 'bicubic' has no network",
        ),
        ("scales: [3]", "has no x3: it is made for x4"),
        ("seeds: []", "seeds: [] should be non-empty"),
        ("data: {sets: [], splits: {}, train: [], test: [set5]}", "data.test has 'set5': list it in data.sets"),
        (
            "data: {sets: [set5], splits: {set5: [test]}, train: [set5], test: []}",
            "set5 is for testing and must not be trained on",
        ),
        (
            "data: {sets: &two [embedded, bsds500], train: *two, test: [], splits: {embedded: [], bsds500: []}}",
            "data.train has embedded and bsds500: methods train on one data set, choose it",
        ),
        ("recipes: {imdn_tiny: {data: df2l}}", "recipes.imdn_tiny.data: unknown data set 'df2l': did you mean 'df2k'"),
        (
            "recipes: {imdn_tiny: {data: bsds500}}",
            "recipes.imdn_tiny.data has 'bsds500': list it in data.sets and data.",
        ),
        ("recipes: {imdn_tiny: {data: [df2k]}}", "recipes.imdn_tiny.data: ['df2k'] is not of type 'string'"),
        ("data: {sets: [set5], splits: {set5: []}, train: [], test: [set5]}", "data.splits.set5 lacks 'test'"),
        ("scales: [", "params.yaml is not valid YAML"),
    ],
)
def test_wrong_params_name_file_key_and_value(checkout: Path, edit: str, message: str) -> None:
    key = edit.partition(":")[0]
    lines = (checkout / "params.yaml").read_text().splitlines()
    kept: list[str] = []
    skipping = False
    for line in lines:
        if not line.startswith(" "):
            skipping = line.startswith(f"{key}:")
        if not skipping:
            kept.append(line)
    (checkout / "params.yaml").write_text("\n".join([*kept, edit, ""]))
    assert message in fails("tables")


def test_the_benchmark_images_split_of_bsds500_is_never_trained_on(checkout: Path) -> None:
    text = (checkout / "params.yaml").read_text()
    text = text.replace("  train: [embedded]", "  train: [embedded, bsds500]")
    text = text.replace("  splits:\n", "  splits:\n    bsds500: [train, val]\n")
    (checkout / "params.yaml").write_text(text.replace("sets: [embedded]", "sets: [embedded, bsds500]"))
    assert "'val' of bsds500 must not be trained on" in fails("tables")


def test_a_number_with_an_exponent_is_a_number(checkout: Path) -> None:
    text = (checkout / "params.yaml").read_text()
    assert "learning_rate: 0.002" in text
    (checkout / "params.yaml").write_text(text.replace("learning_rate: 0.002", "learning_rate: 2e-3"))
    assert "reports/measurements" in fails("tables")  # not the params: the measurements are missing


def own_weights(folder: Path, method: str) -> Path:
    path = folder / "own.safetensors"
    weights.save_weights(path, methods.build(method, 4).state_dict(), {})
    return path


def test_upscale_keeps_alpha_depth_and_grey(checkout: Path, picture: Path) -> None:
    for mode in ("RGB", "RGBA", "L", "P"):
        Image.open(picture).convert(mode).save(checkout / "mode.png")
        assert resolute("upscale", "mode.png", "out.png", "--method", "bicubic").exit_code == 0
        out = Image.open(checkout / "out.png")
        assert out.size == (80, 64)
        assert out.mode == {"P": "RGB"}.get(mode, mode)
    deep = (np.arange(16 * 20, dtype=np.uint16).reshape(16, 20)) * 200
    Image.fromarray(deep).save(checkout / "deep.png")
    assert resolute("upscale", "deep.png", "out.png", "--method", "bicubic").exit_code == 0
    wide = np.asarray(Image.open(checkout / "out.png"))
    assert wide.dtype == np.uint16 or wide.max() > 255


def test_upscale_in_tiles_and_whole_agree_away_from_nothing(checkout: Path, picture: Path) -> None:
    """IMDN tiny sees at most 15 LR pixels to each side, so tiles that share 30 change nothing."""
    big = Image.open(picture).resize((90, 70))
    big.save(checkout / "big.png")
    arguments = ("--method", "imdn_tiny", "--weights", own_weights(checkout, "imdn_tiny"))
    assert resolute("upscale", "big.png", "whole.png", *arguments, "--tile", "0").exit_code == 0
    assert resolute("upscale", "big.png", "tiled.png", *arguments, "--tile", "48", "--overlap", "30").exit_code == 0
    whole, tiled = (np.asarray(Image.open(checkout / name)).astype(int) for name in ("whole.png", "tiled.png"))
    assert whole.shape == (280, 360, 3)
    # Another tile size, another order of sums: at most a rounding to the neighbouring level.
    assert np.abs(whole - tiled).max() <= 1


def test_upscale_refuses_what_it_cannot_do_and_leaves_nothing(checkout: Path, picture: Path) -> None:
    tiny = own_weights(checkout, "rlfn_tiny")
    Image.open(picture).crop((0, 0, 20, 10)).save(checkout / "small.png")
    picture.with_name("cut.png").write_bytes(picture.read_bytes()[:60])
    arguments = ("--method", "rlfn_tiny", "--weights", tiny)
    assert "needs sides of at least 15" in fails("upscale", "small.png", "out.png", *arguments)
    assert "cut.png" in fails("upscale", "cut.png", "out.png", *arguments)
    assert "absent.png" in fails("upscale", "absent.png", "out.png", *arguments)
    assert "must end in one of" in fails("upscale", "in.png", "out.xyz", *arguments)
    assert "0 <= overlap < tile" in fails("upscale", "in.png", "out.png", *arguments, "--tile", "16", "--overlap", "16")
    assert not list(checkout.glob("out*"))
