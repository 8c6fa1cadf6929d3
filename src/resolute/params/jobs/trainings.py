"""The jobs of trainings, and of the scores of patches that they draw by."""

from resolute.core import layout
from resolute.params.jobs.naming import Job, Params, key, keyed, place, short
from resolute.params.jobs.runs import scorer, training_set, warm_start, weights_of


def weights(params: Params, runs: list[Job]) -> dict[str, Job]:
    """The sets of weights that runs are of: of several scales there may be one."""
    found: dict[str, Job] = {}
    for run in runs:
        wanted = weights_of(params, run)
        job = {"span": str(wanted.span), **{name: value for name, value in run.items() if name != "scale"}}
        if "seed" in run:
            data = training_set(params, run["method"])
            job |= {"data": data, "reads": place(layout.training_data(data, wanted.span))}
            job |= {"log": place(layout.training_log(wanted)), "times": place(layout.training_times(wanted))}
        found[key(job)] = {**job, "weights": place(layout.weights(wanted))}
    return found


def grouped(params: Params, trained: dict[str, Job]) -> dict[str, dict[str, Job]]:
    """The trainings, by what they wait for beside their data."""
    groups: dict[str, dict[str, Job]] = {"fresh": {}, "warm_started": {}, "scored": {}}
    for name, job in trained.items():
        wanted = weights_of(params, job)
        start, by = warm_start(params, wanted), scorer(params, wanted)
        if start:
            groups["warm_started"][name] = {**job, "start": place(layout.weights(start))}
        elif by:
            groups["scored"][name] = {**job, "scores": place(layout.patch_scores(job["data"], by))}
        else:
            groups["fresh"][name] = job
    return groups


def scores(params: Params, trained: dict[str, Job]) -> dict[str, Job]:
    """The scores that trainings draw by; those of one set of patches by the same weights are made once."""
    asked = [(job, scorer(params, weights_of(params, job))) for job in trained.values()]
    found = [
        {
            "method": by.method,
            "scale": short(by.span.low),
            "seed": job["seed"],
            "dataset": job["data"],
            "reads": job["reads"],
            "weights": place(layout.weights(by)),
            "scores": place(layout.patch_scores(job["data"], by)),
        }
        for job, by in asked
        if by
    ]
    return keyed(found)
