# The page that opens in a browser, and nothing beside it. `snakemake --report` writes an appendix to it.


report: "../report/workflow.rst"


rule report:
    input:
        measurements=MEASUREMENTS,
        tables=TABLES,
        results="reports/results.parquet",
        figures=FIGURES,
        published=PUBLISHED,
        reference=REFERENCE,
        code=code("report"),
    output:
        report(
            "reports/index.html", caption="../report/page.rst", category="The report"
        ),
    log:
        "work/logs/report.log",
    params:
        params=canonical(PARAMS),
    shell:
        "logged {log} resolute report"
