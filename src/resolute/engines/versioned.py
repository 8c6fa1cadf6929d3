"""What DVC thinks of the project, asked in this process so that DVC reads every file once."""

import gc
import hashlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resolute import params
from resolute.core.errors import ResoluteError
from resolute.core.layout import project_root
from resolute.core.reading import brief
from resolute.sources import refresh

if TYPE_CHECKING:
    from dvc.repo import Repo
    from dvc.repo.index import Index


# The stage that has no rule: Snakemake has the lists of source files brought up to date whenever it plans.
SOURCES = "sources"


def judged() -> tuple[dict[str, list[object]], "Index"]:
    """The stages that are not up to date, with what changed; and DVC's index of all stages and their graph.

    The lists of source files are brought up to date first, so that an edit shows at the jobs that it is about; and
    before them the methods that they are of, which params may name by their files.
    """
    refresh(params.plans(params.load()))
    with _repo() as repo, _each_file_once():
        return repo.status(), repo.index


def commit() -> None:
    """What `dvc commit --force` does: take over all outputs as they lie there.

    Raises:
        ResoluteError: DVC cannot.
    """
    with _repo() as repo, _each_file_once():
        logging.disable(logging.INFO)  # its own words about dvc.lock
        try:
            repo.commit(force=True)
        except Exception as error:  # of DVC, of its databases, or of the file system
            raise ResoluteError(f"dvc commit failed: {brief(error)}") from error
        finally:
            logging.disable(logging.NOTSET)


def kept_by_dvc(files: Iterable[Path]) -> set[Path]:
    """Those files, of outputs or of folders that are outputs, that are exactly what `dvc.lock` has."""
    if not (project_root() / "dvc.lock").is_file():
        return set()
    with _repo() as repo:
        known = {path: md5 for stage in repo.index.stages for out in stage.outs for path, md5 in _files(out)}
    return {file for file in files if file in known and _md5(file) == known[file]}


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
            if not repo.index.stages:
                raise ResoluteError("dvc.yaml names no stage: restore it, as `git checkout -- dvc.yaml` does")
            yield repo
    except ResoluteError:
        raise
    except DvcException as error:
        raise ResoluteError(f"dvc cannot tell its status: {error}") from None
    except Exception as error:  # its databases, caches and files may be damaged or closed to us in any way
        raise ResoluteError(f"dvc cannot tell its status ({brief(error)}): mend .dvc, or remove .dvc/tmp") from error


def _files(out: Any) -> Iterator[tuple[Path, str]]:
    """The files of an output with the md5 that `dvc.lock` has; none of a folder whose list is not in the cache."""
    path = Path(out.fs_path)
    if not out.hash_info:
        return
    if not out.hash_info.isdir:
        yield path, out.hash_info.value
        return
    for parts, _, md5 in out.get_obj() or ():
        yield path.joinpath(*parts), md5.value


def _md5(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "md5").hexdigest()


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
