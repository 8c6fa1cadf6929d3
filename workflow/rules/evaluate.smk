# PSNR and SSIM of one run on one data set.


rule evaluate:
    input:
        weights=weights_of,
        hr="data/raw/{dataset}.csv",
        lr="data/lr/{dataset}/x{scale}.csv",
        code=lambda wildcards: code("evaluate", wildcards.method),
    output:
        "reports/measurements/quality/{method}/x{scale}/{weights}/{dataset}.parquet",
    log:
        "work/logs/evaluate/{method}-x{scale}-{weights}-{dataset}.log",
    resources:
        gpu=1,
    params:
        protocols=PARAMS["evaluate"]["protocols"],
    shell:
        "resolute evaluate {wildcards.method} --weights {wildcards.weights}"
        " --dataset {wildcards.dataset} --scale {wildcards.scale} 2> >(tee {log} >&2)"
