"""How such a network infers: at the scale that it is built for, as any network does."""

from resolute.methods.network.inference import build, cheapest, upscaler

__all__ = ["build", "cheapest", "upscaler"]
