"""What the run did: jobs and time of every stage and the graph that they form, as Snakemake recorded them."""

import base64
import binascii
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from resolute.core import layout

REPORT = "report"


@dataclass(frozen=True)
class Stage:
    """A rule; `seconds` is the sum over its jobs, `needs` are the rules whose files it reads."""

    name: str
    jobs: int
    seconds: float
    needs: frozenset[str]


@dataclass(frozen=True)
class Graph:
    """The stages in an order in which each comes after what it needs; empty where nothing was recorded."""

    stages: tuple[Stage, ...]

    @cached_property
    def levels(self) -> dict[str, int]:
        """The place of a stage from first to last: as late as what needs it allows."""
        after: dict[str, int] = {}  # the longest way from a stage to the end
        for stage in reversed(self.stages):
            needing = [after[other.name] + 1 for other in self.stages if stage.name in other.needs]
            after[stage.name] = max(needing, default=0)
        last = max(after.values(), default=0)
        return {name: last - steps for name, steps in after.items()}

    @property
    def direct(self) -> list[tuple[str, str]]:
        """Pairs of a needed and a needing stage, without those that follow from others."""
        reach: dict[str, frozenset[str]] = {}
        for stage in self.stages:
            reach[stage.name] = stage.needs.union(*(reach[name] for name in stage.needs))
        return [
            (needed, stage.name)
            for stage in self.stages
            for needed in sorted(stage.needs, key=lambda name: (self.levels[name], name))
            if not any(needed in reach[other] for other in stage.needs)
        ]


def graph(targets: Iterable[Path]) -> Graph:
    """The stages behind the files that the report is made from, and the report itself.

    The record is Snakemake's own, and no promise of it: what cannot be read counts as not recorded.
    """
    records = _records()
    waiting = [layout.relative(path) for path in targets]
    rules: dict[str, dict[str, float]] = defaultdict(dict)
    needs: dict[str, set[str]] = defaultdict(set)
    needs[REPORT] = {str(records[name]["rule"]) for name in waiting if name in records}
    rules[REPORT] = {}
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in records:
            continue
        seen.add(name)
        record = records[name]
        rule = str(record["rule"])
        rules[rule][str(record["shellcmd"])] = float(record["endtime"]) - float(record["starttime"])
        needs[rule] |= {str(records[source]["rule"]) for source in record["input"] if source in records} - {rule}
        waiting += record["input"]
    stages = {name: Stage(name, len(jobs), sum(jobs.values()), frozenset(needs[name])) for name, jobs in rules.items()}
    return Graph(tuple(_ordered(stages))) if len(stages) > 1 else Graph(())


def _records() -> dict[str, Mapping[str, Any]]:
    """Snakemake's metadata by the file that it is about."""
    folder = layout.project_root() / ".snakemake/metadata"
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            # A name too long for a file is spread over folders that begin with @.
            name = "".join(part.removeprefix("@") for part in path.relative_to(folder).parts)
            try:
                record = json.loads(path.read_text(encoding="utf-8"))
                needed = {"rule", "input", "shellcmd", "starttime", "endtime"}
                if needed <= record.keys():
                    found[base64.urlsafe_b64decode(name).decode()] = record
            except (ValueError, binascii.Error):
                continue
    return found


def _ordered(stages: Mapping[str, Stage]) -> list[Stage]:
    ordered: dict[str, Stage] = {}
    while len(ordered) < len(stages):
        ready = [stage for name, stage in stages.items() if name not in ordered and stage.needs <= ordered.keys()]
        if not ready:
            return []
        ordered.update({stage.name: stage for stage in sorted(ready, key=lambda stage: stage.name)})
    return list(ordered.values())
