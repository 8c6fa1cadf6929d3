"""How a training went: its loss over the steps."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from resolute.figures.style import MUTED, VERMILLION

POINTS = 200  # that a curve is thinned to: more than a screen shows of it


def read_log(path: Path, steps: int) -> pd.DataFrame:
    """`step` and `loss` of the log of a training of so many steps; what was cut off, or holds anything but numbers, is
    a ValueError.
    """
    if not path.read_bytes().endswith(b"\n"):
        raise ValueError("its last line is not whole")
    log = pd.read_csv(path)[["step", "loss"]].astype(float)
    if log.empty or not np.isfinite(log.to_numpy()).all():
        raise ValueError("no steps, or a number that is not finite")
    if log["step"].iloc[-1] != steps:
        raise ValueError(f"it ends at step {log['step'].iloc[-1]:g} of {steps}")
    return log


def thinned(log: pd.DataFrame) -> pd.DataFrame:
    """`step` and `loss` of a training log, as the means of equally many steps each."""
    block = pd.Series(range(len(log)), index=log.index) // max(1, -(-len(log) // POINTS))
    return log.groupby(block)[["step", "loss"]].mean()


def smoothed(loss: pd.Series) -> pd.Series:
    """The mean over a twentieth of the curve, centred."""
    return loss.rolling(max(1, len(loss) // 20), center=True, min_periods=1).mean()


def training_curve(log: pd.DataFrame, title: str) -> tuple[Figure, str]:
    """The figure and its caption.

    Args:
        log: the thinned log.
        title: what was trained.
    """
    figure, axes = plt.subplots(figsize=(7.2, 3.0), layout="constrained")
    axes.plot(log["step"], log["loss"], color=MUTED, linewidth=0.6, alpha=0.6)
    axes.plot(log["step"], smoothed(log["loss"]), color=VERMILLION, linewidth=1.6)
    scale, words = ("log", "logarithmic") if (log["loss"] > 0).all() else ("linear", "linear")
    axes.set(yscale=scale, xlabel="step", ylabel="training loss", title=title)
    axes.margins(x=0.01)
    caption = (
        f"Training loss of {title} over its steps ({words} axis, pixel values 0 to 1). The thin line is the log"
        f" thinned to at most {POINTS} points, the thick one its mean over a twentieth of the training."
    )
    return figure, caption
