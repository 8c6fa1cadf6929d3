"""Which released networks of NTIRE 2022 do on Set5 and Set14 what their PSNR in Table 1 leads to expect.

    python benchmarks/trend.py

For each network a straight line from the PSNR on DIV2K's test images (Table 1) to the one on Set5 or Set14 (outputs of
the official code) is fitted to all others. Printed is how far it is from that line, lowest first, and the PSNR on DIV2K
at which the line has what was measured. SFDN and NLFFC are left out: the official code does not run the network that
was trained, or runs it on tiles.
"""

from pathlib import Path

import numpy as np
import pandas as pd

PUBLISHED = Path(__file__).parents[1] / "data/published/ntire2022"
LEFT_OUT = ["sfdn_team08", "sfdn_team08_identity", "nlffc_team02"]


def psnr(table: str, dataset: str) -> pd.Series:
    """RGB PSNR (dB) by method."""
    rows = pd.read_csv(PUBLISHED / f"{table}.csv").query("metric == 'psnr' and protocol == 'ntire2022'")
    return rows[rows["dataset"] == dataset].set_index("method")["value"]


def departures(dataset: str) -> pd.DataFrame:
    """How far (dB) each network is above the line of all others, lowest first, and its PSNR on DIV2K by it."""
    both = pd.concat([psnr("table1", "div2k_test"), psnr("official_code", dataset)], axis=1, keys=["div2k", "here"])
    both = both.dropna().drop(LEFT_OUT, errors="ignore")

    def against_others(network: pd.Series) -> dict[str, float]:
        others = both.drop(network.name)
        slope, start = np.polyfit(others["div2k"], others["here"], 1)
        return {
            "departure": network["here"] - start - slope * network["div2k"],
            "div2k_by_it": (network["here"] - start) / slope,
        }

    return both.apply(against_others, axis=1, result_type="expand").sort_values("departure")


def main() -> None:
    for dataset in ("set5", "set14"):
        found = departures(dataset)
        spread = found["departure"].iloc[1:].std()
        print(f"{dataset}: {len(found)} networks; standard deviation without the lowest {spread:.3f} dB")
        for method, row in found.head(5).iterrows():
            print(f"  {method:20} {row['departure']:+.3f} dB, as one of {row['div2k_by_it']:.2f} dB on DIV2K")


if __name__ == "__main__":
    main()
