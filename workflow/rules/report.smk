# The page that opens in a browser, and nothing beside it.


rule report:
    input:
        measurements=MEASUREMENTS,
        tables=TABLES,
        metrics="reports/metrics.json",
        figures=FIGURES,
        published=PUBLISHED,
        reference=REFERENCE,
        code=code("report"),
    output:
        "reports/index.html",
    log:
        "work/logs/report.log",
    params:
        params=canonical(PARAMS),
    shell:
        "resolute report 2> >(tee {log} >&2)"
