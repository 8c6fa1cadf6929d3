"""Writing the site."""

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from resolute.core import atomic, layout
from resolute.core.provenance import file_sha256
from resolute.measurements import titles
from resolute.pages.environment import SORTING, STYLE, environment
from resolute.pages.errata import errata
from resolute.pages.origin import commit, origin
from resolute.publish.board import boards, cost_columns, score_columns
from resolute.publish.material import Material
from resolute.publish.network import label, networks, page
from resolute.publish.package import as_csv, description
from resolute.publish.pictures import write_pictures
from resolute.publish.place import check_place
from resolute.published import JUDGED, Verdict

FOLDER = Path(__file__).parent


def publish(folder: Path, params: Mapping[str, Any], measured: Sequence[Path], date: str) -> None:
    """Write the site of all results into a folder: pages, `results.csv`, `results.parquet` and `datapackage.json`.

    It needs no server and asks nobody for anything. Equal results make equal bytes. The folder is replaced as a whole.
    What networks make of a photograph is shown where the stage `figures` has drawn it.

    Args:
        params: the configuration of the run, shown as it is.
        measured: the measurement files that it calls for.
        date: of the results, as YYYY-MM-DD.

    Raises:
        ResoluteError: a file is absent or damaged, or the folder holds what is no part of a site.
    """
    check_place(folder)
    material = Material(params, measured)
    ours = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    with atomic.writing_folder(folder, ours) as part:
        _write_data(part, material, date)
        _write_pages(part, material, date)


def _write_data(folder: Path, material: Material, date: str) -> None:
    (folder / "results.csv").write_text(as_csv(material.results), encoding="utf-8")
    shutil.copyfile(layout.results_file(), folder / "results.parquet")
    sources = {spec.source["citation"]: spec.source["url"] for spec in material.specs.values()}
    (folder / "datapackage.json").write_text(description(folder, date, sources), encoding="utf-8")


def _write_pages(folder: Path, material: Material, date: str) -> None:
    listed = boards(material)
    recorded = origin(material.measured)
    nets = networks(material, listed, errata())
    templates = environment(FOLDER)
    templates.filters |= {
        "cost_columns": cost_columns,
        "label": label,
        "network_page": page,
        "score_columns": score_columns,
    }
    templates.globals |= {
        "date": date,
        "preset": material.params["preset"],
        "protocol": material.protocol,
        "lr_size": material.params["profile"]["lr_size"].replace("x", " \N{MULTIPLICATION SIGN} "),
        "pages": frozenset(material.methods),
        "timing": titles.timing(material.measured),
        "verdict_names": [verdict.value for verdict in Verdict],
    }

    def write(name: str, template: str, **facts: Any) -> None:
        text = templates.get_template(f"{template}.html.jinja").render(**facts)
        (folder / name).write_text(text, encoding="utf-8")

    style = (*STYLE, FOLDER / "site.css")
    (folder / "style.css").write_text("\n".join(path.read_text(encoding="utf-8") for path in style), encoding="utf-8")
    shutil.copyfile(SORTING, folder / SORTING.name)
    for board in listed:
        write(board.page, "board", board=board)
    comparisons = write_pictures(folder, material.params)
    for network in nets:
        write(network.page, "network", network=network, comparisons=comparisons, origin=recorded)
    write(
        "index.html",
        "index",
        boards=listed,
        networks=nets,
        tables=_tables(material),
        totals=_totals(material),
        data=[_data(folder / name) for name in ("results.csv", "results.parquet")],
        devices=sorted(set(material.means["device"]) - {""}),
        origin=recorded,
        commit=commit(),
        config=yaml.safe_dump(dict(material.params), sort_keys=False, allow_unicode=True),
    )


def _tables(material: Material) -> list[dict[str, Any]]:
    """The papers' tables with the counts of their verdicts."""
    counts: dict[tuple[str, str], Counter[str]] = {name: Counter() for name in material.specs}
    for result in material.results:
        counts[result["paper"], result["table"]][result["verdict"]] += 1
    return [
        {"spec": spec, "counts": {verdict.value: counts[name][verdict] for verdict in Verdict}}
        for name, spec in material.specs.items()
    ]


def _totals(material: Material) -> dict[str, int]:
    """How many cells there are by verdict, and how many could be judged."""
    found = Counter(result["verdict"] for result in material.results)
    return {
        **{verdict.value: found[verdict] for verdict in Verdict},
        "cells": len(material.results),
        "judged": sum(found[verdict] for verdict in JUDGED),
    }


def _data(path: Path) -> dict[str, Any]:
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": file_sha256(path)}
