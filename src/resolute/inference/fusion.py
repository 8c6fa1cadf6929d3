"""Fuses the convolutions and linear layers of a network with what surrounds them, for the CPU.

A network is traced into a graph of its layers. There a convolution takes over the batch norm, the skip, the
activation, the shuffle or the sum behind it, gives the parts of a split one by one, and reads the parts of a
concatenation one by one; a linear layer takes over its activation. Only weights and calls change: the function of the
image stays the same within float rounding, at every size.
"""

import operator
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import fx, nn

from resolute.inference.fused import (
    NONE,
    RELU,
    FusedConv,
    FusedLinear,
    activation_of,
    with_identity,
    with_norm_after,
    with_norm_before,
    with_weights,
)
from resolute.models.blocks.experts import TopOneExperts

_COMBINE: dict[Any, str] = {operator.add: "add", operator.mul: "mul"}
_SHAPE = "shape"  # of what a node gives for the probe, in the node's notes

PROBE = (1, 3, 32, 32)
"""The image that tells the shapes inside a network: only a mean over the whole of it is a single pixel then."""


def fuse_convolutions(network: nn.Module, *shapes: tuple[int, ...]) -> nn.Module:
    """A network in evaluation on a CPU with fused convolutions; itself where it cannot be traced.

    Args:
        shapes: of its inputs; an RGB image unless given.
    """
    try:
        traced = fx.GraphModule(network, _Tracer().trace(network))
        with torch.inference_mode():
            _Shapes(traced).run(*(torch.zeros(shape) for shape in shapes or (PROBE,)))
    except (fx.proxy.TraceError, TypeError, RuntimeError):
        return network
    for step in (_fuse_experts, _fold_norm, _fold_shuffle, _divide, _fuse, _fuse_linear):
        for node in list(traced.graph.nodes):
            if node.op == "call_module":
                step(traced, node)
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced


class _Tracer(fx.Tracer):
    """Sees layers whole, and takes a map apart where the number of its parts is written down."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, nn.Conv2d | TopOneExperts) or super().is_leaf_module(m, module_qualified_name)

    def iter(self, obj: fx.Proxy) -> Iterator[Any]:
        parts = obj.node.args[1] if len(obj.node.args) > 1 else None
        if obj.node.target == "chunk" and isinstance(parts, int):
            return iter([operator.getitem(obj, part) for part in range(parts)])
        if obj.node.target is torch.split and isinstance(parts, Sequence):
            return iter([operator.getitem(obj, part) for part in range(len(parts))])
        return super().iter(obj)


class _Shapes(fx.Interpreter):
    """Notes the shape of what every node gives. torch's own pass imports sympy, half a second of every process."""

    def run_node(self, n: fx.Node) -> Any:
        try:
            result = super().run_node(n)
        except Exception as error:  # layers raise what they like
            raise RuntimeError(f"{n} gives nothing for the probe") from error
        n.meta[_SHAPE] = tuple(result.shape) if isinstance(result, torch.Tensor) else ()
        return result


def _fuse_experts(traced: fx.GraphModule, node: fx.Node) -> None:
    """Fuse the convolutions of every expert by itself."""
    layer = _layer(traced, node)
    if not isinstance(layer, TopOneExperts):
        return
    inputs: Any = node.args
    made = deepcopy(layer)
    shapes = [_shape(source) for source in inputs]
    made.experts = nn.ModuleList(fuse_convolutions(expert, *shapes) for expert in made.experts)
    _replace(traced, [node], _call(traced, made, inputs, node))


def _fold_norm(traced: fx.GraphModule, node: fx.Node) -> None:
    """Fold a batch norm into the convolution that alone reads it."""
    norm, user = _layer(traced, node), _only_user(node)
    conv = None if user is None else _convolution(traced, user)
    if user is None or conv is None or not isinstance(norm, nn.BatchNorm2d):
        return
    folded = with_norm_before(norm, conv)
    if folded is not None:
        _replace(traced, [node, user], _call(traced, folded, node.all_input_nodes, user))


def _fold_shuffle(traced: fx.GraphModule, node: fx.Node) -> None:
    """Let a convolution give its channels in the order into which a shuffle would bring them."""
    conv, user = _convolution(traced, node), _only_user(node)
    shuffle = None if user is None else _layer(traced, user)
    if user is None or conv is None or not isinstance(shuffle, nn.ChannelShuffle) or conv.groups > 1:
        return
    order = torch.arange(conv.out_channels).view(shuffle.groups, -1).T.flatten()
    shuffled = with_weights(conv, conv.weight[order], None if conv.bias is None else conv.bias[order])
    _replace(traced, [node, user], _call(traced, shuffled, node.all_input_nodes, user))


