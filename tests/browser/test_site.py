"""The site of `resolute publish` in a real browser, from the disk: no complaint, no request, tables that sort."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.publish import conftest as publishing

pytestmark = pytest.mark.browser

project, site = publishing.project, publishing.site
BOARD = "dataset-set5_edsr-x4.html"


@pytest.fixture
def open_site(browser: Any, site: Path) -> Iterator[Callable[..., Any]]:
    """Opens a page of the site; fails afterwards on any complaint, and on any request but for files of the site."""
    complaints: list[str] = []
    contexts = []

    def ask(request: Any) -> None:
        if not request.url.startswith(f"file://{site}/"):
            complaints.append(request.url)

    def fail(request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # of a page that is left before it is whole
            complaints.append(f"{request.failure}: {request.url}")

    def open_site(name: str, width: int = 1440, scheme: str = "light", **more: Any) -> Any:
        viewport = {"width": width, "height": 900}
        contexts.append(browser.new_context(viewport=viewport, color_scheme=scheme, offline=True, **more))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", fail)
        page.on("request", ask)
        page.goto(f"file://{site}/{name}")
        return page

    yield open_site
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("name", ["index.html", BOARD, "network-rlfn_team04.html", "network-bsrn_team18.html"])
def test_a_page_fits_its_window_in_both_schemes(name: str, width: int, open_site: Callable[..., Any]) -> None:
    grounds = set()
    for scheme in ("light", "dark"):
        page = open_site(name, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2  # the style sheet was read, and follows the reader


def test_a_leaderboard_sorts_and_says_so(open_site: Callable[..., Any]) -> None:
    page = open_site(BOARD)
    table = page.locator("table.board").first
    head = table.locator("thead tr").nth(1).locator("th").first  # the paper's PSNR
    values = (
        "[...document.querySelector('table.board').tBodies[0].rows].map(row => parseFloat(row.cells[1].textContent))"
    )
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    shown = [value for value in page.evaluate(values) if value == value and value is not None]
    assert len(shown) > 3
    assert shown == sorted(shown, reverse=True)
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    table.locator("thead button").first.click()
    assert head.get_attribute("aria-sort") is None


def test_a_dot_and_a_row_lead_to_their_network(open_site: Callable[..., Any]) -> None:
    page = open_site(BOARD)
    page.locator("svg.tradeoff a").first.click()
    assert "/network-" in page.url
    page.go_back()
    page.locator("table.board tbody a").first.click()
    assert "/network-" in page.url


def test_a_leaderboard_reads_without_scripts(open_site: Callable[..., Any]) -> None:
    page = open_site(BOARD, java_script_enabled=False)
    assert page.locator("table.board tbody tr").first.is_visible()
    assert page.locator("button").count() == 0
