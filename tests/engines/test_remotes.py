"""Two machines that share one DVC remote, and what happens when something fails in between."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.engines.conftest import Project

pytestmark = pytest.mark.slow

DONE = "Both engines have nothing to do."
RESTORED = ("data/raw", "data/weights/trained", "reports/index.html")
# A read-only folder stops root only without these.
ORDINARY = ("setpriv", "--inh-caps=-dac_override,-dac_read_search", "--bounding-set=-dac_override,-dac_read_search")


@pytest.fixture(params=["local", "s3"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable]:
    """Makes a new remote the default one of a small, as docs/dvc.md says."""
    if request.param == "local":
        folder = tmp_path / "remote"
        yield lambda small: small.run("dvc", "remote", "add", "--local", "--force", "--default", "shared", str(folder))
        return
    pytest.importorskip("dvc_s3", reason="dvc-s3 is not installed: pip install -e '.[s3]'")
    moto = pytest.importorskip("moto.server", reason="moto is not installed: pip install 'moto[s3]' flask flask-cors")
    import boto3

    server = moto.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = {"endpointurl": f"http://{host}:{port}", "region": "us-east-1"}
    settings |= {"access_key_id": "test", "secret_access_key": "test"}
    boto3.client(
        "s3",
        endpoint_url=settings["endpointurl"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    ).create_bucket(Bucket="bucket")

    def use(small: Project) -> None:
        small.run("dvc", "remote", "add", "--local", "--force", "--default", "shared", "s3://bucket/resolute")
        for name, value in settings.items():
            small.run("dvc", "remote", "modify", "--local", "shared", name, value)

    yield use
    server.stop()


def clone(small: Project, folder: Path) -> Project:
    """Another small with what git has of the first."""
    small.run("git", "clone", "--quiet", str(small.root), str(folder))
    return Project(folder)


def test_two_machines_share_one_remote(small: Project, remote: Callable, tmp_path: Path) -> None:
    remote(small)
    small.run("dvc", "push")
    other = clone(small, tmp_path / "other")
    remote(other)
    assert not any((other.root / path).exists() for path in RESTORED)
    other.run("dvc", "pull")
    assert all((other.root / path).exists() for path in RESTORED)
    other.run("resolute", "sync")
    assert other.verdict() == DONE

    other.edit("params.yaml", "protocol: y_basicsr", "protocol: y_matlab")
    output = other.run("dvc", "repro")
    assert set(re.findall(r"Running stage '(\w+)", output)) == {"tables", "figures", "report"}
    assert other.verdict() == DONE
    other.run("dvc", "push")
    other.commit("another protocol")

    small.run("git", "pull", "--quiet", str(other.root), "HEAD")
    small.run("dvc", "pull")
    small.run("resolute", "sync")
    assert small.verdict() == DONE
    page = "reports/index.html"
    assert (small.root / page).read_bytes() == (other.root / page).read_bytes()


def test_a_pull_that_finds_no_remote_loses_nothing(small: Project, tmp_path: Path) -> None:
    folder = tmp_path / "remote"
    small.run("dvc", "remote", "add", "--local", "--default", "shared", str(folder))
    small.run("dvc", "push")
    other = clone(small, tmp_path / "other")
    other.run("dvc", "remote", "add", "--local", "--default", "shared", str(folder))

    gone = folder.rename(tmp_path / "gone")
    done = other.call("dvc", "pull")
    assert done.returncode != 0
    assert "Missing cache files" in done.stderr
    assert other.run("git", "status", "--short") == ""
    gone.rename(folder)
    other.run("dvc", "pull")
    other.run("resolute", "sync")
    assert other.verdict() == DONE


def test_a_read_only_cache_is_one_clear_line_and_nothing_is_lost(small: Project) -> None:
    limits = ()
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root writes everywhere, and setpriv is not installed to forbid it")
        limits = ORDINARY
    cache = small.root / ".dvc/cache"
    small.edit("params.yaml", "protocol: y_basicsr", "protocol: y_matlab")
    small.run("snakemake", "--cores", "2", "all")
    small.run("chmod", "-R", "a-w", str(cache))
    try:
        done = small.call(*limits, "resolute", "seal")
    finally:
        small.run("chmod", "-R", "u+w", str(cache))
    assert done.returncode != 0
    assert re.fullmatch(r"resolute: not sealed: dvc commit failed: .*Permission denied: .*\.dvc/cache.*\n", done.stderr)
    assert small.run("resolute", "seal").startswith("sealed 3 stages")
    assert small.verdict() == DONE
