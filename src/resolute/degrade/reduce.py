"""One HR image to its LR image, as the papers make them."""

import numpy as np
from numpy.typing import NDArray

from resolute.images.imresize import crop_to_multiple, imresize, lr_size


def reduced(hr: NDArray[np.uint8], scale: float, variant: str) -> NDArray[np.uint8]:
    """The LR image of an HR image, which is first cut at the top left to a multiple of the scale.

    Args:
        hr: H x W or H x W x 3, uint8.
        scale: how much smaller the image becomes, at least 1, whole or not.
        variant: of `resolute.images.imresize.VARIANTS`.

    Raises:
        ResoluteError: an image smaller than the scale, or an unknown variant.
    """
    hr = crop_to_multiple(hr, scale)
    return imresize(hr, 1 / scale, variant, size=lr_size(hr, scale))
