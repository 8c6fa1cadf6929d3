"""Presets and what they set aside."""

from pathlib import Path

import pytest
import yaml

from resolute import params, registry
from resolute.core.errors import ResoluteError
from resolute.methods.plan import make_plan
from resolute.params import jobs, presets
from resolute.tables.spec import read_spec, spec_files


def test_all_means_every_method_that_fits(checkout: Path) -> None:
    bench = presets.resolve("bench")
    assert set(bench["methods"]["published"]) >= {"bicubic", "imdn_baseline", "rfdn_baseline", "rlfn_team04"}
    assert bench["methods"]["trained"] == []
    assert "bicubic" not in bench["methods"]["counted"]
    derived = jobs.derive(bench)
    assert list(derived["runs"]["baseline"]) == ["bicubic-x4"]
    assert len(derived["evaluations"]["published"]) == 4 * len(derived["runs"]["published"])


def test_seeds_and_scales_become_runs(checkout: Path) -> None:
    path = Path("workflow/presets/own.yaml")
    preset = yaml.safe_load(Path("workflow/presets/quick.yaml").read_text())
    path.write_text(yaml.safe_dump({**preset, "seeds": [0, 7], "scales": [2, 4]}))
    runs = jobs.derive(presets.resolve("own"))["runs"]
    assert len(runs["trained"]) == 4 * 2 * 2
    assert runs["trained"]["rlfn_tiny-x2-seed7"]["seed"] == 7
    assert runs["baseline"].keys() == {"bicubic-x2", "bicubic-x4"}


def test_a_warm_start_is_from_the_scale_before() -> None:
    trainings = jobs.derive(presets.resolve("bsds"))["trainings"]
    starts = {name: job["start"] for name, job in trainings["warm_started"].items()}
    assert starts == {f"seemore_{size}-x{scale}-seed0": start for size in "tbl" for scale, start in ((3, 2), (4, 3))}
    assert {f"seemore_{size}-x2-seed0" for size in "tbl"} < trainings["fresh"].keys()


def test_the_recipes_of_the_papers_are_those_of_the_registry(checkout: Path) -> None:
    papers = presets.resolve("paper")
    recipe = papers["recipes"]["seemore_t"]
    assert recipe["schedule"] == {"halve": {"at": [250_000, 400_000, 450_000, 475_000]}}
    plan = make_plan(papers["train"], recipe, "seemore_t")
    assert (plan.iterations, plan.phases[0].batch_size, plan.phases[0].loss.name) == (500_000, 32, "l1_fft")
    safmn, frfdn = (make_plan(papers["train"], papers["recipes"][name], name) for name in ("safmn", "frfdn_team25"))
    assert [(phase.learning_rate, phase.loss.options) for phase in safmn.phases] == [(0.001, {"weight": 0.05})]
    assert [(phase.iterations, phase.schedule.options["every"]) for phase in frfdn.phases] == [
        (1_600_000, 200_000),
        (480_000, 80_000),
    ]
    params.check(papers, "paper")


def test_the_preset_that_a_table_names_measures_its_rows(checkout: Path) -> None:
    for spec in [spec for spec in map(read_spec, spec_files()) if spec.preset]:
        asked, scale = presets.resolve(spec.preset), spec.match["scale"]
        rows = {row.method for group in spec.groups for row in group.rows} & set(registry.names())
        entries = [registry.entry(name) for name in rows]
        assert scale in asked["scales"]
        assert {entry.name for entry in entries if entry.trainable} <= {*asked["methods"]["counted"]}
        fetched = {entry.name for entry in entries if entry.has_weights(spec.weights, scale)}
        assert fetched <= {*asked["methods"]["published"]}


def test_jobs_that_are_not_those_of_the_params_are_refused(checkout: Path) -> None:
    presets.write("quick")
    jobs.check(params.load())
    Path("params.yaml").write_text(Path("params.yaml").read_text().replace("seeds: [0]", "seeds: [0, 1]"))
    with pytest.raises(ResoluteError, match=r"workflow/jobs\.yaml is not what params\.yaml calls for"):
        jobs.check(params.load())
    jobs.write(params.load())
    jobs.check(params.load())


def test_writing_says_what_changed(checkout: Path) -> None:
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(text.replace("learning_rate: 0.002", "learning_rate: 0.003"))
    assert presets.write("quick") == ["train.learning_rate: 0.003 -> 0.002"]
    assert presets.write("quick") == []


def test_results_of_another_preset_step_aside_and_come_back(checkout: Path) -> None:
    quick = params.measurements(params.load())[1]
    quick.parent.mkdir(parents=True)
    quick.write_text("measured by quick")
    figure = checkout / "reports/figures/patch_categories_motorcycle_left.svg"
    figure.parent.mkdir(parents=True)
    figure.write_text("drawn by quick")
    presets.write("bench")
    assert not quick.exists() and not figure.exists()
    bench = params.measurements(params.load())[1]
    bench.parent.mkdir(parents=True)
    bench.write_text("measured by bench")
    presets.write("quick")
    assert quick.read_text() == "measured by quick"
    assert figure.read_text() == "drawn by quick"
    assert not bench.exists()


def test_compared_images_are_kept_once(checkout: Path) -> None:
    path = Path("workflow/presets/own.yaml")
    preset = yaml.safe_load(Path("workflow/presets/quick.yaml").read_text())
    shown = {"dataset": "embedded", "image": "coffee", "scale": 4}
    preset["figures"]["comparisons"] = {"a": {**shown, "crop": "auto"}, "b": {**shown, "crop": [0, 0, 64, 64]}}
    path.write_text(yaml.safe_dump(preset))
    assert presets.resolve("own")["evaluate"]["keep"] == {"embedded": ["coffee"]}


def test_a_compared_image_that_is_not_kept_is_one_clear_line(checkout: Path) -> None:
    settings = presets.resolve("quick")
    settings["evaluate"]["keep"] = {}
    with pytest.raises(
        ResoluteError, match=r"figures\.comparisons\.coffee shows 'coffee', which evaluate\.keep\.embedded lacks"
    ):
        params.check(settings, "params.yaml")
