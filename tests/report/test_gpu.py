"""What is kept of a GPU is shown in a section of its own, and is no part of what other devices have measured."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.report.conftest import HOSTILE, Page

from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.measurements.reference import keep_gpu


def made(folder: Path, **facts: object) -> Path:
    """A folder of results as `make gpu` leaves it."""
    timed = {"method": "rlfn_team04", "scale": 4, "lr_size": "256x256"}
    training = {"method": "rlfn_team04", "scale": 4, "training_data": "bsds500", "protocol": "bf16"}
    rows = [
        {"method": "", "metric": "copy_bandwidth", "value": 4021.0, "unit": "GB/s"},
        {**timed, "protocol": "fp32", "metric": "latency", "value": 4.25, "unit": "ms"},
        {**timed, "protocol": "bf16", "metric": "psnr_to_fp32", "value": None, "unit": "dB"},
        {**timed, "protocol": "fp32", "metric": "memory_share", "value": 0.421},
        {**training, "metric": "patches_per_s", "value": 1234.0, "unit": "1/s"},
        {**training, "metric": "trained_psnr", "dataset": "set5", "value": 28.125, "unit": "dB"},
        {"method": "pan", "metric": "check", "protocol": "a_step", "value": 1.0},
        {"method": "rcan", "metric": "check", "protocol": "a_step", "value": 0.0},
    ]
    known = {"device": "A GPU (2)", "torch": "2.11.0+cu130", "driver": "580.1", "smoke": False, **facts}
    folder.mkdir()
    (folder / "rows.json").write_text(json.dumps({"facts": known, "rows": rows}))
    return folder


def test_a_gpu_has_a_section_of_its_own(report: Callable[..., str], project: Path) -> None:
    kept = keep_gpu(made(project / "out", failures={"latency: nlffc_team02": "RuntimeError: " + HOSTILE}))
    assert kept == project / "data/reference/a-gpu-2/gpu.parquet"
    assert layout.gpu_files() == [kept]
    assert not layout.reference_files()
    page = Page(report(reference=[kept]))
    text = " ".join(page.text.split())
    section = text[text.index("On a GPU What") :]
    for words in ("A GPU (2)", "4 021", "4.25", "equal", "42.1", "1 234", "28.125", "1 of 2 tests passed", HOSTILE):
        assert words in section
    assert "torch 2.11.0+cu130" in section
    assert "Measured on other devices" not in text


def test_a_smoke_run_is_not_kept(project: Path) -> None:
    with pytest.raises(ResoluteError, match="smoke run"):
        keep_gpu(made(project / "out", smoke=True))
    assert not layout.gpu_files()


def test_a_folder_without_results_is_named(project: Path) -> None:
    with pytest.raises(ResoluteError, match=r"nothing/rows.json is not there: `make gpu` makes it"):
        keep_gpu(project / "nothing")
