"""Small encoders and decoders of arbitrary-scale SR with the random weights of the official ones, and their outputs."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from resolute import registry
from resolute.fetch import key_maps
from resolute.methods import weights
from resolute.models import create_model
from resolute.models.arbitrary_scale import ArbitraryScale

GOLDEN = Path(__file__).parents[1] / "data/golden/arbitrary_scale"
FORMS = {"released": False, "quick": True}

Part = Mapping[str, Mapping[str, Any]]
Keys = tuple[tuple[str, str], ...]

# The official parameter names, in the repositories that the data's README names.
EDSR: Keys = (
    (r"^(encoder|srnet)\.head\.0\.", "encoder.head."),
    (r"^(encoder|srnet)\.body\.(\d+)\.body\.", "encoder.body.{2}."),
    (r"^(encoder|srnet)\.body\.\d+\.(weight|bias)", "encoder.trunk.{2}"),
)
LIIF: Keys = ((r"^imnet\.layers\.", "decoder.heads.0.layers."),)
METASR: Keys = (
    (r"^imnet\.layers\.0\.", "decoder.heads.0.hidden.0."),
    (r"^imnet\.layers\.2\.", "decoder.heads.0.last."),
)
LTE: Keys = (
    (r"^(imnet\.)?layers\.", "decoder.heads.0."),
    (r"^coef\.", "decoder.amplitude."),
    (r"^freq\.", "decoder.frequency."),
    (r"^phase\.", "decoder.phase."),
)
SRNO: Keys = (
    (r"^conv00\.", "decoder.lift."),
    (r"^conv([01])\.", "decoder.layers.{1}."),
    (r"\.qkv_proj\.", ".qkv."),
    (r"\.o_proj1\.", ".perceptron.0."),
    (r"\.o_proj2\.", ".perceptron.2."),
    (r"\.kln\.weight", ".norm_key.scale"),
    (r"\.kln\.bias", ".norm_key.shift"),
    (r"\.vln\.weight", ".norm_value.scale"),
    (r"\.vln\.bias", ".norm_value.shift"),
    (r"^fc1\.", "decoder.heads.0.0."),
    (r"^fc2\.", "decoder.heads.0.2."),
)
CIAOSR: Keys = (
    (r"^conv_first\.", "encoder.head."),
    (r"^body\.(\d+)\.conv1\.", "encoder.body.{1}.0."),
    (r"^body\.(\d+)\.conv2\.", "encoder.body.{1}.2."),
    (r"^conv_after_body\.", "encoder.trunk."),
    (r"^imnet_q\.layers\.", "decoder.heads.0.colour."),
    (r"^imnet_k\.", "decoder.heads.0.key."),
    (r"^imnet_v\.", "decoder.heads.0.value."),
    (r"^cs_attn\.conv_match_1\.", "decoder.across.match."),
    (r"^cs_attn\.conv_match_2\.", "decoder.across.match_half."),
    (r"^cs_attn\.conv_assembly\.", "decoder.across.assemble."),
    (r"^cs_attn\.down\.", "decoder.across.shrink."),
)
RDN: Keys = (
    (r"^SFENet1\.", "head."),
    (r"^SFENet2\.", "shallow."),
    (r"^RDBs\.(\d+)\.convs\.(\d+)\.conv\.0\.", "body.{1}.{2}.0."),
    (r"^RDBs\.(\d+)\.LFF\.", "body.{1}.4."),
    (r"^GFF\.", "fuse."),
)
SWINIR: Keys = (
    (r"^conv_first\.", "head."),
    (r"^patch_embed\.norm\.", "head_norm."),
    (r"^norm\.", "body.2."),
    (r"^layers\.(\d+)\.residual_group\.blocks\.(\d+)\.", "body.{1}.layers.{2}."),
    (r"^layers\.(\d+)\.conv\.", "body.{1}.trunk."),
    (r"\.attn\.", ".attention."),
    (r"\.relative_position_bias_table", ".position_bias"),
    (r"\.proj\.", ".project."),
    (r"\.mlp\.fc1\.", ".perceptron.0."),
    (r"\.mlp\.fc2\.", ".perceptron.2."),
    (r"^conv_after_body\.", "trunk."),
    (r"^conv_before_upsample\.0\.", "tail.0."),
)


class Item(NamedTuple):
    """A small network with the official random weights.

    Attributes:
        tolerance: about ten times what float32 leaves open in the official network, absolute, of an output that is
            neither clamped nor brought back to 0..1.
        whose: the item that has its weights.
        colours: mean and deviation of the colours that the official network is given, where they are not 0.5.
    """

    keys: Keys
    encoder: Mapping[str, int]
    decoder: Part
    tolerance: float
    whose: str = ""
    colours: Mapping[str, Any] = {}


PERCEPTRON = {"hidden": (48, 40, 32, 24)}
ATTEND = {"hidden": (32, 28, 24, 20)}
OF_CIAOSR = {"mean": (0.4488, 0.4371, 0.4040), "std": 1.0}
ITEMS = {
    "liif_edsr": Item(EDSR + LIIF, {"blocks": 2, "width": 16}, {"liif": PERCEPTRON}, 1e-5),
    "liif_edsr_noensemble": Item(
        EDSR + LIIF, {"blocks": 2, "width": 16}, {"liif": {**PERCEPTRON, "ensemble": False}}, 5e-6, "liif_edsr"
    ),
    "liif_edsr_nounfold": Item(
        EDSR + LIIF, {"blocks": 1, "width": 16}, {"liif": {**PERCEPTRON, "unfold": False}}, 1e-5
    ),
    "liif_edsr_nocell": Item(EDSR + LIIF, {"blocks": 1, "width": 8}, {"liif": {**PERCEPTRON, "cell": False}}, 1e-5),
    "metasr_edsr": Item(EDSR + METASR, {"blocks": 2, "width": 8}, {"metasr": {}}, 2e-4),
    "lte_edsr": Item(EDSR + LTE, {"blocks": 2, "width": 16}, {"lte": {"waves": 32, "hidden": (32, 28, 24)}}, 5e-5),
    "lteplus_edsr": Item(
        EDSR + LTE, {"blocks": 2, "width": 16}, {"lte": {"waves": 32, "hidden": (32,) * 3, "halves": True}}, 1e-4
    ),
    "srno_edsr": Item(EDSR + SRNO, {"blocks": 0, "width": 64}, {"srno": {"inner": 32, "heads": 4}}, 2e-4),
    "ciaosr_edsr": Item(CIAOSR, {"blocks": 2, "width": 8}, {"ciaosr": ATTEND}, 2e-5, colours=OF_CIAOSR),
    "ciaosr_edsr_nononlocal": Item(
        CIAOSR, {"blocks": 2, "width": 8}, {"ciaosr": {**ATTEND, "across": False}}, 2e-5, colours=OF_CIAOSR
    ),
    "ope_edsr": Item(EDSR, {"blocks": 1, "width": 27}, {"ope": {"frequencies": 1}}, 5e-4),
    "ope_adapt_edsr": Item(EDSR, {"blocks": 1, "width": 8}, {"ope": {"adapt": True}}, 1e-3),
}
# Small encoders with the official random weights.
ENCODERS: dict[str, tuple[Keys, Part]] = {
    "encoder_rdn": (RDN, {"rdn": {"width": 8, "blocks": 3, "convolutions": 4, "growth": 6}}),
    "encoder_swinir": (SWINIR, {"swinir": {"inner": 12, "depths": (2, 2), "heads": (2, 3)}}),
}

# One of every decoder.
DECODERS = ("liif_edsr", "metasr_edsr", "lte_edsr", "srno_edsr", "ciaosr_edsr", "ope_adapt_edsr")


@cache
def golden(item: str) -> dict[str, np.ndarray]:
    return dict(np.load(GOLDEN / f"{item}.npz"))


def image(rows: slice = slice(12, 36), columns: slice = slice(10, 30)) -> Tensor:
    """A part of the input, in 0..1."""
    pixels = np.load(GOLDEN / "input.npz")["input"][rows, columns].astype(np.float32)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255


def load(network: nn.Module, item: str, keys: Keys) -> None:
    """Load the official state dict; layers at single pixels are linear here, and 1x1 convolutions there."""
    arrays = {key.removeprefix("state/"): array for key, array in golden(item).items() if key.startswith("state/")}
    for kind in ("weight", "bias"):
        if f"adapt_R.{kind}" in arrays:
            arrays[f"decoder.adapt.{kind}"] = np.concatenate([arrays.pop(f"adapt_{colour}.{kind}") for colour in "RGB"])
    state = {key: torch.from_numpy(array) for key, array in arrays.items()}
    state = key_maps.rename(state, registry.Published(source="", licence="", keys=keys))
    shapes = {key: tensor.shape for key, tensor in network.state_dict().items()}
    weights.load_state(
        network, {key: tensor.reshape(shapes.get(key, tensor.shape)) for key, tensor in state.items()}, item
    )


def official(name: str, scale: float, quick: bool = False) -> ArbitraryScale:
    item = ITEMS[name]
    network = create_model(
        "arbitrary_scale", scale, encoder={"edsr": item.encoder}, decoder=item.decoder, **item.colours
    )
    assert isinstance(network, ArbitraryScale)
    load(network, item.whose or name, item.keys)
    network.quick = quick
    return network.eval()
