"""Graphs against PyTorch: what is traced in a way of its own, and what the parity check must catch."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute import datasets
from resolute.core.errors import ResoluteError
from resolute.export import photographs
from resolute.export.parity import check_parity
from resolute.export.photographs import mean_psnr
from resolute.export.precision import lowered
from resolute.export.running import Running
from resolute.export.trace import to_onnx
from resolute.models.blocks.pooling import max_pool_cells
from resolute.models.blocks.post_upsampling import enlarge


class Cells(nn.Module):
    """Nothing but the pool."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return max_pool_cells(x, self.factor)


class Overlapping(nn.Module):
    """Windows that overlap, and the sum of them where they lay."""

    def forward(self, x: Tensor) -> Tensor:
        windows = x.unfold(2, 4, 3).unfold(-2, 2, 1).amax(-1)
        places = torch.arange(windows.shape[2])[:, None] * 3 + torch.arange(4)
        spread = windows.transpose(3, 4).flatten(2, 3)
        return torch.zeros_like(x[..., 1:]).index_add(2, places.flatten(), spread)


class Baked(nn.Module):
    """Adds a number that it makes of the image's height in Python, as a trace cannot."""

    def forward(self, x: Tensor) -> Tensor:
        return x + int(x.shape[2]) / 1000


class Fourier(nn.Module):
    """What ONNX has no operator for, as torch exports it."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.fft.fft2(x).real


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_a_traced_pool_is_the_adaptive_one_at_every_size(factor: int) -> None:
    graph = Running(to_onnx(Cells(factor), factor, "cells"), "cells")
    for height in range(factor, 5 * factor + 2):
        x = torch.randn(1, 3, height, height + 3, generator=torch.Generator().manual_seed(height))
        cells = height // factor, (height + 3) // factor
        assert torch.equal(graph(x), functional.adaptive_max_pool2d(x, cells))


def test_a_traced_shuffle_is_torchs() -> None:
    network = nn.Sequential(nn.Conv2d(3, 12, 1), nn.ChannelShuffle(3), nn.Conv2d(12, 12, 1), nn.ChannelShuffle(4))
    graph = Running(to_onnx(network, 1, "shuffle"), "shuffle")
    x = torch.rand(1, 3, 5, 9)
    assert torch.allclose(graph(x), network(x), atol=1e-6)


def test_traced_windows_that_overlap_are_torchs_at_every_size() -> None:
    graph = Running(to_onnx(Overlapping(), 4, "overlapping"), "overlapping")
    for height in range(4, 50, 7):
        x = torch.rand(1, 3, height, height + 2)
        assert torch.allclose(graph(x), Overlapping()(x), atol=1e-6)


def test_a_size_that_is_baked_into_a_graph_is_caught() -> None:
    graph = Running(to_onnx(Baked(), 1, "baked"), "baked")
    with pytest.raises(ResoluteError, match="baked cannot be exported: for an LR image of 1x1 the graph is"):
        check_parity(Baked(), graph, 1, "baked")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda sr: sr + 2e-4, "of the range off"),
        (lambda sr: sr * float("nan"), "of the range off"),
        (lambda sr: sr[..., 1:], "does not serve all sizes"),
    ],
)
def test_parity_refuses_what_is_off(wrong: nn.Module, message: str) -> None:
    def twice(lr: Tensor) -> Tensor:
        return enlarge(lr, 2)

    assert check_parity(twice, lambda lr: twice(lr) + 2e-6, 8, "twice").error < 1e-4
    with pytest.raises(ResoluteError, match=message):
        check_parity(twice, lambda lr: wrong(twice(lr)), 8, "twice")


def test_a_missing_operator_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ResoluteError, match=r"^fourier cannot be exported to ONNX: .*fft_fft2"):
        to_onnx(Fourier(), 1, "fourier")
    assert capfd.readouterr() == ("", "")


def test_a_loss_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ResoluteError, match="not finite: export it in fp32"):
        mean_psnr(lambda lr: enlarge(lr, 4) / 0, 4, "half")


def test_ranges_are_read_off_training_photographs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    read, read_image = [], photographs.read_image

    def listed(path: Path) -> np.ndarray:
        read.append(path.name)
        return read_image(path)

    monkeypatch.setattr(photographs, "read_image", listed)
    patches = photographs.calibration_patches(4, 1)
    assert {patch.shape for patch in patches} == {(1, 3, 64, 64)}
    assert all(patch.min() >= 0 and patch.max() <= 1 for patch in patches)
    assert len(patches) == 4 * len(set(read))
    measured = {Path(file.path).name for file in datasets.entry("embedded").files() if file.split == "test"}
    assert not measured & set(read)


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_what_a_converter_refuses_is_one_line(precision: str) -> None:
    with pytest.raises(ResoluteError, match=f"^net has no {precision}: "):
        lowered(None, precision, list, "net")  # type: ignore[arg-type]
