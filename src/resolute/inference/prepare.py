"""What makes a network run fast, in one place: for upscaling and for timing alike."""

import sys
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format

from resolute.core.memory import keep_freed_memory
from resolute.inference.fused import FusedConv, FusedLinear
from resolute.inference.fusion import PROBE, fuse_convolutions
from resolute.models.blocks.preparable import prepare_modules


def prepare(network: nn.Module, device: str) -> nn.Module:
    """A copy of a network for inference on a device: the same function, within float rounding.

    It takes its input in `torch.channels_last`, which lets oneDNN and cuDNN use their fast kernels without
    reordering every layer. A network whose class has `inference_layout` works in that layout instead. On a CPU
    convolutions and linear layers are fused with what surrounds them, where torch can, and the process keeps the memory
    that it frees from now on.
    """
    layout = getattr(network, "inference_layout", torch.channels_last)
    faster = prepare_modules(network).eval().to(device)
    if device == "cpu" and torch.backends.mkldnn.is_available():
        keep_freed_memory()
        faster = _fused(faster, layout)
    if layout is not torch.channels_last:
        return _Contiguous(faster)
    return convert_conv2d_weight_memory_format(faster, torch.channels_last)


def _fused(network: nn.Module, layout: torch.memory_format) -> nn.Module:
    """The network with fused convolutions; itself where this torch has not the operators or they refuse it.

    They are private to torch: any release may rename them or want other arguments. Of a network that cannot be traced,
    its encoder alone, where it has one.
    """
    fused = fuse_convolutions(network)
    if fused is network:
        if isinstance(encoder := getattr(network, "encoder", None), nn.Module):
            network.encoder = _fused(encoder, layout)
        return network
    try:
        for module in fused.modules():
            if isinstance(module, FusedLinear) or (isinstance(module, FusedConv) and layout is torch.channels_last):
                module.pack()
        with torch.inference_mode():
            fused(torch.zeros(PROBE).contiguous(memory_format=layout))
    except (AttributeError, TypeError, RuntimeError):
        _say_once(f"torch {torch.__version__} does not fuse convolutions here: the same results, slower")
        return network
    return fused


@cache
def _say_once(line: str) -> None:
    print(f"resolute: {line}", file=sys.stderr, flush=True)


class _Contiguous(nn.Module):
    """A network that works on maps with the channels first."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, lr: Tensor) -> Tensor:
        return self.network(lr.contiguous())
