"""Pictures of the site: what each is of, with and without an original."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.report.conftest import comparison

from resolute.core import layout
from resolute.publish.pictures import write_pictures

PARAMS: dict[str, Any] = {"figures": {"comparisons": {"door": {}}}}


def test_methods_stand_beside_the_original_or_the_lr_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "params.yaml").touch()
    monkeypatch.chdir(tmp_path)
    layout.figures().mkdir(parents=True)
    facts = comparison("door (phone, x4)", "RLFN tiny")
    path = layout.figures() / "comparison_door.json"
    path.write_text(json.dumps(facts))
    (found,) = write_pictures(tmp_path, PARAMS)
    assert found.protocol == "y_basicsr"
    assert [view.words for view in found.of("rlfn_tiny")] == ["Original", "Bicubic, 28.00 dB", "RLFN tiny, 28.75 dB"]
    facts |= {"protocol": "", "lr": facts.pop("original")}
    facts["views"] = [{**view, "psnr": None} for view in facts["views"]]
    path.write_text(json.dumps(facts))
    (found,) = write_pictures(tmp_path, PARAMS)
    assert found.protocol == ""
    assert [view.words for view in found.of("rlfn_tiny")] == ["LR image", "Bicubic", "RLFN tiny"]
