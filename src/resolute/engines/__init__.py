"""Keeping Snakemake and DVC of one mind: `seal`, `sync`, `status`, `mend` and `unlock`.

Snakemake judges by time stamps, checksums of small files and its own record of code and params; DVC by content alone.
Neither sees what the other has done. `seal` tells DVC what Snakemake made, but only when Snakemake has nothing left to
do; `sync` tells Snakemake what DVC restored, but only of stages that DVC calls unchanged with unchanged ancestors.
`mend` sets aside what is damaged or was edited, which neither sees in time.
"""

from resolute.engines.mend import mend
from resolute.engines.seal import seal
from resolute.engines.status import StageStatus, status
from resolute.engines.sync import sync
from resolute.engines.unlock import unlock

__all__ = ["StageStatus", "mend", "seal", "status", "sync", "unlock"]
