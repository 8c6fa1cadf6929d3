"""What memory is left: by machine, by control group and by the process's own limit."""

import math
import resource
from pathlib import Path

import pytest

from resolute.core import memory
from resolute.core.errors import ResoluteError


def test_what_does_not_fit_is_one_line_with_both_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 2.5e9)
    memory.require(2.5e9, "this", "mend it")
    with pytest.raises(ResoluteError, match=r"^this takes 1,234\.0 GB of memory and 2\.5 GB are free: mend it$"):
        memory.require(1.234e12, "this", "mend it")


def test_the_limit_of_the_process_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    monkeypatch.setattr(resource, "getrlimit", lambda _: (taken + 10**6, -1))
    assert 0 <= memory.available() <= 10**6


def test_the_limits_of_all_control_groups_around_the_process_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_GROUPS", tmp_path)
    own = next(line[4:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::/"))
    assert list(memory._left_in_groups()) == [math.inf]
    (tmp_path / own).mkdir(parents=True, exist_ok=True)
    for name, content in (("max", "5000\n"), ("current", "4000\n"), ("stat", "anon 3000\ninactive_file 700\n")):
        (tmp_path / own / f"memory.{name}").write_text(content)
    assert list(memory._left_in_groups()) == [math.inf, 1700]
    assert memory.available() == 1700
