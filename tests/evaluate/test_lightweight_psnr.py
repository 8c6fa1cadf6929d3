"""Lightweight networks with their published weights against the PSNRs that papers print."""

from pathlib import Path

import pytest

from resolute.cli.prepare import ensure_images, ensure_weights
from resolute.evaluate import evaluate, summarise

# The last printed digit.
PSNR_TOLERANCE = 0.01

# PSNR (dB) on set5_edsr by method and scale; the DAG judges the other scales and sets, which take longer. PAN and IMDN:
# SeemoRe, Table 1, as in their own papers; SMFANet, trained on DIV2K and Flickr2K: its paper, Table 1; BSRN: LKDN's
# table. CARN-M's file does not give its paper's figure (31.92 dB): this is the official network's own with it.
PRINTED = {
    ("pan", 3): 34.40,
    ("pan", 4): 32.13,
    ("imdn", 4): 32.21,
    ("smfanet", 4): 32.25,
    ("bsrn", 4): 32.35,
    ("carn_m", 4): 31.88,
}


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize(("method", "scale"), PRINTED)
def test_published_weights_have_the_printed_psnr(
    method: str, scale: int, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESOLUTE_MIRROR", str(mirror))
    ensure_weights(method, scale, "published")
    ensure_images("set5_edsr", scale)
    found = summarise(evaluate(method, scale, "published", "set5_edsr", ["y_basicsr"]))["protocols"]["y_basicsr"]
    assert found["psnr"] == pytest.approx(PRINTED[method, scale], abs=PSNR_TOLERANCE)
