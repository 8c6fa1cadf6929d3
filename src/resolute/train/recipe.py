"""Whether a training is the paper's own: told by what was done, whatever the preset is called."""

from resolute import registry
from resolute.core.layout import Weights
from resolute.methods import weights
from resolute.methods.plan import Plan, is_whole, make_plan
from resolute.train.start import find_start

SETTINGS, DATA = "settings", "training data"


def departures(wanted: Weights, plan: Plan, dataset: str, scorer: Weights | None = None) -> list[str]:
    """What of a training is not as the method's paper has it: its settings, its training data, both or nothing.

    The paper's are `recipe` and `recipe_data` of the registry entry; what these do not state is nobody's and departs. A
    training that starts from weights departs wherever they do; of those that score its patches the method counts.
    """
    entry = registry.entry(wanted.method)
    scale, path = find_start(wanted, plan.warm_start) if plan.warm_start else (None, None)
    inherited = weights.read_provenance(path).get("departures", [SETTINGS, DATA]) if path else []
    as_published = {
        SETTINGS: plan.phases == _phases(entry)
        and scale == _starting_scale(entry, wanted.span.low)
        and (scorer.method if scorer else None) == entry.recipe.get("scored_by"),
        DATA: entry.recipe_data == dataset,
    }
    return [part for part, same in as_published.items() if not same or part in inherited]


def _phases(entry: registry.Entry) -> object:
    """None where the recipe leaves out what every training needs."""
    return make_plan({}, entry.recipe, entry.name).phases if is_whole(entry.recipe) else None


def _starting_scale(entry: registry.Entry, scale: float) -> float | None:
    """The scale whose weights the paper's training starts from, if any."""
    if entry.recipe.get("warm_start") != "smaller_scale":
        return None
    return max((smaller for smaller in entry.scales if smaller < scale), default=None)
