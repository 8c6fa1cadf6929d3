"""The key maps of weights that no mirror has, on state dicts with the names and shapes of the official networks.

Names are those of sanghyun-son/EDSR-PyTorch (src/model), JingyunLiang/SwinIR (models/network_swinir.py) and
open-mmlab/mmagic (mmagic/models/editors), where files of MMagic hold the network as `generator`.
"""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from tests.models.official_parts import golden, image
from torch import Tensor

from resolute import methods, registry
from resolute.core.layout import Span
from resolute.fetch import key_maps
from resolute.methods import weights
from resolute.models import Part, create_part
from resolute.models.blocks.normalisation import DIV2K_MEAN

KEPT = 4  # every fourth row and column of an output is kept
TOLERANCE = 1e-5

Shapes = Iterator[tuple[str, tuple[int, ...]]]
Keys = tuple[tuple[str, str] | str, ...]


def layer(name: str, *shape: int) -> Shapes:
    """A weight, and a bias for each of its outputs."""
    yield f"{name}.weight", shape
    yield f"{name}.bias", shape[:1]


def conv(name: str, inputs: int, outputs: int, kernel: int = 3) -> Shapes:
    yield from layer(name, outputs, inputs, kernel, kernel)


def steps(scale: int) -> list[int]:
    """By what each convolution of EDSR's upsampler enlarges."""
    return [2, 2] if scale == 4 else [scale]


def edsr(scale: int, width: int, blocks: int) -> Shapes:
    for shift in ("sub_mean", "add_mean"):
        yield from conv(shift, 3, 3, 1)
    yield from conv("head.0", 3, width)
    for i in range(blocks):
        yield from conv(f"body.{i}.body.0", width, width)
        yield from conv(f"body.{i}.body.2", width, width)
    yield from conv(f"body.{blocks}", width, width)
    for i, factor in enumerate(steps(scale)):
        yield from conv(f"tail.0.{2 * i}", width, width * factor**2)
    yield from conv("tail.1", width, 3)


def mmagic_edsr_encoder() -> Shapes:
    yield from conv("generator.conv_first", 3, 64)
    for i in range(16):
        yield from conv(f"generator.body.{i}.conv1", 64, 64)
        yield from conv(f"generator.body.{i}.conv2", 64, 64)
    yield from conv("generator.conv_after_body", 64, 64)


def mmagic_edsr(scale: int) -> Shapes:
    yield from mmagic_edsr_encoder()
    for i, factor in enumerate(steps(scale)):
        yield from conv(f"generator.upsample.{i}.upsample_conv", 64, 64 * factor**2)
    yield from conv("generator.conv_last", 64, 3)


def mmagic_rdn_encoder() -> Shapes:
    yield from conv("generator.sfe1", 3, 64)
    yield from conv("generator.sfe2", 64, 64)
    for i in range(16):
        for j in range(8):
            yield from conv(f"generator.rdbs.{i}.layers.{j}.conv", 64 * (1 + j), 64)
        yield from conv(f"generator.rdbs.{i}.lff", 64 * 9, 64, 1)
    yield from conv("generator.gff.0", 64 * 16, 64, 1)
    yield from conv("generator.gff.1", 64, 64)


def mmagic_rdn(scale: int) -> Shapes:
    yield from mmagic_rdn_encoder()
    for i, factor in enumerate(steps(scale)):
        yield from conv(f"generator.upscale.{2 * i}", 64, 64 * factor**2)
    yield from conv("generator.output", 64, 3)


def mmagic_perceptron() -> Shapes:
    """LIIF's: 3x3 features of 64 channels, a place and a size."""
    widths = [64 * 9 + 4, 256, 256, 256, 256, 3]
    for i in range(5):
        yield from layer(f"generator.imnet.layers.{2 * i}", widths[i + 1], widths[i])


def mmagic_srresnet() -> Shapes:
    yield from conv("generator.conv_first", 3, 64)
    for i in range(16):
        yield from conv(f"generator.trunk_net.{i}.conv1", 64, 64)
        yield from conv(f"generator.trunk_net.{i}.conv2", 64, 64)
    for i in (1, 2):
        yield from conv(f"generator.upsample{i}.upsample_conv", 64, 256)
    yield from conv("generator.conv_hr", 64, 64)
    yield from conv("generator.conv_last", 64, 3)


