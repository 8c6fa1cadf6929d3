"""Two machines that share one DVC remote, and what happens when something fails in between."""

import asyncio
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.engines.conftest import Project

pytestmark = pytest.mark.slow

DONE = "Both engines have nothing to do."
RESTORED = ("data/raw", "data/weights/trained", "reports/index.html")
# A read-only folder stops root only without these.
ORDINARY = ("setpriv", "--inh-caps=-dac_override,-dac_read_search", "--bounding-set=-dac_override,-dac_read_search")


@contextmanager
def local_folder(folder: Path) -> Iterator[dict[str, str]]:
    yield {"url": str(folder)}


@contextmanager
def s3_server(folder: Path) -> Iterator[dict[str, str]]:
    """An S3 bucket of this machine's own."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint, secret = f"http://{host}:{port}", "test"
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=secret, aws_secret_access_key=secret
    )
    client.create_bucket(Bucket="bucket")
    yield {
        "url": "s3://bucket/resolute",
        "endpointurl": endpoint,
        "region": "us-east-1",
        "access_key_id": secret,
        "secret_access_key": secret,
    }
    server.stop()


@contextmanager
def ssh_server(folder: Path) -> Iterator[dict[str, str]]:
    """An SSH server that lets anybody copy files into a folder."""
    import asyncssh

    class Open(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return False

    def files(channel: asyncssh.SSHServerChannel) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=os.fsencode(folder))

    async def listen() -> int:
        key = asyncssh.generate_private_key("ssh-ed25519")
        listener = await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[key], server_factory=Open, sftp_factory=files
        )
        return listener.get_port()

    folder.mkdir()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    port = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    yield {"url": f"ssh://test@127.0.0.1:{port}/resolute"}
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


SERVERS = {"local": local_folder, "s3": s3_server, "ssh": ssh_server}


# The suite has S3, the remote of most; the others take as long, and show the same.
@pytest.fixture(params=["s3", *(pytest.param(kind, marks=pytest.mark.attack) for kind in ("local", "ssh"))])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable]:
    """Makes a new remote the default one of a project, as docs/dvc.md says."""

    def use(project: Project) -> None:
        project.run("dvc", "remote", "add", "--local", "--force", "--default", "shared", settings["url"])
        for name, value in settings.items():
            project.run("dvc", "remote", "modify", "--local", "shared", name, value)

    with SERVERS[request.param](tmp_path / "remote") as settings:
        yield use


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

    other.edit("params.yaml", "{every: 200}", "{every: 100}")  # which the report shows, as it does all params
    assert other.reproduce() == ["report"]
    other.run("dvc", "push")
    other.commit("another report")

    small.run("git", "pull", "--quiet", str(other.root), "HEAD")
    small.run("dvc", "pull")
    small.run("resolute", "sync")
    assert small.verdict() == DONE
    page = "reports/index.html"
    assert (small.root / page).read_bytes() == (other.root / page).read_bytes()


def test_a_pull_that_finds_no_remote_loses_nothing(base: Path, small: Project, tmp_path: Path) -> None:
    folder = tmp_path / "remote"
    shutil.copytree(base / "remote", folder)
    other = clone(small, tmp_path / "other")
    other.run("dvc", "remote", "add", "--local", "--default", "shared", str(folder))

    gone = folder.rename(tmp_path / "gone")
    done = other.call("dvc", "pull")
    assert done.returncode != 0
    assert "Missing cache files" in done.stderr
    assert other.run("git", "status", "--short") == ""
    gone.rename(folder)
    other.run("dvc", "pull")
    assert other.changed() == set()


@pytest.mark.attack
def test_a_read_only_cache_is_one_clear_line_and_nothing_is_lost(small: Project) -> None:
    limits: tuple[str, ...] = ()
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
