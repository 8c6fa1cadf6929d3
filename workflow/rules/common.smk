# What the rules ask of the params and the registries. Everything else is in the package.
import json
import sys
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError

# The package of this checkout, whichever is installed: DVC runs `--temp` and queued experiments in a copy of the
# checkout, whose source may differ.
SOURCE = str(Path(workflow.basedir).resolve() / "src")
sys.path.insert(0, SOURCE)

from resolute import datasets
from resolute.core import layout
from resolute import params as params_file
from resolute.core.errors import ResoluteError
from resolute.datasets.folders import check_unchanged
from resolute.engines import warm
from resolute.engines.clock import bring_back
from resolute.engines.unlock import JOBS_LOCK, hold
from resolute.params import jobs
from resolute.published import table_files
from resolute import registry
from resolute.sources import refresh

# `resolute` is the one beside the interpreter that runs Snakemake, whether its environment is active or not. A job
# holds a lock for as long as anything of it lives: `resolute mend` waits for what outlives a killed Snakemake.
shell.prefix(
    f"exec 9<>{JOBS_LOCK} && flock --shared 9 || true; "
    f'export PATH="{Path(sys.executable).parent}:$PATH" PYTHONPATH="{SOURCE}:$PYTHONPATH"; '
    f'. "{Path(workflow.basedir).resolve()}/workflow/scripts/logged.sh"; '
)

if config:
    raise WorkflowError(
        f"--config {' '.join(config)}: jobs read params.yaml, not --config: edit it, or use `resolute preset`"
    )
try:
    PARAMS = params_file.load()
    JOBS = jobs.check(PARAMS)
    check_unchanged(PARAMS["data"]["sets"])
except ResoluteError as error:
    raise WorkflowError(str(error))

try:
    # A clock that was ahead and has been set back would make every job fail until it has caught up.
    bring_back()
    # What jobs run, with checksums: written only where it has changed.
    refresh(params_file.plans(PARAMS))
    # `resolute unlock` sees by it whether Snakemake's lock has a living owner.
    hold()
except OSError as error:
    raise WorkflowError(f"{error}: mend that place (its owner, its rights, its disk)")

# All cores that jobs may use on this machine; on a cluster, which has no such number, those that timing uses.
CORES = workflow.global_resources["_cores"].value or PARAMS["profile"]["threads"]
# How many jobs may use a GPU at once: what `--resources gpu=N` says.
GPUS = (
    workflow.global_resources["gpu"].value if "gpu" in workflow.global_resources else 1
)


wildcard_constraints:
    dataset="[a-z0-9_]+",
    method="[a-z0-9_]+",
    scale=r"[0-9]+(\.[0-9]+)?",
    span=r"x[0-9]+(\.[0-9]+)?(-[0-9]+(\.[0-9]+)?)?",
    tag="[a-z0-9_]+",
    weights="[a-z0-9_]+-[a-z0-9_]+",
    seed="[0-9]+",
    photograph="[A-Za-z0-9_-]+",
    comparison="[A-Za-z0-9_-]+",
    gain="[A-Za-z0-9_-]+",
    classes=r"[a-z0-9_]+-[a-z0-9_]+-x[0-9.]+",
    map=r"[A-Za-z0-9_.-]+",
    shared=r"[a-z0-9_]+-x[0-9.]+-[0-9.]+(-seed[0-9]+)?",
    run=r"[a-z0-9_]+-x[0-9.-]+-seed[0-9]+",


# The same source files are inputs of most jobs.
relative = cache(layout.relative)


def local(*paths):
    """Paths as the rules spell them: relative to the project root."""
    return [relative(path) for path in paths]


def canonical(settings):
    """Settings as Snakemake compares them: the order of keys in params.yaml means nothing."""
    return json.dumps(settings, sort_keys=True)


def code(stage, method=""):
    """The source files that a job runs, as an input: their list."""
    return local(layout.sources(stage, method))


