"""The figure of chosen experts: it counts every image, and its mean cost is that of the choices."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from resolute import datasets, measurements, registry
from resolute.core.layout import FIGURE_FORMATS, Run
from resolute.figures import draw_routing
from resolute.figures.routing import choices, histogram, mean_macs, published_histogram, routing

REPOSITORY = Path(__file__).parents[2]
RANKS = (2, 4, 8)
RUN = Run("seemore_t", 4.0, "quick-seed0")
# By data set and image: the rank that each of three groups takes, and the difficulty.
CHOSEN = {
    "set5": {"baby": ([2, 8, 4], 30.0), "bird": ([2, 2, 4], 20.0), "woman": ([8, 8, 8], 50.0)},
    "set14": {"zebra": ([4, 4, 4], 60.0), "comic": ([2, 4, 8], 70.0)},
}


# What the authors' network chooses: images that take each rank, by group.
PUBLISHED = {"group1": (3, 0, 0), "group2": (0, 2, 1), "group3": (1, 1, 1)}


def rows(dataset: str) -> list[dict[str, Any]]:
    described = {"source": "measured", "method": RUN.method, "scale": RUN.scale, "weights": RUN.weights}
    found = []
    for image, (ranks, difficulty) in CHOSEN[dataset].items():
        measured = [{"metric": "difficulty", "value": difficulty}, {"metric": "psnr", "protocol": "y", "value": 30.0}]
        measured += [
            {"setting": f"group{group}", "metric": "expert_rank", "value": float(rank)}
            for group, rank in enumerate(ranks, start=1)
        ]
        found += [{**described, "dataset": dataset, "image": image, **row} for row in measured]
    return found


@pytest.fixture
def measured(project: Path) -> list[Path]:
    paths = [project / f"reports/{name}.parquet" for name in (*CHOSEN, "cost")]
    for path, dataset in zip(paths, CHOSEN, strict=False):
        measurements.write(path, rows(dataset))
    described = {"source": "measured", "method": RUN.method, "scale": RUN.scale, "setting": "lr320x180"}
    bounds = [{"metric": "macs_lowest", "value": 10e9}, {"metric": "macs", "value": 16e9}]
    measurements.write(paths[-1], [{**described, "protocol": "macs", **bound} for bound in bounds])
    return paths


def published_rows(dataset: str, scale: float) -> list[dict[str, Any]]:
    described = {"source": "seemore", "method": RUN.method, "scale": scale, "weights": "paper", "dataset": dataset}
    return [
        {**described, "setting": group, "metric": f"images_rank{rank}", "value": float(count)}
        for group, counts in PUBLISHED.items()
        for rank, count in zip(RANKS, counts, strict=True)
    ]


def test_every_choice_is_counted_once() -> None:
    chosen = choices(measurements.frame(rows("set5")))
    assert chosen.loc[["baby"]].to_numpy().tolist() == [[2, 8, 4]]
    counted = histogram(chosen, RANKS)
    assert counted.to_numpy().tolist() == [[2, 0, 1], [1, 0, 2], [0, 2, 1]]
    assert (counted.sum(axis=1) == 3).all()


def test_groups_stay_in_the_networks_order() -> None:
    """As text, group 10 would come before group 2."""
    frame = measurements.frame(
        {"image": "a", "setting": f"group{group}", "metric": "expert_rank", "value": 2.0} for group in range(1, 17)
    )
    assert list(choices(frame)) == [f"group{group}" for group in range(1, 17)]


@pytest.mark.parametrize(
    ("ranks", "expected"), [([2, 2], 10.0), ([8, 8], 16.0), ([2, 8], 13.0), ([4, 4], 12.0), ([4, 8], 14.0)]
)
def test_the_mean_cost_is_between_the_bounds_as_the_ranks_are(ranks: list[int], expected: float) -> None:
    assert mean_macs(pd.DataFrame([ranks]), RANKS, 10.0, 16.0) == pytest.approx(expected)


def test_the_figure_shows_all_data_sets_and_says_what_they_cost(measured: list[Path]) -> None:
    draw_routing("seemore_t-x4-seed0", RUN, measured)
    files = {form: Path(f"reports/figures/routing_seemore_t-x4-seed0.{form}") for form in FIGURE_FORMATS}
    root = ElementTree.parse(files["svg"]).getroot()
    text = " ".join(root.itertext())
    for part in ("Set5, 3 images", "Set14, 2 images", "rank 2", "rank 8", "residual group", "rank correlation 1.00"):
        assert part in text
    caption = root.findtext(".//{http://purl.org/dc/elements/1.1/}description", "")
    assert "Set5 13.11 G (10.00 to 16.00 G) at LR 320x180" in caption
    first = {form: path.read_bytes() for form, path in files.items()}
    draw_routing("seemore_t-x4-seed0", RUN, measured)
    assert {form: path.read_bytes() for form, path in files.items()} == first


def test_the_authors_choices_stand_beside_ours_on_the_same_data_set_and_scale(measured: list[Path]) -> None:
    published = Path("reports/routing.parquet")
    measurements.write(published, [*published_rows("set5", RUN.scale), *published_rows("set14", 2.0)])
    draw_routing("seemore_t-x4-seed0", RUN, measured, [published])
    root = ElementTree.parse("reports/figures/routing_seemore_t-x4-seed0.svg").getroot()
    assert "the authors' network" in " ".join(root.itertext())
    caption = root.findtext(".//{http://purl.org/dc/elements/1.1/}description", "")
    assert "hatched bars (Set5) are those of the authors' own network, read off their poster" in caption
    assert "but of a network trained here" in caption


def test_bars_are_as_high_as_the_counts_of_both(project: Path) -> None:
    theirs = published_histogram(measurements.frame(published_rows("set5", RUN.scale)), "set5", RANKS)
    assert theirs.to_numpy().tolist() == [list(counts) for counts in PUBLISHED.values()]
    ours = measurements.frame(rows("set5"))
    figure, _ = routing(ours, ours[:0], measurements.frame(published_rows("set5", RUN.scale)), RANKS, "")
    bars = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    heights = {
        hatched: [bar.get_height() for bar in bars if bool(bar.get_hatch()) is hatched] for hatched in (False, True)
    }
    assert heights[False] == histogram(choices(ours), RANKS).T.to_numpy().ravel().tolist()
    assert heights[True] == theirs.T.to_numpy().ravel().tolist()
    places = {hatched: {bar.get_x() for bar in bars if bool(bar.get_hatch()) is hatched} for hatched in (False, True)}
    assert len(places[False]) == len(places[True]) == len(PUBLISHED)
    assert places[False].isdisjoint(places[True])


def test_every_image_of_the_poster_takes_one_expert_in_every_group() -> None:
    found = measurements.read(REPOSITORY / "data/published/seemore/routing.csv")
    assert set(found["method"]) == {"seemore_t"}
    for (scale, dataset), own in found.groupby(["scale", "dataset"]):
        counted = published_histogram(own, dataset, registry.entry("seemore_t").ranks)
        assert list(counted.index) == [f"group{group}" for group in range(1, 7)], (scale, dataset)
        assert (counted.sum(axis=1) == datasets.entry(dataset).splits["test"].images).all(), (scale, dataset)


def test_without_a_cost_the_figure_tells_the_choices_alone(measured: list[Path]) -> None:
    draw_routing("seemore_t-x4-seed0", RUN, measured[:-1])
    assert "multiply-adds" not in Path("reports/figures/routing_seemore_t-x4-seed0.svg").read_text()
