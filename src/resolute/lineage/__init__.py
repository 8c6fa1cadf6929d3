"""Which weights are others, released again, tuned, or used in part: told by their numbers alone.

No stage's: `figures` draws it.
"""

from resolute.lineage.kernels import VERDICTS
from resolute.lineage.pairs import Pair, compare

__all__ = ["VERDICTS", "Pair", "compare"]
