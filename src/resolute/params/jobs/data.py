"""The jobs of the data stages."""

from resolute import datasets
from resolute.core.layout import Span
from resolute.params.jobs.naming import Job, Params, set_key, short


def derive(params: Params, trained: list[Job], evaluated: list[Job]) -> dict[str, dict[str, dict[str, Job]]]:
    """The jobs of the data stages: nothing is fetched, reduced or packed that no other job needs."""
    shown = params["figures"]
    spans = [(job["data"], Span.parse(job["span"])) for job in trained]
    packed = [(dataset, short(span.low)) for dataset, span in spans if span.is_single]
    packed += [(facts["dataset"], facts["scale"]) for facts in shown["photographs"].values()]
    hr_alone = [dataset for dataset, span in spans if not span.is_single]
    reduced = [(part, scale) for dataset, scale in packed for part in datasets.entry(dataset).parts]
    reduced += [(job["dataset"], job["scale"]) for job in evaluated]
    needed = {dataset for dataset, _ in reduced} | {facts["dataset"] for facts in shown["comparisons"].values()}
    needed |= {part for dataset in hr_alone for part in datasets.entry(dataset).parts}
    needed = needed.union(*(datasets.entry(dataset).source.of for dataset in needed))
    return {
        "sets": _sets([name for name in params["data"]["sets"] if name in needed]),
        "reductions": {"all": {set_key(*pair): reduction(*pair) for pair in reduced}},
        "packs": _packs(packed, hr_alone),
    }


def _sets(names: list[str]) -> dict[str, dict[str, Job]]:
    groups: dict[str, dict[str, Job]] = {"original": {}, "derived": {}}
    for one in map(datasets.entry, names):
        read = {"registry": one.registry_file, "listed": one.manifest_file}
        if one.source.of:
            groups["derived"][one.name] = {"of": one.source.of[0], **read}
        else:
            groups["original"][one.name] = read
    return groups


def reduction(dataset: str, scale: float) -> Job:
    """The LR images of a data set at a scale.

    Raises:
        ResoluteError: they came with it, but for other scales.
    """
    one = datasets.entry(dataset)
    one.variant_at(scale)  # said before anything runs
    return {"dataset": dataset, "scale": scale, "registry": one.registry_file}


def _packs(packed: list[tuple[str, float]], hr_alone: list[str]) -> dict[str, dict[str, Job]]:
    found: dict[str, dict[str, Job]] = {"hr": {}, "lr": {}, "union_hr": {}, "union_lr": {}}
    for dataset, scale in [*packed, *((dataset, None) for dataset in hr_alone)]:
        one = datasets.entry(dataset)
        kind, of = ("union_", {"of": list(one.parts)}) if one.is_union else ("", {})
        found[f"{kind}hr"][dataset] = of
        if scale is not None:
            found[f"{kind}lr"][set_key(dataset, scale)] = {"dataset": dataset, "scale": scale, **of}
    return found
