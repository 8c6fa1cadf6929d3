"""PCSR with its published weights, against the official networks and measurements; its choice, and its training."""

import csv
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.methods.test_arm import FOLDERS, SELFEXSR
from tests.methods.test_contract import pack, plan
from torch import Tensor

from resolute import methods, registry
from resolute.core.errors import ResoluteError
from resolute.core.layout import Span
from resolute.fetch import key_maps
from resolute.images.files import read_image, to_rgb
from resolute.methods import weights
from resolute.methods.pcsr.inference import shares, upscaler
from resolute.methods.pcsr.training import balance_loss, learner
from resolute.methods.plan import Phase, make_plan
from resolute.metrics.counters import count_macs
from resolute.metrics.protocols import PROTOCOLS
from resolute.metrics.psnr import psnr
from resolute.models.pcsr import PCSR
from resolute.train.draws import Draws

DATA = Path(__file__).parents[1] / "data"
NETWORKS = ("carn", "fsrcnn")

# Of the data range; the most seen is 4e-6.
TOLERANCE = 1e-5
# Of means over a data set: dB; of the pixels; GFLOPs. Pixels whose chances tie within rounding may go either way, and
# some value that lies on a half is rounded the other way: 1e-5, 2e-6 and 1e-5 are the most seen.
MEASURED = {"psnr_rgb": 1e-4, "heavy_share": 1e-5, "gflops_per_image": 5e-5}

# Multiply-adds by hand, layer by layer: of an LR pixel in the encoder; of an SR pixel in each perceptron.
UNIT = 2 * 9 * 13 * 52 + 52 * 52
FUSIONS = (2 + 3 + 4) * 52 * 52
ENCODER = {"carn": 27 * 52 + 3 * (3 * UNIT + FUSIONS) + FUSIONS, "fsrcnn": 75 * 48 + 2 * 48 * 12 + 4 * 9 * 12 * 12}
LIGHT = {"carn": 56 * 20 + 2 * 20 * 20 + 20 * 3, "fsrcnn": 52 * 10 + 2 * 10 * 10 + 10 * 3}
HEAVY = {"carn": 56 * 74 + 3 * 74 * 74 + 74 * 3, "fsrcnn": 52 * 58 + 3 * 58 * 58 + 58 * 3}
CLASSIFIER = {"carn": 56 * 10 + 10 * 10 + 10 * 2, "fsrcnn": 52 * 2}
# FLOPs of an LR pixel in layers that only scale or bend: twelve batch norms, four PReLUs.
ELEMENTWISE = {"carn": 12 * 2 * 52, "fsrcnn": 2 * (48 + 12)}


@cache
def golden() -> dict[str, np.ndarray]:
    return dict(np.load(DATA / "golden/pcsr.npz"))


def noise() -> np.ndarray:
    """The LR image of the official outputs: 24 x 20 x 3, in 0..255."""
    return np.random.default_rng(20280).random((1, 3, 24, 20), dtype=np.float32)[0].transpose(1, 2, 0) * 255


