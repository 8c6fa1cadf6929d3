"""What a run looks like in a terminal and in a file, and how its command line is read."""

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from snakemake_logger_plugin_resolute.outlook import Job, Outlook, duration
from snakemake_logger_plugin_resolute.targets import targets_first

REPOSITORY = Path(__file__).parents[2]
SNAKEFILE = """
shell.prefix('. workflow/scripts/logged.sh; ')

rule all:
    input: expand("{name}.txt", name=["first", "second"])

rule make:
    output: "{name}.txt"
    log: "logs/{name}.log"
    shell:
        "logged {log} bash -c 'echo a table; echo resolute: a remark >&2; echo some progress >&2; touch {output}'"

rule broken:
    output: touch("broken.out")
    log: "logs/broken.log"
    shell: "logged {log} bash -c 'echo a table; echo resolute: it cannot be done >&2; exit 3'"

rule killed:
    output: touch("killed.out")
    log: "logs/killed.log"
    shell: "logged {log} bash -c 'echo some progress >&2; kill -9 $$'"
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workflow of small jobs, the working directory of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    Path("Snakefile").write_text(SNAKEFILE)
    (tmp_path / "workflow").mkdir()
    shutil.copytree(REPOSITORY / "workflow/scripts", "workflow/scripts")
    return tmp_path


def snakemake(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
def test_a_run_is_one_line_a_job_where_there_is_no_terminal(toy: Path) -> None:
    done = snakemake("--cores", "1", "--logger", "resolute")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    first, remark, second, again, last = done.stderr.splitlines()
    assert re.fullmatch(r"1/3  make (first|second)  \d\.\d s  \(\d\.\d s left\)", first)
    assert re.fullmatch(r"2/3  make (first|second)  \d\.\d s  \(\d\.\d s left\)", second)
    assert remark == again == "  resolute: a remark"
    assert re.fullmatch(r"3 of 3 jobs done, in \d+(\.\d)? s", last)
    assert sorted(Path("logs/first.log").read_text().splitlines()) == [
        "a table",
        "resolute: a remark",
        "some progress",
    ]
    done = snakemake("--cores", "1", "--logger", "resolute")
    assert done.returncode == 0
    assert done.stderr == "nothing to do: every result is up to date\n"


@pytest.mark.slow
def test_a_failure_is_the_rule_its_error_and_its_log(toy: Path) -> None:
    done = snakemake("--cores", "1", "--keep-going", "--logger", "resolute", "--", "broken.out", "killed.out")
    assert done.returncode == 1
    *failures, last = done.stderr.splitlines()
    assert sorted(failures) == [
        "failed: broken: it cannot be done (log: logs/broken.log)",
        "failed: killed: died with <Signals.SIGKILL: 9> (log: logs/killed.log)",
    ]
    assert last.startswith("0 of 2 jobs done, 2 failed, in ")


def test_what_goes_wrong_before_any_job_is_said(toy: Path) -> None:
    done = snakemake("--cores", "1", "--logger", "resolute", "--", "nothing.such")
    assert done.returncode == 1
    assert "MissingRuleException" in done.stderr
    assert "nothing.such" in done.stderr
    assert "nothing to do" not in done.stderr


@pytest.mark.slow
def test_a_terminal_shows_a_bar_with_what_runs_now(toy: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--logger", "resolute"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"}
    ) as run:
        os.close(theirs)
        shown = b""
        try:
            while block := os.read(ours, 1 << 16):
                shown += block
        except OSError:  # as Linux ends a terminal
            pass
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert run.returncode == 0, text
    assert re.search(r"━+ +0/3 +make (first|second)", text)
    assert re.search(r"^.*1/3  make (first|second)  \d\.\d s\r$", text, re.MULTILINE)
    assert b"\x1b[?25h" in shown, "the cursor stays hidden"
    assert "a table" not in text


@pytest.mark.slow
def test_without_the_plugin_errors_of_jobs_are_shown_and_tables_are_not(toy: Path) -> None:
    done = snakemake("--cores", "1", "--", "broken.out")
    assert done.returncode == 1
    assert "resolute: it cannot be done" in done.stderr.splitlines()
    assert "a table" not in (done.stdout + done.stderr).splitlines()
    assert Path("logs/broken.log").read_text() == "a table\nresolute: it cannot be done\n"


def test_a_plan_is_snakemakes_own(toy: Path) -> None:
    done = snakemake("-n", "--quiet", "rules", "--logger", "resolute")
    assert re.search(r"^make +2$", done.stdout, re.MULTILINE)
    assert "rule make:" not in done.stdout, "what --quiet silences"


def test_the_line_that_people_type_is_read_as_they_mean_it(checkout: Path) -> None:
    done = snakemake(*["--cores", "8", "--resources", "gpu=2", "all", "--dry-run", "--quiet", "rules"])
    assert done.returncode == 0, done.stderr
    assert re.search(r"^report +1$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("--resources gpu=2 all", "all --resources gpu=2"),
        ("--res gpu=2 mem_mb=9 a b --cores 8", "a b --res gpu=2 mem_mb=9 --cores 8"),
        ("all --resources gpu=2 --cores 8", "all --resources gpu=2 --cores 8"),
        ("--resources gpu=2 -- all", "--resources gpu=2 -- all"),
        ("--resources gpu=2 out/a=b.txt", "--resources gpu=2 out/a=b.txt"),
        ("--resources gpu=2 all out/a=b.txt -n", "all out/a=b.txt --resources gpu=2 -n"),
        ("--resources=gpu=2 all", "--resources=gpu=2 all"),
        ("--set-resources train:gpu=2 --quiet rules", "--set-resources train:gpu=2 --quiet rules"),
        ("--cores 8 -- --resources x", "--cores 8 -- --resources x"),
        ("", ""),
    ],
)
def test_targets_go_where_no_option_takes_them(line: str, read: str) -> None:
    assert targets_first(line.split()) == read.split()
    assert targets_first(read.split()) == read.split()


def test_time_left_counts_every_rule_at_its_own_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    outlook = Outlook({"short": 3, "long": 2, "unseen": 1})
    assert outlook.seconds_left() is None
    outlook.start(0, Job("short", "", "log", now))
    outlook.start(1, Job("long", "", "log", now))
    now = 102.0
    outlook.finish(0)
    assert outlook.seconds_left() == pytest.approx((2 * 2 + 2 * 2 + 1 * 2 - 2) / 2), "of `long` nothing is known yet"
    now = 110.0
    outlook.finish(1)
    # Left are two of 2 s, one of 10 s and one of the mean of 6 s; on average 12 s of work were done in 10 s.
    assert outlook.seconds_left() == pytest.approx((4 + 10 + 6) / 1.2)
    outlook.start(2, Job("long", "", "log", now))
    now = 150.0
    assert outlook.seconds_left() == pytest.approx((4 + 6) / (52 / 50)), "a job that takes longer counts as nearly done"
    assert (outlook.done, outlook.total) == (2, 6)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (9.9, "9.9 s"), (9.96, "10 s"), (99.6, "2 min"), (7500, "2 h 5 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words
