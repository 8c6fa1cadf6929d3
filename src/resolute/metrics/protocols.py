"""The measuring protocols by name: most disagreements between the papers' PSNRs are a matter of these.

One rule of all: the PSNR of an image that equals its original is infinite, which no mean and no JSON can hold. It is
kept as null and left out of the mean PSNR of a data set, and the equal images are counted beside (`equal_images`); the
mean is null where all are equal. Their SSIM is 1, and counts as any other.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resolute.core.errors import ResoluteError, nearest
from resolute.images.colour import luma
from resolute.images.files import to_rgb
from resolute.metrics.psnr import PEAK, psnr
from resolute.metrics.ssim import ssim


@dataclass(frozen=True)
class Protocol:
    """How an SR image is compared with its HR image.

    Args:
        name: as `measure` and the measurements' column know it.
        description: in a few words, for the report.
        shave: the pixels that are cut off every side, from the scale.
        uses_luma: Y of YCbCr is compared, not the pooled RGB channels.
        rounds_sr: the SR image is rounded to uint8 first, half to even.
        rounds_luma: Y is rounded to uint8, half up.
        keeps_grey: a grey HR image is compared as it is, not as the luma of three equal channels.
        covered_by: side and stride of the LR patches, in LR pixels; what they do not cover is cut off.
    """

    name: str
    description: str
    shave: Callable[[float], int]
    uses_luma: bool = False
    rounds_sr: bool = True
    rounds_luma: bool = False
    keeps_grey: bool = False
    covered_by: tuple[int, int] | None = None

    def measure(self, sr: NDArray, hr: NDArray, scale: float) -> dict[str, float]:
        """PSNR in dB and SSIM; see `measure` of this module."""
        sr, hr = self.compared(sr, hr, scale)
        return {"psnr": psnr(sr, hr), "ssim": ssim(sr, hr)}

    def compared(self, sr: NDArray, hr: NDArray, scale: float) -> tuple[NDArray, NDArray]:
        """What of the two images is compared: arrays of equal shape, 0..255."""
        _check(sr, hr)
        rows, columns = (self._compared_span(side, scale) for side in hr.shape[:2])
        sr, hr = sr[rows, columns], hr[rows, columns]
        sr = np.clip(sr, 0, PEAK)
        if self.rounds_sr:
            sr = np.rint(sr)
        if self.keeps_grey and hr.ndim == 2:
            return (sr if sr.ndim == 2 else _round_half_up(sr.mean(axis=2))), hr
        sr, hr = to_rgb(sr), to_rgb(hr)
        if self.uses_luma:
            sr, hr = luma(sr), luma(hr)
        if self.rounds_luma:
            sr, hr = _round_half_up(sr), _round_half_up(hr)
        return sr, hr

    def _compared_span(self, side: int, scale: float) -> slice:
        covered = side
        if self.covered_by:
            patch, stride = self.covered_by
            lr_side = round(side / scale)
            covered = round(scale * (patch + (lr_side - patch) // stride * stride)) if lr_side >= patch else 0
        shave = self.shave(scale)
        if covered <= 2 * shave:
            raise ResoluteError(f"a side of {side} pixels is too short for protocol {self.name}: use larger images")
        return slice(shave, covered - shave)


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            name="ntire2022",
            description="RGB channels pooled, 4 pixels shaved (NTIRE 2022 challenge)",
            shave=lambda _: 4,
        ),
        Protocol(
            name="rgb_basicsr",
            description="RGB channels pooled, scale pixels shaved (BasicSR, MMagic)",
            shave=math.ceil,
        ),
        Protocol(
            name="y_basicsr",
            description="Y not rounded, scale pixels shaved (BasicSR, most lightweight networks)",
            shave=math.ceil,
            uses_luma=True,
        ),
        Protocol(
            name="y_matlab",
            description="Y rounded, grey images kept grey, scale pixels shaved (older papers in MATLAB)",
            shave=math.ceil,
            uses_luma=True,
            rounds_luma=True,
            keeps_grey=True,
        ),
        Protocol(
            name="liif_div2k",
            description="RGB not rounded, scale + 6 pixels shaved (LIIF on DIV2K)",
            shave=lambda scale: math.ceil(scale) + 6,
            rounds_sr=False,
        ),
        Protocol(
            name="liif_benchmark",
            description="Y, SR not rounded, scale pixels shaved (LIIF on the benchmarks)",
            shave=math.ceil,
            uses_luma=True,
            rounds_sr=False,
        ),
        Protocol(
            name="classsr",
            # Methods that cut patches round these; the means where they overlap are compared as they are.
            description="RGB not rounded, on the area that LR patches cover, 4 pixels shaved (ClassSR, ARM)",
            shave=lambda _: 4,
            rounds_sr=False,
            covered_by=(32, 28),
        ),
    )
}


def measure(sr: NDArray, hr: NDArray, scale: float, protocol: str) -> dict[str, float]:
    """Compare an SR image with its HR image under a protocol.

    Args:
        sr: H x W x 3 or H x W, 0..255, uint8 or float; values outside are clamped.
        hr: the HR image, uint8, H x W x 3 or H x W (grey), cut to the size of `sr`.
        scale: upscaling factor, at least 1.
        protocol: a name in `PROTOCOLS`.

    Returns:
        `psnr` in dB (infinity for equal images) and `ssim`.

    Raises:
        ResoluteError: unknown protocol, images that do not fit together, or images too small for it.
    """
    if protocol not in PROTOCOLS:
        raise ResoluteError(f"unknown protocol '{protocol}': {nearest(protocol, PROTOCOLS)}")
    return PROTOCOLS[protocol].measure(sr, hr, scale)


def _check(sr: NDArray, hr: NDArray) -> None:
    for name, image in (("SR", sr), ("HR", hr)):
        if image.ndim != 2 and image.shape[2:] != (3,):
            raise ResoluteError(f"the {name} image must be H x W x 3 or H x W, not of shape {image.shape}")
    if hr.dtype != np.uint8:
        raise ResoluteError(f"the HR image must be uint8, not {hr.dtype}: read it with read_image")
    if sr.shape[:2] != hr.shape[:2]:
        sizes = (f"{image.shape[1]}x{image.shape[0]}" for image in (sr, hr))
        raise ResoluteError("the SR image has {} pixels, the HR image {}: cut the HR image first".format(*sizes))
    if not np.isfinite(sr).all():
        raise ResoluteError("the SR image holds NaN or infinite values: its network or weights are broken")


def _round_half_up(values: NDArray) -> NDArray:
    return np.floor(values + 0.5)
