"""What a run looks like in a terminal: `snakemake --logger resolute`.

Snakemake imports every package of this name while it builds its command line, whether it is asked for or not. So this
is also where `--resources gpu=2 all` becomes a line that Snakemake understands.
"""

from snakemake_logger_plugin_resolute.handler import LogHandler
from snakemake_logger_plugin_resolute.targets import let_resources_end

__all__ = ["LogHandler"]

let_resources_end()
