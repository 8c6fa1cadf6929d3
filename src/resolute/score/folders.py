"""PSNR and SSIM of SR images against HR images, folder against folder, by all protocols at once.

The same images differ by 1.5 to 2 dB between channel, border and rounding (ECBSR#7, BasicSR#205, MoTIF#3): whoever
sees all numbers beside each other sees which one a paper printed.
"""

import csv
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from resolute.core import strict_json
from resolute.core.errors import ResoluteError, UsageError, nearest
from resolute.images.files import read_image
from resolute.images.imresize import crop_to_multiple
from resolute.images.pairing import Pair, Role, pair
from resolute.metrics.means import means
from resolute.metrics.protocols import PROTOCOLS

COLUMNS = ("image", "protocol", "psnr", "ssim", "equal_images")


def score(
    sr: Path, hr: Path, scale: float, protocols: Sequence[str] = (), workers: int | None = None
) -> dict[str, Any]:
    """Compare SR images with HR images that have the same names, but for the field's suffixes.

    Args:
        sr: a folder of SR images, 8 bits, grey or RGB; or one.
        hr: a folder of HR images, or one. They are cut at the top left to a multiple of the scale where the SR
            images have that size.
        scale: upscaling factor, by which protocols shave and HR images are cut.
        protocols: names of `resolute.metrics.protocols.PROTOCOLS`; all that the images are large enough for where
            none is named.
        workers: threads; as many as there are cores where it is not given.

    Returns:
        One JSON object: `protocols` (means, with `equal_images`: see `resolute.metrics.means`), `images` (per image
        the same), `alone` (files that belong to no other), `cut` (images whose HR was cut), `left_out` (protocols
        that do not fit, and why).

    Raises:
        ResoluteError: images that do not pair or fit, cannot be read, or are too small for what was asked.
    """
    for protocol in protocols:
        if protocol not in PROTOCOLS:
            raise UsageError(f"unknown protocol '{protocol}': {nearest(protocol, PROTOCOLS)}")
    pairing = pair(sr, hr, Role.SR)
    asked = tuple(dict.fromkeys(protocols)) or tuple(PROTOCOLS)
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        compared = list(pool.map(partial(_compare, scale=scale, protocols=asked), pairing.pairs))
    left_out = {name: reason for image in reversed(compared) for name, reason in image["unfit"].items()}
    kept = [name for name in asked if name not in left_out]
    if not kept or (protocols and left_out):
        raise ResoluteError(next(iter(left_out.values())))
    images = [
        {"image": image["image"], "protocols": {name: image["protocols"][name] for name in kept}} for image in compared
    ]
    return strict_json.finite(
        {
            "sr": str(sr),
            "hr": str(hr),
            "scale": scale,
            "protocols": means([image["protocols"] for image in images]),
            "images": images,
            "alone": [str(path) for path in pairing.alone],
            "cut": [image["image"] for image in compared if image["cut"]],
            "left_out": left_out,
        }
    )


def as_csv(scores: Mapping[str, Any]) -> str:
    """What `score` found as CSV: a row per image and protocol, and one of the means, whose image is empty.

    The PSNR of an image that equals its original is empty, and counted in `equal_images`.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_rows(scores))
    return text.getvalue()


def _rows(scores: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for image in scores["images"]:
        for protocol, metrics in image["protocols"].items():
            equal = int(metrics["psnr"] is None)
            yield {"image": image["image"], "protocol": protocol, **metrics, "equal_images": equal}
    for protocol, metrics in scores["protocols"].items():
        yield {"image": "", "protocol": protocol, **metrics}


def _compare(two: Pair, scale: float, protocols: Sequence[str]) -> dict[str, Any]:
    """What is measured of an image, whether its HR image was cut, and the protocols that it is too small for."""
    sr, whole = read_image(two.first), read_image(two.hr)
    hr = _fitting(two, sr, whole, scale)
    measured, unfit = {}, {}
    for protocol in protocols:
        try:
            measured[protocol] = PROTOCOLS[protocol].measure(sr, hr, scale)
        except ResoluteError as error:
            unfit[protocol] = f"{two.hr}: {error}"
    return {"image": two.name, "protocols": measured, "cut": hr.shape != whole.shape, "unfit": unfit}


def _fitting(two: Pair, sr: np.ndarray, hr: np.ndarray, scale: float) -> np.ndarray:
    """The HR image, or the part of it that its LR image covers, in the SR image's size."""
    if hr.shape[:2] == sr.shape[:2]:
        return hr
    cut = crop_to_multiple(hr, scale) if min(hr.shape[:2]) >= scale else hr
    if cut.shape[:2] == sr.shape[:2]:
        return cut
    sizes = {path: f"{image.shape[1]}x{image.shape[0]}" for path, image in ((two.first, sr), (two.hr, hr))}
    raise ResoluteError(
        f"{two.first} has {sizes[two.first]} pixels, {two.hr} {sizes[two.hr]}, {cut.shape[1]}x{cut.shape[0]} when cut "
        f"for x{scale:g}: give the right --scale and images of one size"
    )
