"""Where every artefact lies: the one map that the stages, the command line and the report share.

The rules in `workflow/rules/` spell the same paths as patterns. All paths are relative to the project
root, the folder that holds `params.yaml`.
"""

import os
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import platformdirs

from resolute.core.errors import ResoluteError

TABLE_FORMATS = ("csv", "md", "tex", "html")
LARGEST_SCALE = 64  # of params (`workflow/schemas/params.schema.json`), commands and methods alike
FIGURE_FORMATS = ("svg", "png", "pdf")


_outside: Path | None = None


def work_outside() -> None:
    """Let this process do without a checkout: what it fetches lies in the user's cache then."""
    global _outside
    _outside = platformdirs.user_cache_path("resolute")


def project_root() -> Path:
    """The nearest folder at or above the working directory that holds `params.yaml`, or presets to write it from."""
    here = os.getcwd()  # noqa: PTH109 - a path of its own, thousands of times, is slow
    for folder, settings, presets in _upwards(here):
        if settings.is_file() or presets.is_dir():
            return folder
    if _outside:
        return _outside
    raise ResoluteError(f"no params.yaml in {here} or above it: run resolute inside a checkout of the project")


@cache
def _upwards(here: str) -> tuple[tuple[Path, Path, Path], ...]:
    """A folder and those above it, each with the two places of which the project's root has one."""
    folders = Path(here), *Path(here).parents
    return tuple((folder, folder / "params.yaml", folder / "workflow/presets") for folder in folders)


def relative(path: Path) -> str:
    """The path as users see it: relative to the project root where it lies inside."""
    try:
        root = project_root()
    except ResoluteError:
        return str(path)
    return os.path.relpath(path, root) if path.is_relative_to(root) else str(path)


def scale_name(scale: float) -> str:
    """`x4`, `x3.7`: as short as it goes."""
    return f"x{scale:g}"


@dataclass(frozen=True, order=True)
class Span:
    """The scales that a set of weights is made at: one (`x4`), or all from one to another (`x1-4`)."""

    low: float
    high: float

    def __str__(self) -> str:
        return scale_name(self.low) if self.is_single else f"{scale_name(self.low)}-{self.high:g}"

    @property
    def is_single(self) -> bool:
        return self.low == self.high

    @classmethod
    def at(cls, scale: float) -> "Span":
        """That of one scale."""
        return cls(scale, scale)

    @classmethod
    def parse(cls, text: str) -> "Span":
        """The span that `x4` or `x1-4` names.

        Raises:
            ValueError: it names none.
        """
        low, _, high = text.removeprefix("x").partition("-")
        return cls(float(low), float(high or low))


@dataclass(frozen=True, order=True)
class Weights:
    """One set of weights of a method: `<method>/<span>/<name>`.

    `name` is `published-<tag>`, `<preset>-seed<n>` or, of a file that was imported, `own-<name>`; of a file that is
    given by its path, `<stem>@<8 digits of its sha256>`, which nothing that the workflow makes is called. `file` is
    that file; absent where the name tells its place.
    """

    method: str
    span: Span
    name: str
    file: Path | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.method}/{self.span}/{self.name}"

    @property
    def is_published(self) -> bool:
        return self.name.startswith("published-") and not self.is_given

    @property
    def is_given(self) -> bool:
        """Whether they are a file that somebody gave, and not what the workflow makes."""
        return "@" in self.name

    @property
    def is_own(self) -> bool:
        """Whether they were imported from a file of somebody's own (`resolute import`)."""
        return own_name(self.name) != ""

    @property
    def seed(self) -> int | None:
        """The seed of their training; None where the workflow has not trained them."""
        match = re.fullmatch(r"[a-z0-9_]+-seed([0-9]{1,10})", self.name)
        return int(match[1]) if match else None


@dataclass(frozen=True, order=True)
class Run:
    """A set of weights, by its name, at one scale: `<method>/x<scale>/<weights>`. What measurements are of."""

    method: str
    scale: float
    weights: str
    file: Path | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.method}/{scale_name(self.scale)}/{self.weights}"


def own_name(weights: str) -> str:
    """What weights of the name `own-<name>` were imported as; empty for all others. `own-seed<n>` is a training's."""
    match = re.fullmatch(r"own-(?!seed[0-9]{1,10}$)([a-z0-9_]+)", weights)
    return match[1] if match else ""


def sources_folder() -> Path:
    return project_root() / "data/sources"


def sources(stage: str, method: str = "") -> Path:
    """The list of the source files that a stage runs, for one method where its jobs are about one."""
    return sources_folder() / stage / f"{method}.csv" if method else sources_folder() / f"{stage}.csv"


def raw_images(dataset: str) -> Path:
    return project_root() / "data/raw" / dataset


def raw_manifest(dataset: str) -> Path:
    return project_root() / "data/raw" / f"{dataset}.csv"


def given_lr(dataset: str, scale: float) -> Path:
    """The files of the LR images that came with the HR images of a data set."""
    return raw_images(dataset) / f"lr_{scale_name(scale)}"


def lr_images(dataset: str, scale: float) -> Path:
    return project_root() / "data/lr" / dataset / scale_name(scale)


def lr_manifest(dataset: str, scale: float) -> Path:
    return project_root() / "data/lr" / dataset / f"{scale_name(scale)}.csv"


