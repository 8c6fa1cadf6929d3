"""Names with markup, formulas or letters that a format does not know stay names, and every LaTeX file compiles."""

import csv
import io
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from resolute.published import table_files
from resolute.tables import make_tables
from resolute.tables.escape import FORMULA, csv_text, markdown, tex

Write = Callable[..., Path]

NAMES = [
    "<script>alert(\"1\")</script> | $x_{1}$ & \\textbf{50%} #~^ [a](b) `c` *d* 'e'",
    "=HYPERLINK(\"https://example.org\")",
    "@SUM(1)",
    " +1",
    "\N{MULTIPLICATION SIGN}4 ± 0.1 → ↑ ↓ † ≤ ≥ ≈ \N{MINUS SIGN} \N{EN DASH} “q”",
    "网络 сеть δίκτυο شبكة 🙂",
    "àçñößł\N{COMBINING ACUTE ACCENT}\x00\x1b",
    "[*]\\\\",
    "x" * 200,
]  # fmt: skip

TEXT_CONTROL = re.compile(
    r"\\(?:text[a-z]+|ensuremath|le|ge|approx|label|caption|centering|begin|end|toprule|midrule|bottomrule"
    r"|multicolumn|resizebox|par|smallskip|footnotesize)(?![a-z])|\\[\\&%$#_{}!]"
)


@pytest.fixture
def hostile(project: Path, challenge_alone: None, write: Write) -> list[Path]:
    """A table and a ranking whose every name is hostile, and a measurement of each method."""
    folder = project / "data/published/hostile"
    folder.mkdir()
    rows = [{"method": name, "labels": [name], "note": name} for name in NAMES]
    columns = [{"key": "params", "header": NAMES[0], "unit": "K", "digits": 0, "match": {"metric": "params"}}]
    source = {"citation": NAMES[0], "year": 2024}
    common = {"title": NAMES[4], "caption": NAMES[5], "source": source, "notes": NAMES}
    spec = {**common, "weights": "published", "labels": [NAMES[1]], "columns": columns}
    (folder / "table1.yaml").write_text(yaml.safe_dump({**spec, "groups": [{"title": NAMES[2], "rows": rows}]}))
    key = {"key": "params", "header": NAMES[0], "digits": 0, "match": {"metric": "params"}, "printed": "rank"}
    ranking = {**common, "of": "table1", "group": NAMES[2], "rankings": [key]}
    (folder / "rankings.yaml").write_text(yaml.safe_dump(ranking))
    with (folder / "table1.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["method", "metric", "value", "unit"])
        writer.writeheader()
        for place, name in enumerate(NAMES):
            writer.writerow({"method": name, "metric": "params", "value": place + 7, "unit": "K"})
            writer.writerow({"method": name, "metric": "rank", "value": len(NAMES) - place})
    return [write([{"metric": "params", "value": 9000.0}], method=name) for name in NAMES[1:]]


def written(form: str, paper: str = "*") -> list[Path]:
    return sorted(Path("reports/tables").glob(f"{paper}/*.{form}"))


def test_escaping() -> None:
    assert markdown("a|b_c<d $x$") == r"a\|b\_c&lt;d \$x\$"
    assert tex("50% of A&B_c\\d") == r"50\% of A\&B\_c\textbackslash{}d"
    assert tex("two\nlines") == "two lines"
    assert tex("\N{MULTIPLICATION SIGN}4 → 网") == r"\texttimes{}4 \textrightarrow{} [U+7F51]"
    assert [csv_text(text) for text in ("=1", " -1", "a=1", "")] == ["'=1", "' -1", "a=1", ""]


def test_no_cell_of_a_csv_file_is_a_formula(hostile: list[Path]) -> None:
    make_tables(hostile, "y_basicsr")
    for path in written("csv"):
        for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"))):
            for cell in row:
                assert not cell.lstrip(" ").startswith(FORMULA) or re.fullmatch(r"-\d+\.\d+", cell), cell
    assert len(list(csv.reader(io.StringIO(written("csv", "hostile")[1].read_text())))) == len(NAMES) + 1


def test_html_has_no_markup_but_its_own(hostile: list[Path]) -> None:
    make_tables(hostile, "y_basicsr")
    for path in written("html", "hostile"):
        page = path.read_text(encoding="utf-8")
        assert page.isascii()
        assert "<script" not in page
        assert "onerror" not in page
        own = "details|summary|h3|ul|ol|li|span|div|table|caption|thead|tbody|tr|th|td|small|p|sup|a|b"
        assert re.sub(rf"</?(?:{own})(?: [^<>]*)?>", "", page).count("<") == 0


def test_markdown_rows_keep_their_cells(hostile: list[Path]) -> None:
    make_tables(hostile, "y_basicsr")
    for path in written("md"):
        lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in lines}) == 1, path


@pytest.mark.slow
def test_latex_has_balanced_groups_known_commands_and_equal_rows(
    hostile: list[Path], official_counts: list[Path]
) -> None:
    """What can be known without a LaTeX installation."""
    make_tables(hostile + official_counts, "y_basicsr")
    assert len(written("tex")) == len([path for path in table_files() if path.suffix == ".tex"])
    for path in written("tex"):
        text = "\n".join(path.read_text(encoding="utf-8").splitlines()[1:])
        bare = TEXT_CONTROL.sub("", text.replace("{%\n", "{\n"))
        assert not set(bare) & set("\\%$#_^~"), path
        assert bare.count("{") == bare.count("}"), path
        body = text[text.index(r"\toprule") : text.index(r"\bottomrule")]
        rows = [row for row in re.split(r"(?<!\\)\\\\\n", body) if "&" in row and r"\multicolumn" not in row]
        assert len({len(re.findall(r"(?<!\\)&", row)) for row in rows}) == 1, path


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not installed")
def test_every_latex_table_compiles(hostile: list[Path], official_counts: list[Path], project: Path) -> None:
    make_tables(hostile + official_counts, "y_basicsr")
    packages = "\\usepackage[T1]{fontenc}\\usepackage{textcomp,booktabs,graphicx}"
    inputs = "".join(f"\\input{{{path.with_suffix('').as_posix()}}}\\clearpage" for path in written("tex"))
    (project / "paper.tex").write_text(
        f"\\documentclass{{article}}{packages}\\begin{{document}}{inputs}\\end{{document}}"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Missing character" not in (project / "paper.log").read_text(errors="replace")
