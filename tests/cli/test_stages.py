"""A stage's command holds the lock of what it makes: two at once take turns, and an orphan is seen."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from resolute.cli import app
from resolute.core.errors import ResoluteError


@pytest.mark.parametrize(
    ("command", "work", "artefact"),
    [
        (
            "evaluate imdn_tiny --weights quick-seed0 --dataset embedded",
            "resolute.evaluate.evaluate",
            "reports/measurements/quality/imdn_tiny/x4/quick-seed0/embedded.parquet",
        ),
        ("profile imdn_tiny", "resolute.profile.profile", "reports/measurements/cost/imdn_tiny/x4.parquet"),
        ("tables", "resolute.tables.make_tables", "reports/tables"),
        ("figures tradeoff", "resolute.cli.figures.drawings", "reports/figures/tradeoff"),
        ("report", "resolute.report.make_report", "reports/index.html"),
    ],
)
def test_the_lock_is_held_while_a_stage_works(
    command: str, work: str, artefact: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[str] = []

    def stop(*_: object, **__: object) -> None:
        held.extend(path.read_text().splitlines()[2] for path in Path("work/locks/making").glob("*.holder"))
        raise ResoluteError("the work itself is not what is tested")

    monkeypatch.setattr("resolute.cli.ensure.ensure_images", lambda *_: None)
    drawings = work.endswith("drawings")
    monkeypatch.setattr(work, (lambda _: {"tradeoff": stop}) if drawings else stop)
    CliRunner().invoke(app, command.split())
    assert held == [artefact]
    assert not list(Path("work/locks/making").glob("*.holder"))
