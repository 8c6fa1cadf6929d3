"""Networks of arbitrary scale: what holds for every encoder and decoder."""

import pytest
import torch
from tests.models.conftest import NOT_DETERMINISTIC, Recorder
from tests.models.official_parts import DECODERS, ENCODERS, FORMS, ITEMS, Part, image, official
from torch import Tensor

from resolute.models import arbitrary_scale, create_model
from resolute.models.arbitrary_scale import ArbitraryScale


def small(part: str) -> ArbitraryScale:
    """A small network with a decoder of DECODERS or an encoder of ENCODERS, as it is trained."""
    torch.manual_seed(0)
    parts: dict[str, Part]
    if part in DECODERS:
        parts = {"encoder": {"edsr": ITEMS[part].encoder}, "decoder": ITEMS[part].decoder}
    else:
        parts = {"encoder": ENCODERS[part][1], "decoder": {"liif": {"hidden": (16,)}}}
    network = create_model("arbitrary_scale", 2.5, **parts)
    assert isinstance(network, ArbitraryScale)
    return network


def asked(images: int, queries: int) -> tuple[Tensor, Tensor]:
    """Coordinates anywhere, with a cell of each image's own."""
    generator = torch.Generator().manual_seed(0)
    coord = torch.rand(images, queries, 2, generator=generator) * 2 - 1
    return coord, torch.rand(images, 2, generator=generator) * 0.05 + 0.03


@pytest.mark.parametrize("part", [*DECODERS, *ENCODERS])
def test_gradients_reach_every_parameter(part: str) -> None:
    network = small(part).eval()  # in training, SwinIR leaves layers out
    network.query(image(slice(16), slice(16)), *asked(1, 64)).square().sum().backward()
    still = [name for name, tensor in network.named_parameters() if tensor.grad is None or not tensor.grad.any()]
    assert still == []


@pytest.mark.parametrize("part", [*DECODERS, *ENCODERS])
def test_training_needs_nothing_that_cuda_refuses_to_repeat(part: str, deterministic: None) -> None:
    with torch.device("meta"), Recorder() as recorder:
        network = small(part)
        network.query(torch.zeros(2, 3, 15, 17), torch.zeros(2, 64, 2), torch.zeros(2, 2)).sum().backward()
        network(torch.zeros(1, 3, 15, 17)).sum().backward()
    assert not recorder.names & NOT_DETERMINISTIC


@pytest.mark.parametrize("scale", [2, 3.7, 6])
@pytest.mark.parametrize("name", DECODERS)
def test_sides_of_an_image_are_rounded(name: str, scale: float) -> None:
    network = official(name, scale)
    with torch.inference_mode():
        sr = network(image(slice(7), slice(9)))
    assert sr.shape == (1, 3, round(7 * scale), round(9 * scale))
    assert sr.isfinite().all()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", DECODERS)
def test_an_image_is_what_its_pixels_are_asked_for(name: str, form: str) -> None:
    network, lr = official(name, 2.6, FORMS[form]), image(slice(11), slice(13))
    sides = round(11 * 2.6), round(13 * 2.6)
    axes = [(torch.arange(side) + 0.5) * 2 / side - 1 for side in sides]
    coord = torch.cartesian_prod(*axes)[None]
    with torch.inference_mode():
        colours = network.query(lr, coord, torch.tensor([[2 / side for side in sides]]))
        sr = network(lr)
    assert (sr.flatten(2).transpose(1, 2) - colours).abs().max() < ITEMS[name].tolerance


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", DECODERS)
def test_images_of_a_batch_know_nothing_of_each_other(name: str, form: str) -> None:
    network = official(name, 2.5, FORMS[form])
    two = torch.cat([image(slice(12), slice(14)), image(slice(20, 32), slice(20, 34))])
    coord, cell = asked(2, 50)
    with torch.inference_mode():
        for number, sr in enumerate(network(two)):
            assert (network(two[number : number + 1])[0] - sr).abs().max() < ITEMS[name].tolerance
        for number, colours in enumerate(network.query(two, coord, cell)):
            one = slice(number, number + 1)
            assert (network.query(two[one], coord[one], cell[one])[0] - colours).abs().max() < ITEMS[name].tolerance


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", DECODERS)
def test_pieces_do_not_show(name: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network, lr = official(name, 2.5, FORMS[form]), image()
    with torch.inference_mode():
        whole = network(lr)
        monkeypatch.setattr(arbitrary_scale, "CHUNK", 777)
        monkeypatch.setattr(arbitrary_scale, "CACHED", 777 * network.decoder.widest)
        assert (network(lr) - whole).abs().max() < ITEMS[name].tolerance


def test_windows_are_filled_up_by_the_mirrored_image() -> None:
    """As LTE's evaluation does: by a whole window where none is broken, and the coordinates are those of the frame."""
    network, lr = small("encoder_swinir").eval(), image()
    network.scale = 2
    framed = torch.cat([lr, lr.flip(2)[:, :, :8]], dim=2)
    framed = torch.cat([framed, framed.flip(3)[:, :, :, :4]], dim=3)
    axes = [(torch.arange(2 * side) + 0.5) / side - 1 for side in (32, 24)]
    with torch.inference_mode():
        colours = network.query(framed, torch.cartesian_prod(*axes)[None], torch.tensor([[1 / 32, 1 / 24]]))
        expected = colours[0].T.reshape(3, 64, 48)[:, :48, :40]
        assert (network(lr)[0] - expected).abs().max() < 1e-6
