"""A network that runs at two widths."""

from torch import Tensor, nn
from torch.nn.functional import conv2d

from resolute.models import register_model
from resolute.models.blocks.convolution import conv3


@register_model
class Supernet(nn.Module):
    """Two convolutions in the LR frame, of which a narrow network takes the first channels.

    Attributes:
        width: how many channels a pass takes.
    """

    def __init__(self, scale: float = 4, widths: tuple[int, int] = (8, 16)) -> None:
        super().__init__()
        self.widths, self.width = widths, widths[-1]
        self.head, self.tail = conv3(3, widths[-1]), conv3(widths[-1], 3 * int(scale) ** 2)
        self.shuffle = nn.PixelShuffle(int(scale))

    def forward(self, lr: Tensor) -> Tensor:
        x = conv2d(lr, self.head.weight[: self.width], self.head.bias[: self.width], padding=1)
        return self.shuffle(conv2d(x.relu(), self.tail.weight[:, : self.width], self.tail.bias, padding=1))
