"""How methods infer that send every patch to one of their experts: what they share beside the cutting and the merging.

No training executes this; `resolute.methods.patchwise` is for both.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial

import numpy as np
from torch import nn

from resolute.inference.prepare import prepare
from resolute.methods.network.inference import check_size
from resolute.methods.patchwise import PATCH, STRIDE, Expert, Network, PatchUpscaler
from resolute.registry import Entry

Route = Callable[[np.ndarray], np.ndarray]
"""From patches (N x PATCH x PATCH x 3, in 0..255) to the numbers of their experts (N)."""


def patch_upscaler(
    entry: Entry, scale: float, experts: Sequence[Expert], route: Route, device: str, route_macs: int = 0
) -> PatchUpscaler:
    """Upscales by patches of the size that ClassSR, ARM and WBSR have; refuses images smaller than the entry says.

    Args:
        experts: the cheapest first; their networks lie on the device.
        route: which expert each patch takes.
        route_macs: the multiply-adds that this choice takes for a patch.
    """
    least = partial(check_size, entry)
    return PatchUpscaler(experts, route, int(scale), PATCH, STRIDE, entry.data_range, device, route_macs, least)


def when_taken(make: Callable[[], nn.Module], device: str) -> Network:
    """A network that is made and prepared for a device when the first patch takes it: at many settings few are."""
    made = cache(lambda: prepare(make(), device))
    return lambda lr: made()(lr)


def always(number: int) -> Route:
    """The same expert for every patch."""
    return lambda patches: np.full(len(patches), number)
