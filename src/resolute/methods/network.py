"""Methods that are a network and nothing else: most of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from resolute.core.errors import ResoluteError
from resolute.methods import OnRoute, Upscaler
from resolute.methods.inference import prepare
from resolute.methods.plan import Plan, make_plan
from resolute.methods.weights import load_weights
from resolute.models import create_model
from resolute.models.blocks.experts import report_routes
from resolute.registry import Entry


class Method:
    """A network of `resolute.models`, trained and run as its registry entry says."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    def build(self, scale: float) -> nn.Module:
        self.entry.check_scale(scale)
        return create_model(self.entry.model, scale, **self.entry.arguments)

    def build_for_training(self, scale: float) -> nn.Module:
        self.entry.check_scale(scale)
        return create_model(self.entry.model, scale, **{**self.entry.arguments, **self.entry.training})

    def plan(self, defaults: Mapping[str, Any], recipe: Mapping[str, Any]) -> Plan:
        return make_plan(defaults, recipe, self.entry.name)

    def upscaler(self, scale: float, weights: Path | None, device: str, on_route: OnRoute | None = None) -> Upscaler:
        network = self.build(scale)
        if weights is not None:
            load_weights(network, weights)
        network = prepare(network, device)
        if on_route:
            report_routes(network, on_route)

        def upscale(lr: np.ndarray) -> np.ndarray:
            self.check_size(lr.shape[0], lr.shape[1])
            image_HWC = torch.from_numpy(np.ascontiguousarray(lr, dtype=np.float32))
            image_BCHW = image_HWC.to(device).permute(2, 0, 1)[None] * (self.entry.data_range / 255)
            # TF32 keeps 10 bits of the mantissa, which moves a published PSNR by up to 0.004 dB.
            with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
                sr_BCHW = network(image_BCHW.contiguous(memory_format=torch.channels_last))
            return (sr_BCHW[0].permute(1, 2, 0) * (255 / self.entry.data_range)).cpu().numpy()

        return upscale

    def check_size(self, height: int, width: int) -> None:
        """Refuse an LR image that is too small for the network."""
        least = self.entry.minimum_side
        if min(height, width) < least:
            raise ResoluteError(
                f"the image is {width}x{height}, but {self.entry.name} needs sides of at least {least} pixels"
            )
