# Every published table, joined with what was measured.


rule tables:
    input:
        measurements=MEASUREMENTS,
        published=PUBLISHED,
        code=code("tables"),
    output:
        TABLES,
        results="reports/results.parquet",
        tradeoff="reports/psnr_macs.csv",
        metrics="reports/metrics.json",
    log:
        "work/logs/tables.log",
    params:
        protocol=PARAMS["figures"]["protocol"],
    shell:
        "resolute tables 2> >(tee {log} >&2)"
