"""Drawing and writing all figures."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from resolute import measurements, registry
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.layout import Run, Weights
from resolute.core.provenance import file_sha256
from resolute.core.reading import reading, remade_by
from resolute.figures.comparison import Beside, View, as_data, strip
from resolute.figures.crops import Crop, choose_crop, enlarged
from resolute.figures.difficulty import histogram, histogram_data, overlay, read_index, scores
from resolute.figures.routing import routing
from resolute.figures.shares import shares_over_scales
from resolute.figures.style import save, save_data, style
from resolute.figures.tradeoff import tradeoff
from resolute.figures.training import read_log, thinned, training_curve
from resolute.images.files import read_image, to_rgb
from resolute.images.imresize import crop_to_multiple
from resolute.images.zipped import unzip_image
from resolute.measurements import titles
from resolute.measurements.tradeoff import COSTS


@dataclass(frozen=True)
class Photograph:
    """An image of a data set whose patches are shown.

    `name` is its name in the data set's patch index `patches`, `file` its HR (or LR) image.
    """

    dataset: str
    name: str
    file: Path
    patches: Path


@dataclass(frozen=True)
class Comparison:
    """An image of a data set, of which methods are compared on a crop.

    `file` is the HR image, or the LR image where it has no original; `archives` are the runs' SR images of the data
    set; without a `crop`, the methods choose it.
    """

    name: str
    dataset: str
    image: str
    scale: float
    file: Path
    archives: Mapping[Run, Path]
    crop: Crop | None = None
    has_original: bool = True

    def beside(self) -> Beside:
        """What the methods' images stand beside, and are as large as."""
        image = read_image(self.file)
        pixels = crop_to_multiple(image, self.scale) if self.has_original else enlarged(image, self.scale)
        return Beside(to_rgb(pixels), self.has_original)


def draw_tradeoff(measured: Sequence[Path], protocol: str) -> None:
    """Write `reports/figures/psnr_{macs,params,latency}.{svg,png,pdf}`: quality against cost.

    Args:
        measured: the measurement files of the runs to plot.
        protocol: the evaluation protocol of the PSNRs.

    Raises:
        ResoluteError: a file is not there.
    """
    means = measurements.over_seeds(measurements.at_own_size(measurements.means(measurements.read(*measured))))
    timing = titles.timing(measured)
    with style():
        for name, cost in COSTS.items():
            save(f"psnr_{name}", f"PSNR against {cost.words}", *tradeoff(means, protocol, cost, timing))


def draw_patches(photograph: Photograph) -> None:
    """Write `patch_categories_<name>`, `patch_difficulty_<name>` and `patch_scores_<name>`: how hard a photograph's
    patches and those of its data set are.

    Raises:
        ResoluteError: a file is not there, or the patch index has no such image.
    """
    if not photograph.patches.is_file():
        name = layout.relative(photograph.patches)
        raise ResoluteError(f"{name} is not there: run `resolute patches {photograph.dataset}`")
    title = titles.dataset_title(photograph.dataset)
    pixels = to_rgb(read_image(photograph.file))
    with reading(photograph.patches):
        index = read_index(photograph.patches, photograph.name, max(pixels.shape))
    with style():
        categories = overlay(index, pixels, photograph.name, title)
        save(f"patch_categories_{photograph.name}", "Patch categories on a photograph", *categories)
        save(f"patch_scores_{photograph.name}", "What patches are told by", *scores(index, title))
        save(f"patch_difficulty_{photograph.name}", "Difficulty of patches", *histogram(index, title))
        save_data(f"patch_difficulty_{photograph.name}", histogram_data(index, title))


def draw_training(name: str, trained: Weights, steps: int) -> None:
    """Write `training_<name>`: the loss of a training over its so many steps, and the curve as JSON.

    Raises:
        ResoluteError: its log is not there, or is not that of the whole training.
    """
    path = layout.training_log(trained)
    if not path.is_file():
        raise ResoluteError(f"{layout.relative(path)} is not there: run `resolute train {trained.method}`")
    with reading(path):
        log = thinned(read_log(path, steps))
    title = f"{titles.method_title(trained.method)}, {trained.span}, {trained.name}"
    with style():
        figure, caption = training_curve(log, title)
        save(f"training_{name}", "Training loss", figure, caption)
    curve = {"step": log["step"].round(1).tolist(), "loss": [float(f"{value:.4g}") for value in log["loss"]]}
    save_data(f"training_{name}", {"run": str(trained), "title": title, **curve})


