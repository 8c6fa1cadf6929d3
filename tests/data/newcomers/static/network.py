"""A single convolution."""

from resolute.models import register_model
from resolute.models.blocks.frame import LRFrame


@register_model
class Newcomer(LRFrame):
    """The frame without a body."""

    def __init__(self, scale: float = 4, width: int = 8) -> None:
        super().__init__(width, [], scale)
