"""The forms in which a network is run and compared: float32, TF32, bfloat16, and that as one CUDA graph."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from resolute.inference.prepare import prepare

FP32, TF32, BF16, GRAPH = "fp32", "tf32", "bf16", "bf16_graph"


def allow_tf32(allowed: bool) -> None:
    """Whether float32 products may keep 10 bits of the mantissa; convolutions may where nobody says otherwise."""
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def as_input(pixels: NDArray[np.uint8], data_range: float, device: str) -> Tensor:
    """An image (h x w x 3) as a network reads it: 1 x 3 x h x w, float32, in 0..data_range."""
    lr_HWC = torch.from_numpy(np.ascontiguousarray(pixels)).to(device).float()
    return (lr_HWC.permute(2, 0, 1)[None] * (data_range / 255)).contiguous()


def in_bf16(network: nn.Module, device: str) -> nn.Module:
    """A network as it infers on a device, in bfloat16; `network` is not to be used any more."""
    # On a CPU it would be given convolutions that take float32 alone.
    return (prepare(network, device) if device == "cuda" else network).to(torch.bfloat16)


def input_in_bf16(lr: Tensor) -> Tensor:
    """Its input."""
    return lr.to(torch.bfloat16).contiguous(memory_format=torch.channels_last)


class Graphed(nn.Module):
    """A network as one CUDA graph of images of a size: its kernels are launched together.

    Args:
        network: on the device; nothing in it waits for the device.
        lr: an image of the size.
    """

    captures_failed = 0  # in this process, whose memory pool a failed capture may leave in disorder

    def __init__(self, network: nn.Module, lr: Tensor) -> None:
        super().__init__()
        self.lr = lr.clone()
        # As torch's documentation has it: some passes beside the default stream, then the capture.
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.no_grad(), torch.cuda.stream(stream):
            for _ in range(3):
                network(self.lr)
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        Graphed.captures_failed += 1
        with torch.no_grad(), torch.cuda.graph(self.graph):
            self.sr = network(self.lr)
        Graphed.captures_failed -= 1

    def forward(self, lr: Tensor) -> Tensor:
        self.lr.copy_(lr)
        self.graph.replay()
        return self.sr
