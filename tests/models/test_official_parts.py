"""Encoders and decoders of arbitrary-scale SR: the official function when small, the official cost when full."""

from typing import Any

import numpy as np
import pytest
import torch
from tests.models.official_parts import ENCODERS, FORMS, ITEMS, Part, golden, image, load, official
from torch import Tensor

from resolute.core.errors import ResoluteError
from resolute.metrics.counters import count
from resolute.models import arbitrary_scale, create_model, create_part
from resolute.models.arbitrary_scale import ArbitraryScale
from resolute.models.blocks import cross_scale
from resolute.models.blocks.queries import Grid, nearest
from resolute.models.decoders.ope import orthogonal_basis

KEPT = 4  # every fourth row and column of an output is kept
EVERY = slice(None, None, KEPT)
ENCODER_TOLERANCE = 1e-5

# At x3 some queries of a four-corner ensemble lie in the middle of the last LR row and column, whose weights are noise:
# those of row 70 and column 58, which are the 18th row and the 15th column that are kept.
NOISE_ROW, NOISE_COLUMN = 17, 14


def raw(network: ArbitraryScale, sr: Tensor) -> np.ndarray:
    """What the network gave before its colours were brought back, H x W x 3."""
    return network.centred(sr)[0].permute(1, 2, 0).numpy()


def error(name: str, output: str, scale: float, quick: bool, rows: Any, columns: Any) -> np.ndarray:
    """How far each pixel that is kept is from the official one."""
    network = official(name, scale, quick)
    with torch.inference_mode():
        sr = raw(network, network(image()))
    return np.abs(sr[rows][:, columns] - golden(name)[output]).max(axis=2)


SCALES = {"x4": 4.0, "x3p7": 3.7}
OUTPUTS = [(name, output) for name in ITEMS for output in SCALES if output in golden(name)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "output"), OUTPUTS)
def test_random_weights_give_the_official_output(name: str, output: str, form: str) -> None:
    assert error(name, output, SCALES[output], FORMS[form], EVERY, EVERY).max() < ITEMS[name].tolerance


@pytest.mark.parametrize("form", FORMS)
def test_a_scale_of_three_is_official_but_where_weights_are_noise(form: str) -> None:
    """Where a query lies in the middle of the last LR pixels, both that it reads along an axis are the same one."""
    rest = slice(2, None, KEPT)
    assert error("metasr_edsr", "x3", 3, FORMS[form], rest, rest).max() < ITEMS["metasr_edsr"].tolerance
    errors = error("liif_edsr", "x3", 3, FORMS[form], rest, rest)
    assert errors[NOISE_ROW].max() > ITEMS["liif_edsr"].tolerance < errors[:, NOISE_COLUMN].max()
    errors[NOISE_ROW] = errors[:, NOISE_COLUMN] = 0
    assert errors.max() < ITEMS["liif_edsr"].tolerance


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["liif_edsr_noensemble", "ciaosr_edsr", "ciaosr_edsr_nononlocal"])
def test_a_pixel_on_the_edge_of_lr_pixels_reads_the_even_one(name: str, form: str) -> None:
    assert error(name, "x3p7_ties", 3.7, FORMS[form], EVERY, [18, 55]).max() < ITEMS[name].tolerance


@pytest.mark.parametrize("form", FORMS)
def test_ciaosr_reaches_a_little_further_than_half_a_pixel(form: str) -> None:
    """Pixels in the middle of an LR pixel look past it; of these sizes, rows 31 and 57 alone do."""
    assert error("ciaosr_edsr", "x3p7_far", 3.7, FORMS[form], [31, 57], EVERY).max() < ITEMS["ciaosr_edsr"].tolerance


