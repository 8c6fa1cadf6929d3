"""Scoring patches by a trained network: the job of stage `patches` that follows a training.

ClassSR (CVPR 2021) sorts patches into three classes by the PSNR that a trained MSRResNet reaches on each.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from resolute import methods, registry
from resolute.core import devices, layout
from resolute.core.errors import ResoluteError
from resolute.core.locks import making
from resolute.core.provenance import provenance
from resolute.images.pack import Pack, open_pack
from resolute.images.scores import origin, read_scores, write_scores
from resolute.inference.prepare import prepare
from resolute.methods import weights
from resolute.methods.patchwise import patch_psnr

AT_ONCE = 1024  # patches that are cut out together, which bounds memory


def score_patches(dataset: str, scorer: layout.Weights, threads: int) -> Path:
    """Write what every patch of a data set comes to by a trained method: see `resolute.images.scores`.

    The network enlarges every patch by itself; a method that chooses takes its costliest way. One process at a time
    scores; who had to wait takes what is then there, if that is what it would make.

    Args:
        scorer: the weights, whose scale is that of the patches.
        threads: of the CPU, where there is no GPU.

    Returns:
        The scores.

    Raises:
        ResoluteError: the patches or the weights are missing or damaged, or patches are too small for the method.
    """
    target = layout.patch_scores(dataset, scorer)
    entry, path = registry.entry(scorer.method), layout.weights(scorer)
    with making(target) as waited, weights.unchanged(path):
        pack = open_pack(dataset, scorer.span.low)
        if waited and _is_scored(dataset, scorer, pack):
            return target
        if pack.lr_size < entry.minimum_side:
            least = f"{entry.name} needs sides of at least {entry.minimum_side} pixels"
            raise ResoluteError(f"patches of {pack.lr_size} LR pixels cannot be scored: {least}")
        devices.claim_gpus(1)
        device = devices.accelerator()
        if device == "cpu":
            torch.set_num_threads(threads)
        network = methods.build(entry.name, scorer.span.low)
        weights.load_weights(network, path)
        network = prepare(network, device)
        found = [patch_psnr(network, lr, hr, entry.data_range, device) for lr, hr in _patches(pack)]
        facts = {**origin(dataset, scorer), "provenance": provenance(device=devices.device_name(device))}
        write_scores(target, np.concatenate(found), facts)
    return target


def _is_scored(dataset: str, scorer: layout.Weights, pack: Pack) -> bool:
    """Whether these very patches have been scored by these very weights."""
    try:
        read_scores(dataset, scorer, len(pack.columns["image"]))
    except ResoluteError:
        return False
    return True


def _patches(pack: Pack) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The LR and HR patches of the index, in its order, some at a time."""
    side = round(pack.lr_size * pack.scale)
    images, rows, columns = (pack.columns[name] for name in ("image", "row", "column"))
    for first in range(0, len(images), AT_ONCE):
        some = list(zip(*(places[first : first + AT_ONCE].tolist() for places in (images, rows, columns)), strict=True))
        lr = [pack.lr(image)[y : y + pack.lr_size, x : x + pack.lr_size] for image, y, x in some]
        corners = [(image, round(y * pack.scale), round(x * pack.scale)) for image, y, x in some]
        hr = [pack.hr(image)[top : top + side, left : left + side] for image, top, left in corners]
        yield np.stack(lr), np.stack(hr)
