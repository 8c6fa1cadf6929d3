# One training: a method, a scale and a seed. It takes its own GPU; `--resources gpu=N` says how many at once.


rule train:
    input:
        patches=training_patches,
        warm_start=warm_start_of,
        code=lambda wildcards: code("train", wildcards.method),
    output:
        weights="data/weights/trained/{method}/x{scale}/"
        f"{PARAMS['preset']}-seed{{seed}}.safetensors",
        log=f"data/weights/trained/{{method}}/x{{scale}}/{PARAMS['preset']}-seed{{seed}}.csv",
        times="data/weights/trained/{method}/x{scale}/"
        f"{PARAMS['preset']}-seed{{seed}}.times.csv",
    log:
        "work/logs/train/{method}-x{scale}-seed{seed}.log",
    threads: PARAMS["train"]["threads"]
    resources:
        gpu=PARAMS["train"]["devices"],
    params:
        settings=canonical(PARAMS["train"]),
        recipe=lambda wildcards: canonical(PARAMS["recipes"].get(wildcards.method)),
    shell:
        "logged {log} resolute train {wildcards.method} --scale {wildcards.scale} --seed {wildcards.seed}"
