"""A single convolution."""

from resolute.models import register_model
from resolute.models.blocks.post_upsampling import PostUpsampling


@register_model
class Newcomer(PostUpsampling):
    """The frame without a body."""

    def __init__(self, scale: float = 4, width: int = 8) -> None:
        super().__init__(width, [], scale)
