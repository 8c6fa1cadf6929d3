# All figures, as SVG and PNG.


rule figures:
    input:
        measurements=MEASUREMENTS,
        patches=local(*params_file.photograph_patches(PARAMS)),
        code=code("figures"),
    output:
        FIGURES,
    log:
        "work/logs/figures.log",
    params:
        figures=PARAMS["figures"],
    shell:
        "resolute figures 2> >(tee {log} >&2)"
