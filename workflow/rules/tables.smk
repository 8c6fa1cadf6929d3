# Every published table, joined with what was measured.


rule tables:
    input:
        measurements=MEASUREMENTS,
        published=PUBLISHED,
        reference=REFERENCE,
        code=code("tables"),
    output:
        [table for table in TABLES if not table.endswith(".html")],
        *(
            report(
                table,
                caption="../report/table.rst",
                category="Tables",
                subcategory=Path(table).parent.name,
                labels={"table": Path(table).stem},
            )
            for table in TABLES
            if table.endswith(".html")
        ),
        results="reports/results.parquet",
        tradeoff="reports/psnr_macs.csv",
        metrics="reports/metrics.json",
    log:
        "work/logs/tables.log",
    params:
        protocol=PARAMS["figures"]["protocol"],
    shell:
        "logged {log} resolute tables"
