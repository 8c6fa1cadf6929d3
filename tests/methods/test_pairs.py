"""How pairs of patches are turned."""

import numpy as np
import torch

from resolute.methods.pairs import Pairs

# Of a crop with the rows 0 1 and 2 3: bit 0 flips left-right, bit 1 top-bottom, then bit 2 transposes.
TURNED = {
    0: [[0, 1], [2, 3]],
    1: [[1, 0], [3, 2]],
    2: [[2, 3], [0, 1]],
    3: [[3, 2], [1, 0]],
    4: [[0, 2], [1, 3]],
    5: [[1, 3], [0, 2]],
    6: [[2, 0], [3, 1]],
    7: [[3, 1], [2, 0]],
}


def test_both_of_a_pair_are_turned_by_its_number() -> None:
    lr = np.arange(4, dtype=np.uint8).reshape(2, 2, 1).repeat(3, 2)
    hr = lr.repeat(2, 0).repeat(2, 1)
    pairs = Pairs.turned([(lr, hr)] * 8, TURNED)
    assert pairs.lr[..., 0].tolist() == list(TURNED.values())
    assert torch.equal(pairs.hr[:, ::2, ::2], pairs.lr)


def test_a_network_reads_pixels_in_its_range_with_the_channels_last_in_memory() -> None:
    pixels = np.array([[[0, 51, 255]] * 2] * 2, dtype=np.uint8)
    for image in Pairs.turned([(pixels, pixels)], [3]).as_images(5.0):
        assert image.shape == (1, 3, 2, 2) and image.is_contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(image[0, :, 1, 0], torch.tensor([0.0, 1.0, 5.0]))
