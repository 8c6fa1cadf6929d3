# All figures, as SVG, PNG and PDF, and the data of those that the report draws anew.


rule figures:
    input:
        measurements=MEASUREMENTS,
        code=code("figures"),
    output:
        report(
            [
                f"reports/figures/psnr_{cost}.svg"
                for cost in ("macs", "params", "latency")
            ],
            caption="../report/tradeoff.rst",
            category="Quality against cost",
        ),
        multiext("reports/figures/psnr_macs", ".png", ".pdf"),
        multiext("reports/figures/psnr_params", ".png", ".pdf"),
        multiext("reports/figures/psnr_latency", ".png", ".pdf"),
    log:
        "work/logs/figures/tradeoff.log",
    params:
        protocol=PARAMS["figures"]["protocol"],
    shell:
        "logged {log} resolute figures tradeoff"


rule patch_figures:
    input:
        patches=photograph_patches,
        images=photograph_images,
        code=code("figures"),
    output:
        report(
            [
                "reports/figures/patch_categories_{photograph}.svg",
                "reports/figures/patch_difficulty_{photograph}.svg",
                "reports/figures/patch_scores_{photograph}.svg",
            ],
            caption="../report/patches.rst",
            category="Patches",
            labels={"photograph": "{photograph}"},
        ),
        multiext("reports/figures/patch_categories_{photograph}", ".png", ".pdf"),
        multiext("reports/figures/patch_scores_{photograph}", ".png", ".pdf"),
        multiext(
            "reports/figures/patch_difficulty_{photograph}", ".png", ".pdf", ".json"
        ),
    log:
        "work/logs/figures/patches-{photograph}.log",
    params:
        photograph=lambda wildcards: canonical(photograph(wildcards)),
    shell:
        "logged {log} resolute figures patches_{wildcards.photograph}"


rule training_figures:
    input:
        training_log,
        code=code("figures"),
    output:
        report(
            "reports/figures/training_{run}.svg",
            caption="../report/training.rst",
            category="Training",
            labels={"run": "{run}"},
        ),
        multiext("reports/figures/training_{run}", ".png", ".pdf", ".json"),
    log:
        "work/logs/figures/training-{run}.log",
    shell:
        "logged {log} resolute figures training_{wildcards.run}"


rule routing_figures:
    input:
        measurements=MEASUREMENTS,
        published=ROUTINGS,
        code=code("figures"),
    output:
        report(
            "reports/figures/routing_{run}.svg",
            caption="../report/routing.rst",
            category="Experts",
            labels={"run": "{run}"},
        ),
        multiext("reports/figures/routing_{run}", ".png", ".pdf"),
    log:
        "work/logs/figures/routing-{run}.log",
    shell:
        "logged {log} resolute figures routing_{wildcards.run}"


rule shares_figures:
    input:
        measurements=MEASUREMENTS,
        code=code("figures"),
    output:
        report(
            "reports/figures/shares_{shared}.svg",
            caption="../report/shares.rst",
            category="Experts",
            labels={"weights": "{shared}"},
        ),
        multiext("reports/figures/shares_{shared}", ".png", ".pdf"),
    log:
        "work/logs/figures/shares-{shared}.log",
    shell:
        "logged {log} resolute figures shares_{wildcards.shared}"


rule comparison_figures:
    input:
        images=lambda wildcards: f"data/raw/{comparison(wildcards)['dataset']}.csv",
        sr=SR_IMAGES,
        measurements=MEASUREMENTS,
        code=code("figures"),
    output:
        report(
            "reports/figures/comparison_{comparison}.svg",
            caption="../report/comparison.rst",
            category="Images",
            labels={"image": "{comparison}"},
        ),
        multiext("reports/figures/comparison_{comparison}", ".png", ".pdf", ".json"),
    log:
        "work/logs/figures/comparison-{comparison}.log",
    params:
        comparison=lambda wildcards: canonical(comparison(wildcards)),
        protocol=PARAMS["figures"]["protocol"],
    shell:
        "logged {log} resolute figures comparison_{wildcards.comparison}"


rule curve_figures:
    input:
        measurements=MEASUREMENTS,
        code=code("figures"),
    output:
        report(
            "reports/figures/curve_{dataset}-x{scale}.svg",
            caption="../report/curve.rst",
            category="Settings",
            labels={"data set": "{dataset}", "scale": "{scale}"},
        ),
        multiext("reports/figures/curve_{dataset}-x{scale}", ".png", ".pdf"),
    log:
        "work/logs/figures/curve-{dataset}-x{scale}.log",
    params:
        protocol=PARAMS["figures"]["protocol"],
    shell:
        "logged {log} resolute figures curve_{wildcards.dataset}-x{wildcards.scale}"


rule classes_figures:
    input:
        measurements=MEASUREMENTS,
        code=code("figures"),
    output:
        report(
            "reports/figures/classes_{classes}.svg",
            caption="../report/classes.rst",
            category="Settings",
            labels={"network": "{classes}"},
        ),
        multiext("reports/figures/classes_{classes}", ".png", ".pdf"),
    log:
        "work/logs/figures/classes-{classes}.log",
    params:
        protocol=PARAMS["figures"]["protocol"],
    shell:
        "logged {log} resolute figures classes_{wildcards.classes}"


rule gain_figures:
    input:
        measurements=MEASUREMENTS,
        code=code("figures"),
    output:
        report(
            "reports/figures/gain_{gain}.svg",
            caption="../report/gain.rst",
            category="Patches",
            labels={"gain": "{gain}"},
        ),
        multiext("reports/figures/gain_{gain}", ".png", ".pdf"),
    log:
        "work/logs/figures/gain-{gain}.log",
    params:
        gain=lambda wildcards: canonical(PARAMS["figures"]["gains"][wildcards.gain]),
    shell:
        "logged {log} resolute figures gain_{wildcards.gain}"


rule lineage_figures:
    input:
        weights=FETCHED,
        code=code("figures"),
    output:
        report(
            "reports/figures/lineage_x{scale}.svg",
            caption="../report/lineage.rst",
            category="Lineage",
            labels={"scale": "{scale}"},
        ),
        multiext("reports/figures/lineage_x{scale}", ".png", ".pdf", ".json"),
    log:
        "work/logs/figures/lineage-x{scale}.log",
    shell:
        "logged {log} resolute figures lineage_x{wildcards.scale}"


rule settings_figures:
    input:
        images=lambda wildcards: f"data/raw/{settings_map(wildcards)['dataset']}.csv",
        points=lambda wildcards: settings_map(wildcards)["rows"],
        routes=lambda wildcards: settings_map(wildcards)["routes"],
        quality=lambda wildcards: settings_map(wildcards)["quality"],
        code=code("figures"),
    output:
        report(
            "reports/figures/settings_{map}.svg",
            caption="../report/settings.rst",
            category="Settings",
            labels={"image": "{map}"},
        ),
        multiext("reports/figures/settings_{map}", ".png", ".pdf", ".json"),
    log:
        "work/logs/figures/settings-{map}.log",
    params:
        shown=lambda wildcards: canonical(
            PARAMS["figures"]["settings"][settings_map(wildcards)["shown"]]
        ),
        protocol=PARAMS["figures"]["protocol"],
    shell:
        "logged {log} resolute figures settings_{wildcards.map}"
