"""The long form on disk: what is not finite is null, and what was edited by hand is refused."""

import math
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resolute import measurements
from resolute.core.errors import ResoluteError
from resolute.measurements import long_form

ROW = {"source": "measured", "method": "m", "weights": "quick-seed0", "dataset": "set5", "scale": 4.0}
PSNR: dict[str, Any] = {**ROW, "protocol": "y_basicsr", "metric": "psnr", "unit": "dB"}


def psnrs(*values: float) -> list[dict[str, Any]]:
    return [{**PSNR, "image": str(number), "value": value} for number, value in enumerate(values)]


@pytest.fixture
def file(project: Path) -> Path:
    """A measurement file of two images."""
    path = project / "reports/measurements/quality/m/x4/quick-seed0/set5.parquet"
    measurements.write(path, psnrs(30.0, 32.0), device="A CPU")
    return path


def set_value(path: Path) -> None:
    """With pyarrow, which keeps the metadata."""
    table = pq.read_table(path)
    column = table.column_names.index("value")
    pq.write_table(table.set_column(column, table.schema.field(column), pa.array([99.9, 32.0])), path)


def set_value_with_pandas(path: Path) -> None:
    """Which writes metadata of its own."""
    pd.read_parquet(path).assign(value=99.9).to_parquet(path)


def drop_row(path: Path) -> None:
    pq.write_table(pq.read_table(path).slice(0, 1), path)


def set_provenance(path: Path) -> None:
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"provenance": '{"device": "a GPU"}'}), path)


@pytest.mark.parametrize("edit", [set_value, set_value_with_pandas, drop_row, set_provenance])
def test_what_was_edited_by_hand_is_refused(edit: Any, file: Path) -> None:
    edit(file)
    for read in (measurements.read, measurements.read_provenance):
        with pytest.raises(
            ResoluteError,
            match=r"^reports/measurements/.*set5\.parquet was changed .*: remove it, and `snake",
        ):
            read(file)


def test_files_from_elsewhere_need_no_digest(file: Path, project: Path) -> None:
    (project / "data/reference/gpu").mkdir(parents=True)
    elsewhere = project / "data/reference/gpu/set5.parquet"
    pd.read_parquet(file).to_parquet(elsewhere)
    assert list(measurements.read(elsewhere)["value"]) == [30.0, 32.0]
    set_value(elsewhere)
    assert list(measurements.read(elsewhere)["value"]) == [99.9, 32.0]


def test_files_of_all_kinds_are_one_table(file: Path, project: Path) -> None:
    foreign, typed = project / "foreign.parquet", project / "typed.csv"
    pd.DataFrame({"scale": [4], "value": [math.inf], "metric": ["psnr"], "method": ["f"]}).to_parquet(foreign)
    typed.write_text("value,method,metric,seed\n1.5,t,params,\n2,t,macs,3\n")
    rows = [{"method": "f", "metric": "psnr", "scale": 4}, {"method": "t", "metric": "params", "value": 1.5}]
    rows += [{"method": "t", "metric": "macs", "value": 2, "seed": 3}, *psnrs(30.0, 32.0)]
    pd.testing.assert_frame_equal(measurements.read(foreign, typed, file), measurements.frame(rows))
    pd.testing.assert_frame_equal(measurements.read(), measurements.frame([]))


def test_a_file_is_held_against_its_digest_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = Mock(wraps=long_form._digest)
    monkeypatch.setattr(long_form, "_digest", digest)
    measurements.read(file)
    assert [measurements.read_provenance(file)["device"] for _ in range(2)] == ["A CPU", "A CPU"]
    digest.assert_called_once()
    measurements.write(file, psnrs(30.0, 32.0), device="Another CPU")
    assert measurements.read_provenance(file)["device"] == "Another CPU"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is damaged"),
        (b"PAR1 and no more", "is damaged"),
        (None, "unknown column 'other'"),
    ],
)
def test_a_damaged_or_foreign_file_names_itself_and_its_mend(content: bytes | None, said: str, file: Path) -> None:
    if content is None:
        pd.DataFrame({"other": [1]}).to_parquet(file)
    else:
        file.write_bytes(content)
    with pytest.raises(ResoluteError, match=rf"^reports/.*set5\.parquet .*{said}.*: remove it, and `snakemake"):
        measurements.read(file)
    kept = Path("data/published/p/t.csv").absolute()
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"method,metric,value\nm,psnr,\xff\n")
    with pytest.raises(ResoluteError, match=r"restore it: `git checkout -- data/published/p/t\.csv`"):
        measurements.read(kept)
    kept.write_text("method,metric,value\nm,psnr,inf\n")
    with pytest.raises(ResoluteError, match="a value is not finite"):
        measurements.read(kept)


@pytest.mark.parametrize(
    ("values", "mean", "equal"),
    [((30.0, 32.0), 31.0, 0), ((30.0, math.inf, 33.0), 31.5, 1), ((math.inf, math.nan), None, 2)],
)
def test_equal_images_are_null_and_counted(
    values: tuple[float, ...], mean: float | None, equal: int, project: Path
) -> None:
    path = project / "reports/measurements/set5.parquet"
    measurements.write(path, [*psnrs(*values), {**ROW, "metric": "macs", "value": None}])
    assert pq.read_table(path)["value"].null_count == equal + 1
    quality, cost = measurements.records(measurements.means(measurements.read(path)))
    assert (None if math.isnan(quality["value"]) else quality["value"]) == mean
    assert (quality["equal_images"], cost["equal_images"]) == (equal, 0)
    assert measurements.is_infinite(quality) == (mean is None)
    assert not measurements.is_infinite(cost)


def test_the_share_of_pixels_is_the_mean_over_the_images(project: Path) -> None:
    path = project / "reports/measurements/set5.parquet"
    taken = {"small": (5, 5), "large": (900, 100), "none": (10, 0)}
    rows = [
        {**ROW, "setting": setting, "image": image, "place": "pixels", "metric": f"chosen_{expert}", "value": times}
        for setting in ("k0", "k1")
        for image, counts in taken.items()
        for expert, times in zip(("light", "heavy"), counts, strict=True)
    ]
    patches = {**ROW, "setting": "k0", "image": "small", "place": "patches", "metric": "chosen_heavy", "value": 7}
    measurements.write(path, [*rows, patches, *psnrs(30.0)])
    found = measurements.records(measurements.over_pixels(measurements.read(path)))
    assert {(row["setting"], row["place"]): row["value"] for row in found} == pytest.approx(
        {(k, place): share for k in ("k0", "k1") for place, share in (("light", 0.8), ("heavy", 0.2))}
    )
    assert {row["metric"] for row in found} == {"pixel_share"}
    measurements.write(path, psnrs(30.0))
    assert measurements.over_pixels(measurements.read(path)).empty
