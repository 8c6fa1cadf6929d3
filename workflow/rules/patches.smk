# Patches by difficulty, and the packed pixels that training reads: HR once, LR once per scale. Where a training draws by
# what another network makes of its patches, these are scored after that one's training.


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


rule score_patches:
    input:
        index="data/patches/{dataset}/x{scale}.parquet",
        weights=f"data/weights/trained/{{method}}/x{{scale}}/{PARAMS['preset']}-seed{{seed}}.safetensors",
        code=lambda wildcards: code("patches", wildcards.method),
    output:
        scores=f"data/patches/{{dataset}}/x{{scale}}/{{method}}/{PARAMS['preset']}-seed{{seed}}.parquet",
    log:
        "work/logs/patches/{dataset}-x{scale}-{method}-seed{seed}.log",
    threads: PARAMS["train"]["threads"]
    resources:
        gpu=1,
    params:
        threads=PARAMS["train"]["threads"],
    shell:
        "logged {log} resolute patches {wildcards.dataset} --scale {wildcards.scale}"
        " --scored-by {wildcards.method} --seed {wildcards.seed}"