def hr_contents(dataset: str) -> Path:
    """What the packed HR images of a training set are; every scale shares them."""
    return project_root() / "data/patches" / dataset / "hr.json"


def hr_pixels(dataset: str) -> Path:
    return hr_contents(dataset).with_suffix(".npy")


def patch_index(dataset: str, scale: float) -> Path:
    return project_root() / "data/patches" / dataset / f"{scale_name(scale)}.parquet"


def training_data(dataset: str, span: Span) -> Path:
    """What says which pixels a training reads: patches at its scale, HR images where it has a span of scales."""
    return patch_index(dataset, span.low) if span.is_single else hr_contents(dataset)


def patch_pixels(dataset: str, scale: float) -> Path:
    """The packed LR images."""
    return patch_index(dataset, scale).with_suffix(".npy")


def patch_scores(dataset: str, scorer: Weights) -> Path:
    """What the patches of a data set come to by the weights that score them, row by row of the index."""
    return patch_index(dataset, scorer.span.low).with_suffix("") / scorer.method / f"{scorer.name}.parquet"


def weights(of: Weights) -> Path:
    if of.file:
        return of.file
    folder = project_root() / "data/weights"
    if of.is_published:
        return folder / "published" / of.method / of.name.removeprefix("published-") / f"{of.span}.safetensors"
    if own := own_name(of.name):
        return folder / "own" / of.method / str(of.span) / f"{own}.safetensors"
    return folder / "trained" / of.method / str(of.span) / f"{of.name}.safetensors"


def converted_weights(of: Weights, sha256: str) -> Path:
    """Where a file from elsewhere lies under our names while it is used by its path alone; versioned by nobody."""
    return project_root() / "work/weights" / of.method / str(of.span) / f"{sha256}.safetensors"


def networks() -> Path:
    """The shapes of every network's tensors, kept from one import of weights to the next; versioned by nobody."""
    return project_root() / "work/networks.json"


def training_log(of: Weights) -> Path:
    return weights(of).with_suffix(".csv")


def training_times(of: Weights) -> Path:
    """What a training took, step by step, in seconds and joules; beside its log, which equal trainings have equal."""
    return weights(of).with_suffix(".times.csv")


def checkpoint(of: Weights) -> Path:
    """Work in progress, versioned by nobody."""
    return project_root() / "work/checkpoints" / f"{str(of).replace('/', '-')}.pt"


def measurements() -> Path:
    return project_root() / "reports/measurements"


def quality(run: Run, dataset: str) -> Path:
    return measurements() / "quality" / str(run) / f"{dataset}.parquet"


def sr_images(run: Run, dataset: str) -> Path:
    """The SR images that an evaluation keeps: PNGs in a zip file, which is there even where it keeps none."""
    return project_root() / "reports/sr" / str(run) / f"{dataset}.zip"


def operating_points(run: Run, dataset: str) -> Path:
    """What each setting of a run takes for the images that show it."""
    return measurements() / "settings" / str(run) / f"{dataset}.parquet"


def routes(run: Run, dataset: str) -> Path:
    """Which experts the pixels of these images take at each setting: PNGs in a zip file."""
    return project_root() / "reports/routes" / str(run) / f"{dataset}.zip"


def cost(method: str, scale: float) -> Path:
    return measurements() / "cost" / method / f"{scale_name(scale)}.parquet"


def exported_cost(method: str, scale: float) -> Path:
    """What a method's exported graph takes by onnxruntime."""
    return measurements() / "onnxruntime" / method / f"{scale_name(scale)}.parquet"


def published_tables() -> Path:
    return project_root() / "data/published"


def published_routings() -> list[Path]:
    """Which experts the papers' own networks choose: `data/published/<paper>/routing.csv`."""
    return sorted(published_tables().glob("*/routing.csv"))


def tables() -> Path:
    return project_root() / "reports/tables"


def tradeoff_file() -> Path:
    """Quality against cost of every run, for `dvc plots`."""
    return project_root() / "reports/psnr_macs.csv"


def results_file() -> Path:
    """Every cell of every table in one long form."""
    return project_root() / "reports/results.parquet"


def metrics_file() -> Path:
    return project_root() / "reports/metrics.json"


def recorded_verdicts(paper: str) -> Path:
    """The verdicts that a paper is known to have, kept with the project."""
    return project_root() / "data/recorded" / f"{paper}.csv"


def reference(device: str, preset: str) -> Path:
    """The means of a run of a preset on a device, kept with the project."""
    return project_root() / "data/reference" / device / f"{preset}.parquet"


def reference_files() -> list[Path]:
    """Measurements of runs on other devices, kept with the project: `data/reference/<device>/<preset>.parquet`."""
    gpus = gpu_files()
    return [path for path in sorted((project_root() / "data/reference").glob("*/*.parquet")) if path not in gpus]


def gpu_files() -> list[Path]:
    """What GPUs have proved, kept with the project: `data/reference/<device>/gpu.parquet`, of no preset."""
    return sorted((project_root() / "data/reference").glob("*/gpu.parquet"))


def figures() -> Path:
    return project_root() / "reports/figures"


def report() -> Path:
    return project_root() / "reports/index.html"
