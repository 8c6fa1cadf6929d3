# PSNR and SSIM of one run on one data set, the SR images that figures show, and what settings take and choose.


rule evaluate:
    input:
        weights=weights_of,
        hr="data/raw/{dataset}.csv",
        lr="data/lr/{dataset}/x{scale}.csv",
        code=lambda wildcards: code("evaluate", wildcards.method),
    output:
        rows="reports/measurements/quality/{method}/x{scale}/{weights}/{dataset}.parquet",
        images="reports/sr/{method}/x{scale}/{weights}/{dataset}.zip",
    log:
        "work/logs/evaluate/{method}-x{scale}-{weights}-{dataset}.log",
    resources:
        gpu=1,
    params:
        evaluate=canonical(PARAMS["evaluate"]),
    shell:
        "logged {log} resolute evaluate {wildcards.method} --weights {wildcards.weights}"
        " --dataset {wildcards.dataset} --scale {wildcards.scale}"


# Like a timed `profile`, it takes all cores and GPUs, so that nothing runs beside it.
rule operating_points:
    input:
        weights=weights_of,
        lr="data/lr/{dataset}/x{scale}.csv",
        code=lambda wildcards: code("evaluate", wildcards.method),
    output:
        rows="reports/measurements/settings/{method}/x{scale}/{weights}/{dataset}.parquet",
        routes="reports/routes/{method}/x{scale}/{weights}/{dataset}.zip",
    log:
        "work/logs/evaluate/{method}-x{scale}-{weights}-{dataset}-points.log",
    threads: CORES
    resources:
        gpu=GPUS,
        slurm_extra="--exclusive",
    params:
        settings=canonical(PARAMS["figures"]["settings"]),
        profile=canonical(PARAMS["profile"]),
    shell:
        "logged {log} resolute evaluate {wildcards.method} --weights {wildcards.weights}"
        " --dataset {wildcards.dataset} --scale {wildcards.scale} --points"
