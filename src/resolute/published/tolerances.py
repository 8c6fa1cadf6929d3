"""How close what is measured must come to what is printed, by metric: `data/published/tolerances.yaml`."""

from dataclasses import dataclass
from pathlib import Path

from resolute.published.files import read_facts


@dataclass(frozen=True)
class Tolerance:
    """How close a measured value must come to the printed one.

    `within` is the largest difference allowed, in the printed unit; None asks for equality at the printed
    digits. `device` marks what depends on the machine (time, memory) and therefore never compares.
    """

    within: float | None = None
    device: bool = False

    def __str__(self) -> str:
        if self.device:
            return "depends on the device: not compared"
        return "equal at the printed digits" if self.within is None else f"within {self.within:g}"


def read_tolerances(path: Path) -> dict[str, Tolerance]:
    """Tolerances by metric."""
    return {
        metric: Tolerance(rule.get("within"), rule["compare"] == "never") for metric, rule in read_facts(path).items()
    }
