# The whole DAG: from raw images to the report. What is in it comes from params.yaml alone.
from snakemake.utils import min_version

min_version("9.11")


# The interpreter that requirements.lock is made for; `make` builds the environment itself.
container: "docker://python:3.11-slim-bookworm"


include: "workflow/rules/common.smk"
include: "workflow/rules/fetch.smk"
include: "workflow/rules/degrade.smk"
include: "workflow/rules/patches.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/profile.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


onstart:
    # A clone that has DVC's record of the results, but none of Snakemake's.
    if Path("dvc.lock").is_file() and not Path(".snakemake/metadata").is_dir():
        print(
            "resolute: if DVC has these results, `dvc pull` and `resolute sync` bring them",
            file=sys.stderr,
        )
    # Jobs of one thread on this machine, where there are enough of them and they are not merely touched.
    runs_here = workflow.local_exec and not workflow.touch
    needed = workflow.dag.needrun_jobs() if runs_here else []
    if sum(job.threads == 1 for job in needed) >= warm.FEWEST:
        warm.start(SOURCE)


# All that a user may miss; where it is removed, it is made again.
rule all:
    default_target: True
    input:
        "reports/index.html",
        "reports/metrics.json",
        "reports/results.parquet",
        "reports/psnr_macs.csv",
        TABLES,
        FIGURES,
        MEASUREMENTS,
        SR_IMAGES,
        WEIGHTS,
