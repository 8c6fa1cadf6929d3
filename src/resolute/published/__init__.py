"""What papers print: their tables' specifications, known errors and tolerances, and the verdict on each number."""

from resolute.published.claims import Claim, ClaimsSpec, Side, read_claims
from resolute.published.errata import CellKey, Erratum, read_errata
from resolute.published.files import (
    claims_files,
    errata_files,
    ranking_files,
    read_facts,
    side_by_side_files,
    spec_files,
    table_files,
)
from resolute.published.ranking import RankColumn, RankingSpec, read_ranking
from resolute.published.side_by_side import read_side_by_side
from resolute.published.spec import Column, Group, Match, Row, Spec, read_spec
from resolute.published.tolerances import Tolerance, read_tolerances
from resolute.published.verdict import JUDGED, Judgement, Verdict, agrees, judge

__all__ = [
    "JUDGED",
    "CellKey",
    "Claim",
    "ClaimsSpec",
    "Column",
    "Erratum",
    "Group",
    "Judgement",
    "Match",
    "RankColumn",
    "RankingSpec",
    "Row",
    "Side",
    "Spec",
    "Tolerance",
    "Verdict",
    "agrees",
    "claims_files",
    "errata_files",
    "judge",
    "ranking_files",
    "read_claims",
    "read_errata",
    "read_facts",
    "read_ranking",
    "read_side_by_side",
    "read_spec",
    "read_tolerances",
    "side_by_side_files",
    "spec_files",
    "table_files",
]
