# Patches by difficulty, and the packed pixels that training reads.


rule patches:
    input:
        hr="data/raw/{dataset}.csv",
        lr="data/lr/{dataset}/x{scale}.csv",
        code=code("patches"),
    output:
        index="data/patches/{dataset}/x{scale}.parquet",
        pixels="data/patches/{dataset}/x{scale}.npy",
    log:
        "work/logs/patches/{dataset}-x{scale}.log",
    params:
        patches=canonical(PARAMS["patches"]),
        splits=lambda wildcards: PARAMS["data"]["splits"].get(wildcards.dataset),
    shell:
        "logged {log} resolute patches {wildcards.dataset} --scale {wildcards.scale}"
