"""Networks of somebody's own that params.yaml names by file and class: what becomes of them, and what is refused."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from dvc.utils.serialize import YAMLFileCorruptedError, parse_yaml
from tests.methods.test_adding import there
from tests.models.test_own import forget
from tests.workflow.documents import REPOSITORY
from typer.testing import CliRunner

from resolute import params, registry
from resolute.cli import app
from resolute.core.errors import ResoluteError
from resolute.params import jobs, networks, presets

PAGE = (REPOSITORY / "docs/own_network.md").read_text()
NETWORK, PARAMS = re.findall(r"```(?:python|yaml)\n(.*?)```", PAGE, re.DOTALL)[:2]
LISTED = "./my_net.py:MyNet"
# What a process says that reads params, and whether it had to import PyTorch for it.
READER = "import sys; from resolute import params; params.load(); print('torch' in sys.modules)"


@pytest.fixture
def project(checkout: Path) -> Iterator[Path]:
    """A checkout with the page's network beside params that list it as the page does."""
    (checkout / "my_net.py").write_text(NETWORK)
    write()
    forget()
    yield checkout
    forget()


def write(change: Callable[[dict], object] = id, network: str = LISTED) -> None:
    """Params that are the page's in what that shows, with a change."""
    settings = yaml.safe_load(Path("params.yaml").read_text())
    shown = yaml.safe_load(PARAMS.replace(LISTED, network))
    settings["methods"] |= {"published": ["bicubic"], **shown["methods"]}
    settings["recipes"] = shown["recipes"]
    settings["figures"] |= {"comparisons": {}, "settings": {}, "gains": {}}
    change(settings)
    Path("params.yaml").write_text(yaml.safe_dump(settings))
    forget()


def said() -> str:
    """What `resolute jobs` prints, after its exit status."""
    done = CliRunner().invoke(app, ["jobs"])
    forget()
    return f"{done.exit_code} {done.output}"


def test_a_class_that_params_list_becomes_a_method_once(project: Path) -> None:
    assert "./my_net.py:MyNet is the method my_net from now on: data/own/methods/my_net.yaml" in said()
    folder = project / "data/own/methods"
    assert there(project) == {"my_net.py": project / "my_net.py", "my_net.yaml": folder / "my_net.yaml"}
    assert not (folder / "my_net.py").readlink().is_absolute()  # a clone has one to its own file
    assert registry.entry("my_net").scales == (2, 3, 4)
    names = {key: ["my_net"] for key in ("trained", "counted", "timed")}
    assert params.load()["methods"] == {"published": ["bicubic"], **names}
    derived = yaml.safe_load(jobs.path().read_text())
    assert derived["trainings"]["fresh"].keys() == {"my_net-x4-seed0"}
    assert derived["evaluations"]["trained"].keys() == {"my_net-x4-seed0-embedded"}
    assert derived["costs"] == {"counted": {}, "timed": {"my_net-x4": {"method": "my_net", "scale": 4}}}

    times = {path: path.lstat().st_mtime_ns for path in folder.iterdir()}
    again = subprocess.run([sys.executable, "-c", READER], capture_output=True, text=True, check=True)
    assert (again.stdout, again.stderr) == ("False\n", "")
    assert {path: path.lstat().st_mtime_ns for path in folder.iterdir()} == times


def test_a_file_that_imports_another_or_moves_is_followed_and_keeps_what_was_said_of_it(project: Path) -> None:
    said()
    with (project / "data/own/methods/my_net.yaml").open("a") as entry:
        entry.write("title: Mine\n")
    (project / "width.py").write_text("WIDTH = 8\n")
    (project / "my_net.py").write_text(NETWORK.replace('"""\n', '"""\nfrom .width import WIDTH\n', 1))
    params.load()
    assert there(project)["width.py"] == project / "width.py"

    (project / "code").mkdir()
    for name in ("my_net.py", "width.py"):
        (project / name).rename(project / "code" / name)
    forget()
    with pytest.raises(ResoluteError, match=r"methods.trained: \./my_net.py:MyNet: my_net.py is not there"):
        params.load()
    write(network="code/my_net.py:MyNet")
    params.load()
    assert there(project)["my_net.py"] == project / "code/my_net.py"
    assert registry.entry("my_net").title == "Mine"


