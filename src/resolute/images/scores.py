"""What a trained network makes of a training set's patches: a column beside their index, in a file of its own.

`data/patches/<dataset>/x<scale>/<method>/<preset>-seed<n>.parquet` has the PSNR in dB of every patch, row by row of the
index, and in its metadata the checksums of that index and of the weights that scored it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from resolute.core import atomic, layout, records
from resolute.core.errors import ResoluteError
from resolute.core.reading import reading


def origin(dataset: str, scorer: layout.Weights) -> dict[str, str]:
    """What scores are of: the checksums of the patch index and of the weights that lie there now."""
    files = {"patches": layout.patch_index(dataset, scorer.span.low), "weights": layout.weights(scorer)}
    return {name: records.known_sha256(file) for name, file in files.items() if file.is_file()}


def write_scores(path: Path, psnr: np.ndarray, facts: Mapping[str, Any]) -> None:
    """Write the PSNR of all patches in dB; `facts` are their `origin`, and provenance."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    metadata = {name: json.dumps(fact) for name, fact in facts.items()}
    with atomic.writing(path) as part:
        pq.write_table(pa.table({"psnr": psnr}, metadata=metadata), part, write_page_checksum=True)


def read_scores(dataset: str, scorer: layout.Weights, count: int) -> np.ndarray:
    """The PSNR of every patch in dB, as many as the index has.

    Raises:
        ResoluteError: they have not been made, are damaged, or are of another index or by other weights than lie there
            now; a machine that only trains need not have the weights.
    """
    import pyarrow.parquet as pq

    path, repair = layout.patch_scores(dataset, scorer), scores_repair(dataset, scorer)
    with reading(path, repair):
        table = pq.read_table(path, columns=["psnr"], page_checksum_verification=True)
        found = {name: json.loads(table.schema.metadata[name.encode()]) for name in ("patches", "weights")}
    for name, sha256 in origin(dataset, scorer).items():
        if found[name] != sha256:
            raise ResoluteError(f"{layout.relative(path)} is not of the {name} that lie there now: {repair}")
    with reading(path, repair):
        psnr = np.asarray(table["psnr"].to_numpy(), dtype=np.float64)
        if len(psnr) != count or not np.isfinite(psnr).all():
            raise ValueError("it has not a number for every patch")
    return psnr


def scores_repair(dataset: str, scorer: layout.Weights) -> str:
    """What makes scores again, as the last part of an error message."""
    of = f"--scale {scorer.span.low:g} --scored-by {scorer.method} --seed {scorer.seed}"
    return f"run `resolute patches {dataset} {of}`"
