# What the jobs of a stage run, with checksums. Every job depends on such lists instead of some sixty files, which
# keeps both engines fast. It takes no time: where jobs are sent to a cluster, these stay here.


localrules:
    sources,


rule sources:
    input:
        lambda wildcards: local(*sorted(shared(wildcards.group))),
    output:
        "data/sources/{group}.csv",
    log:
        "work/logs/sources/{group}.log",
    shell:
        "resolute sources {wildcards.group} 2> >(tee {log} >&2)"
