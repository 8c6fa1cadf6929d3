"""How a network of arbitrary scale infers: as any network does, whatever the scale."""

from resolute.methods.network.inference import build, cheapest, upscaler

__all__ = ["build", "cheapest", "upscaler"]
