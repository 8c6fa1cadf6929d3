"""Imported weights and networks of one's own, in the tables of the papers under whose protocol they were measured."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.models.test_own import forget

from resolute.tables.make import paper_tables
from resolute.tables.render import render
from resolute.tables.results import results

Write = Callable[..., Path]
QUALITY = {"metric": "psnr", "unit": "dB", "image": "0801"}
VALIDATION: dict[str, Any] = {"dataset": "div2k_val", "protocol": "ntire2022"}


@pytest.fixture
def mine(project: Path, challenge_alone: None) -> Iterator[str]:
    """A network of somebody's own."""
    folder = project / "data/own/methods"
    folder.mkdir(parents=True)
    (folder / "mine.py").touch()
    (folder / "mine.yaml").write_text("file: mine.py\nclass: Mine\nscales: [4]\ntitle: My <network>\n")
    forget()
    yield "mine"
    (folder / "mine.yaml").unlink()
    forget()


def test_what_is_yours_stands_below_by_what_the_table_measures_and_is_no_cell_of_the_paper(
    mine: str, write: Write
) -> None:
    cost = {"metric": "flops", "protocol": "flops_ntire2022", "value": 9e9}
    trained = {"method": mine, "training_data": "bsds500", **VALIDATION}
    files = [
        write([{**QUALITY, "value": 28.5}], method="rlfn_team04", weights="own-theirs", **VALIDATION),
        write(
            [{**QUALITY, "value": 40.0}],
            method="rlfn_team04",
            weights="own-theirs",
            dataset="set5",
            protocol="ntire2022",
        ),
        write([{**QUALITY, "value": 27.1}], weights="bsds-seed0", seed=0, **trained),
        write([{**QUALITY, "value": 27.3}], weights="bsds-seed1", seed=1, **trained),
        write([cost], method=mine, lr_size="256x256"),
    ]
    before = list(results(paper_tables("ntire2022", files[:0], "table1")))
    [table] = paper_tables("ntire2022", files, "table1")
    columns = [column.key for column in table.spec.columns]
    shown = {row.spec.labels[-1]: dict(zip(columns, row.cells, strict=True)) for row in table.yours}
    assert shown.keys() == {"RLFN, own-theirs", "My <network>"}
    assert shown["RLFN, own-theirs"]["psnr_val"].measured == 28.5
    own = shown["My <network>"]
    assert (own["psnr_val"].trained, own["flops"].measured) == (pytest.approx(27.2), pytest.approx(9))
    assert own["psnr_test"].here is None
    assert [row.status for row in table.yours] == ["yours, trained here on BSDS500", "yours"]
    assert list(results([table])) == before

    page = render(table, "html")
    assert re.search(r'My &lt;network&gt;</span>.*\n(?:<td.*\n)*.*<span class="trained">27.20 &#177; 0.14</span>', page)
    assert '<span class="here">28.50</span>' in page
    assert re.search(r"\|\s+\|\s+\| RLFN, own-theirs \|.* 28.50 \|.*\| yours \|\n", render(table, "md"))
    assert "{RLFN, own-theirs} & 28.50 & " in render(table, "tex")
    assert re.search(r"^yours,rlfn_team04,,,\"RLFN, own-theirs\",yours,.*28.5", render(table, "csv"), re.MULTILINE)


def test_without_a_common_data_set_there_is_no_row(mine: str, write: Write) -> None:
    rows = [{**QUALITY, "value": 27.1}]
    file = write(rows, method=mine, weights="bsds-seed0", seed=0, dataset="set5", protocol="ntire2022")
    assert [table.yours for table in paper_tables("ntire2022", [file], "table1")] == [()]
