"""Tables of single images: what was measured of them, and what one network's figures come to."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

import pandas as pd

from resolute import measurements
from resolute.published import Verdict
from resolute.tables.build import BuiltRow, Cell, Table


def of_images(rows: pd.DataFrame, images: Collection[str]) -> pd.DataFrame:
    """What was measured of some images, with the columns of `measurements.means`: one that equals its original has an
    infinite PSNR, which is null.
    """
    found = rows[rows["image"].isin(images)]
    equal = (found["metric"] == "psnr") & found["value"].isna()
    return found.assign(**{measurements.EQUAL: equal.astype(int)})


@dataclass(frozen=True)
class Together:
    """All images of one row of a table's specification; means are over those that have a value."""

    rows: tuple[BuiltRow, ...]

    @property
    def cells(self) -> list[Cell]:
        return [cell for row in self.rows for cell in row.cells]

    @property
    def labels(self) -> tuple[str, ...]:
        """Those of the network alone."""
        return self.rows[0].spec.labels[:-1]

    @property
    def paper(self) -> float | None:
        return _mean(cell.paper for cell in self.cells)

    @property
    def here(self) -> float | None:
        return _mean(cell.here for cell in self.cells)

    @property
    def counts(self) -> dict[str, int]:
        """How many images have each verdict that some have, in the verdicts' own order."""
        found = Counter(cell.judgement.verdict for cell in self.cells if cell.judgement)
        return {verdict.value: found[verdict] for verdict in Verdict if found[verdict]}

    @property
    def furthest(self) -> tuple[str, Cell] | None:
        """The image whose value is furthest from the printed one, and its cell; none where nothing is measured."""
        cells = [(row.spec.labels[-1], cell) for row in self.rows for cell in row.cells]
        measured = [one for one in cells if one[1].difference is not None]
        return max(measured, key=lambda one: abs(one[1].difference or 0), default=None)


def together(table: Table) -> list[tuple[str, list[Together]]]:
    """The rows of a table of single images by group, those of one network as one."""

    def network(row: BuiltRow) -> tuple[str, ...]:
        return row.spec.method, *row.spec.labels[:-1]

    return [(title, [Together(tuple(alike)) for _, alike in groupby(rows, network)]) for title, rows in table.groups]


def _mean(values: Iterator[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
