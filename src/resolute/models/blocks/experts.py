"""Experts of which a router chooses one per image."""

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn


class Router(nn.Module):
    """Chooses an expert for every image from the mean of its features over all pixels.

    Maps N x channels x H x W to the gate (N, the softmax probability of the chosen expert) and the choice (N, from 0).
    """

    def __init__(self, channels: int, experts: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, experts, bias=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        probability = self.linear(x.mean(dim=(2, 3))).softmax(dim=1, dtype=torch.float32)
        gate, chosen = probability.max(dim=1)
        return gate.to(x.dtype), chosen


class TopOneExperts(nn.Module):
    """Adds to its first input what one expert makes of both, weighed by the router's gate.

    Training evaluates all experts for all images, with weights of exactly zero where an expert is not chosen, as the
    authors of SeemoRe do. Inference runs the chosen ones alone, each on all of its images at once.

    Args:
        channels: of both inputs (N x channels x H x W) and of the output.
        experts: from the cheapest to the costliest; each maps both inputs to the shape of one.

    Attributes:
        assumed: the expert that every image takes on the meta device, where nothing can be chosen: what counters
            count. The costliest one unless it is set.
    """

    def __init__(self, channels: int, experts: Iterable[nn.Module]) -> None:
        super().__init__()
        self.experts = nn.ModuleList(experts)
        self.router = Router(channels, len(self.experts))
        self.assumed = len(self.experts) - 1

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        gate, chosen = self.router(a)
        gate = gate[:, None, None, None]
        if self.training:
            y = a
            for number, expert in enumerate(self.experts):
                y = y + gate * (chosen == number)[:, None, None, None] * expert(a, b)
            return y
        routes = [self.assumed] * len(a) if chosen.is_meta else chosen.tolist()
        if len(set(routes)) == 1:
            return a + gate * self.experts[routes[0]](a, b)
        y = torch.empty_like(a)
        for number in set(routes):
            images = [image for image, route in enumerate(routes) if route == number]
            y[images] = a[images] + gate[images] * self.experts[number](a[images], b[images])
        return y


def routed(network: nn.Module) -> Iterator[TopOneExperts]:
    """The parts of a network that choose experts."""
    return (module for module in network.modules() if isinstance(module, TopOneExperts))


def report_routes(network: nn.Module, report: Callable[[int], object]) -> None:
    """Have a network tell which expert each of its routers chooses for an image, in the order of its layers."""

    def hook(_router: nn.Module, _inputs: tuple[Tensor, ...], found: tuple[Tensor, Tensor]) -> None:
        for number in found[1].tolist():
            report(number)

    for layer in routed(network):
        layer.router.register_forward_hook(hook)