MEASUREMENTS = local(*params_file.measurements(PARAMS, JOBS))
SR_IMAGES = local(*params_file.sr_files(PARAMS, JOBS))
WEIGHTS = local(*params_file.weights_files(PARAMS, JOBS))
PUBLISHED, REFERENCE = (
    [str(path) for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    for folder in ("data/published", "data/reference")
)
# What a network's time by onnxruntime depends on beside its costs.
EXPORTER = [
    "src/resolute/profile/exported.py",
    *(str(path) for path in sorted(Path("src/resolute/export").glob("*.py"))),
]
FETCHED = [job["weights"] for job in JOBS["weights"]["published"].values()]
ROUTINGS = local(*layout.published_routings())
TABLES = local(*table_files())
FIGURES = local(*params_file.figure_files(PARAMS, JOBS))


def registry_of(wildcards):
    """The file that says what a data set is."""
    return datasets.entry(wildcards.dataset).registry_file


def list_of(wildcards):
    """The list of a data set's files, with checksums."""
    return datasets.entry(wildcards.dataset).manifest_file


def original_of(wildcards):
    """The data set that a data set's images are made from, if any."""
    return [f"data/raw/{of}.csv" for of in datasets.entry(wildcards.dataset).source.of]


def hr_of(wildcards):
    """The HR images of a training set: of all its parts."""
    return [f"data/raw/{part}.csv" for part in datasets.entry(wildcards.dataset).parts]


def lr_of(wildcards):
    """The LR images of a training set at a scale: of all its parts."""
    parts = datasets.entry(wildcards.dataset).parts
    return [f"data/lr/{part}/x{wildcards.scale}.csv" for part in parts]


def is_timed(wildcards):
    """Whether a method's latency is measured, or its cost only counted."""
    return wildcards.method in PARAMS["methods"]["timed"]


def photograph(wildcards):
    """The data set and scale of a photograph whose patches are shown."""
    return PARAMS["figures"]["photographs"][wildcards.photograph]


def photograph_images(wildcards):
    """The list, with checksums, of the images among which a photograph is."""
    return local(layout.hr_contents(photograph(wildcards)["dataset"]))


def photograph_patches(wildcards):
    facts = photograph(wildcards)
    return local(layout.patch_index(facts["dataset"], facts["scale"]))


def comparison(wildcards):
    """The image that methods are compared on, and where."""
    return PARAMS["figures"]["comparisons"][wildcards.comparison]


def settings_map(wildcards):
    """An image that shows the settings of a run, and where what is shown lies."""
    return JOBS["maps"]["all"][wildcards.map]


def training_log(wildcards):
    """The log of a training that the params name."""
    return JOBS["weights"]["trained"][wildcards.run]["log"]


def training_data(wildcards):
    """What a training reads: patches, or HR images where it has a span of scales."""
    dataset = params_file.training_set(PARAMS, wildcards.method)
    return local(layout.training_data(dataset, layout.Span.parse(wildcards.span)))


def scale_in(wildcards):
    """A scale that weights are for: commands know their span by it."""
    return f"{layout.Span.parse(wildcards.span).high:g}"


def weights_of(wildcards):
    """The weights that a run needs: none for a method without any."""
    entry, scale = registry.entry(wildcards.method), float(wildcards.scale)
    weights = layout.Weights(entry.name, entry.span(scale), wildcards.weights)
    return local(layout.weights(weights)) if entry.trainable else []


def trained_weights(wildcards):
    """The weights that a training makes."""
    name = f"{PARAMS['preset']}-seed{wildcards.seed}"
    return layout.Weights(wildcards.method, layout.Span.parse(wildcards.span), name)


def warm_start_of(wildcards):
    """The weights that a training starts from, if any."""
    start = jobs.warm_start(PARAMS, trained_weights(wildcards))
    return local(layout.weights(start)) if start else []


def scores_of(wildcards):
    """The scores of the patches that a training draws by, if any."""
    scorer = jobs.scorer(PARAMS, trained_weights(wildcards))
    dataset = params_file.training_set(PARAMS, wildcards.method)
    return local(layout.patch_scores(dataset, scorer)) if scorer else []
