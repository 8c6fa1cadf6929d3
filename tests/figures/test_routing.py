"""The figure of chosen experts: it counts every image, and its mean cost is that of the choices."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from matplotlib.patches import Rectangle

from resolute import datasets, measurements, registry
from resolute.core.layout import FIGURE_FORMATS, Run
from resolute.figures import draw_routing
from resolute.figures.routing import choices, routing, spent

REPOSITORY = Path(__file__).parents[2]
EXPERTS = ("rank2", "rank4", "rank8")
RUN = Run("seemore_t", 4.0, "quick-seed0")
# By data set and image: the rank that each of three groups takes, the multiply-adds (G) of the image and of the
# costliest way for it, and the difficulty.
CHOSEN = {
    "set5": {
        "baby": ([2, 8, 4], 7.0, 8.0, 30.0),
        "bird": ([2, 2, 4], 1.0, 2.0, 20.0),
        "woman": ([8, 8, 8], 6.0, 6.0, 50.0),
    },
    "set14": {"zebra": ([4, 4, 4], 3.0, 4.0, 60.0), "comic": ([2, 4, 8], 9.0, 10.0, 70.0)},
}


# What the authors' network chooses: images that take each rank, by group.
PUBLISHED = {"group1": (3, 0, 0), "group2": (0, 2, 1), "group3": (1, 1, 1)}


def rows(dataset: str) -> list[dict[str, Any]]:
    described = {"source": "measured", "method": RUN.method, "scale": RUN.scale, "weights": RUN.weights}
    found = []
    for image, (ranks, macs, full, difficulty) in CHOSEN[dataset].items():
        measured = [{"metric": "difficulty", "value": difficulty}, {"metric": "psnr", "protocol": "y", "value": 30.0}]
        measured += [{"metric": "macs", "value": macs * 1e9}, {"metric": "macs_full", "value": full * 1e9}]
        measured += [
            {"place": f"group{group}", "metric": f"chosen_rank{rank}", "value": 1.0}
            for group, rank in enumerate(ranks, start=1)
        ]
        found += [{**described, "dataset": dataset, "image": image, **row} for row in measured]
    return found


@pytest.fixture
def measured(project: Path) -> list[Path]:
    paths = [project / f"reports/{name}.parquet" for name in (*CHOSEN, "cost")]
    for path, dataset in zip(paths, CHOSEN, strict=False):
        measurements.write(path, rows(dataset))
    described = {"source": "measured", "method": RUN.method, "scale": RUN.scale, "lr_size": "320x180"}
    bounds = [{"metric": "macs_lowest", "value": 10e9}, {"metric": "macs", "value": 16e9}]
    measurements.write(paths[-1], [{**described, "protocol": "macs", **bound} for bound in bounds])
    return paths


def published_rows(dataset: str, scale: float) -> list[dict[str, Any]]:
    described = {"source": "seemore", "method": RUN.method, "scale": scale, "weights": "paper", "dataset": dataset}
    return [
        {**described, "place": group, "metric": f"chosen_{expert}", "value": float(count)}
        for group, counts in PUBLISHED.items()
        for expert, count in zip(EXPERTS, counts, strict=True)
    ]


def test_every_choice_is_counted_once() -> None:
    chosen = choices(measurements.frame(rows("set5")), EXPERTS)
    thirds = [[2, 0, 1], [1, 0, 2], [0, 2, 1]]
    assert (chosen.to_numpy() * 3 / 100).round(9).tolist() == thirds
    assert list(chosen.columns) == list(EXPERTS)


def test_an_images_share_is_of_its_own_costliest_way() -> None:
    measured = [row for row in rows("set5") if row["metric"] in ("macs", "macs_full")]
    assert spent(measurements.frame(measured)).to_dict() == {"baby": 87.5, "bird": 50.0, "woman": 100.0}


def test_two_settings_of_a_method_have_panels_of_their_own() -> None:
    low, high = ([{**row, "setting": setting} for row in rows("set5")] for setting in ("low", "high"))
    figure, _ = routing(measurements.frame([*low, *high]), measurements.frame([]), measurements.frame([]), EXPERTS, "")
    assert [axes.get_title() for axes in figure.axes[::2]] == ["Set5, low, 3 images", "Set5, high, 3 images"]


def test_groups_stay_in_the_networks_order() -> None:
    """As text, group 10 would come before group 2."""
    frame = measurements.frame(
        {"image": "a", "place": f"group{group}", "metric": "chosen_rank2", "value": 2.0} for group in range(1, 17)
    )
    assert list(choices(frame, EXPERTS).index) == [f"group{group}" for group in range(1, 17)]


@pytest.mark.slow
def test_the_figure_shows_all_data_sets_and_says_what_they_cost(measured: list[Path]) -> None:
    draw_routing("seemore_t-x4-seed0", RUN, measured)
    files = {form: Path(f"reports/figures/routing_seemore_t-x4-seed0.{form}") for form in FIGURE_FORMATS}
    root = ElementTree.parse(files["svg"]).getroot()
    text = " ".join(root.itertext())
    for part in ("Set5, 3 images", "Set14, 2 images", "rank2", "rank8", "group", "rank correlation 1.00"):
        assert part in text
    caption = root.findtext(".//{http://purl.org/dc/elements/1.1/}description", "")
    # 14 G of the 16 G that the costliest way takes for the same three images
    assert "Set5 14.00 G (10.00 to 16.00 G) at LR 320x180" in caption
    first = {form: path.read_bytes() for form, path in files.items()}
    draw_routing("seemore_t-x4-seed0", RUN, measured)
    assert {form: path.read_bytes() for form, path in files.items()} == first


@pytest.mark.slow
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
    theirs = choices(measurements.frame(published_rows("set5", RUN.scale)), EXPERTS)
    assert (theirs.to_numpy() * 3 / 100).round(9).tolist() == [list(counts) for counts in PUBLISHED.values()]
    ours = measurements.frame(rows("set5"))
    figure, _ = routing(ours, ours[:0], measurements.frame(published_rows("set5", RUN.scale)), EXPERTS, "")
    bars = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)]
    heights = {
        hatched: [bar.get_height() for bar in bars if bool(bar.get_hatch()) is hatched] for hatched in (False, True)
    }
    assert heights[False] == choices(ours, EXPERTS).T.to_numpy().ravel().tolist()
    assert heights[True] == pytest.approx(theirs.T.to_numpy().ravel().tolist())
    places = {hatched: {bar.get_x() for bar in bars if bool(bar.get_hatch()) is hatched} for hatched in (False, True)}
    assert len(places[False]) == len(places[True]) == len(PUBLISHED)
    assert places[False].isdisjoint(places[True])


def test_every_image_of_the_poster_takes_one_expert_in_every_group() -> None:
    found = measurements.read(REPOSITORY / "data/published/seemore/routing.csv")
    assert set(found["method"]) == {"seemore_t"}
    for (scale, dataset), own in found.groupby(["scale", "dataset"]):
        assert list(own["place"].unique()) == [f"group{group}" for group in range(1, 7)], (scale, dataset)
        assert set(own["metric"]) == {f"chosen_{expert}" for expert in registry.entry("seemore_t").experts}
        images = datasets.entry(str(dataset)).splits["test"].images
        assert own.groupby("place")["value"].sum().eq(images).all(), dataset


def test_without_a_cost_the_figure_tells_the_choices_alone(measured: list[Path]) -> None:
    draw_routing("seemore_t-x4-seed0", RUN, measured[:-1])
    assert "Mean multiply-adds" not in Path("reports/figures/routing_seemore_t-x4-seed0.svg").read_text()