def test_halves_are_rounded_to_even() -> None:
    lr = torch.zeros(1, 3, 24, 20)
    grid = Grid.of(lr, lr, 3.7, float("inf"))
    place = nearest(grid.queries(grid.numbers), (24, 20)).index.reshape(grid.sides)
    assert (place[44] // 20).unique() == 12
    assert (place[:, 18] % 20).unique() == 4
    assert (place[:, 55] % 20).unique() == 14


@pytest.mark.parametrize("form", FORMS)
def test_beyond_x4_lte_is_told_the_size_of_a_pixel_of_x4(form: str) -> None:
    network = official("lte_edsr", 6, FORMS[form])
    with torch.inference_mode():
        sr = raw(network, network(image()))
    assert sr.shape == (144, 120, 3)
    assert np.abs(sr.reshape(-1, 3)[5000:5400] - golden("lte_edsr")["x6_clipped"]).max() < 5e-5


def test_srno_in_bands_is_the_official_one_in_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is another image than the whole: what attends to what depends on the bands."""
    network = official("srno_edsr", 4)
    monkeypatch.setattr(network.decoder, "mixes", False)
    monkeypatch.setattr(arbitrary_scale, "CHUNK", 30 * 80)
    with torch.inference_mode():
        sr = raw(network, network(image()))[EVERY, EVERY]
    assert np.abs(sr - golden("srno_edsr")["x4_rows30"]).max() < ITEMS["srno_edsr"].tolerance
    assert np.abs(sr - golden("srno_edsr")["x4"]).max() > 1


@pytest.mark.parametrize("output", ["nonlocal", "nonlocal_odd"])
def test_attention_across_scales_is_the_official_one(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cross_scale, "ROWS", 100)  # of 480: a last piece is shorter
    network = official("ciaosr_edsr", 4)
    lr = image(slice(5, 28), slice(7, 26)) if output == "nonlocal_odd" else image()
    with torch.inference_mode():
        found = network.decoder.get_submodule("across")(network.encoder(network.centred(lr)))
    assert np.abs(found[..., ::KEPT, ::KEPT].numpy() - golden("ciaosr_edsr")[output]).max() < 2e-5


@pytest.mark.parametrize("name", ["liif_edsr", "lte_edsr", "ciaosr_edsr"])
def test_features_are_the_official_ones(name: str) -> None:
    network = official(name, 4)
    with torch.inference_mode():
        found = network.encoder(network.centred(image()))
    assert np.abs(found[..., ::KEPT, ::KEPT].numpy() - golden(name)["feat"]).max() < ENCODER_TOLERANCE


@pytest.mark.parametrize(
    ("name", "output", "lr"),
    [
        ("encoder_rdn", "feat_crop", image()),
        ("encoder_rdn", "feat_full", image(slice(None), slice(None))),
        ("encoder_swinir", "feat_crop", image()),  # which it fills up to 24 x 24
        ("encoder_swinir", "feat_16x16", image(slice(16), slice(16))),
    ],
)
def test_encoders_give_the_official_features(name: str, output: str, lr: Tensor) -> None:
    keys, part = ENCODERS[name]
    encoder = create_part("encoder", part).eval()
    load(encoder, name, keys)
    with torch.inference_mode():
        found = encoder((lr - 0.5) / 0.5)[..., ::KEPT, ::KEPT].numpy()
    assert found.shape == golden(name)[output].shape
    assert np.abs(found - golden(name)[output]).max() < ENCODER_TOLERANCE


def test_the_basis_of_ope_is_the_official_one() -> None:
    found = orthogonal_basis(torch.from_numpy(golden("ope_basis")["offset"]), 3)
    assert np.abs(found.numpy() - golden("ope_basis")["basis"]).max() < 5e-6


# Parameters and multiply-adds per LR pixel of the official encoders; EDSR's 24 that are never called are left out.
ENCODER_COSTS = {
    "edsr": (1_220_416, 1_218_240),
    "rdn": (21_973_952, 21_964_480),
    "swinir": (11_603_044, 12_310_380),
}

# Parameters of the official decoders; multiply-adds per SR pixel, and per LR pixel of an image with sides of 24.
# Attention across scales takes more the larger the image is.
DECODER_COSTS: dict[str, tuple[Part, int, int, int]] = {
    "metasr": ({"metasr": {}}, 445_120, 444_864, 0),
    "liif": ({"liif": {}}, 346_883, 1_383_424, 0),
    "liif, two layers less": ({"liif": {"hidden": (256, 256)}}, 215_299, 859_136, 0),
    "liif, one call": ({"liif": {"ensemble": False}}, 346_883, 345_856, 0),
    "lte": ({"lte": {}}, 493_827, 790_528, 294_912),
    "ciaosr": ({"ciaosr": {}}, 1_428_614, 4_437_504, 416_768),
    "srno": ({"srno": {}}, 794_883, 806_144, 0),
}


@pytest.mark.parametrize("name", ENCODER_COSTS)
def test_encoders_cost_what_the_official_ones_do(name: str) -> None:
    found = count(lambda: create_part("encoder", name), 48, 48)
    assert (found.params, found.macs / 48**2) == ENCODER_COSTS[name]


@pytest.mark.parametrize("name", DECODER_COSTS)
def test_decoders_cost_what_the_official_ones_do(name: str) -> None:
    part, params, per_sr, per_lr = DECODER_COSTS[name]
    assert decoder_cost(part, 24) == (params, 96**2 * per_sr + 24**2 * per_lr)


def decoder_cost(part: Part, side: int) -> tuple[int, int]:
    """Parameters of a decoder, and its multiply-adds at x4 on an LR image with such sides."""
    encoder: Part = {"edsr": {"blocks": 0}}
    whole = count(lambda: create_model("arbitrary_scale", 4, encoder=encoder, decoder=part), side, side)
    alone = count(lambda: create_part("encoder", encoder), side, side)
    return whole.params - alone.params, whole.macs - alone.macs


def test_the_cost_of_attention_across_scales_grows_with_the_area() -> None:
    assert decoder_cost({"ciaosr": {}}, 48)[1] == 192**2 * 4_437_504 + 48**2 * 1_536_512


def test_ciaosr_on_the_features_of_swinir_has_the_parameters_of_the_official_one() -> None:
    heads = create_part("decoder", "ciaosr", width=180).get_submodule("heads")
    assert sum(parameter.numel() for parameter in heads.parameters()) == 2_810_975


@pytest.mark.parametrize(("layers", "saved"), [(1, 0.399), (2, 0.266), (3, 0.133), (4, 0.0)])
def test_experts_of_ciaosr_save_by_keys_and_values(layers: int, saved: float) -> None:
    macs = decoder_cost({"ciaosr": {"experts": [(256,) * layers]}}, 24)[1] - 24**2 * 416_768
    assert 1 - macs / (96**2 * 4_437_504) == pytest.approx(saved, abs=5e-4)


def test_ope_without_an_adapter_needs_as_many_features_as_coefficients() -> None:
    encoder = create_part("encoder", {"edsr": {"width": 147}})
    assert sum(parameter.numel() for parameter in encoder.parameters()) == 6_426_864 - 24
    assert not list(create_part("decoder", "ope", width=147).parameters())
    with pytest.raises(ResoluteError, match="3 frequencies need 147 features"):
        create_part("decoder", "ope", width=64)
