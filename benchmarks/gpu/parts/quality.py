"""PSNR with published weights on Set5 and Set14, in float32 and in bfloat16, by the challenge's protocol."""

import math

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.gpu.forms import BF16, FP32, allow_tf32, as_input, in_bf16, input_in_bf16
from benchmarks.gpu.journal import Journal
from benchmarks.gpu.pixels import SCALE, Image, Pair, tested_pairs
from benchmarks.gpu.place import Setup
from benchmarks.gpu.published import WEIGHTS, network
from resolute import registry
from resolute.metrics.psnr import psnr


def run(setup: Setup) -> None:
    """Measure what the journal has not."""
    journal = Journal(setup.out)
    allow_tf32(False)
    for name in ("rlfn_tiny",) if setup.smoke else WEIGHTS:
        for form in (FP32, BF16):
            if journal.is_settled("quality", f"{name} {form}"):
                continue
            with journal.item("quality", f"{name} {form}") as rows:
                run = network(setup, name)
                if form == BF16:
                    run = in_bf16(run, setup.device)
                for dataset, pairs in tested_pairs(setup):
                    described = {"method": name, "scale": SCALE, "dataset": dataset, "protocol": form}
                    value = mean_psnr(run, pairs, registry.entry(name).data_range, setup.device, form)
                    rows.append({**described, "metric": "psnr", "value": value, "unit": "dB"})


def mean_psnr(network: nn.Module, pairs: list[Pair], data_range: float, device: str, form: str = FP32) -> float:
    """Of the images' PSNRs in dB: RGB pooled, shaved by the scale, SR rounded to uint8."""
    values = []
    for pair in pairs:
        lr = as_input(pair.lr, data_range, device)
        with torch.inference_mode():
            sr = network(input_in_bf16(lr) if form == BF16 else lr)
        height, width = (SCALE * side for side in pair.lr.shape[:2])
        inner = np.s_[SCALE : height - SCALE, SCALE : width - SCALE]
        values.append(psnr(_pixels(sr, data_range)[inner], pair.hr[inner]))
    mean = sum(values) / len(values)
    if not math.isfinite(mean):
        raise ValueError("the PSNR is not finite")
    return mean


def _pixels(sr_BCHW: Tensor, data_range: float) -> Image:
    return (sr_BCHW[0].float().permute(1, 2, 0) * (255 / data_range)).round().clamp(0, 255).byte().cpu().numpy()
