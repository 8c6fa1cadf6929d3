"""Where every artefact lies: the one map that the stages, the command line and the report share.

The rules in `workflow/rules/` spell the same paths as patterns. All paths are relative to the project
root, the folder that holds `params.yaml`.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from resolute.core.errors import ResoluteError

TABLE_FORMATS = ("csv", "md", "tex", "html")
FIGURE_FORMATS = ("svg", "png", "pdf")


def project_root() -> Path:
    """The nearest folder at or above the working directory that holds `params.yaml`, or presets to write it from."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "params.yaml").is_file() or (folder / "workflow/presets").is_dir():
            return folder
    raise ResoluteError(f"no params.yaml in {here} or above it: run resolute inside a checkout of the project")


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
class Run:
    """One network with one set of weights: `<method>/x<scale>/<weights>`.

    `weights` is `published-<tag>` or `<preset>-seed<n>`; of a file that is given by its path, `<stem>@<8 digits of its
    sha256>`, which no run of the workflow is called. `file` is that file; absent where the name tells its place.
    """

    method: str
    scale: float
    weights: str
    file: Path | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.method}/{scale_name(self.scale)}/{self.weights}"

    @property
    def is_published(self) -> bool:
        return self.weights.startswith("published-") and not self.is_given

    @property
    def is_given(self) -> bool:
        """Whether the weights are a file that somebody gave, and not what the workflow makes."""
        return "@" in self.weights

    @property
    def seed(self) -> int | None:
        """The seed of its training; None where the workflow has not trained it."""
        match = re.fullmatch(r"[a-z0-9_]+-seed([0-9]{1,10})", self.weights)
        return int(match[1]) if match else None


def sources_folder() -> Path:
    return project_root() / "data/sources"


def sources(stage: str, method: str = "") -> Path:
    """The list of the source files that a stage runs, for one method where its jobs are about one."""
    return sources_folder() / stage / f"{method}.csv" if method else sources_folder() / f"{stage}.csv"


def raw_images(dataset: str) -> Path:
    return project_root() / "data/raw" / dataset


def raw_manifest(dataset: str) -> Path:
    return project_root() / "data/raw" / f"{dataset}.csv"


def lr_images(dataset: str, scale: float) -> Path:
    return project_root() / "data/lr" / dataset / scale_name(scale)


def lr_manifest(dataset: str, scale: float) -> Path:
    return project_root() / "data/lr" / dataset / f"{scale_name(scale)}.csv"


def patch_index(dataset: str, scale: float) -> Path:
    return project_root() / "data/patches" / dataset / f"{scale_name(scale)}.parquet"


def patch_pixels(dataset: str, scale: float) -> Path:
    return project_root() / "data/patches" / dataset / f"{scale_name(scale)}.npy"


def weights(run: Run) -> Path:
    if run.file:
        return run.file
    folder = project_root() / "data/weights"
    if run.is_published:
        tag = run.weights.removeprefix("published-")
        return folder / "published" / run.method / tag / f"{scale_name(run.scale)}.safetensors"
    return folder / "trained" / run.method / scale_name(run.scale) / f"{run.weights}.safetensors"


def training_log(run: Run) -> Path:
    return weights(run).with_suffix(".csv")


def training_times(run: Run) -> Path:
    """What a training took, step by step, in seconds and joules; beside its log, which equal trainings have equal."""
    return weights(run).with_suffix(".times.csv")


def checkpoint(run: Run) -> Path:
    """Work in progress, versioned by nobody."""
    return project_root() / "work/checkpoints" / f"{str(run).replace('/', '-')}.pt"


def measurements() -> Path:
    return project_root() / "reports/measurements"


def quality(run: Run, dataset: str) -> Path:
    return measurements() / "quality" / str(run) / f"{dataset}.parquet"


def sr_images(run: Run, dataset: str) -> Path:
    """The SR images that an evaluation keeps: PNGs in a zip file, which is there even where it keeps none."""
    return project_root() / "reports/sr" / str(run) / f"{dataset}.zip"


def cost(method: str, scale: float) -> Path:
    return measurements() / "cost" / method / f"{scale_name(scale)}.parquet"


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


def reference_files() -> list[Path]:
    """Measurements from other devices, kept with the project: `data/reference/<device>/*.parquet`."""
    return sorted((project_root() / "data/reference").glob("*/*.parquet"))


def figures() -> Path:
    return project_root() / "reports/figures"


def report() -> Path:
    return project_root() / "reports/index.html"