def swinir(inner: int, groups: int, patch: int) -> Shapes:
    """As far as both sizes of it have the same; `patch` is the side of the LR patches that it was trained on."""
    yield from conv("conv_first", 3, inner)
    yield from layer("patch_embed.norm", inner)
    for i in range(groups):
        for j in range(6):
            block = f"layers.{i}.residual_group.blocks.{j}"
            yield from layer(f"{block}.norm1", inner)
            yield f"{block}.attn.relative_position_bias_table", (15 * 15, 6)
            yield f"{block}.attn.relative_position_index", (64, 64)
            yield from layer(f"{block}.attn.qkv", 3 * inner, inner)
            yield from layer(f"{block}.attn.proj", inner, inner)
            yield from layer(f"{block}.norm2", inner)
            yield from layer(f"{block}.mlp.fc1", 2 * inner, inner)
            yield from layer(f"{block}.mlp.fc2", inner, 2 * inner)
            if j % 2:
                yield f"{block}.attn_mask", ((patch // 8) ** 2, 64, 64)
        yield from conv(f"layers.{i}.conv", inner, inner)
    yield from layer("norm", inner)
    yield from conv("conv_after_body", inner, inner)


def swinir_light(scale: int) -> Shapes:
    yield from swinir(60, 4, 64)
    yield from conv("upsample.0", 60, 3 * scale**2)


def swinir_classical(scale: int, patch: int) -> Shapes:
    yield from swinir(180, 6, patch)
    yield from conv("conv_before_upsample.0", 180, 64)
    for i, factor in enumerate(steps(scale)):
        yield from conv(f"upsample.{2 * i}", 64, 64 * factor**2)
    yield from conv("conv_last", 64, 3)


def state(shapes: Shapes) -> dict[str, Tensor]:
    return {name: torch.ones(shape, dtype=torch.long if "index" in name else None) for name, shape in shapes}


def official(name: str, tag: str, scale: int) -> Shapes:
    match name, tag:
        case "edsr_baseline", _:
            return edsr(scale, 64, 16)
        case "edsr", _:
            return edsr(scale, 256, 32)
        case "edsr_baseline_mmagic", _:
            return mmagic_edsr(scale)
        case "rdn", _:
            return mmagic_rdn(scale)
        case "srresnet", _:
            return mmagic_srresnet()
        case "swinir_light", _:
            return swinir_light(scale)
        case "swinir", "paper":
            return swinir_classical(scale, 48)
        case "swinir", "df2k":
            return swinir_classical(scale, 64)
        case "liif_edsr_mmagic", _:
            return (shape for part in (mmagic_edsr_encoder(), mmagic_perceptron()) for shape in part)
        case "liif_rdn", _:
            return (shape for part in (mmagic_rdn_encoder(), mmagic_perceptron()) for shape in part)
    raise AssertionError(f"{name} is not written down here")


FILES = [
    (name, tag, span)
    for name in (
        "edsr_baseline",
        "edsr_baseline_mmagic",
        "edsr",
        "rdn",
        "srresnet",
        "swinir_light",
        "swinir",
        "liif_edsr_mmagic",
        "liif_rdn",
    )
    for tag, published in registry.entry(name).published.items()
    for span in published.files
]


@pytest.mark.parametrize(("name", "tag", "span"), FILES, ids=lambda value: str(value))
def test_official_names_become_ours(name: str, tag: str, span: Span) -> None:
    scale = int(span.high)
    renamed = key_maps.rename(state(official(name, tag, scale)), registry.entry(name).published[tag])
    weights.load_state(methods.build(name, scale), renamed, name)


def test_what_a_file_of_mmagic_holds_beside_the_network_is_left_out() -> None:
    published = registry.entry("rdn").published["mmagic"]
    assert list(
        key_maps.rename({"step_counter": torch.zeros(1), "generator.sfe1.bias": torch.ones(64)}, published)
    ) == ["encoder.head.bias"]


# What a checkpoint takes beside its numbers: the name, shape and place of each tensor, and where it begins anew.
BESIDE = 700


@pytest.mark.parametrize(
    ("name", "tag", "span"),
    [(name, tag, span) for name, tag, span in FILES if registry.entry(name).published[tag].files[span].bytes],
    ids=lambda value: str(value),
)
def test_a_file_has_the_bytes_of_its_tensors_and_little_more(name: str, tag: str, span: Span) -> None:
    tensors = state(official(name, tag, int(span.high))).values()
    beside = registry.entry(name).published[tag].files[span].bytes - sum(
        tensor.numel() * tensor.element_size() for tensor in tensors
    )
    assert 0 < beside < BESIDE * len(tensors)


# By shapes alone, the two convolutions of a block could change places: small encoders with the official random weights.
FUNCTIONS: dict[str, tuple[str, Part, Keys]] = {
    "edsr": ("liif_edsr", {"edsr": {"width": 16, "blocks": 2}}, (("^encoder\\.", ""), "edsr")),
    "mmagic": ("ciaosr_edsr", {"edsr": {"width": 8, "blocks": 2}}, (("^", "generator."), "mmagic")),
    "swinir": (
        "encoder_swinir",
        {"swinir": {"inner": 12, "depths": (2, 2), "heads": (2, 3)}},
        (("^norm\\.", "encoder.body.2."), "swinir"),
    ),
}


@pytest.mark.parametrize("key_map", FUNCTIONS)
def test_each_layer_has_its_own_weights(key_map: str) -> None:
    item, part, keys = FUNCTIONS[key_map]
    arrays, encoder = golden(item), create_part("encoder", part).eval()
    official = {key.removeprefix("state/"): torch.from_numpy(arrays[key]) for key in arrays if key.startswith("state/")}
    renamed = key_maps.rename(official, registry.Published(source="", licence="", keys=keys))
    of_encoder = {key: tensor for key, tensor in renamed.items() if key.startswith("encoder.")}
    weights.load_state(encoder, {key.removeprefix("encoder."): tensor for key, tensor in of_encoder.items()}, item)
    centred = (image() - torch.tensor(DIV2K_MEAN)[:, None, None]) if item == "ciaosr_edsr" else (image() - 0.5) / 0.5
    with torch.inference_mode():
        found = encoder(centred)[..., ::KEPT, ::KEPT].numpy()
    assert np.abs(found - arrays["feat" if "feat" in arrays else "feat_crop"]).max() < TOLERANCE
