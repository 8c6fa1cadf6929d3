# One training: a method, a scale or a span of them, and a seed. It takes its own GPU; `--resources gpu=N` says how many
# at once.


rule train:
    input:
        data=training_data,
        scores=scores_of,
        warm_start=warm_start_of,
        code=lambda wildcards: code("train", wildcards.method),
    output:
        weights="data/weights/trained/{method}/{span}/"
        f"{PARAMS['preset']}-seed{{seed}}.safetensors",
        log=f"data/weights/trained/{{method}}/{{span}}/{PARAMS['preset']}-seed{{seed}}.csv",
        times="data/weights/trained/{method}/{span}/"
        f"{PARAMS['preset']}-seed{{seed}}.times.csv",
    log:
        "work/logs/train/{method}-{span}-seed{seed}.log",
    threads: PARAMS["train"]["threads"]
    resources:
        gpu=PARAMS["train"]["devices"],
    params:
        scale=scale_in,
        settings=canonical(PARAMS["train"]),
        recipe=lambda wildcards: canonical(PARAMS["recipes"].get(wildcards.method)),
    shell:
        "logged {log} resolute train {wildcards.method} --scale {params.scale} --seed {wildcards.seed}"
