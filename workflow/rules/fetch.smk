# Images and published weights. The images depend on their manifest alone, not on the code that brings them:
# their checksums say that they are right, and a data set may be many gigabytes. Their folder is no output: Snakemake
# would delete it before every fetch and after one that failed, with all that a user keeps there, or his link to it.


rule fetch_images:
    input:
        registry=registry_of,
        listed=list_of,
        original=original_of,
    output:
        "data/raw/{dataset}.csv",
    log:
        "work/logs/fetch/{dataset}.log",
    params:
        scales=PARAMS["scales"],
        splits=lambda wildcards: PARAMS["data"]["splits"].get(wildcards.dataset),
    shell:
        "logged {log} resolute fetch {wildcards.dataset}"


rule fetch_weights:
    input:
        code=lambda wildcards: code("fetch", wildcards.method),
    output:
        "data/weights/published/{method}/{tag}/{span}.safetensors",
    log:
        "work/logs/fetch/{method}-{tag}-{span}.log",
    params:
        scale=scale_in,
    shell:
        "logged {log} resolute fetch --weights {wildcards.method} --tag {wildcards.tag} --scale {params.scale}"
