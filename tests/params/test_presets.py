"""Presets and what they set aside."""

from pathlib import Path

import yaml

from resolute import params
from resolute.params import presets


def test_all_means_every_method_that_fits(checkout: Path) -> None:
    bench = presets.resolve("bench")
    assert set(bench["runs"]["published"]) >= {"imdn_baseline-x4", "rfdn_baseline-x4", "rlfn_team04-x4"}
    assert list(bench["runs"]["baseline"]) == ["bicubic-x4"]
    assert bench["runs"]["trained"] == {}
    assert len(bench["evaluations"]["published"]) == 4 * len(bench["runs"]["published"])
    assert "bicubic-x4" not in bench["costs"]


def test_seeds_and_scales_become_runs(checkout: Path) -> None:
    path = Path("workflow/presets/own.yaml")
    preset = yaml.safe_load(Path("workflow/presets/quick.yaml").read_text())
    path.write_text(yaml.safe_dump({**preset, "seeds": [0, 7], "scales": [2, 4]}))
    own = presets.resolve("own")
    assert len(own["runs"]["trained"]) == 3 * 2 * 2
    assert own["runs"]["trained"]["rlfn_tiny-x2-seed7"]["seed"] == 7
    assert own["runs"]["baseline"].keys() == {"bicubic-x2", "bicubic-x4"}


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
