# PSNR and SSIM of one run on one data set, and the SR images that figures show.


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
