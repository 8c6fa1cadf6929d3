"""Arbitrary-scale SR: an encoder at LR size, and a decoder that is asked for pixels at coordinates.

LIIF, LTE, MetaSR, CiaoSR, SRNO and OPE are decoders, EDSR-baseline, RDN and SwinIR encoders; see their files. Data
range 0..1, centred inside. No tensor depends on the scale: one set of weights serves every scale.
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from resolute.models import Part, create_part, register_model
from resolute.models.blocks.decoder import Decoder, Read
from resolute.models.blocks.encoder import Encoder
from resolute.models.blocks.preparable import Preparable
from resolute.models.blocks.queries import Grid, Queries, ask, bilinear

CHUNK = 30_000  # queries at a time, in LIIF's evaluation
CACHED = 1 << 20  # numbers of a hidden layer that are made at once, and stay in a CPU's cache
GPU_CHUNK = 1 << 17  # queries at a time, so that a GPU is busy and a large image fits


@register_model
class ArbitraryScale(Preparable):
    """Asks the decoder for every pixel of an SR image whose sides are `scale` times as long, rounded.

    Args:
        scale: of the images that `forward` makes.
        encoder, decoder: parts by name, with arguments.
        mean: colour that is subtracted from what the encoder sees and added to the result, one number or three.
        std: that both are divided by.

    Attributes:
        quick: whether what queries share is done once for an image, which changes nothing but rounding. The released
            form, of which published costs are counted, does everything anew for every chunk, as the authors do.
    """

    mean: Tensor
    quick = False

    def __init__(
        self,
        scale: float = 4,
        encoder: Part = "edsr",
        decoder: Part = "liif",
        mean: float | Sequence[float] = 0.5,
        std: float = 0.5,
    ) -> None:
        super().__init__()
        self.scale, self.std = scale, std
        self.register_buffer("mean", torch.tensor(mean).expand(3)[:, None, None].clone(), persistent=False)
        encoding = create_part("encoder", encoder)
        assert isinstance(encoding, Encoder)
        decoding = create_part("decoder", decoder, width=encoding.width)
        assert isinstance(decoding, Decoder)
        self.encoder, self.decoder, self.window = encoding, decoding, encoding.window

    def prepare(self) -> nn.Module:
        self.quick = True
        return self

    def forward(self, lr: Tensor) -> Tensor:
        return self.alone(lr, 0)

    def alone(self, lr: Tensor, head: int) -> Tensor:
        """What one head of the decoder makes of LR images, at every pixel."""
        frame = self.frame(lr)
        grid = Grid.of(lr, frame, self.scale, self.decoder.longest)
        return self.image(grid, lr, partial(self.reader(self.encoder(frame), grid.cell), head=head))

    def reader(self, features: Tensor, cell_N2: Tensor) -> Read:
        """What reads colours off the features of an image."""
        return (self.decoder.reader if self.quick else self.decoder.reference)(features, cell_N2)

    def image(self, grid: Grid, lr: Tensor, read: Callable[[Queries], Tensor]) -> Tensor:
        """The SR images (N x 3 x sh x sw) of LR images, by what reads colours as the decoder does."""
        asked = (grid.queries(numbers) for numbers in self.pieces(grid.numbers))
        colours = torch.cat([read(queries).unflatten(0, (len(lr), -1)) for queries in asked], dim=1)
        return self.shown(colours.transpose(1, 2).unflatten(2, grid.sides), lr, grid)

    def pieces(self, numbers: Tensor) -> Sequence[Tensor]:
        """The numbers of an image's pixels, so many at a time as are asked for at once."""
        if self.decoder.mixes or torch.jit.is_tracing():  # a trace has as many pieces for every image
            return (numbers,)
        if not self.quick:
            return numbers.split(CHUNK)
        return numbers.split(CACHED // self.decoder.widest if numbers.device.type == "cpu" else GPU_CHUNK)

    def query(self, lr: Tensor, coord_NQ2: Tensor, cell_N2: Tensor) -> Tensor:
        """The colours (N x Q x 3) at coordinates in -1..1, of pixels whose sides are `cell` (images: 2 x 2)."""
        centred, queries = self.centred(lr), ask(coord_NQ2, cell_N2)
        read = self.decoder.reader(self.encoder(centred), cell_N2)
        return self.finished(read(queries), centred, queries).unflatten(0, coord_NQ2.shape[:2])

    def centred(self, lr: Tensor) -> Tensor:
        """An image as the encoder reads it."""
        return (lr - self.mean) / self.std

    def frame(self, lr: Tensor) -> Tensor:
        """The same with what the encoder needs around it.

        Windows are filled up by the image mirrored at its right and lower edge, with a whole one where none is broken,
        as LTE's authors do.
        """
        centred = self.centred(lr)
        if not self.window:
            return centred
        for axis in (2, 3):
            more = self.window - lr.shape[axis] % self.window
            centred = torch.cat([centred, centred.flip(axis).narrow(axis, 0, more)], dim=axis)
        return centred

    def finished(self, colours_M3: Tensor, centred: Tensor, queries: Queries) -> Tensor:
        """Colours as an image has them, from what the decoder gives at queries."""
        if self.decoder.skip:
            colours_M3 = colours_M3 + bilinear(centred, queries)
        return colours_M3 * self.std + self.mean.flatten()

    def shown(self, colours: Tensor, lr: Tensor, grid: Grid) -> Tensor:
        """The same at all pixels of SR images (N x 3 x sh x sw), where no gradient goes into the LR image."""
        if self.decoder.skip:
            colours = colours + functional.interpolate(self.centred(lr), grid.sides, mode="bilinear")
        return colours * self.std + self.mean
