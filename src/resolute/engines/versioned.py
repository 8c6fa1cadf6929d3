"""What DVC thinks of the project, asked in this process so that DVC reads every file once."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from resolute.core.errors import ResoluteError
from resolute.core.layout import project_root
from resolute.sources import refresh

if TYPE_CHECKING:
    from dvc.repo import Repo
    from dvc.repo.index import Index


def changed_stages() -> dict[str, list[object]]:
    """The DVC stages that are not up to date, with what changed."""
    return judged()[0]


def judged() -> tuple[dict[str, list[object]], "Index"]:
    """The stages that are not up to date, with what changed; and DVC's index of all stages and their graph.

    The lists of source files are brought up to date first, so that an edit shows at the jobs that it is about.
    """
    refresh()
    with _repo() as repo, _each_file_once():
        return repo.status(), repo.index


def forget_lists() -> None:
    """Let DVC list anew what there is to fetch and to check out.

    Killed while it writes such a list, it takes the part that it finds for the whole: every later `dvc pull` says that
    everything is up to date.
    """
    with _repo() as repo:
        repo.drop_data_index()


@contextmanager
def _repo() -> Iterator["Repo"]:
    """DVC's view of this project, locked against other DVC commands."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo, lock_repo

    try:
        with Repo(str(project_root())) as repo, lock_repo(repo):
            yield repo
    except DvcException as error:
        raise ResoluteError(f"dvc cannot tell its status: {error}") from None


@contextmanager
def _each_file_once() -> Iterator[None]:
    """Let DVC keep what it reads, for as long as nothing changes the files.

    It reads params.yaml and hashes a source file anew for each stage that names it; with 600 stages that is most of its
    time. The graph stays, so that looking for garbage in it is lost time too.
    """
    from dvc.dependency import param
    from dvc.output import Output

    read_params, get_hash = param.read_param_file, Output.get_hash
    params: dict[Any, Any] = {}
    hashes: dict[str, Any] = {}

    def read_once(fs: Any, path: str, keys: list[str] | None = None, **options: Any) -> Any:
        asked = path, tuple(keys or ())
        if asked not in params:
            params[asked] = read_params(fs, path, keys, **options)
        return params[asked]

    def hash_once(output: Output) -> Any:
        if output.fs_path not in hashes:
            hashes[output.fs_path] = get_hash(output)
        return hashes[output.fs_path]

    param.read_param_file, Output.get_hash = read_once, hash_once
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        param.read_param_file, Output.get_hash = read_params, get_hash
