# What a network costs. A timed job takes all cores and GPUs, or a whole SLURM node, so that nothing runs beside it.


rule profile:
    input:
        code=lambda wildcards: code("profile", wildcards.method),
    output:
        "reports/measurements/cost/{method}/x{scale}.parquet",
    log:
        "work/logs/profile/{method}-x{scale}.log",
    threads: lambda wildcards: CORES if is_timed(wildcards) else 1
    resources:
        gpu=lambda wildcards: GPUS if is_timed(wildcards) else 0,
        slurm_extra=lambda wildcards: "--exclusive" if is_timed(wildcards) else "",
    params:
        profile=canonical(PARAMS["profile"]),
        count_only=lambda wildcards: "" if is_timed(wildcards) else "--count-only",
    shell:
        "logged {log} resolute profile {wildcards.method} --scale {wildcards.scale} {params.count_only}"


# What it takes without PyTorch, alone on the CPU. It is a rule of its own so that no cost is stale with an edit of the
# exporter, whose files are its inputs as they are.
rule profile_onnxruntime:
    input:
        code=lambda wildcards: code("profile", wildcards.method),
        exporter=EXPORTER,
    output:
        "reports/measurements/onnxruntime/{method}/x{scale}.parquet",
    log:
        "work/logs/profile/{method}-x{scale}-onnxruntime.log",
    threads: CORES
    resources:
        slurm_extra="--exclusive",
    params:
        profile=canonical(PARAMS["profile"]),
    shell:
        "logged {log} resolute profile {wildcards.method} --scale {wildcards.scale} --onnxruntime"
