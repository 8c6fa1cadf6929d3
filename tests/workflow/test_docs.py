"""What the documents say of the project is so: every path that they name is there."""

import re
import tomllib

import pytest
from tests.workflow.documents import DOCUMENTS, REPOSITORY

from resolute import registry
from resolute.core.schema import read_yaml
from resolute.metrics.protocols import PROTOCOLS

# Folders whose content a run makes.
MADE = ("data/raw", "data/manual", "data/lr", "data/patches", "data/weights", "data/sources", "reports", "work")


def named(text: str) -> set[str]:
    """The paths of the repository that a text names in code marks or links, those with placeholders up to the first."""
    found = set(re.findall(r"`((?:src|tests|docs|workflow|data|benchmarks)/[^`\s]*)`", text))
    found |= {link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link}
    spelled = {part for path in found for part in _alternatives(path)}
    return {re.split(r"[<*]", path)[0] for path in spelled if not path.startswith(MADE)}


def _alternatives(path: str) -> list[str]:
    match = re.search(r"\{([^}]*)\}", path)
    return [path.replace(match[0], one) for one in match[1].split(",")] if match else [path]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_a_document_names_is_there(document: str) -> None:
    folder = (REPOSITORY / document).parent
    paths = named((REPOSITORY / document).read_text())
    absent = {path for path in paths if not ((REPOSITORY / path).exists() or (folder / path).exists())}
    assert not {path for path in absent if not any(REPOSITORY.glob(f"{path}*"))}


def test_the_house_has_the_rooms_and_kinds_that_its_page_shows() -> None:
    page = (REPOSITORY / "docs/house.md").read_text()
    rooms = set(re.findall(r"^\| `([a-z_]+)/` \|", page, re.MULTILINE))
    stages = set(re.findall(r"^\| `([a-z_]+)` \| `", (REPOSITORY / "README.md").read_text(), re.MULTILINE))
    package = REPOSITORY / "src/resolute"
    assert rooms | stages == {path.name for path in package.iterdir() if (path / "__init__.py").is_file()}
    kinds = set(re.findall(r"^\| `([a-z_]+)` \| [A-Za-z]", page, re.MULTILINE))
    assert kinds == {path.parent.name for path in (package / "methods").glob("*/inference.py")}
    assert kinds == {registry.entry(name).kind for name in registry.names()}


def test_what_others_read_of_the_project_says_what_it_is() -> None:
    """The citation, the form for numbers that do not reproduce, and what Snakemake's catalog asks for."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    citation = read_yaml(REPOSITORY / "CITATION.cff")
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    form = read_yaml(REPOSITORY / ".github/ISSUE_TEMPLATE/not-reproduced.yml")
    (choice,) = (part["attributes"]["options"] for part in form["body"] if part.get("id") == "protocol")
    assert choice[: len(PROTOCOLS)] == list(PROTOCOLS)
    assert read_yaml(REPOSITORY / ".snakemake-workflow-catalog.yml")["usage"]["report"]
    # What the catalog takes for the workflow where there is a folder of that name.
    assert (REPOSITORY / "workflow/Snakefile").is_file()
