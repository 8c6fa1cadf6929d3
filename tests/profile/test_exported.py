"""Latency by onnxruntime: a row of its own where params ask for it, or the reason why there is none."""

import sys
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from resolute import measurements, params, registry
from resolute.cli import app
from resolute.core.errors import ResoluteError
from resolute.core.provenance import processor
from resolute.export import graph, running
from resolute.export.network import exportable
from resolute.params import jobs, presets
from resolute.profile.exported import profile_exported
from resolute.sources import sources
from resolute.sources.imports import PACKAGE, closure, files_below

TIMED, REFUSED = "rfdn_tiny", "lkfn_2024"
ROWS = "reports/measurements/onnxruntime/{}/x4.parquet"


@pytest.fixture
def asked(checkout: Path) -> Path:
    """A checkout whose params ask for both, at a small size."""
    settings = yaml.safe_load(Path("params.yaml").read_text())
    settings["methods"]["onnxruntime"] = [TIMED, REFUSED]
    settings["profile"].update(lr_size="24x20", runs=3, threads=1)
    Path("params.yaml").write_text(yaml.safe_dump(settings))
    return checkout


def test_params_get_a_row_from_a_graph_that_is_the_network(asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: Counter[tuple[int, ...]] = Counter()
    forward: Callable[..., Any] = running.Running.forward

    def counting(self: running.Running, lr: Any) -> Any:
        seen[(*lr.shape, self.session.get_session_options().intra_op_num_threads)] += 1
        return forward(self, lr)

    monkeypatch.setattr(running.Running, "forward", counting)
    done = CliRunner().invoke(app, ["profile", TIMED, "--onnxruntime"])
    assert done.exit_code == 0, done.output
    assert seen[1, 3, 20, 24, 1] == 2 + 3  # a warm-up of two passes, as the network has it, and `runs`
    assert len(seen) > 3  # and the check in three other sizes
    (row,) = measurements.records(measurements.read(Path(ROWS.format(TIMED))))
    assert {name: row[name] for name in ("source", "method", "scale", "lr_size", "metric", "unit", "device")} == {
        "source": "measured", "method": TIMED, "scale": 4.0, "lr_size": "24x20",
        "metric": "latency_onnxruntime", "unit": "ms", "device": processor(),
    }  # fmt: skip
    assert 0 < row["value"] < 60_000
    facts = measurements.read_provenance(Path(ROWS.format(TIMED)))
    assert (facts["threads"], facts["onnxruntime"]) == (1, version("onnxruntime"))
    assert facts["parity_error"] < 1e-4
    assert "precision" not in facts  # by which other latencies are told how they were taken


def test_what_cannot_be_exported_leaves_the_reason_and_fails_no_run(asked: Path) -> None:
    done = CliRunner().invoke(app, ["profile", REFUSED, "--onnxruntime"])
    assert done.exit_code == 0, done.output
    assert "refused" in done.output and "aten::fft_rfft" in done.output
    assert measurements.read(Path(ROWS.format(REFUSED))).empty
    assert "aten::fft_rfft" in measurements.read_provenance(Path(ROWS.format(REFUSED)))["refused"]


def test_what_nobody_asked_for_is_shown_alone_and_a_refusal_is_an_error(checkout: Path) -> None:
    size = ["--onnxruntime", "--lr-size", "24x20", "--json"]
    assert '"latency_ms_onnxruntime": ' in CliRunner().invoke(app, ["profile", TIMED, *size]).output
    for name, reason in (("seemore_t", "chooses what to run"), ("bicubic", "has no network")):
        done = CliRunner().invoke(app, ["profile", name, *size])
        assert done.exit_code == 1 and reason in done.output
    done = CliRunner().invoke(app, ["profile", TIMED, "--count-only", *size])
    assert done.exit_code == 2 and "give --count-only or --onnxruntime" in done.output
    assert not Path("reports").exists()


def test_a_graph_that_is_not_the_network_is_not_timed(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = graph.to_onnx
    monkeypatch.setattr(graph, "to_onnx", lambda _, *rest: made(exportable(registry.entry(TIMED), 4, None), *rest))
    found = profile_exported(TIMED, 4, (24, 20))
    assert "of the range off" in found["refused"]
    assert found["latency_ms_onnxruntime"] is None


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_absent_packages_are_told_before_anything_runs(
    asked: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    said = (
        rf"^params\.yaml: methods\.onnxruntime is asked for, but {package} is not installed: run `pip install .*export"
    )
    with pytest.raises(ResoluteError, match=said) as refused:
        params.load()
    assert len(str(refused.value).splitlines()) == 1
    params.check(presets.resolve("quick"), "params.yaml")  # which asks for none


def test_params_may_name_what_has_a_network_alone(asked: Path) -> None:
    settings = params.load()
    for name, wrong in (("bicubic", "'bicubic' has no network"), ("rfdn_tinny", "did you mean 'rfdn_tiny'")):
        settings["methods"]["onnxruntime"] = [name]
        with pytest.raises(ResoluteError, match=f"params.yaml: methods.onnxruntime: .*{wrong}"):
            params.check(settings, "params.yaml")


def test_a_preset_asks_for_all_that_have_a_network(checkout: Path) -> None:
    preset = yaml.safe_load(Path("workflow/presets/quick.yaml").read_text())
    preset["methods"]["onnxruntime"] = "all"
    Path("workflow/presets/own.yaml").write_text(yaml.safe_dump(preset))
    settings = presets.resolve("own")
    assert {TIMED, REFUSED, "rlfn_team04"} <= set(settings["methods"]["onnxruntime"])
    assert "bicubic" not in settings["methods"]["onnxruntime"]


def test_only_where_it_is_asked_for_are_there_jobs_of_it(asked: Path) -> None:
    with_it, without = params.load(), presets.resolve("quick")
    jobs_with, jobs_without = jobs.derive(with_it)["costs"], jobs.derive(without)["costs"]
    assert set(jobs_without) == {"counted", "timed"}
    assert jobs_with.pop("onnxruntime").keys() == {f"{TIMED}-x4", f"{REFUSED}-x4"}
    assert jobs_with == jobs_without
    made = {path.relative_to(asked).as_posix() for path in params.measurements(with_it)}
    others = {path.relative_to(asked).as_posix() for path in params.measurements(without)}
    assert made - others == {ROWS.format(TIMED), ROWS.format(REFUSED)}


def test_a_job_depends_on_the_exporter_and_no_other_does() -> None:
    exporter = {*files_below("export"), *files_below("profile/exported.py")}
    assert not exporter & sources("profile", TIMED)
    # What is left reads the photographs that graphs are checked on: it decides no time.
    left = closure("resolute.profile.exported") - exporter - sources("profile", TIMED)
    rooms = {file.relative_to(PACKAGE).parts[0] for file in left}
    assert rooms <= {"core", "datasets", "images", "metrics"}
