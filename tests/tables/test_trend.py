"""That NEESR's released weights are below what Table 1 prints is told by the figures alone."""

import csv
import runpy
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(("dataset", "departure"), [("set5", -0.28), ("set14", -0.20)])
def test_neesr_is_far_below_the_line_of_all_others_as_its_erratum_says(dataset: str, departure: float) -> None:
    found = runpy.run_path(str(REPOSITORY / "benchmarks/trend.py"))["departures"](dataset)
    assert len(found) == 39
    assert found.index[0] == "efdn_team05"
    assert round(found["departure"].iloc[0], 2) == departure
    assert found["departure"].iloc[1] > departure / 2
    with (REPOSITORY / "data/published/ntire2022/errata.csv").open(newline="") as file:
        (erratum,) = [row for row in csv.DictReader(file) if row["row"] == "efdn_team05"]
    assert f"{found['div2k_by_it'].iloc[0]:.2f}" == erratum["finding"]
    assert f"{-departure:.2f} dB" in erratum["evidence"]
