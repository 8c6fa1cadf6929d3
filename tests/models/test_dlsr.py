"""The searched network of team Express, known by its report alone: the figures that there are."""

import csv
from pathlib import Path

from resolute.models.dlsr import separable
from resolute.profile import profile

# NTIRE 2022 challenge report (arXiv 2205.05675), Table 1.
TABLE_1 = Path(__file__).parents[2] / "data/published/ntire2022/table1.csv"

# Section 4.28: thousand parameters of a separable convolution at 50 channels, by its kernel.
SEPARABLE = {3: 5.9, 5: 7.5, 7: 9.9}


def test_the_separable_convolutions_have_the_sizes_of_the_report() -> None:
    for kernel, thousands in SEPARABLE.items():
        assert sum(parameter.numel() for parameter in separable(50, kernel).parameters()) == thousands * 1000


def test_the_four_figures_of_table_1_hold_at_their_digits() -> None:
    with TABLE_1.open(newline="") as file:
        printed = {row["metric"]: row["value"] for row in csv.DictReader(file) if row["method"] == "dlsr_express"}
    found = profile("dlsr_express", 4, (256, 256), timed=False)
    assert f"{found['params'] / 1e6:.3f}" == printed["params"]
    assert f"{found['flops_ntire2022'] / 1e9:.2f}" == printed["flops"]
    assert f"{found['activations'] / 1e6:.2f}" == printed["activations"]
    assert str(found["n_conv"]) == printed["n_conv"]
