# All figures, as SVG and PNG.


rule figures:
    input:
        measurements=MEASUREMENTS,
        code=code("figures"),
    output:
        "reports/figures/psnr_macs.svg",
        "reports/figures/psnr_macs.png",
    log:
        "work/logs/figures/psnr_macs.log",
    params:
        protocol=PARAMS["figures"]["protocol"],
    shell:
        "resolute figures psnr_macs 2> >(tee {log} >&2)"


rule patch_figures:
    input:
        patches=photograph_patches,
        images=lambda wildcards: f"data/raw/{photograph(wildcards)['dataset']}.csv",
        code=code("figures"),
    output:
        "reports/figures/patch_categories_{photograph}.svg",
        "reports/figures/patch_categories_{photograph}.png",
        "reports/figures/patch_difficulty_{photograph}.svg",
        "reports/figures/patch_difficulty_{photograph}.png",
    log:
        "work/logs/figures/{photograph}.log",
    params:
        photograph=lambda wildcards: canonical(photograph(wildcards)),
    shell:
        "resolute figures {wildcards.photograph} 2> >(tee {log} >&2)"
