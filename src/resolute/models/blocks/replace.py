"""Replacing modules inside a network."""

from collections.abc import Callable
from copy import deepcopy

from torch import nn


def replace_modules(network: nn.Module, rule: Callable[[nn.Module], nn.Module]) -> nn.Module:
    """A copy of a network in which every module is what the rule makes of it, the innermost ones first."""
    return _replaced(deepcopy(network), rule)


def _replaced(module: nn.Module, rule: Callable[[nn.Module], nn.Module]) -> nn.Module:
    for name, child in module.named_children():
        setattr(module, name, _replaced(child, rule))
    return rule(module)
