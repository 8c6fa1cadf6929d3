"""How MoEISR infers: every pixel by the expert that the mapper gives most, or by what it costs besides."""

from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.methods.moeisr.choice import chooser
from resolute.methods.pixelwise import build, cheapest, costs, pixel_upscaler
from resolute.methods.upscaled import Upscaler
from resolute.metrics.counters import count_macs
from resolute.registry import Entry

__all__ = ["build", "cheapest", "decoder_costs", "upscaler"]

SIDE = 16  # LR pixels, of the image whose multiply-adds weigh in the choice


def upscaler(entry: Entry, scale: float, weights: Path | None, device: str, setting: str = "") -> Upscaler:
    """The network with its weights.

    Args:
        setting: see `resolute.methods.moeisr.choice.chooser`.
    """
    try:
        choose = chooser(setting, entry.experts, decoder_costs(entry, scale))
    except ResoluteError as error:
        raise ResoluteError(f"{entry.name}: {error}") from None
    return pixel_upscaler(entry, scale, weights, device, setting, choose)


def decoder_costs(entry: Entry, scale: float) -> list[int]:
    """Multiply-adds of the decoder alone for a small image, by each expert: the costs that are weighed."""
    encoder = count_macs(lambda: build(entry, scale).encoder, SIDE, SIDE)
    return [macs - encoder for macs in costs(entry.name, scale, SIDE, SIDE, chooses=False)]