def draw_routing(name: str, run: Run, measured: Sequence[Path], published: Sequence[Path] = ()) -> None:
    """Write `routing_<name>`: which experts a run chooses on each data set, beside the authors' where they tell.

    Args:
        name: of the figure.
        run: of a method that chooses experts.
        measured: the measurement files, those of the run among them.
        published: files with what the papers' own networks choose.

    Raises:
        ResoluteError: a file is not there.
    """
    own, theirs = (
        rows[(rows["method"] == run.method) & (rows["scale"] == run.scale)]
        for rows in (measurements.read(*measured), measurements.read(*published))
    )
    quality, costs = own[own["weights"] == run.weights], own[own["weights"] == ""]
    title = f"{titles.method_title(run.method)}, x{run.scale:g}, {run.weights}"
    with style():
        figure, caption = routing(quality, costs, theirs, registry.entry(run.method).experts, title)
        save(f"routing_{name}", f"Experts chosen by {title}", figure, caption)


def draw_shares(name: str, weights: Weights, measured: Sequence[Path]) -> None:
    """Write `shares_<name>`: which experts one set of weights chooses at each scale, at its method's default setting.

    Raises:
        ResoluteError: a file is not there.
    """
    entry, rows = registry.entry(weights.method), measurements.read(*measured)
    own = rows[(rows["method"] == weights.method) & (rows["weights"] == weights.name)]
    own = own[(own["setting"] == entry.setting()) & (own["dataset"] != "")]
    title = f"{titles.method_title(weights.method, entry.setting())}, {weights.span}, {weights.name}"
    with style():
        figure, caption = shares_over_scales(own, entry.experts, weights.span, title)
        save(f"shares_{name}", f"Experts chosen over scales by {title}", figure, caption)


def draw_comparison(comparison: Comparison, measured: Sequence[Path], protocol: str) -> None:
    """Write `comparison_<name>`: a crop of every method beside the original, or the LR image, and the crops as JSON.

    Args:
        comparison: what to compare.
        measured: the measurement files of the runs.
        protocol: the evaluation protocol of the PSNRs shown.

    Raises:
        ResoluteError: a file is not there, an archive lacks the image or is of another run, or the crop lies outside.
    """
    protocol = protocol if comparison.has_original else ""
    rows = measurements.read(*measured)
    rows = rows[(rows["image"] == comparison.image) & (rows["dataset"] == comparison.dataset)]
    rows = rows[(rows["metric"] == "psnr") & (rows["protocol"] == protocol) & (rows["scale"] == comparison.scale)]
    # The images kept are those of each method's default setting.
    psnr = {
        (row["method"], row["weights"]): float(row["value"])
        for row in measurements.records(rows)
        if row["setting"] == registry.entry(row["method"]).setting()
    }
    beside = comparison.beside()
    for run, path in comparison.archives.items():
        if (rows_of := layout.quality(run, comparison.dataset)) in measured:
            _check_kept(path, rows_of)
    views = [
        View(
            run.method,
            titles.method_title(run.method, weights=run.weights),
            run.weights,
            _result(path, comparison.image, beside.pixels),
            *_shown(psnr.get((run.method, run.weights))),
        )
        for run, path in comparison.archives.items()
    ]
    views.sort(key=lambda view: (view.method != measurements.BASELINE, not view.equal, -(view.psnr or 0), view.method))
    crop = comparison.crop or choose_crop([view.pixels for view in views] or [beside.pixels])
    height, width = beside.pixels.shape[:2]
    if crop.left + crop.width > width or crop.top + crop.height > height or 0 in crop[2:]:
        where = f"figures.comparisons.{comparison.name}.crop"
        raise ResoluteError(f"{where}: {[*crop]} is no part of {comparison.image}, {width}x{height}")
    subject = f"{comparison.image} ({titles.dataset_title(comparison.dataset)}, x{comparison.scale:g})"
    with style():
        figure, caption = strip(beside, views, crop, subject, protocol)
        save(f"comparison_{comparison.name}", f"Methods compared on {subject}", figure, caption)
        data = {"subject": subject, "protocol": protocol, **as_data(beside, views, crop)}
    save_data(f"comparison_{comparison.name}", data)


def _result(path: Path, image: str, beside: np.ndarray) -> np.ndarray:
    """An SR image of an archive, as large as what it stands beside."""
    sr = unzip_image(path, image)
    with reading(path):
        if sr.shape != beside.shape:
            raise ValueError(f"its '{image}' is {sr.shape[1]}x{sr.shape[0]}, not {beside.shape[1]}x{beside.shape[0]}")
    return sr


def _check_kept(path: Path, measured: Path) -> None:
    """Refuse an archive that is not the one whose images were measured."""
    with reading(path):
        kept = file_sha256(path)
    if measurements.read_provenance(measured).get("images_sha256") != kept:
        what = f"{layout.relative(path)} does not hold the images that {layout.relative(measured)} measured"
        raise ResoluteError(f"{what}: {remade_by(path)}")


def _shown(psnr: float | None) -> tuple[float | None, bool]:
    """A measured PSNR and whether the image equals the original, of which the long form has null."""
    is_equal = psnr is not None and math.isnan(psnr)
    return (None if is_equal else psnr), is_equal
