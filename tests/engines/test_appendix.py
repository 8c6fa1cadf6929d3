"""What `snakemake --report` writes beside the page, and that it asks no network for anything."""

import base64
import json
import re

import pytest
from tests.engines.conftest import METHODS, Project

NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")


@pytest.mark.slow
def test_the_appendix_holds_every_table_and_figure_with_its_caption(small: Project) -> None:
    done = small.call("snakemake", "--report", "reports/snakemake.html", **NO_NETWORK)
    assert done.returncode == 0, done.stderr
    page = (small.root / "reports/snakemake.html").read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", page)
    found = re.search(r"""<script id="results">\s*var results = (.+);\n""", page)
    assert found
    results = json.loads(found[1])

    reports = small.root / "reports"
    tables, figures = sorted(reports.glob("tables/*/*.html")), sorted(reports.glob("figures/*.svg"))
    assert tables
    assert {f"training_{method}-x4-seed0.svg" for method in METHODS} < {figure.name for figure in figures}
    files = [reports / "index.html", *tables, *figures]
    assert set(results) == {str(file.relative_to(small.root)) for file in files}
    for file in files:
        result = results[str(file.relative_to(small.root))]
        assert base64.b64decode(result["data_uri"].partition("base64,")[2]) == file.read_bytes()
        assert "<p>" in result["caption"]
        assert "{{" not in result["caption"]
    assert results["reports/tables/ntire2022/table1.html"]["labels"] == {"table": "table1"}
    assert 'protocol <tt class="docutils literal">y_basicsr' in results["reports/figures/psnr_macs.svg"]["caption"]
    assert "This appendix holds the workflow itself" in page
