"""Counting multiply-adds by torch's own formulas (`torch.utils.flop_counter`), in a fraction of its counter's time.

On the meta device an operation is the shape of its result, which Python works out at length. Networks repeat
themselves: what an operation gives for tensors of some shapes is worked out once.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class MultiplyAdds(TorchDispatchMode):
    """Counts the multiply-adds of convolutions and matrix products, while it is entered.

    Attributes:
        times: how many, by operation.
    """

    def __init__(self) -> None:
        super().__init__()
        self.times: Counter[Any] = Counter()
        self._known: dict[Hashable, tuple[int, Any]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        named = kwargs or {}
        key = _key(func, args, named)
        if key in self._known:
            times, output = self._known[key]
            self.times[func.overloadpacket] += times
            return _fresh(output)
        with self:
            composed = func.decompose(*args, **named)
        if composed is not NotImplemented:
            return composed
        output = func(*args, **named)
        formula = flop_registry.get(func.overloadpacket)
        times = formula(*args, **named, out_val=output) // 2 if formula else 0
        self.times[func.overloadpacket] += times
        outputs = output if isinstance(output, tuple) else (output,)
        if key and all(isinstance(one, Tensor) and one.is_meta for one in outputs):
            self._known[key] = times, _fresh(output)
        return output


def _key(func: Any, args: Sequence[Any], named: Mapping[str, Any]) -> Hashable:
    """What tells the shape of an operation's result; None where it is no new tensor, or may depend on values."""
    if func.is_view or func._schema.is_mutable:
        return None
    described: list[Any] = [func]
    return tuple(described) if _describe((*args, *named.items()), described) else None


def _describe(values: Iterable[Any], described: list[Any]) -> bool:
    """Append what tells arguments from others; false where one is a tensor that has values."""
    for value in values:
        if isinstance(value, Tensor):
            if not value.is_meta:
                return False
            described += value.shape, value.stride(), value.dtype
        elif isinstance(value, list | tuple):
            described.append(len(value))
            if not _describe(value, described):
                return False
        else:
            described += type(value), value  # 1, 1.0 and True are equal
    return True


def _fresh(output: Any) -> Any:
    """Tensors of the meta device like those that an operation has given."""
    if isinstance(output, tuple):
        return tuple(map(_fresh, output))
    return torch.empty_strided(output.shape, output.stride(), dtype=output.dtype, device="meta")
