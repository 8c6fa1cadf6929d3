"""How long tables, figures, report and site take in a large project, how large the page is and how soon it is there.

    .venv/bin/python -m benchmarks.report --methods 200

The project is that of `benchmarks.engines`, with invented measurements of every method: PSNR and SSIM of each image of
four data sets by every protocol, and a cost. Every command is a process of its own, of which the seconds on the clock
and those of the CPU are told; the page is opened by the Chromium that the browser tests use.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.engines import Copy, timed

IMAGES = {"set5": 5, "set14": 14, "b100": 100, "urban100": 100}
COSTS = {  # metric and protocol: what IMDN has, about
    ("params", ""): 9e5,
    ("macs", "macs"): 5.9e10,
    ("flops", "flops_2macs"): 1.2e11,
    ("flops", "flops_ntire2022"): 5.9e10,
    ("flops", "flops_fvcore"): 5.9e10,
    ("activations", ""): 1.5e8,
    ("n_conv", ""): 43,
    ("latency", ""): 300,
    ("first_call", ""): 400,
    ("peak_memory", ""): 2e8,
}
UNITS = {"latency": "ms", "first_call": "ms", "peak_memory": "B"}
SIZES = ("256x256", "320x180", "32x32")


def measure() -> None:
    """Write what the stages before these would have, in the project of the working directory."""
    from resolute import measurements, params
    from resolute.core import layout
    from resolute.params import jobs

    settings = params.load()
    protocols = settings["evaluate"]["protocols"]
    for run, dataset in jobs.evaluations(settings):
        described = {"source": "measured", "method": run.method, "weights": run.weights, "scale": run.scale}
        rows = list(_quality(run.method, dataset, protocols))
        facts = {"run": str(run), "dataset": dataset, "images_sha256": "0" * 64, "device": "invented"}
        measurements.write(layout.quality(run, dataset), [{**described, **row} for row in rows], **facts)
    for job in jobs.all_of(jobs.derive(settings)["costs"]):
        described = {"source": "measured", "method": job["method"], "scale": job["scale"]}
        rows = [{**described, **row} for row in _cost(job["method"])]
        timing = {"device": "invented", "threads": 2, "precision": "float32"}
        measurements.write(layout.cost(job["method"], float(job["scale"])), rows, method=job["method"], **timing)
    _draw(settings)


def _draw(settings: dict[str, Any]) -> None:
    """The figures that are made of more than measurements.

    That of lineages is empty: it compares every two sets of weights, of which there are none here. Comparisons are of a
    photograph, which every method gives back with noise of its own.
    """
    import numpy as np
    from skimage.data import astronaut

    from resolute.figures.comparison import Beside, View, as_data, strip
    from resolute.figures.crops import Crop
    from resolute.figures.lineage import forest
    from resolute.figures.style import save, save_data, style
    from resolute.lineage import VERDICTS

    hr, dice, crop = astronaut()[:256, 96:352], np.random.default_rng(0), Crop(64, 64, 128, 128)
    names = settings["methods"]["published"]
    views = [
        View(name, name, "published", (hr + dice.normal(0, 4, hr.shape)).clip(0, 255).astype(np.uint8), 30)
        for name in names
    ]
    original = Beside(hr, is_original=True)
    with style():
        save("lineage_x4", "Nothing is compared", *forest([], 0))
        for name in settings["figures"]["comparisons"]:
            save(f"comparison_{name}", name, *strip(original, views, crop, name, settings["figures"]["protocol"]))
            data = {"subject": name, "protocol": settings["figures"]["protocol"], **as_data(original, views, crop)}
            save_data(f"comparison_{name}", data)
    save_data("lineage_x4", {"scale": 4, "compared": 0, "verdicts": VERDICTS, "relations": []})


def _quality(method: str, dataset: str, protocols: list[str]) -> Iterator[dict[str, object]]:
    """A better network is better on every image; the same at every call."""
    dice = random.Random(method)
    better = dice.gauss(0, 0.2)
    for image in range(IMAGES[dataset]):
        for protocol in protocols:
            described = {"dataset": dataset, "image": f"img_{image:03d}", "protocol": protocol, "device": "invented"}
            yield {**described, "metric": "psnr", "value": 28 + better + dice.gauss(0, 0.05), "unit": "dB"}
            yield {**described, "metric": "ssim", "value": 0.8 + better / 40 + dice.gauss(0, 1e-3), "unit": ""}


def _cost(method: str) -> Iterator[dict[str, object]]:
    times = 2 ** random.Random(method).gauss(0, 1)
    for size in SIZES:
        for (metric, protocol), value in COSTS.items():
            if size == SIZES[0] or metric not in (*UNITS, "params", "n_conv"):
                unit = UNITS.get(metric, "")
                described = {"lr_size": size, "metric": metric, "protocol": protocol, "unit": unit}
                yield {**described, "value": value * times, "device": "invented" if unit else ""}


def opened(page: Path) -> tuple[float, float]:
    """Seconds until a browser has run a page's scripts and drawn it, and those of CPU that its main thread took."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page()
        tools = tab.context.new_cdp_session(tab)
        tools.send("Performance.enable", {"timeDomain": "threadTicks"})
        start = time.perf_counter()
        tab.goto(page.as_uri(), wait_until="load", timeout=600_000)
        tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        seconds = time.perf_counter() - start
        metrics = {one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]}
        browser.close()
    return seconds, metrics["ThreadTime"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(Path(folder) / "checkout")
        copy.invent(arguments.methods)
        copy.run(sys.executable, "-c", "from benchmarks.report import measure; measure()")
        timed(copy, "", "resolute", "tables")
        timed(copy, "", "resolute", "figures", "tradeoff")
        timed(copy, "", "resolute", "report")
        timed(copy, "", "resolute", "publish")
        page = copy.root / "reports/index.html"
        site = sum(path.stat().st_size for path in (copy.root / "reports/site").iterdir())
        print(f"{page.stat().st_size / 1e6:7.1f} MB  the page")
        print(f"{site / 1e6:7.1f} MB  the site")
        seconds, spent = opened(page)
        print(f"{seconds:7.1f} s, {spent:.1f} s of CPU  until the page is drawn")


if __name__ == "__main__":
    main()
