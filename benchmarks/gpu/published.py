"""The networks of which a pack has the published weights: ten, from a tenth of a million parameters to nearly one."""

from pathlib import Path

from torch import nn

from benchmarks.gpu.pixels import SCALE
from benchmarks.gpu.place import Setup
from resolute import methods
from resolute.methods.weights import load_weights

# By family: distillation, attention, blueprint convolutions, transformers, cascades, the challenge's winners.
WEIGHTS = (
    *("imdn_baseline", "rfdn_baseline", "rlfn_team04", "fmen_team03", "bsrn_team18", "mobilesr_team20"),
    *("pan", "smfanet", "bsrn", "carn_m"),
)


def weights_file(pack: Path, name: str) -> Path:
    return pack / "weights" / f"{name}.safetensors"


def network(setup: Setup, name: str) -> nn.Module:
    """A network for inference, on the device: with its published weights, where the pack has them."""
    built = methods.build(name, SCALE).eval()
    if name in WEIGHTS and not setup.smoke:
        load_weights(built, weights_file(setup.pack, name))
    return built.to(setup.device)
