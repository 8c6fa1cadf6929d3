# LR images, bit for bit as MATLAB's imresize makes them.


rule degrade:
    input:
        manifest="data/raw/{dataset}.csv",
        registry=registry_of,
        code=code("degrade"),
    output:
        images=directory("data/lr/{dataset}/x{scale}"),
        manifest="data/lr/{dataset}/x{scale}.csv",
    log:
        "work/logs/degrade/{dataset}-x{scale}.log",
    shell:
        "logged {log} resolute degrade {wildcards.dataset} --scale {wildcards.scale}"
