"""What tests of all subpackages share."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import settings

from resolute.core import devices

REPOSITORY = Path(__file__).parents[1]

# The same examples in every run: a failure means a change.
settings.register_profile("steady", derandomize=True)
settings.load_profile("steady")

# Methods that take seconds wherever they run: their tests are slow, whatever these hold.
LARGE = (
    "edsr",
    "rcan",
    "rdn",
    "swinir",
    "wbsr_srresnet",
    "classsr_srresnet",
    "seemore_b",
    "seemore_l",
    "nlffc_team02",
    "mdan_team23",
)

# Those whose parts and kind other methods' tests have too.
LARGEST = ("wbsr_rcan", "classsr_rcan", "rdn", "swinir", "edsr", "ope_edsr", "srno_edsr")

# And in these tests, which say of every method what a smaller one of its family says as well.
FAMILY = (
    *("seemore_b", "seemore_l", "rcan", "ciaosr_edsr", "nlffc_team02"),
    *("arm_srresnet", "classsr_srresnet", "moeisr_liif_edsr", "pcsr_carn", "wbsr_srresnet"),
    *("bsrn", "rep_rfdn_team22", "smfanet_plus", "srresnet", "vapsr", "zenosr_2026"),
)
OF_EVERY_METHOD = (
    "test_the_registry_says_what_is_the_same_in_tiles",
    "test_prepared_networks_compute_the_same",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of large methods, before those that are slow are left out, and put whole runs first."""
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            name = item.callspec.params.get("name")
            for names, mark in ((LARGE, pytest.mark.slow), (LARGEST, pytest.mark.attack)):
                if name in names:
                    item.add_marker(mark)
            if name in FAMILY and item.originalname in OF_EVERY_METHOD:
                item.add_marker(pytest.mark.attack)
    _put_whole_runs_first(items)


def _put_whole_runs_first(items: list[pytest.Item]) -> None:
    """Begin each half of the list with some of the engines' tests.

    Two workers begin with a half each, and take from each other what is left: where the longest tests were the last,
    one of the two had nothing to do for minutes. Those that need the small project, which one worker makes, are all in
    the first half: the other would wait for it.
    """
    attacks = [item for item in items if item.get_closest_marker("attack")]
    kept = [item for item in items if not item.get_closest_marker("attack")]
    runs = [item for item in kept if item.path.parent.name == "engines"]
    others = [item for item in kept if item.path.parent.name != "engines"]
    sharing = [item for item in runs if "base" in getattr(item, "fixturenames", ())]
    alone = [item for item in runs if item not in sharing]
    cut = max(0, len(kept) // 2 - len(sharing))
    items[:] = [*sharing, *others[:cut], *alone, *others[cut:], *attacks]


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder of large files, laid out as host/path; tests that need it skip where there is none."""
    folder = os.environ.get("RESOLUTE_MIRROR")
    if not folder:
        pytest.skip("RESOLUTE_MIRROR is not set: it names the folder with the benchmark images and weights")
    if not Path(folder).is_dir():
        pytest.fail(f"RESOLUTE_MIRROR names {folder}, which is no folder")
    return Path(folder)


@pytest.fixture(autouse=True)
def own_locks(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Device locks of the test's own, freed after it: a job holds them until its process ends."""
    monkeypatch.setenv("RESOLUTE_LOCKS", str(tmp_path_factory.mktemp("locks")))
    yield
    for descriptor in devices._held.values():
        os.close(descriptor)
    devices._held.clear()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, the working directory of the test."""
    (tmp_path / "params.yaml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the workflow without data and results, the working directory of the test.

    It runs the package that the tests run; without a mirror, so that nothing depends on what a machine has.
    """
    folder = tmp_path / "checkout"
    for part in ("workflow", "data/published"):
        shutil.copytree(REPOSITORY / part, folder / part)
    for part in ("Snakefile", "params.yaml"):
        shutil.copy(REPOSITORY / part, folder / part)
    (folder / "src").symlink_to(REPOSITORY / "src")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("RESOLUTE_MIRROR", raising=False)
    return folder


@pytest.fixture
def device_spans() -> Callable[[], list[tuple[str, float, float]]]:
    """Reads which device every training held, and a time in which it surely did: from its first line to its last."""

    def read() -> list[tuple[str, float, float]]:
        spans = []
        for log in Path("work/logs/train").glob("*.log"):
            found = re.search(r"started (\S+) on .+, CUDA_VISIBLE_DEVICES (\S+)", log.read_text())
            assert found, f"{log} names no device"
            began, device = found.groups()
            # The weights' time is not it: Snakemake dates what jobs on a cluster made when it learns that they ended.
            spans.append((device, datetime.fromisoformat(began).timestamp(), log.stat().st_mtime))
        return spans

    return read
