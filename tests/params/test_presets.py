"""Presets and what they set aside."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.durability import Call, recorded

from resolute import measurements, params, registry
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.methods.plan import make_plan
from resolute.params import jobs, presets
from resolute.published import read_spec, spec_files


def test_all_means_every_method_that_fits(checkout: Path) -> None:
    bench = presets.resolve("bench")
    assert set(bench["methods"]["published"]) >= {"bicubic", "imdn_baseline", "rfdn_baseline", "rlfn_team04"}
    assert bench["methods"]["trained"] == []
    assert "bicubic" not in bench["methods"]["counted"]
    derived = jobs.derive(bench)
    assert list(derived["evaluations"]["baseline"]) == [f"bicubic-x4-{name}" for name in bench["data"]["test"]]
    assert len(derived["evaluations"]["published"]) == 4 * len(derived["weights"]["published"])


def test_seeds_and_scales_become_runs(checkout: Path) -> None:
    path = Path("workflow/presets/own.yaml")
    preset = yaml.safe_load(Path("workflow/presets/quick.yaml").read_text())
    path.write_text(yaml.safe_dump({**preset, "seeds": [0, 7], "scales": [2, 4]}))
    derived = jobs.derive(presets.resolve("own"))
    # WBSR's two have one scale, the two of arbitrary scale one set of weights for both.
    assert len(derived["weights"]["trained"]) == (4 * 2 + 2 + 2) * 2
    assert derived["weights"]["trained"]["rlfn_tiny-x2-seed7"]["seed"] == 7
    assert derived["evaluations"]["baseline"].keys() == {"bicubic-x2-embedded", "bicubic-x4-embedded"}


def test_a_method_has_seeds_of_its_own(checkout: Path) -> None:
    settings = presets.resolve("quick")
    settings["methods"]["seeds"] = {"wbsr_tiny": [3, 4]}
    params.check(settings, "params.yaml")
    derived = jobs.derive(settings)
    trained = [key for key in derived["weights"]["trained"] if key.startswith(("wbsr_tiny-", "imdn_tiny-"))]
    assert trained == ["imdn_tiny-x4-seed0", "wbsr_tiny-x4-seed3", "wbsr_tiny-x4-seed4"]
    assert "coffee-wbsr_tiny-x4-seed3" in derived["maps"]["all"]
    settings["methods"]["seeds"] = {"pan": [1]}
    with pytest.raises(ResoluteError, match=r"methods\.seeds has 'pan', which is not trained"):
        params.check(settings, "params.yaml")
    settings = scored(checkout)
    settings["methods"]["seeds"] = {"classsr_tiny": [0, 9]}
    with pytest.raises(ResoluteError, match=r"scored_by is 'srresnet_tiny', which has no seed 9: give both the same"):
        params.check(settings, "params.yaml")


def test_a_network_in_another_training_is_trained_by_itself_and_counted_once(checkout: Path) -> None:
    quick = presets.resolve("quick")
    counted, trained = quick["methods"]["counted"], quick["methods"]["trained"]
    assert {"wbsr_tiny", "wbsr_tiny_uniform"} <= set(trained) & set(counted)
    assert not {"wbsr_tiny_hes", "wbsr_rcan_hes"} & set(counted)
    paper = presets.resolve("paper")
    assert {"wbsr_rcan", "wbsr_rcan_hes"} <= set(paper["methods"]["trained"])
    assert paper["recipes"]["wbsr_rcan_hes"] != paper["recipes"]["wbsr_rcan"]


def test_a_preset_leaves_families_out(checkout: Path) -> None:
    path = Path("workflow/presets/own.yaml")
    preset = yaml.safe_load(Path("workflow/presets/quick.yaml").read_text())
    preset["methods"]["counted"] = {"all_but": ["ntire2022", "ntire2024"], "and": ["span_2024"]}
    path.write_text(yaml.safe_dump(preset))
    counted = presets.resolve("own")["methods"]["counted"]
    assert {"rlfn", "espan_2025", "span_2024"} <= set(counted)
    assert not {"rlfn_team04", "r2net_2024"} & set(counted)
    path.write_text(yaml.safe_dump({**preset, "methods": {**preset["methods"], "counted": {"all_but": ["ntire2042"]}}}))
    with pytest.raises(ResoluteError, match=r"methods\.counted\.all_but: unknown family 'ntire2042': did you mean"):
        presets.resolve("own")


def test_weights_that_serve_several_scales_are_fetched_and_trained_once(checkout: Path) -> None:
    path = Path("workflow/presets/own.yaml")
    preset = yaml.safe_load(Path("workflow/presets/quick.yaml").read_text())
    preset |= {"scales": [2, 4]}
    preset["methods"] |= {"published": ["carn_m"], "trained": ["carn_m"]}
    path.write_text(yaml.safe_dump(preset))
    derived = jobs.derive(presets.resolve("own"))
    assert derived["weights"]["published"].keys() == {"carn_m-x2-4"}
    assert derived["trainings"]["fresh"].keys() == {"carn_m-x2-4-seed0"}
    assert derived["trainings"]["fresh"]["carn_m-x2-4-seed0"]["reads"] == "data/patches/embedded/hr.json"
    assert derived["packs"]["hr"].keys() == {"embedded"}
    evaluated = {**derived["evaluations"]["trained"], **derived["evaluations"]["published"]}
    assert {key: job["weights"] for key, job in evaluated.items()} == {
        f"carn_m-x{scale}-{key}": f"data/weights/{place}.safetensors"
        for scale in (2, 4)
        for key, place in (
            ("embedded", "published/carn_m/paper/x2-4"),
            ("seed0-embedded", "trained/carn_m/x2-4/own-seed0"),
        )
    }


def test_imported_weights_are_evaluated_at_the_scales_that_they_are_here_for(checkout: Path) -> None:
    settings = presets.resolve("quick") | {"scales": [2, 3, 4]}
    settings["methods"] |= {"own": {"pan": ["mine"]}}
    with pytest.raises(
        ResoluteError, match=r"methods\.own\.pan: there are no weights 'mine' .*: `resolute import FILE -"
    ):
        params.check(settings, "params.yaml")
    for scale in (2, 4):
        file = layout.weights(layout.Weights("pan", layout.Span.at(scale), "own-mine"))
        file.parent.mkdir(parents=True)
        file.touch()
    params.check(settings, "params.yaml")
    derived = jobs.derive(settings)
    assert {key: job["weights"] for key, job in derived["evaluations"]["own"].items()} == {
        f"pan-x{scale}-own-mine-embedded": f"data/weights/own/pan/x{scale}/mine.safetensors" for scale in (2, 4)
    }
    assert layout.quality(layout.Run("pan", 4, "own-mine"), "embedded") in params.measurements(settings)
    assert not any("own" in str(path) for path in params.weights_files(settings))  # no job makes them


def test_only_what_some_job_needs_is_reduced_and_packed(checkout: Path) -> None:
    path = Path("workflow/presets/own.yaml")
    preset = yaml.safe_load(Path("workflow/presets/quick.yaml").read_text())
    preset |= {"scales": [2, 3, 4], "data": {"train": ["embedded"], "test": ["set5"]}}
    preset["methods"] |= {"published": ["carn_m"], "trained": ["rlfn_team04", "safmn"], "counted": [], "timed": []}
    preset["recipes"] = {"rlfn_team04": {"data": "bsds500"}, "safmn": {"data": "df2k"}}
    preset["figures"] = {"protocol": "y_basicsr", "photographs": {"brick": {"dataset": "div2k_train", "scale": 8}}}
    path.write_text(yaml.safe_dump(preset))
    settings = presets.resolve("own")
    params.check(settings, "own")
    derived = jobs.derive(settings)
    assert {name: job["data"] for name, job in derived["weights"]["trained"].items()} == {
        "rlfn_team04-x4-seed0": "bsds500",
        **{f"safmn-x{scale}-seed0": "df2k" for scale in (2, 3, 4)},
    }
    assert derived["reductions"]["all"].keys() == {
        "bsds500-x4",
        *(f"{name}-x{scale}" for name in ("div2k_train", "flickr2k", "set5") for scale in (2, 3, 4)),
        "div2k_train-x8",
    }
    assert {group: [*found] for group, found in derived["packs"].items()} == {
        "hr": ["bsds500", "div2k_train"],
        "lr": ["bsds500-x4", "div2k_train-x8"],
        "union_hr": ["df2k"],
        "union_lr": ["df2k-x2", "df2k-x3", "df2k-x4"],
    }
    assert derived["sets"]["original"].keys() == {"bsds500", "div2k_train", "flickr2k", "set5"}


def test_a_set_that_is_made_of_another_brings_what_it_needs_of_that(checkout: Path) -> None:
    path = Path("workflow/presets/own.yaml")
    preset = yaml.safe_load(Path("workflow/presets/bench.yaml").read_text())
    preset["data"]["test"].append("test2k")
    path.write_text(yaml.safe_dump(preset))
    settings = presets.resolve("own")
    params.check(settings, "own")
    assert settings["data"]["splits"]["div8k"] == ["test"]
    made = jobs.derive(settings)["sets"]
    assert "div8k" in made["original"]
    assert made["derived"]["test2k"]["of"] == "div8k"
    settings["data"]["sets"].remove("div8k")
    with pytest.raises(ResoluteError, match=r"has 'test2k': list div8k in data\.sets and data\.splits too"):
        params.check(settings, "own")


def test_a_warm_start_is_from_the_scale_before() -> None:
    trainings = jobs.derive(presets.resolve("bsds"))["trainings"]
    starts = {name: job["start"] for name, job in trainings["warm_started"].items()}
    assert starts == {
        f"seemore_{size}-x{scale}-seed0": f"data/weights/trained/seemore_{size}/x{scale - 1}/bsds-seed0.safetensors"
        for size in "tbl"
        for scale in (3, 4)
    }
    assert {f"seemore_{size}-x2-seed0" for size in "tbl"} < trainings["fresh"].keys()


def scored(checkout: Path, **changes: object) -> dict[str, Any]:
    """A preset that trains ClassSR at x4, with recipes changed."""
    preset = yaml.safe_load(Path("workflow/presets/quick.yaml").read_text()) | {"seeds": [0, 5]}
    preset["methods"] |= {"trained": ["srresnet_tiny", "classsr_tiny", "carn_m"], "counted": [], "timed": []}
    preset["recipes"] = {"classsr_tiny": {"scored_by": "srresnet_tiny"}, **changes}
    Path("workflow/presets/own.yaml").write_text(yaml.safe_dump(preset))
    return presets.resolve("own")


def test_patches_are_scored_by_the_training_of_the_same_seed_where_a_recipe_asks_for_it(checkout: Path) -> None:
    derived = jobs.derive(scored(checkout))
    made = {key: (job["reads"], job["weights"], job["scores"]) for key, job in derived["scores"]["trained"].items()}
    assert made == {
        f"srresnet_tiny-x4-seed{seed}-embedded": (
            "data/patches/embedded/x4.parquet",
            f"data/weights/trained/srresnet_tiny/x4/own-seed{seed}.safetensors",
            f"data/patches/embedded/x4/srresnet_tiny/own-seed{seed}.parquet",
        )
        for seed in (0, 5)
    }
    read = {key: job["scores"] for key, job in derived["trainings"]["scored"].items()}
    assert read == {
        f"classsr_tiny-x4-seed{seed}": f"data/patches/embedded/x4/srresnet_tiny/own-seed{seed}.parquet"
        for seed in (0, 5)
    }
    assert "classsr_tiny-x4-seed0" not in derived["trainings"]["fresh"]
    assert jobs.derive(presets.resolve("quick"))["scores"] == {"trained": {}}


@pytest.mark.parametrize(
    ("recipes", "message"),
    [
        ({"classsr_tiny": {"scored_by": "imdn_tiny"}}, "is 'imdn_tiny': list it in methods.trained too"),
        ({"classsr_tiny": {"scored_by": "classsr_tiny"}}, "is 'classsr_tiny': name a method whose own patches are not"),
        ({"srresnet_tiny": {"scored_by": "classsr_tiny"}}, "name a method whose own patches are not scored"),
        (
            {"classsr_tiny": {"scored_by": "carn_m"}},
            "is 'carn_m', which has to be trained at x4 alone, as classsr_tiny",
        ),
        (
            {"classsr_tiny": {"scored_by": "srresnet_tiny", "warm_start": "smaller_scale"}},
            "is 'srresnet_tiny', and it has a warm_start: leave one of them out",
        ),
    ],
)
def test_a_scorer_that_cannot_be_is_one_line(checkout: Path, recipes: dict[str, Any], message: str) -> None:
    with pytest.raises(ResoluteError, match=rf"^own: recipes\.\w+\.scored_by .*{message}"):
        params.check(scored(checkout, **recipes), "own")


def test_the_recipes_of_the_papers_are_those_of_the_registry(checkout: Path) -> None:
    papers = presets.resolve("paper")
    recipe = papers["recipes"]["seemore_t"]
    assert recipe["schedule"] == {"halve": {"at": [250_000, 400_000, 450_000, 475_000]}}
    plan = make_plan(papers["train"], recipe, "seemore_t")
    assert (plan.iterations, plan.phases[0].batch_size, plan.phases[0].loss.name) == (500_000, 32, "l1_fft")
    assert (recipe["data"], papers["recipes"]["imdn"]["data"]) == ("df2k", "div2k_train")
    assert "data" not in papers["recipes"]["seemore_b"]
    assert papers["data"]["sets"][:2] == ["div2k_train", "flickr2k"]
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
        if spec.table.startswith("official_"):
            matches = [column.measured_match for column in spec.columns if "dataset" in column.measured_match]
            assert {match["dataset"] for match in matches} <= {*asked["data"]["test"]}, spec.path
            protocols = {match["protocol"] for match in matches if match["metric"] in ("psnr", "ssim")}
            assert protocols <= {*asked["evaluate"]["protocols"]}, spec.path


def test_bench_takes_of_later_challenges_the_winners_alone(checkout: Path) -> None:
    bench, series = (presets.resolve(name)["methods"] for name in ("bench", "esr_series"))
    for year in (2023, 2024, 2025):
        figures = measurements.read(layout.published_tables() / f"ntire{year}/table1.csv")
        ranks = figures[figures["metric"].isin(["rank_runtime", "rank_main", "rank_params", "rank_flops"])]
        best = ranks[(ranks["value"] == 1) | ((ranks["metric"] == "rank_main") & (ranks["value"] <= 3))]["method"]
        assert {*best} & {*registry.names()} <= {*bench["published"]}, year
    assert {"rden_2024", "dan_2025", "disp_2026"} <= {*series["published"]} - {*bench["published"]}
    assert bench["counted"] == bench["timed"]


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


def test_what_a_preset_does_not_show_is_nothing(checkout: Path) -> None:
    preset = yaml.safe_load(Path("workflow/presets/quick.yaml").read_text())
    preset["figures"] = {"protocol": "y_basicsr", "photographs": {}}
    Path("workflow/presets/own.yaml").write_text(yaml.safe_dump(preset))
    settings = presets.resolve("own")
    params.check(settings, "params.yaml")
    assert jobs.derive(settings)["maps"]["all"] == jobs.derive(settings)["points"]["all"] == {}


def test_settings_are_shown_of_methods_that_have_some_for_the_first_seed_alone(checkout: Path) -> None:
    settings = presets.resolve("quick")
    settings["seeds"] = [7, 8]
    settings["figures"]["settings"]["cat"] = {"dataset": "embedded", "image": "chelsea", "scale": 4}
    derived = jobs.derive(settings)
    runs = ["wbsr_tiny-x4-seed7", "wbsr_tiny_uniform-x4-seed7", "moeisr_tiny-x4-seed7"]
    assert list(derived["points"]["all"]) == [f"{run}-embedded" for run in runs]
    shown = {f"coffee-{runs[0]}", f"coffee-{runs[2]}", *(f"cat-{run}" for run in runs)}
    assert set(derived["maps"]["all"]) == shown
    assert derived["maps"]["all"][f"cat-{runs[0]}"]["image"] == "chelsea"
    assert list(derived["curves"]["all"]) == ["embedded-x4"]


def test_a_network_is_shown_over_numbers_of_classes_whose_trainings_are_alike_else() -> None:
    settings = presets.resolve("wbsr_classes")
    settings["recipes"]["wbsr_tiny_k20"] = {}
    shown = jobs.derive(settings)["classes"]["all"]
    methods = ["wbsr_tiny", "wbsr_tiny_k2", "wbsr_tiny_k5"]
    assert shown == {
        f"wbsr_tiny-{dataset}-x4": {"dataset": dataset, "scale": 4, "methods": methods} for dataset in ("set14", "b100")
    }
    assert jobs.derive(presets.resolve("wbsr_claims"))["classes"] == {"all": {}}


def test_a_compared_image_that_is_not_kept_is_one_clear_line(checkout: Path) -> None:
    settings = presets.resolve("quick")
    settings["evaluate"]["keep"] = {}
    with pytest.raises(
        ResoluteError, match=r"figures\.comparisons\.coffee shows 'coffee', which evaluate\.keep\.embedded lacks"
    ):
        params.check(settings, "params.yaml")


BROKEN = {
    "no mapping": b"- preset",
    "no YAML": b"preset: [",
    "no text": b"\xff\xfe\x00",
    "twice": b"preset: quick\npreset: bench",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_preset_replaces_broken_params_and_keeps_them_aside(
    checkout: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    right = Path("params.yaml").read_text()
    for number in (1, 2):
        Path("params.yaml").write_bytes(content)
        presets.write("quick")
        assert Path("params.yaml").read_text() == right
        assert Path(f"work/set-aside/params-{number}.yaml").read_bytes() == content
        (line,) = capsys.readouterr().err.splitlines()
        assert line.endswith(f"; it lies in work/set-aside/params-{number}.yaml now")


def test_a_preset_replaces_params_that_are_a_folder_or_are_gone(checkout: Path) -> None:
    right = Path("params.yaml").read_text()
    Path("params.yaml").unlink()
    with pytest.raises(
        ResoluteError, match=r"params\.yaml is not there: mend it, or write a preset with `resolute preset"
    ):
        params.load()
    Path("params.yaml").mkdir()
    with pytest.raises(
        ResoluteError, match=r"params\.yaml is no file: mend it, or write a preset with `resolute preset"
    ):
        params.load()
    presets.write("quick")
    assert Path("params.yaml").read_text() == right
    Path("params.yaml").unlink()
    presets.write("quick")
    assert Path("params.yaml").read_text() == right


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "own.yaml is empty"),
        ("3", "own.yaml: the document: 3 is not of type 'object'"),
        ("preset: other", "'scales' is missing"),
        ("methods: 3", "methods: 3 is not of type 'object'"),
        ("figures: {comparisons: {a: {}}}", "'figures.comparisons.a.dataset' is missing"),
        ("recipes: all", "recipes: 'all' is not valid"),
        ("preset: other", "has no place here"),
    ],
)
def test_a_preset_of_a_wrong_kind_is_one_line(checkout: Path, content: str, message: str) -> None:
    base = yaml.safe_load(Path("workflow/presets/quick.yaml").read_text()) if message != "'scales' is missing" else {}
    changed = yaml.safe_load(content)
    own = {**base, **changed} if isinstance(changed, dict) else changed
    Path("workflow/presets/own.yaml").write_text("" if own is None else yaml.safe_dump(own))
    with pytest.raises(ResoluteError, match=message):
        presets.resolve("own")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("train.iterations", 100.0, r"train\.iterations is 100\.0: write 100, a whole number has no point"),
        ("seeds", [1000.0], r"seeds\.0 is 1000\.0: write 1000"),
        ("seeds", [2**64], r"seeds\.0: 18446744073709551616 is greater than the maximum of 4294967295"),
        ("scales", [4.0], r"scales\.0 is 4\.0: write 4"),
        ("scales", [1e300], r"scales\.0"),
        ("train.threads", 100_000, r"train\.threads: 100000 is greater than the maximum of 1024"),
        ("profile.lr_size", "999999999x1", r"profile\.lr_size: '?999999999x1'? does not match"),
        ("preset", "x" * 256, r"preset: .* is too long"),
        ("preset", "quick\n", r"preset: .* does not match"),
        ("figures.photographs", {"x" * 256: {"dataset": "embedded", "scale": 4}}, r"photographs: .* is too long"),
        ("figures.photographs", {"a": {"dataset": "nosuch", "scale": 4}}, r"photographs\.a: unknown data set 'nosuch'"),
        (
            "figures.settings",
            {"a": {"dataset": "set5", "image": "baby", "scale": 4}},
            r"figures\.settings\.a: data\.test lacks set5, where nothing is evaluated then: list it there",
        ),
        (
            "figures.settings",
            {"a": {"dataset": "embedded", "image": "coffee", "scale": 2}},
            r"figures\.settings\.a: scales lacks 2, where",
        ),
        (
            "figures.gains.wbsr.over",
            "rlfn_tyni",
            r"figures\.gains\.wbsr\.over: 'rlfn_tyni' is neither in methods\.published nor own nor trained: did you",
        ),
        ("figures.comparisons.coffee.methods", ["rlfn"], r"figures\.comparisons\.coffee\.methods: 'rlfn' is neither"),
        ("figures.protocol", "psnr", r"figures\.protocol is 'psnr': known are"),
        (
            "data.splits",
            {"embedded": ["train", "test", "tset"]},
            r"data\.splits\.embedded: no split 'tset': did you mean",
        ),
        ("recipes.rlfn_tiny", {"phases": [{"phases": [{}]}]}, r"unknown key 'recipes\.rlfn_tiny\.phases\.0\.phases'"),
        (
            "recipes.rlfn_tiny",
            {"phases": [{"warm_start": "smaller_scale"}]},
            r"unknown key 'recipes\.rlfn_tiny\.phases\.0\.warm_start'",
        ),
        ("train.learning_rate", 10**400, r"train\.learning_rate: 1000*\.\.\. is greater than the maximum"),
    ],
)
def test_values_out_of_range_are_one_line(checkout: Path, key: str, value: object, message: str) -> None:
    settings = presets.resolve("quick")
    *folders, last = key.split(".")
    place = settings
    for folder in folders:
        place = place[folder]
    place[last] = value
    with pytest.raises(ResoluteError, match=message) as refused:
        params.check(settings, "params.yaml")
    assert str(refused.value).isprintable() and len(str(refused.value)) < 400


def test_jobs_that_cannot_be_read_name_the_command_that_writes_them(checkout: Path) -> None:
    jobs.path().unlink()
    with pytest.raises(ResoluteError, match=r"jobs\.yaml is not there: run `resolute jobs`"):
        jobs.check(params.load())
    jobs.path().write_bytes(b"\xff")
    with pytest.raises(ResoluteError, match=r"jobs\.yaml is not UTF-8"):
        jobs.check(params.load())


def test_what_is_set_aside_replaces_an_older_one_only_when_it_is_on_the_disk(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = checkout / "reports/measurements/quality/rlfn_tiny/x4/quick-seed0/embedded.parquet"
    aside = checkout / "work/set-aside" / kept.relative_to(checkout)
    for path, content in ((kept, "new"), (aside, "old")):
        path.parent.mkdir(parents=True)
        path.write_text(content)
    calls = recorded(monkeypatch)
    presets.write("bench")
    assert aside.read_text() == "new"
    moved = calls.index(Call("replace", kept, aside))
    assert Call("sync", kept) in calls[:moved]
    assert {Call("sync", kept.parent), Call("sync", aside.parent)} <= set(calls[moved:])