def _divide(traced: fx.GraphModule, node: fx.Node) -> None:
    """Give every part of a split of a convolution's result, activated or not, by a convolution of its own."""
    conv, user = _convolution(traced, node), _only_user(node)
    if user is None or conv is None or conv.groups > 1:
        return
    activation = user if activation_of(user, _layer(traced, user)) else None
    split = _only_user(user) if activation else user
    if split is None or split.target is not torch.split or split.kwargs != {"dim": 1}:
        return
    sizes: Any = split.args[1]
    if isinstance(sizes, int) or any(part.target is not operator.getitem for part in split.users):
        return
    weights = conv.weight.split(sizes)
    biases = [None] * len(sizes) if conv.bias is None else conv.bias.split(sizes)
    for part in list(split.users):
        index: Any = part.args[1]
        made = _call(traced, with_weights(conv, weights[index], biases[index]), node.all_input_nodes, part)
        if activation:
            with traced.graph.inserting_before(part):
                made = traced.graph.node_copy(activation, {node: made}.__getitem__)
            made.meta = part.meta
        _replace(traced, [part], made)
    for old in (split, activation, node):
        if old is not None:
            traced.graph.erase_node(old)


def _fuse(traced: fx.GraphModule, node: fx.Node) -> None:
    """Fuse a convolution with its followers, as long as each alone reads the one before."""
    conv = _convolution(traced, node)
    if conv is None:
        return
    source = node.all_input_nodes[0]
    maps = _concatenated(source) if conv.kernel_size == (1, 1) and conv.groups == 1 else [source]
    chain, other, combine, activation = [node], None, "", NONE
    while activation == NONE and (user := _only_user(chain[-1])) is not None:
        layer = _layer(traced, user)
        operand = _operand(user, chain[-1])
        found = activation_of(user, layer)
        alone = not combine and len(maps) == 1
        skipping = with_identity(conv) if operand is source and user.target is operator.add and not combine else None
        if isinstance(layer, nn.BatchNorm2d) and not combine:
            conv = with_norm_after(conv, layer)
        elif skipping is not None:
            conv = skipping
        elif operand is not None and (alone or (user.target is operator.add and not combine)):
            combine, other = _COMBINE[user.target], operand
        elif found == RELU or (found is not None and alone):
            activation = found
        else:
            break
        chain.append(user)
    weights = conv.weight.split([_shape(part)[1] for part in maps], dim=1) if len(maps) > 1 else [conv.weight]
    made = node
    for index, (part, weight) in enumerate(zip(maps, weights, strict=True)):
        first, last = index == 0, index == len(maps) - 1
        share = with_weights(conv, weight, conv.bias if first else None)
        fused = FusedConv(share, combine if first else "add", activation if last else NONE, overwrite=not first)
        added = other if first else made
        made = _call(traced, fused, [part] if added is None else [part, added], chain[-1])
    _replace(traced, chain, made)
    if not source.users:
        traced.graph.erase_node(source)


def _fuse_linear(traced: fx.GraphModule, node: fx.Node) -> None:
    """Fuse a linear layer with the activation that alone reads it."""
    linear, user = _layer(traced, node), _only_user(node)
    if not isinstance(linear, nn.Linear) or type(linear).forward is not nn.Linear.forward:
        return
    activation = None if user is None else activation_of(user, _layer(traced, user))
    chain = [node] if user is None or activation is None else [node, user]
    _replace(traced, chain, _call(traced, FusedLinear(linear, activation or NONE), node.all_input_nodes, chain[-1]))


def _layer(traced: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    return traced.get_submodule(str(node.target)) if node.op == "call_module" else None


def _convolution(traced: fx.GraphModule, node: fx.Node) -> nn.Conv2d | None:
    """The convolution that a node calls, if it is one that oneDNN has."""
    layer = _layer(traced, node)
    if not isinstance(layer, nn.Conv2d) or type(layer).forward is not nn.Conv2d.forward:
        return None
    return layer if layer.padding_mode == "zeros" and not isinstance(layer.padding, str) else None


def _only_user(node: fx.Node) -> fx.Node | None:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _shape(node: fx.Node) -> tuple[int, ...]:
    """The shape of what a node gives for the probe; empty where that is no tensor."""
    shape: tuple[int, ...] = node.meta.get(_SHAPE, ())
    return shape


def _concatenated(node: fx.Node) -> list[fx.Node]:
    """The maps that a node concatenates for one reader alone; the node itself where it is none such."""
    if node.target is not torch.cat or node.kwargs != {"dim": 1} or _only_user(node) is None:
        return [node]
    maps: Any = node.args[0]
    return list(maps)


def _operand(user: fx.Node, node: fx.Node) -> fx.Node | None:
    """The map of the same shape that a sum or product takes beside a node; none where it is neither."""
    if user.target not in _COMBINE:
        return None
    others = [operand for operand in user.args if operand is not node and isinstance(operand, fx.Node)]
    return others[0] if len(others) == 1 and _shape(others[0]) == _shape(node) else None


def _call(traced: fx.GraphModule, module: nn.Module, inputs: Sequence[fx.Node], like: fx.Node) -> fx.Node:
    """A node that calls a new layer, before a node whose shape is the same."""
    name = f"fused_{len(list(traced.children()))}"
    traced.add_submodule(name, module)
    with traced.graph.inserting_before(like):
        node = traced.graph.call_module(name, tuple(inputs))
    node.meta = like.meta
    return node


def _replace(traced: fx.GraphModule, chain: Sequence[fx.Node], new: fx.Node) -> None:
    """Put a node in the place of nodes of which each reads the one before."""
    chain[-1].replace_all_uses_with(new)
    for old in reversed(chain):
        traced.graph.erase_node(old)
