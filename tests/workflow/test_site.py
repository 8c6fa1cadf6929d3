"""The documentation as a site: built without a warning, and opened without a network."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.workflow.documents import DOCUMENTS, REPOSITORY, text

RESOURCES = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "srcset"}


@pytest.fixture(scope="module")
def filled() -> Callable[[str, str], str]:
    spec = importlib.util.spec_from_file_location("site_pages", REPOSITORY / "docs/site_pages.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.filled


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs", reason="no packages of the site: pip install -c requirements.lock -e '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=REPOSITORY, env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("document", [one for one in DOCUMENTS if "\n<!-- here: " in text(one)])
def test_every_place_of_a_page_is_filled(document: str, filled: Callable[[str, str], str]) -> None:
    page = filled(text(document), document.removeprefix("docs/"))
    assert "\n<!-- here" not in page
    links = [link for link in re.findall(r"\]\(([^)#]+)", page) if "://" not in link]
    assert not [link for link in links if not ((REPOSITORY / document).parent / link).is_file()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("commands", "## `resolute paper`"),
        ("commands", "published-&lt;tag>, &lt;preset>-seed&lt;n>"),
        ("methods", "| `swinir_light` | [SwinIR"),
        ("datasets", "| `bsds500` |"),
        ("protocols", "| `y_matlab` | Y | SR, Y | 2 | 3 | 4 |"),
        ("params", "| `recipes.<name>.warm_start` | `smaller_scale` |"),
        ("params", "| `evaluate.protocols` | a list of `ntire2022`,"),
        ("config/README.md", "`RESOLUTE_MIRROR`"),
        ("README.md, Licence", "MIT."),
    ],
)
def test_a_place_has_what_the_code_or_the_document_says(
    place: str, wanted: str, filled: Callable[[str, str], str]
) -> None:
    assert wanted in filled(f"<!-- here: {place} -->", "reference/any.md")


class _Resources(HTMLParser):
    """What a page loads by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if facts.get("rel") not in ("canonical", "next", "prev"):
            self.found.append(facts.get(RESOURCES.get(tag, "")) or "")


@pytest.mark.slow
def test_pages_load_nothing_from_a_network(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        resources = _Resources()
        resources.feed(page.read_text(encoding="utf-8"))
        assert any(resources.found), page
        assert not [one for one in resources.found if re.match(r"(https?:)?//", one)], page
    assert "imresize" in (site / "reference/python.html").read_text(encoding="utf-8")
