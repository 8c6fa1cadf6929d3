"""How a network infers that is a method by itself."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from resolute.core.errors import ResoluteError
from resolute.inference.prepare import prepare
from resolute.methods.network.form import released as build
from resolute.methods.upscaled import Upscaled, Upscaler
from resolute.methods.weights import load_weights
from resolute.registry import Entry

__all__ = ["build", "cheapest", "check_size", "prepared", "runner", "upscaler"]

cheapest = build


def upscaler(entry: Entry, scale: float, weights: Path | None, device: str, setting: str = "") -> Upscaler:
    """The network with its weights."""
    return runner(entry, prepared(entry, scale, weights, device), device)


def prepared(entry: Entry, scale: float, weights: Path | None, device: str) -> nn.Module:
    """The network with its weights, ready for a device."""
    network = build(entry, scale)
    if weights is not None:
        load_weights(network, weights)
    return prepare(network, device)


def runner(entry: Entry, network: nn.Module, device: str) -> Upscaler:
    """Runs a network that lies on a device on images as files have them."""

    def upscale(lr: np.ndarray) -> Upscaled:
        check_size(entry, lr.shape[0], lr.shape[1])
        image_HWC = torch.from_numpy(np.ascontiguousarray(lr, dtype=np.float32))
        image_BCHW = image_HWC.to(device).permute(2, 0, 1)[None] * (entry.data_range / 255)
        # TF32 keeps 10 bits of the mantissa, which moves a published PSNR by up to 0.004 dB.
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            sr_BCHW = network(image_BCHW.contiguous(memory_format=torch.channels_last))
        return Upscaled((sr_BCHW[0].permute(1, 2, 0) * (255 / entry.data_range)).cpu().numpy())

    return upscale


def check_size(entry: Entry, height: int, width: int) -> None:
    """Refuse an LR image that is too small for the network."""
    least = entry.minimum_side
    if min(height, width) < least:
        raise ResoluteError(f"the image is {width}x{height}, but {entry.name} needs sides of at least {least} pixels")
