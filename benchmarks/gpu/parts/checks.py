"""The tests that are marked `gpu`, each an item of the journal."""

import pytest

from benchmarks.gpu.journal import Journal
from benchmarks.gpu.place import ROOT, Setup

_PART = "checks"


class _Journalled:
    """Leaves out the tests that the journal has, and adds the others to it."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if not self.journal.is_settled(_PART, _name(item.nodeid))]

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.journal.add(_PART, _name(nodeid), "began")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown" or (report.when == "setup" and report.passed):
            return
        test, _, method = _name(report.nodeid).partition("[")
        row = {"method": method.rstrip("]"), "metric": "check", "protocol": test.removeprefix("test_")}
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "skipped"
            self.journal.add(_PART, _name(report.nodeid), "done", why=reason)
        else:
            why = "" if report.passed else report.longreprtext.strip().splitlines()[-1]
            state = "done" if report.passed else "failed"
            self.journal.add(_PART, _name(report.nodeid), state, [{**row, "value": float(report.passed)}], why)


def run(setup: Setup) -> None:
    """Run what the journal has not."""
    words = [str(ROOT / "tests/gpu"), "-c", str(ROOT / "pyproject.toml"), "-m", "gpu", "-p", "no:cacheprovider"]
    words += ["-k", "equal_seeds"] if setup.smoke else []
    status = pytest.main(words, plugins=[_Journalled(Journal(setup.out))])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise SystemExit(int(status))


def _name(nodeid: str) -> str:
    return nodeid.rpartition("::")[2]
