"""Lightweight networks with their published weights against the PSNRs that papers print."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from resolute import measurements
from resolute.cli.ensure import ensure_images, ensure_weights
from resolute.evaluate import evaluate, summarise

# The last printed digit.
PSNR_TOLERANCE = 0.01

PUBLISHED = Path(__file__).parents[2] / "data/published"
# The DAG judges the other scales and sets, which take longer.
NETWORKS = [("pan", 3), ("pan", 4), ("imdn", 4), ("smfanet", 3), ("smfanet", 4), ("bsrn", 4), ("carn_m", 4)]


def expected(method: str, scale: int) -> float:
    """The PSNR (dB) on set5_edsr that a table prints for a network, or that its erratum has instead."""
    with (PUBLISHED / "seemore/errata.csv").open(newline="") as file:
        for known in csv.DictReader(file):
            if (known["table"], known["row"], known["column"]) == (f"table1_x{scale}", method, "set5_psnr"):
                return float(known["finding"])
    tables = [PUBLISHED / f"seemore/table1_x{scale}.csv", PUBLISHED / f"lightweight/compared_x{scale}.csv"]
    rows = pd.concat([measurements.read(table) for table in tables])
    (value,) = rows.query("method == @method and dataset == 'set5_edsr' and metric == 'psnr'")["value"]
    return float(value)


@pytest.mark.slow
@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize(("method", "scale"), NETWORKS)
def test_published_weights_have_the_expected_psnr(
    method: str, scale: int, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESOLUTE_MIRROR", str(mirror))
    run = ensure_weights(method, scale, "published")
    ensure_images("set5_edsr", scale)
    found = summarise(evaluate(run, "set5_edsr", ["y_basicsr"]))["protocols"]["y_basicsr"]
    assert found["psnr"] == pytest.approx(expected(method, scale), abs=PSNR_TOLERANCE)