@pytest.mark.parametrize(
    ("path", "place"),
    [("~/my_net.py", "home"), ("{root}/elsewhere/my_net.py", "elsewhere"), ("../my_net.py", "..")],
)
def test_a_path_is_absolute_or_of_the_project_or_of_a_home(
    path: str, place: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", f"{project}/home")
    file = (project / place / "my_net.py").resolve()
    file.parent.mkdir(exist_ok=True)
    (project / "my_net.py").rename(file)
    write(network=f"{path.format(root=project)}:MyNet")
    monkeypatch.chdir(project / "workflow")
    params.load()
    assert there(project)["my_net.py"] == file


def test_a_clone_that_dvc_reproduces_has_the_lists_of_its_files(project: Path) -> None:
    done = CliRunner().invoke(app, ["sources"])
    assert "data/sources/train/my_net.csv" in done.output
    listed = (project / "data/sources/train/my_net.csv").read_text()
    assert "data/own/methods/my_net.py," in listed
    assert "data/own/methods/my_net.yaml," in listed


def test_params_are_refused_that_dvc_cannot_read(project: Path) -> None:
    assert parse_yaml(PARAMS, "the page") == yaml.safe_load(PARAMS)
    text = Path("params.yaml").read_text()
    for form in (f"[{LISTED}]", f"[bicubic,\n    {LISTED} ]"):
        bare = text.replace(f"trained:\n  - {LISTED}\n", f"trained: {form}\n")
        assert bare != text
        with pytest.raises(YAMLFileCorruptedError):
            parse_yaml(bare, "params.yaml")
        Path("params.yaml").write_text(bare)
        with pytest.raises(ResoluteError, match=rf"line \d+: DVC does not read {LISTED} .*: write '{LISTED}'"):
            params.load()


def test_a_preset_lists_classes_too(project: Path) -> None:
    preset = yaml.safe_load((project / "workflow/presets/quick.yaml").read_text())
    preset["methods"] = {"published": ["bicubic"], "trained": [LISTED], "counted": "all", "timed": []}
    (project / "workflow/presets/own.yaml").write_text(yaml.safe_dump(preset))
    settings = presets.resolve("own")
    assert settings["methods"]["trained"] == ["my_net"]
    assert "my_net" in settings["methods"]["counted"]
    assert settings["recipes"] == {"my_net": {}}


@pytest.mark.parametrize(
    ("name", "of"),
    [("my_net", "MyNet"), ("rlfn_prune", "RLFN_Prune"), ("spanv2", "SPANv2"), ("srx4net", "SRx4Net")],
)
def test_a_method_is_called_like_its_class(name: str, of: str) -> None:
    with pytest.raises(ResoluteError, match=rf"recipes has './nets.py:{of}', which only .*: write {name}$"):
        networks.check_names([f"./nets.py:{of}"], "params.yaml: recipes")


def listed(path: str) -> Callable[[dict], None]:
    return lambda settings: settings["methods"].update(counted=[path])


def edited(old: str, new: str) -> Callable[[dict], int]:
    assert old in NETWORK
    return lambda _: Path("my_net.py").write_text(NETWORK.replace(old, new))


def of_two_files(settings: dict) -> None:
    shutil.copy("my_net.py", "other.py")
    settings["methods"]["counted"].append("./other.py:MyNet")


def written_by_hand(_: dict) -> None:
    Path("data/own/methods").mkdir(parents=True)
    shutil.copy("my_net.py", "data/own/methods/theirs.py")
    Path("data/own/methods/my_net.yaml").write_text("file: theirs.py\nclass: MyNet\nscales: [4]\n")


# What is changed, what is said of it after `params.yaml: `, and which files are in data/own/methods then.
MADE, TAKEN = ["my_net.py", "my_net.yaml"], ", by data/own/methods/my_net.yaml: `resolute method NAME FILE:CLASS` gives"
FAULTS: dict[str, tuple[Callable[[dict], object], str, list[str]]] = {
    "no file": (listed("./mine.py:MyNet"), "methods.counted: ./mine.py:MyNet: mine.py is not there: give", MADE),
    "a folder": (listed("./src:MyNet"), "methods.counted: ./src:MyNet: src cannot be read .Is a directory", MADE),
    "no class": (edited("class MyNet", "class Net"), f"methods.trained: {LISTED}: .*no class 'MyNet'", []),
    "no Python": (edited("class MyNet", "class"), rf"methods.trained: {LISTED}: .*, line \d+: .*: mend it", []),
    "needs more": (
        edited("int = 4, width: int = 16, depth: int = 2", "int, width: int, depth: int"),
        f"methods.trained: {LISTED}: .* cannot be built",
        [],
    ),
    "no SR": (edited("return self", "return 0 and self"), f"methods.trained: {LISTED}: .* makes int of it", []),
    "no name": (listed("./my_net.py:_Net"), "methods.counted: ./my_net.py:_Net: '_net' is no name: take", MADE),
    "of the registry": (
        listed("./my_net.py:RLFN"),
        ".* called rlfn, as is a network of the registry: `resolute m",
        MADE,
    ),
    "two files": (of_two_files, f"methods.counted: ./other.py:MyNet: .* called my_net, as is my_net.py{TAKEN}", MADE),
    "of mine": (
        written_by_hand,
        f".* called my_net, as is data/own/methods/theirs.py{TAKEN}",
        ["my_net.yaml", "theirs.py"],
    ),
    "twice": (lambda settings: settings["methods"]["timed"].append("my_net"), "methods.timed: .*my_net", MADE),
    "a file alone": (listed("./my_net.py"), "methods.counted: unknown method './my_net.py': .* as FILE:CLASS", MADE),
    "published": (
        lambda settings: settings["methods"]["published"].append(LISTED),
        f"methods.published: unknown method '{LISTED}': methods.trained, counted and timed take",
        MADE,
    ),
    "a recipe": (lambda settings: settings.update(recipes={LISTED: {}}), "recipes has .*: write my_net", MADE),
    "seeds": (
        lambda settings: settings["methods"].update(seeds={LISTED: [1]}),
        f"methods.seeds has '{LISTED}', which only lists of methods take: write my_net",
        MADE,
    ),
    "no recipe": (lambda settings: settings.update(recipes={}), "recipes.my_net is missing: {} if it needs", MADE),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_and_leaves_nothing_by_halves(fault: str, project: Path) -> None:
    change, words, left = FAULTS[fault]
    write(change)
    assert re.match(f"1 (.*\n)?resolute: params.yaml: {words}", said())
    assert sorted(there(project)) == left


@pytest.mark.slow
def test_two_that_read_params_at_once_make_one_method(project: Path) -> None:
    command = [sys.executable, "-c", READER]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    readers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) for _ in range(2)]
    assert [(reader.communicate()[1], reader.returncode)[1] for reader in readers] == [0, 0]
    assert sorted(there(project)) == MADE
    assert params.load()["methods"]["trained"] == ["my_net"]