@pytest.fixture(scope="module")
def published(mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The published weights under our names."""
    found = {}
    for name in NETWORKS:
        facts = registry.entry(f"pcsr_{name}").published["paper"]
        file = mirror / facts.files[Span.at(4)].url.removeprefix("https://")
        found[name] = tmp_path_factory.mktemp("pcsr") / f"{name}.safetensors"
        weights.save_weights(found[name], key_maps.rename(weights.read_checkpoint(file, facts.inside), facts), {})
    return found


def network(name: str, path: Path | None = None) -> PCSR:
    made = methods.build(f"pcsr_{name}", 4)
    assert isinstance(made, PCSR)
    if path:
        weights.load_weights(made, path)
    return made.eval()


@pytest.mark.parametrize(("name", "setting"), [*product(NETWORKS, ["k0", "k1", "light", "heavy"])])
def test_images_and_choices_are_the_official_ones(name: str, setting: str, published: dict[str, Path]) -> None:
    found = upscaler(registry.entry(f"pcsr_{name}"), 4, published[name], "cpu", setting)(noise())
    error = np.abs(found.sr.transpose(2, 0, 1)[:, ::5, ::5] / 255 - golden()[f"{name}_{setting}"]).max()
    assert error < TOLERANCE
    assert found.routes is not None
    if setting.startswith("k"):
        assert (found.routes == golden()[f"{name}_{setting}_map"]).all()
        assert len(np.unique(found.routes)) == 2


@pytest.mark.parametrize("name", NETWORKS)
def test_chances_are_the_official_ones(name: str, published: dict[str, Path]) -> None:
    lr = torch.from_numpy(noise() / 255).permute(2, 0, 1)[None]
    with torch.inference_mode():
        _, chances = network(name, published[name]).mixed(lr)
    heavy = chances[:, 1].view(96, 80)[::5, ::5].numpy()
    assert heavy == pytest.approx(golden()[f"{name}_prob_heavy"], abs=TOLERANCE)


def measured() -> Iterator[Any]:
    """What was measured with the official networks, by network, data set and setting."""
    with (DATA / "tables/pcsr_official.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            # The larger sets show once more what Set5 shows: minutes of it.
            mark = pytest.mark.slow if row["data_set"] == "set5" else pytest.mark.attack
            yield pytest.param(row, id=f"{row['network']}-{row['data_set']}-{row['setting']}", marks=mark)


@pytest.mark.parametrize("row", [*measured()])
def test_a_data_set_is_as_measured_with_the_official_networks(
    row: dict[str, str], published: dict[str, Path], mirror: Path
) -> None:
    upscale = upscaler(registry.entry(f"pcsr_{row['network']}"), 4, published[row["network"]], "cpu", row["setting"])
    files = sorted((mirror / SELFEXSR / FOLDERS[row["data_set"]] / "image_SRF_4").glob("*_LR.png"))
    assert len(files) == int(row["images"])
    found = []
    for file in files:
        lr, hr = (to_rgb(read_image(file.with_name(file.name.replace("LR", side)))) for side in ("LR", "HR"))
        upscaled = upscale(lr)
        assert upscaled.routes is not None and upscaled.paper_flops is not None
        compared = psnr(*PROTOCOLS["ntire2022"].compared(upscaled.sr, hr, 4))
        found.append((compared, upscaled.routes.mean(), upscaled.paper_flops / 1e9))
    for (column, tolerance), value in zip(MEASURED.items(), np.mean(found, axis=0), strict=True):
        assert value == pytest.approx(float(row[column]), abs=tolerance), column


@pytest.mark.parametrize(("name", "parameters"), [("carn", 168_970), ("fsrcnn", 24_502)])
def test_networks_have_the_published_size(name: str, parameters: int) -> None:
    assert sum(parameter.numel() for parameter in network(name).parameters()) == parameters


@pytest.mark.parametrize(("name", "weighed"), [("carn", (0.3188, 0.6812)), ("fsrcnn", (0.0900, 0.9100))])
def test_what_is_weighed_in_the_choice_is_the_published_share(name: str, weighed: tuple[float, float]) -> None:
    assert shares(registry.entry(f"pcsr_{name}"), 4) == pytest.approx(weighed, abs=5e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_costs_are_those_of_the_true_routing(name: str) -> None:
    """Every layer by hand."""
    torch.manual_seed(0)
    entry, lr = registry.entry(f"pcsr_{name}"), np.random.default_rng(0).integers(0, 256, (11, 9, 3), dtype=np.uint8)
    encoder, pixels = 99 * ENCODER[name], 16 * 99
    light, heavy, classifier = (pixels * each[name] for each in (LIGHT, HEAVY, CLASSIFIER))
    fixed = upscaler(entry, 4, None, "cpu", "light")(lr)
    assert (fixed.macs, fixed.full_macs) == (encoder + light, encoder + heavy)
    assert fixed.paper_flops == 2 * (encoder + light) + 99 * ELEMENTWISE[name]
    assert fixed.chosen == {"pixels": {"light": pixels, "heavy": 0}}
    found = upscaler(entry, 4, None, "cpu", "k0.5")(lr)
    taken = found.chosen["pixels"]
    assert sum(taken.values()) == pixels
    each = taken["light"] * LIGHT[name] + taken["heavy"] * HEAVY[name]
    assert found.macs == encoder + classifier + each
    assert found.paper_flops == 2 * (encoder + classifier + each) + 99 * ELEMENTWISE[name]
    assert found.costs == {"light": encoder + classifier + light, "heavy": encoder + classifier + heavy}
    assert count_macs(lambda: methods.build(entry.name, 4), 11, 9) == found.full_macs == found.costs["heavy"]
    assert count_macs(lambda: methods.cheapest(entry.name, 4), 11, 9) == found.costs["light"]


def neighbourhood(image: np.ndarray, row: int, column: int) -> np.ndarray:
    return image[row - 1 : row + 2, column - 1 : column + 2]


@pytest.mark.parametrize("name", NETWORKS)
def test_routing_is_both_heads_then_the_choice_then_the_refinement(name: str) -> None:
    torch.manual_seed(0)
    made, lr = network(name), torch.rand(1, 3, 7, 9)
    cut = torch.rand(28, 36) < 0.3  # fresh classifiers find everything equally hard
    with torch.inference_mode():
        light, heavy = (made.alone(lr, head)[0].permute(1, 2, 0).numpy() for head in range(2))
        marks = iter(cut.flatten().long().split(made.pieces(torch.arange(cut.numel()))[0].numel()))
        made.choose = lambda _: next(marks)
        found = made(lr)[0].permute(1, 2, 0).numpy()
    assert made.routes is not None and torch.equal(made.routes, cut.to(torch.uint8))
    selected = np.where(cut[..., None].numpy(), heavy, light)
    expected = selected.copy()
    for row, column in product(range(1, 27), range(1, 35)):
        if not cut[row, column] and neighbourhood(cut.numpy(), row, column).any():
            expected[row, column] = neighbourhood(selected, row, column).mean(axis=(0, 1))
    assert found == pytest.approx(expected, abs=1e-6)
    assert not np.allclose(expected, selected, atol=1e-3)


def test_the_costlier_a_decoder_the_surer_its_choice_must_be() -> None:
    torch.manual_seed(0)
    lr = np.random.default_rng(0).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    entry, heavy = registry.entry("pcsr_fsrcnn"), []
    for setting in ("k0", "k0.5", "k1", "k2"):
        torch.manual_seed(0)
        found = upscaler(entry, 4, None, "cpu", setting)(lr)
        heavy.append(found.chosen["pixels"]["heavy"])
    assert heavy == sorted(heavy, reverse=True)
    assert heavy[0] > heavy[-1]


@pytest.mark.parametrize("setting", ["k", "k-1", "knan", "adaptive", "heaviest"])
def test_a_setting_that_means_nothing_is_one_line(setting: str) -> None:
    with pytest.raises(ResoluteError, match=f"pcsr_carn has no setting '{setting}': give k and a number, or one of"):
        upscaler(registry.entry("pcsr_carn"), 4, None, "cpu", setting)


def phase(*trains: str) -> Phase:
    settings = {"iterations": 1, "batch_size": 4, "lr_patch_size": 16, "learning_rate": 1e-3}
    return make_plan(settings, {"trains": list(trains)}, "").phases[0]


FIRST = phase("network.encoder", "network.decoder.heads.1")
SECOND = phase("network.decoder.heads.0", "network.classifier")


def reached(terms: dict[str, Tensor], made: torch.nn.Module) -> set[str]:
    made.zero_grad()
    torch.stack(list(terms.values())).sum().backward()
    names = [name for name, one in made.named_parameters() if one.grad is not None and one.grad.any()]
    return {".".join(name.split(".")[1:4]) if "heads" in name else name.split(".")[1] for name in names}


def test_the_first_phase_scores_the_heavy_decoder_and_the_second_the_mixture() -> None:
    entry = registry.entry("pcsr_carn")
    torch.manual_seed(0)
    made = learner(entry, Span.at(4), plan(entry))
    batch = Draws(made, pack(Span.at(4)), plan(entry), seed=3).at(0)
    lr, hr = batch.as_images(1)
    terms = made(batch, FIRST)
    assert terms.keys() == {"l1"}
    assert made.network.encoder.training
    assert reached(terms, made) == {"encoder", "decoder.heads.1"}
    with torch.no_grad():
        assert terms["l1"].item() == pytest.approx((made.network.alone(lr, 1) - hr).abs().mean().item(), rel=1e-5)
    norms = {name: one.clone() for name, one in made.named_buffers()}
    terms = made(batch, SECOND)
    assert not made.network.encoder.training
    assert all(torch.equal(one, norms[name]) for name, one in made.named_buffers())
    with torch.no_grad():
        sr, chances = made.network.mixed(lr)
    assert chances.shape == (4 * 64 * 64, 2)
    assert terms["l1"].item() == pytest.approx(1000 * (sr - hr).abs().mean().item(), rel=1e-5)
    assert terms["balance"].item() == pytest.approx(3 * balance_loss(chances).item(), rel=1e-5)


def test_the_mixture_is_of_both_heads_by_their_chances() -> None:
    torch.manual_seed(0)
    made, lr = network("fsrcnn"), torch.rand(2, 3, 8, 10)
    with torch.inference_mode():
        (sr, chances), (light, heavy) = made.mixed(lr), (made.alone(lr, head) for head in range(2))
    weight = chances.view(2, 32, 40, 2).permute(3, 0, 1, 2)[:, :, None]
    assert torch.allclose(sr, weight[0] * light + weight[1] * heavy, atol=1e-6)


def test_the_balance_is_lost_where_one_decoder_has_all() -> None:
    even, one, other = (torch.tensor([[1 - p, p]]).repeat(6, 1) for p in (0.5, 0.0, 1.0))
    assert [balance_loss(chances).item() for chances in (even, one, other)] == [0, 1, 1]
