"""What the page says of trainings: seeds, budgets, losses, and what they do not show."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.report.conftest import Page, cost, quality, training

THREE_SEEDS = [
    *quality("bicubic", "published-matlab", 28.0),
    *quality("rlfn_tiny", "quick-seed0", 28.7, seed=0),
    *quality("rlfn_tiny", "quick-seed1", 28.8, seed=1),
    *quality("rlfn_tiny", "quick-seed2", 28.9, seed=2),
]


def test_seeds_of_a_preset_are_one_result(report: Callable[..., str]) -> None:
    lucky = quality("imdn_tiny", "quick-seed0", 28.85)
    page = report([*THREE_SEEDS, *lucky, *cost("rlfn_tiny", 1e9)])
    table = page[(start := page.index('<table class="quality sortable">')) : page.index("</table>", start)]
    assert re.findall(r'class="psnr">([^<]+)', table) == ["28.00", "28.85", "28.80 ± 0.10"]
    assert re.findall(r"<small>(trained[^<]+)<", table) == [
        "trained here (quick, 1 seed)",
        "trained here (quick, 3 seeds)",
    ]
    assert "+0.85 dB IMDN tiny, trained in this run, gains most" in " ".join(Page(page).text.split())
    choices = json.loads(next(script for script in Page(page).scripts if script.startswith("{")))
    _, several = choices["groups"][0]["rows"]
    assert several["weights"] == "trained here (quick, 3 seeds)"
    assert several["quality"]["y_basicsr"]["psnr"] == pytest.approx(28.8)
    assert several["spread"]["y_basicsr"]["psnr"] == pytest.approx(0.1)
    assert choices["groups"][0]["rows"][0]["spread"] == {}


def test_the_headline_says_over_how_many_seeds(report: Callable[..., str]) -> None:
    text = " ".join(Page(report(THREE_SEEDS)).text.split())
    assert "+0.80 dB RLFN tiny, trained in this run (mean of 3 seeds, ± 0.10 dB), gains most" in text


def test_time_and_energy_of_a_training_are_told(report: Callable[..., str]) -> None:
    text = " ".join(Page(report()).text.split())
    assert "RLFN tiny, x4 0 800 8 32 l1 3 min 20 s not readable 2.50 Wh" in text


CAVEAT = "it shows that the pipeline works, not which network is best."


def test_unequal_trainings_are_owned_up_to_beside_every_answer(report: Callable[..., str]) -> None:
    text = " ".join(Page(report()).text.split())
    said = f"Trained here for 800 steps of 8 patches (IMDN tiny: 400 of 4), 1 seed, 2 test images: {CAVEAT}"
    assert text.count(said) == 2
    assert "8 patches, 3 seeds, 2 test images" in Page(report(THREE_SEEDS)).text


def test_the_papers_own_weights_and_recipes_need_no_caveat(report: Callable[..., str]) -> None:
    def page(weights: str, recipe: str) -> str:
        rows = quality("rlfn_tiny", weights, 28.7)
        return report([*quality("bicubic", "published-matlab", 28.0), *({**row, "recipe": recipe} for row in rows)])

    assert CAVEAT not in page("published-ntire2022", "")
    assert CAVEAT not in page("mine-seed0", "paper")
    assert CAVEAT in page("paper-seed0", "other training data")


def test_losses_of_different_kinds_have_charts_of_their_own(report: Callable[..., str], project: Path) -> None:
    (project / "training_b.json").write_text(json.dumps({**training("IMDN"), "run": "imdn_tiny/x4/quick-seed0"}))
    page = Page(report(figures=["training_a.json", "training_b.json"]))
    charts = [value for _, name, value in page.attributes if name == "data-loss"]
    assert charts == ["l1", "l1_fft"]
