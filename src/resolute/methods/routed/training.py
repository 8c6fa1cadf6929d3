"""How a network with routers is trained: as one without, for its experts and routers learn together."""

from resolute.methods.network.training import SKIPS, build, learner, released

__all__ = ["SKIPS", "build", "learner", "released"]
