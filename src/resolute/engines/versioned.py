"""What DVC thinks of the project, asked in this process so that DVC reads every file once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from resolute.core.errors import ResoluteError
from resolute.core.layout import project_root

if TYPE_CHECKING:
    from networkx import DiGraph


def changed_stages() -> dict[str, list[object]]:
    """The DVC stages that are not up to date, with what changed."""
    return judged()[0]


def judged() -> tuple[dict[str, list[object]], "DiGraph[Any]"]:
    """The stages that are not up to date, with what changed; and all stages, each pointing to what it depends on."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo, lock_repo

    try:
        with Repo(str(project_root())) as repo, lock_repo(repo), _each_file_once():
            return repo.status(), repo.index.graph
    except DvcException as error:
        raise ResoluteError(f"dvc cannot tell its status: {error}") from None


@contextmanager
def _each_file_once() -> Iterator[None]:
    """Let DVC keep what it reads, for as long as nothing changes the files.

    It reads params.yaml and hashes a source file anew for each stage that names it; with 600 stages that is most of its
    time.
    """
    from dvc.dependency import param
    from dvc.output import Output

    load_path, get_hash = param.load_path, Output.get_hash
    loaded: dict[str, Any] = {}
    hashes: dict[str, Any] = {}

    def load_once(path: str, *arguments: Any, **options: Any) -> Any:
        if path not in loaded:
            loaded[path] = load_path(path, *arguments, **options)
        return loaded[path]

    def hash_once(output: Output) -> Any:
        if output.fs_path not in hashes:
            hashes[output.fs_path] = get_hash(output)
        return hashes[output.fs_path]

    param.load_path, Output.get_hash = load_once, hash_once
    try:
        yield
    finally:
        param.load_path, Output.get_hash = load_path, get_hash
