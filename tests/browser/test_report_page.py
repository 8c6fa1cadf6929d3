"""The report in a real browser: everything that can be acted on, offline, without a complaint or a request."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.report.conftest import HOSTILE, RUNS, comparison, cost, operating, quality, training
from tests.report.test_scales import ROWS as SCALED

from resolute import measurements
from resolute.tables import make_tables

pytestmark = pytest.mark.browser

WIDTHS = (1440, 390, 360)
TABLE = """<div class="scroll" aria-label="A table"><table class="verdicts"><thead>
<tr><th scope="col">Network</th><th scope="col">PSNR</th></tr></thead>
<tbody><tr class="group"><th scope="rowgroup" colspan="2">All</th></tr>{rows}</tbody></table></div>"""
ROW = '<tr><th scope="row">net {name}</th><td class="{verdict}"><span>{value}</span> {verdict}</td></tr>'


@pytest.fixture
def open_page(browser: Any, report: Callable[..., str], project: Path) -> Iterator[Callable[..., Any]]:
    """Opens the report of some rows; fails afterwards on any complaint of the page and any request."""
    values = [("a", 9.5), ("b", 27.0), ("c", 100.25)] * 4
    verdicts = ("reproduced", "differs", "not-run")
    rows = "".join(
        ROW.format(name=f"{name}{number}", value=value, verdict=verdicts[number % 3])
        for number, (name, value) in enumerate(values)
    )
    (project / "table1.html").write_text(TABLE.format(rows=rows))
    complaints: list[str] = []
    requests: list[str] = []
    contexts = []

    def open_page(
        rows: list[dict[str, Any]] = RUNS,
        width: int = 1440,
        scheme: str = "light",
        tables: Sequence[Path] = (),
        **more: Any,
    ) -> Any:
        report(rows, tables=tables or [project / "table1.html"])
        viewport = {"width": width, "height": 800}
        context = browser.new_context(viewport=viewport, offline=True, color_scheme=scheme, **more)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"file://{project / 'reports/index.html'}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith(("file://", "data:"))] == []
    assert len([url for url in requests if url.startswith("file://")]) == len(contexts)


def wait_until(page: Any, holds: str) -> None:
    """Asks from outside: the page's own policy forbids the repeated `eval` of Playwright's `wait_for_function`."""
    for _ in range(100):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(50)
    raise AssertionError(holds)


def names(page: Any) -> list[str]:
    """The first cells of the shown rows of the published table."""
    rows = page.locator("table.verdicts tbody tr:not(.group)")
    return [row.locator("th").inner_text() for row in rows.all() if row.is_visible()]


def test_a_table_sorts_by_keyboard_and_says_so(open_page: Callable[..., Any]) -> None:
    page = open_page()
    header = page.locator("table.verdicts thead th").nth(1)
    header.locator("button").focus()
    page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    assert names(page)[0].startswith("net c")
    page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    assert names(page)[0].startswith("net a")  # 9.5 before 27 and 100.25: by number, not by letter
    page.locator("table.verdicts thead button").first.click()
    assert header.get_attribute("aria-sort") is None


def test_a_table_filters_by_words_and_by_verdict(open_page: Callable[..., Any]) -> None:
    page = open_page()
    assert len(names(page)) == 12
    page.locator("input[type=search]").fill("NET B")
    assert all(name.startswith("net b") for name in names(page))
    assert page.locator(".tools output").inner_text() == "4 of 12 rows"
    page.locator(".chip.reproduced").click()
    assert names(page) == []
    page.locator("input[type=search]").fill("")
    assert len(names(page)) == 4
    assert page.locator(".chip.reproduced").get_attribute("aria-pressed") == "true"


def test_a_budget_changes_the_answer_and_the_list(open_page: Callable[..., Any]) -> None:
    page = open_page()
    assert page.locator("#answer").inner_text().endswith("RLFN tiny, 28.75 dB.")
    assert page.locator("#ranking tr").count() == 2
    assert page.locator("#tradeoff .scatterlayer .point").count() == 2
    page.locator("[name=slide-macs]").fill("0")
    assert "Within 1 G MACs" in page.locator("#answer").inner_text()
    assert page.locator("#answer").inner_text().endswith("IMDN tiny, 28.70 dB.")
    assert page.locator("[name=slide-macs]").get_attribute("aria-valuetext") == "1 G"
    assert page.locator("[name=limit-macs]").input_value() == "1"
    assert page.locator("#ranking tr").count() == 1
    page.locator("#choose button[type=reset]").click()
    wait_until(page, "document.querySelectorAll('#ranking tr').length === 2")
    page.select_option("[name=metric]", "ssim")
    assert page.locator("#answer").inner_text().endswith("0.8125.")
    assert page.locator("[name=limit-peak_memory]").is_disabled()  # nobody's memory is known


def test_a_budget_can_be_typed_and_shared(open_page: Callable[..., Any], project: Path) -> None:
    page = open_page()
    page.locator("[name=limit-macs]").fill("3.99")  # 4 G are too much for it: nothing is rounded away
    assert page.locator("#answer").inner_text().endswith("IMDN tiny, 28.70 dB.")
    assert 0 < int(page.locator("[name=slide-macs]").input_value()) < 100
    page.select_option("[name=metric]", "ssim")
    address = page.url
    page.locator("#choose button[type=reset]").click()
    wait_until(page, "document.querySelectorAll('#ranking tr').length === 2")
    page.evaluate("address => { location.href = address; }", address)
    wait_until(page, "document.querySelectorAll('#ranking tr').length === 1")
    assert page.locator("[name=limit-macs]").input_value() == "3.99"
    assert page.locator("[name=metric]").input_value() == "ssim"


def test_networks_of_unknown_cost_are_counted_out(open_page: Callable[..., Any]) -> None:
    page = open_page([*RUNS, *quality("seemore_t", "quick-seed0", 29.5)])
    assert page.locator("#answer").inner_text().endswith("SeemoRe-T, 29.50 dB.")
    assert page.locator("#left-out").text_content() == ""
    page.locator("[name=limit-latency]").fill("1000")
    assert page.locator("#answer").inner_text().endswith("RLFN tiny, 28.75 dB.")
    assert page.locator("#left-out").inner_text() == "1 network left out: Latency not measured."


def test_seeds_have_their_spread_in_list_and_chart(open_page: Callable[..., Any]) -> None:
    seeds = [row for seed in range(3) for row in quality("rlfn_tiny", f"quick-seed{seed}", 28.7 + 0.1 * seed)]
    page = open_page([*quality("bicubic", "published-matlab", 28.0), *seeds, *cost("rlfn_tiny", 4e9)])
    assert page.locator("#answer").inner_text().endswith("RLFN tiny, 28.80 ± 0.10 dB.")
    assert "quick, 3 seeds" in page.locator("#ranking th").inner_text()
    assert page.locator("#tradeoff .errorbar").count() == 1


def test_print_unfolds_everything_and_is_light_and_fits(open_page: Callable[..., Any]) -> None:
    page = open_page(scheme="dark")
    ink = "getComputedStyle(document.querySelector('#tradeoff .legendtext')).fill"
    dark = page.evaluate(ink)
    folded = "document.querySelectorAll('details:not([open])').length"
    width = "document.querySelector('#tradeoff .main-svg').clientWidth"
    before = page.evaluate(f"[{folded}, {width}]")
    assert before[0] > 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(folded) == 0
    wait_until(page, f"{width} === 680 && {ink} !== '{dark}'")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    wait_until(page, f"{width} === {before[1]} && {ink} === '{dark}'")
    assert page.evaluate(folded) == before[0]


def test_a_link_opens_the_table_that_it_leads_to(open_page: Callable[..., Any], project: Path) -> None:
    tables = project / "reports/tables/ntire2022"
    tables.mkdir(parents=True, exist_ok=True)
    table = TABLE.format(rows=ROW.format(name="a", value=1, verdict="not-run"))
    (tables / "table1.html").write_text(f"<details><summary>Table 1</summary>{table}</details>")
    page = open_page(tables=[tables / "table1.html"])
    fold = page.locator("#ntire2022-table1 > details")
    assert fold.get_attribute("open") is None
    link = page.locator("a[href='#ntire2022-table1']").first
    for _ in range(2):  # the second click changes no address
        fold.evaluate("fold => { fold.open = false; }")
        link.click()
        wait_until(page, "document.querySelector('#ntire2022-table1 > details').open")


def test_headings_and_names_stay_in_sight_of_a_real_table(open_page: Callable[..., Any], project: Path) -> None:
    cells = [{**row, "method": "rlfn_team04", "lr_size": "256x256"} for row in cost("rlfn_team04", 1e9)]
    measurements.write(project / "counts.parquet", cells)
    make_tables([project / "counts.parquet"], "y_basicsr")
    page = open_page(width=390, tables=[project / "reports/tables/ntire2022/table1.html"])
    box = page.locator("#ntire2022-table1 .scroll")
    box.scroll_into_view_if_needed()
    top = box.evaluate("box => { box.scrollTop = 600; box.scrollLeft = 200; return box.getBoundingClientRect().top; }")
    head, name = box.locator("thead th").first, box.locator("tbody th[scope=row]").nth(12)
    assert abs(head.bounding_box()["y"] - top) <= 2
    assert abs(name.bounding_box()["x"] - box.bounding_box()["x"]) <= 2
    box.locator("thead th").nth(3).locator("button").click()  # time in ms, as printed
    ranked = box.locator("tbody").first.locator("tr:not(.group) td:nth-of-type(3)").all_inner_texts()
    times = [float(text.split()[0]) for text in ranked]
    assert len(times) > 20 and times == sorted(times, reverse=True)
    page.locator("#published input[type=search]").fill("ByteESR")
    assert box.locator("tbody tr:not(.group):visible").count() == 1
    number = box.locator("sup a").first
    reason = page.locator(number.get_attribute("href"))
    assert reason.inner_text().startswith("cannot be measured")


def test_an_image_slider_moves_its_border(open_page: Callable[..., Any]) -> None:
    page = open_page()
    slider = page.locator(".pair input")
    slider.focus()
    page.keyboard.press("Home")
    assert page.locator(".pair").evaluate("pair => pair.style.getPropertyValue('--at')") == "0%"
    page.keyboard.press("ArrowRight")
    assert page.locator(".pair").evaluate("pair => pair.style.getPropertyValue('--at')") == "1%"
    page.locator(".sides select").last.select_option(label="original (HR)")
    assert page.locator(".pair img").first.get_attribute("alt") == "original (HR)"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_setting_is_chosen_by_keyboard_and_shows_all_that_it_gives(open_page: Callable[..., Any], width: int) -> None:
    page = open_page(width=width)
    slider = page.locator(".dial input")

    def shown() -> str:
        (point,) = [point for point in page.locator(".points > li").all() if point.is_visible()]
        assert point.locator(".map img").is_visible()
        assert point.locator(".curve .here").count() == 1
        plain, routed = (point.locator(part).bounding_box() for part in (".photograph", ".map"))
        # The photograph is as large as the map, and beside it where there is room, else below.
        assert abs(plain["width"] - routed["width"]) < 1 and abs(plain["height"] - routed["height"]) < 1
        beside = plain["x"] + plain["width"] <= routed["x"] and abs(plain["y"] - routed["y"]) < 1
        assert beside if width > 640 else plain["y"] >= routed["y"] + routed["height"]
        return " ".join(point.inner_text().split())

    assert shown().startswith("saving FLOPs 62 % of all by wide Time 0.125 s PSNR 28.00 dB \N{MINUS SIGN}0.25 to the")
    assert "narrow 1 G 50 % wide 4 G 50 %" in shown()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert shown().startswith("full FLOPs 100 % of all by wide Time 0.2 s PSNR 28.25 dB")
    assert slider.get_attribute("aria-valuetext") == "full, 100 % of the FLOPs, 0.2 s, 28.25 dB"
    page.keyboard.press("Home")
    assert shown().startswith("narrow FLOPs 25 %")
    if width > 640:
        page.locator(".stops button", has_text="full").click()
        assert shown().startswith("full")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_scale_is_chosen_by_keyboard_and_shows_what_is_reached_there(
    open_page: Callable[..., Any], width: int
) -> None:
    page = open_page([*RUNS, *SCALED], width)
    panel = page.locator("#scales .operating")
    slider = panel.locator(".dial input")

    def shown() -> str:
        (point,) = [point for point in panel.locator(".points > li").all() if point.is_visible()]
        assert point.locator("svg .here").count() == 1
        return " ".join(point.inner_text().split())

    assert "27.00 dB +0.70" in shown() and "beyond its training" not in shown()
    slider.focus()
    page.keyboard.press("End")
    assert "24.25 dB +0.25" in shown() and "beyond its training" in shown()
    assert slider.get_attribute("aria-valuetext") == "x6"
    page.keyboard.press("Home")
    assert "29.00 dB +1.00" in shown()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(open_page: Callable[..., Any], width: int, scheme: str) -> None:
    page = open_page([*RUNS, *quality(HOSTILE, "quick-seed0", 29.0), *cost(HOSTILE, 2e9)], width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".training-chart .scatterlayer .trace").count() == 1
    assert page.locator(".histogram .barlayer .point").count() == 4


def test_charts_follow_the_reader_into_the_dark(open_page: Callable[..., Any]) -> None:
    page = open_page()
    ink = "() => getComputedStyle(document.querySelector('#tradeoff .legendtext')).fill"
    light = page.evaluate(ink)
    page.emulate_media(color_scheme="dark")
    wait_until(page, f"({ink})() !== '{light}'")


def test_hostile_names_do_nothing(open_page: Callable[..., Any], project: Path) -> None:
    (project / "training_a.json").write_text(json.dumps(training(HOSTILE)))
    (project / "comparison_a.json").write_text(json.dumps(comparison(HOSTILE, HOSTILE)))
    (project / "settings_a.json").write_text(json.dumps(operating(HOSTILE, HOSTILE)))
    page = open_page([*quality(HOSTILE, "quick-seed0", 29.0, dataset=HOSTILE), *cost(HOSTILE, 1e9)])
    assert page.title() == "Resolute: quick"
    assert HOSTILE in page.locator("#answer").inner_text()
    assert page.locator("#tradeoff .textpoint").text_content().startswith("<script>")


def test_without_scripts_tables_and_figures_stand(open_page: Callable[..., Any]) -> None:
    page = open_page(java_script_enabled=False)
    assert len(names(page)) == 12
    assert page.locator("#choose noscript svg").is_visible()
    assert not page.locator(".needs-script").first.is_visible()
    assert page.locator(".views img").first.is_visible()
    assert [point.is_visible() for point in page.locator(".points > li").all()] == [True] * 3
    assert not page.locator(".dial").is_visible()
    assert not page.locator(".photograph").first.is_visible()  # the maps have it behind them


LEAST_CONTRAST = 4.5  # WCAG 2.1, level AA, for text of ordinary size
FAINT = """least => {
  const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const ground = (element) => {
    const colour = element ? numbers(getComputedStyle(element).backgroundColor) : [255, 255, 255];
    return colour.length === 4 && colour[3] === 0 ? ground(element.parentElement) : colour;
  };
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll("body :not(svg, svg *, script, style, noscript, option)")]
    .filter((element) => element.checkVisibility() && hasText(element))
    .filter((element) => {
      const both = [luminance(numbers(getComputedStyle(element).color)), luminance(ground(element))];
      return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05) < least;
    })
    .map((element) => `${element.tagName} ${element.className}`);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(open_page: Callable[..., Any], scheme: str) -> None:
    page = open_page(scheme=scheme)
    assert page.evaluate(FAINT, LEAST_CONTRAST) == []
    assert len(page.evaluate(FAINT, 22)) > 50  # more than black on white has: everything is faint by that measure
