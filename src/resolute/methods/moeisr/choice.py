"""Which expert a pixel takes at an operating point: by the mapper's logits, and what the experts cost."""

import re
from collections.abc import Sequence

import torch
from torch import Tensor

from resolute.core.errors import ResoluteError
from resolute.methods.pixelwise import Choose, by_cost
from resolute.models.blocks.pixel_routing import greatest

HALVINGS = 30  # of the exponent's range, until a budget is met
STEEPEST = 100.0  # exponent of the costs, at which all but the cheapest expert are out of reach


def chooser(setting: str, experts: Sequence[str], costs: Sequence[float]) -> Choose:
    """The choice at a setting.

    Args:
        setting: `argmax`, the greatest logit; `cost<k>`, the greatest probability over the k-th power of the cost, as
            PCSR weighs it (Jeong et al., ECCV 2024); `bias<b>`, the greatest logit after b is added to the cheapest
            expert's, and to the others' less in proportion to what they cost more; `budget<p>`, `cost<k>` with the
            least k at which the image takes no more than the share p of the costliest expert's cost; or the name of an
            expert, which all pixels take.
        experts: the cheapest first.
        costs: of a pixel by each.

    Raises:
        ResoluteError: no such setting.
    """
    weighed = torch.tensor(costs, dtype=torch.float32) / max(costs)
    if setting in experts:
        expert = list(experts).index(setting)
        return lambda logits: torch.full((len(logits),), expert, device=logits.device)
    if setting == "argmax":
        return greatest
    found = re.fullmatch(r"(cost|bias|budget)(\d+(?:\.\d+)?)", setting)
    if not found:
        known = f"argmax, cost, bias or budget and a number, or one of {', '.join(experts)}"
        raise ResoluteError(f"there is no setting '{setting}': give {known}")
    name, number = found[1], float(found[2])
    if name == "cost":
        return by_cost(costs, number)
    if name == "bias":
        saved = (1 - weighed) / max(1 - float(weighed.min()), 1e-9)
        return lambda logits: greatest(logits + number * saved.to(logits))
    return lambda logits: _within(logits, weighed.to(logits), number)


def _within(logits: Tensor, costs: Tensor, budget: float) -> Tensor:
    low, high = 0.0, STEEPEST
    chosen = greatest(logits)
    if costs[chosen].mean() <= budget:
        return chosen
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        chosen = greatest(logits - middle * costs.log())
        low, high = (low, middle) if costs[chosen].mean() <= budget else (middle, high)
    return greatest(logits - high * costs.log())
