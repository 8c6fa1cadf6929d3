# Patches by difficulty, and the packed pixels that training reads: HR once, LR once per scale.


rule pack_hr:
    input:
        images=hr_of,
        code=code("patches"),
    output:
        contents="data/patches/{dataset}/hr.json",
        pixels="data/patches/{dataset}/hr.npy",
    log:
        "work/logs/patches/{dataset}-hr.log",
    params:
        splits=lambda wildcards: PARAMS["data"]["splits"].get(wildcards.dataset),
    shell:
        "logged {log} resolute patches {wildcards.dataset} --hr"


rule patches:
    input:
        hr="data/patches/{dataset}/hr.json",
        lr=lr_of,
        code=code("patches"),
    output:
        index="data/patches/{dataset}/x{scale}.parquet",
        pixels="data/patches/{dataset}/x{scale}.npy",
    log:
        "work/logs/patches/{dataset}-x{scale}.log",
    params:
        patches=canonical(PARAMS["patches"]),
    shell:
        "logged {log} resolute patches {wildcards.dataset} --scale {wildcards.scale}"
