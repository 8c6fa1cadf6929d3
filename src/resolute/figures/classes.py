"""Quality and cost against the number K of classes that patches fall into (WBSR, Fig. 7)."""

from collections.abc import Sequence
from itertools import cycle

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from resolute import measurements, registry
from resolute.figures.style import LINES, short
from resolute.measurements import titles


def over_classes(
    means: pd.DataFrame, methods: Sequence[str], protocol: str, dataset: str, scale: float
) -> tuple[Figure, str]:
    """The figure of a network on a data set at a scale, and its caption.

    Args:
        means: of `measurements.over_seeds`.
        methods: a network in trainings that differ in K alone, the first of which is the one that the others are like.
        protocol: of the PSNRs.
    """
    entry = registry.entry(methods[0])
    points = _points(means, methods, protocol, dataset, scale)
    figure, (quality, cost) = plt.subplots(1, 2, figsize=(7.2, 3.4), layout="constrained")
    for setting, colour in zip([one for one in entry.settings if one not in entry.experts], cycle(LINES)):
        own = points[points["setting"] == setting].sort_values("classes")
        line = {"color": colour, "marker": "o", "markersize": 4, "linewidth": 2.2 if setting == entry.setting() else 1}
        spread = own["spread"].fillna(0)
        quality.errorbar(own["classes"], own["psnr"], spread, label=setting, capsize=3, **line)
        cost.plot(own["classes"], own["share"], **line)
    for axes in (quality, cost):
        axes.set_xticks(sorted(set(points["classes"])))
        axes.set_xlabel("K, the number of classes")
    quality.set_ylabel("PSNR (dB)")
    cost.set_ylabel("FLOPs (% of the full)")
    quality.set_title(f"{short(entry.title, 40)}, {short(titles.dataset_title(dataset), 30)}, x{scale:g}")
    figure.legend(loc="outside lower center", ncols=6)
    seeds = int(points["seeds"].max())
    several = f" Means over {seeds} seeds, with the standard deviation of the PSNR." if seeds > 1 else ""
    caption = (
        f"Mean PSNR of {entry.title} over the images of {titles.dataset_title(dataset)} at x{scale:g}, protocol"
        f" {protocol}, and what the images took of the full network's FLOPs, against the number K of classes that"
        " patches fall into, in HES (where the training draws by it) and in the choice of a subnet. Each K is a"
        " training of its own that is alike else. A line is a setting, the default one is thick; those of one expert"
        f" throughout are left out.{several}"
    )
    return figure, caption


def _points(means: pd.DataFrame, methods: Sequence[str], protocol: str, dataset: str, scale: float) -> pd.DataFrame:
    """A row per K and setting that was measured: PSNR in dB, share of the FLOPs in percent."""
    own = means[(means["dataset"] == dataset) & (means["scale"] == scale) & means["method"].isin(methods)]
    shares = measurements.shares(own)
    rows = [
        {
            "classes": registry.entry(row["method"]).options["classes"],
            "setting": row["setting"],
            "psnr": row["value"],
            "spread": row["spread"],
            "seeds": row["seeds"],
            "share": 100 * shares[measurements.key(row)],
        }
        for row in measurements.records(own[(own["metric"] == "psnr") & (own["protocol"] == protocol)])
        if measurements.is_trained(row["weights"])
    ]
    return pd.DataFrame(rows)
