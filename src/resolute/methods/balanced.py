"""BDLoss: a likelihood under which rare pixels count as much as common ones.

Eq. 14 of WBSR ("Rethinking Imbalance in Image Super-Resolution for Efficient Inference", NeurIPS 2024), which is
Balanced MSE with a mixture of Gaussians (Ren et al., CVPR 2022; jiawei-ren/BalancedMSE):

    -log N(y; yhat, sigma^2 I) + log sum_i phi_i N(yhat; mu_i, Sigma_i + sigma^2 I)

The first term is the error of a noisy label; the second takes away what the training set's own distribution of labels,
sum_i phi_i N(mu_i, Sigma_i), makes likely. For one component of mean m and variance S the best prediction of a label y
is y + (sigma^2 / S)(y - m): it overshoots, the farther the rarer y is, so sigma has to stay near the true residual.

The paper leaves open on what the mixture is fitted, L, and sigma. Taken here: RGB pixels of HR in units of the data
range, L = 8, sigma learned from 0.05 on; as in Balanced MSE the whole is multiplied by 2 sigma^2, without its gradient,
to have the scale of squared errors. The paper's lambda ||theta|| is the optimiser's `weight_decay`.

Mind sigma: colours of photographs vary by hundredths along the narrow axes of their mixture, and there a sigma of 0.05
overshoots many times over, which makes residuals, and with them a learned sigma, larger. Hold it below the residual
(`sigma: 0.01, rate: 0`), or balance gradients, where this has not been seen.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from resolute.images.colour import LUMA_WEIGHTS
from resolute.methods.mixture import Mixture

PIXELS = 2**15  # that the mixture is fitted on
CROPS = 2**11
TINY = 1e-12  # under roots whose gradient would be infinite at zero


class BalancedLoss(nn.Module):
    """BDLoss with the mixture that it is fitted to and the noise scale that it learns.

    Args:
        components: of the mixture, L.
        likelihood: `gauss`, or `laplace`: |y - yhat| / b with b = sigma / sqrt(2) in place of the squared error, and b
            in place of 2 sigma^2 as the scale of the whole; the balancing term is that of `gauss`. The paper calls its
            first term a form of L1, which no Gaussian is. With pixels it needs a sigma that is small and held.
        descriptor: what the mixture is of. `pixel`: RGB; `gradient`: mean and standard deviation of the gradient
            magnitude of a patch, which tell texture, as pixels by themselves cannot. sigma widens it all the same.
        sigma: the noise scale at the start, in units of the data range.
        rate: at which it is learned, as a multiple of the network's under Adam; 0 holds it.

    Attributes:
        noise: what is learned, sigma over `rate`: Adam's steps are as long whatever the gradient.
        mixture: of the training set's descriptors.
    """

    def __init__(self, components: int, likelihood: str, descriptor: str, sigma: float, rate: float) -> None:
        super().__init__()
        self.likelihood, self.descriptor, self.rate = likelihood, descriptor, rate or 1.0
        self.noise = nn.Parameter(torch.tensor(sigma / self.rate), requires_grad=rate > 0)
        self.mixture = Mixture(components, 3 if descriptor == "pixel" else 2)

    @property
    def sigma(self) -> Tensor:
        """The noise scale; its square alone matters."""
        return self.noise * self.rate

    def fit(self, pack: Any, side: int, generator: np.random.Generator) -> None:
        """Fit the mixture to random pixels of the packed HR images, or to random patches `side` HR pixels wide."""
        if self.descriptor == "pixel":
            pixels = pack.hr_pixels.reshape(-1, 3)
            samples = pixels[np.sort(generator.integers(len(pixels), size=PIXELS))] / 255
        else:
            crops = (random_crop(pack, side, generator) for _ in range(CROPS))
            samples = np.concatenate([gradients(crop).numpy() for crop in crops]).astype(np.float64)
        self.mixture.fit(samples, seed=int(generator.integers(2**31)))

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        """The mean loss of SR and HR, N x 3 x H x W in units of the data range; it may be negative."""
        # Squares over variances of thousandths do not survive the 8 bits of bfloat16.
        with torch.autocast(sr.device.type, enabled=False):
            prediction, target = pixels_of(sr.float()), pixels_of(hr.float())
            # A Gaussian falls faster than a Laplacian rises: beyond what labels can be there is nothing to be won.
            likely = sr.float().clamp(0, 1) if self.likelihood == "laplace" else sr.float()
            described = pixels_of(likely) if self.descriptor == "pixel" else gradients(likely)
            return balanced_loss(prediction, target, described, self.mixture, self.sigma, self.likelihood)


def balanced_loss(
    prediction: Tensor, target: Tensor, described: Tensor, mixture: Mixture, sigma: Tensor, likelihood: str = "gauss"
) -> Tensor:
    """The mean over samples of WBSR's Eq. 14, a scalar.

    Args:
        prediction, target: N x D.
        described: what of the prediction the mixture is of, M x E: the prediction itself for Balanced MSE.
        mixture: of as many dimensions E.
        sigma: the noise scale.
        likelihood: see `BalancedLoss`.
    """
    variance = sigma.square()
    if likelihood == "laplace":
        width = (variance / 2).sqrt()
        surprise = (prediction - target).abs() / width + (2 * width).log()
        unit = width
    else:
        surprise = (prediction - target).square() / (2 * variance) + (2 * math.pi * variance).log() / 2
        unit = 2 * variance
    return (surprise.sum(dim=1).mean() + mixture.log_density(described, variance).mean()) * unit.detach()


def pixels_of(images: Tensor) -> Tensor:
    """The pixels of images, N x 3 x H x W: NHW x 3."""
    return images.movedim(1, -1).reshape(-1, 3)


def gradients(images: Tensor) -> Tensor:
    """Mean and standard deviation of the Sobel gradient magnitude of the luma of images, N x 3 x H x W: N x 2.

    Per pixel (an eighth of the Sobel kernels), so that no error of a pixel is more in them than it is by itself; of the
    pixels that are not on the border, in units of the images' range. The patch index has eight times as much, by 255.
    """
    weights = torch.tensor(LUMA_WEIGHTS, dtype=images.dtype, device=images.device)
    y = torch.einsum("nchw,c->nhw", images, weights)
    down = y[:, :-2] + 2 * y[:, 1:-1] + y[:, 2:]
    across = y[:, :, :-2] + 2 * y[:, :, 1:-1] + y[:, :, 2:]
    horizontal, vertical = (down[:, :, 2:] - down[:, :, :-2]) / 8, (across[:, 2:] - across[:, :-2]) / 8
    magnitude = (horizontal.square() + vertical.square() + TINY).sqrt().flatten(1)
    mean = magnitude.mean(dim=1)
    variance = (magnitude - mean[:, None]).square().mean(dim=1)
    return torch.stack([mean, (variance + TINY).sqrt()], dim=1)


def random_crop(pack: Any, side: int, generator: np.random.Generator) -> Tensor:
    """A square of a random packed HR image, 1 x 3 x side x side in 0..1; smaller where the image is."""
    image = pack.hr(int(generator.integers(len(pack.hr_images))))
    top, left = (int(generator.integers(max(extent - side, 0) + 1)) for extent in image.shape[:2])
    crop = torch.from_numpy(image[top : top + side, left : left + side].astype(np.float32) / 255)
    return crop.permute(2, 0, 1)[None]
