"""What jobs are made of, and how they are named: in `workflow/jobs.yaml`, and below it in DVC's stages."""

from pathlib import Path
from typing import Any

from resolute.core.layout import project_root, scale_name

Params = dict[str, Any]
Job = dict[str, Any]
Jobs = dict[str, dict[str, dict[str, Job]]]
"""By section, group and key."""


def keyed(jobs: list[Job]) -> dict[str, Job]:
    """Jobs under the names that DVC's stages show: `rlfn_tiny-x4`, `rlfn_tiny-x4-seed0-set5`."""
    return {key(job): job for job in jobs}


def key(job: Job) -> str:
    """The name of one job."""
    seed = [f"seed{job['seed']}"] if "seed" in job else [f"own-{job['own']}"] if "own" in job else []
    dataset = [job["dataset"]] if "dataset" in job else []
    return "-".join([job["method"], job.get("span") or scale_name(job["scale"]), *seed, *dataset])


def set_key(dataset: str, scale: float) -> str:
    """The name of a job about a data set at a scale: `set5-x4`."""
    return f"{dataset}-{scale_name(scale)}"


def short(scale: float) -> float:
    """A scale as the params write it and DVC's templates show it: 4, 3.7."""
    return int(scale) if scale == int(scale) else scale


def place(path: Path) -> str:
    """A file as DVC names it: below the project root."""
    return path.relative_to(project_root()).as_posix()
