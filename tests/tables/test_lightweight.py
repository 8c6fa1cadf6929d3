"""The table of lightweight networks that SeemoRe's Table 1 leaves out."""

from pathlib import Path

import pytest

from resolute import measurements, registry
from resolute.core import layout
from resolute.published import read_spec

pytestmark = pytest.mark.usefixtures("project")

# BSRN's and VapSR's figures are of x4 alone.
SMALL, X4_ALONE = ["smfanet", "smfanet_plus"], ["bsrn", "vapsr", "vapsr_s"]


def table(scale: int) -> Path:
    return layout.published_tables() / f"lightweight/compared_x{scale}.yaml"


@pytest.mark.parametrize(("scale", "methods"), [(2, SMALL), (3, SMALL), (4, X4_ALONE + SMALL)])
def test_every_row_is_of_a_network_with_weights_and_has_all_figures(scale: int, methods: list[str]) -> None:
    spec = read_spec(table(scale))
    assert [row.method for group in spec.groups for row in group.rows] == methods
    assert all(registry.entry(method).has_weights("published", scale) for method in methods)
    rows = measurements.read(spec.figures)
    # Twelve figures a row, but for VapSR-S, of which MACs and Manga109 are not printed.
    assert len(rows) == 12 * len(methods) - (3 if scale == 4 else 0)
    assert set(rows["scale"]) == {float(scale)}


@pytest.mark.parametrize(
    ("scale", "method", "metric", "dataset", "value"),
    [
        (2, "smfanet", "psnr", "set5_edsr", 38.08),
        (3, "smfanet_plus", "ssim", "urban100", 0.8611),
        (4, "bsrn", "psnr", "set14_edsr", 28.73),
        (4, "vapsr", "macs", "", 19.5),
        (4, "vapsr_s", "psnr", "urban100", 26.05),
    ],
)
def test_figures_are_as_printed(scale: int, method: str, metric: str, dataset: str, value: float) -> None:
    rows = measurements.read(table(scale).with_suffix(".csv"))
    found = rows[(rows["method"] == method) & (rows["metric"] == metric) & (rows["dataset"] == dataset)]
    assert found["value"].tolist() == [value]
