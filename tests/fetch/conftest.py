"""What the tests of stage `fetch` share: an empty project, a misbehaving server, a registry of their own."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
import yaml

from resolute.datasets import registry
from resolute.datasets.manifest import read_manifest
from resolute.datasets.store import write_table
from resolute.fetch import transfer


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, the working directory of the test; no mirror and no pauses between attempts."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "params.yaml").touch()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("RESOLUTE_MIRROR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(transfer, "PAUSE_S", 0)
    monkeypatch.setattr(transfer, "_sessions", threading.local())
    return folder


@dataclass
class Server:
    """Serves `files` (path -> content) and counts; the other fields make it misbehave."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)  # path, Range header
    sent: int = 0
    busy: int = 0  # so many answers are 503
    break_after: int = 0  # so many bytes, then the connection breaks
    breaks: int = 0  # so many times
    can_resume: bool = True

    def url(self, path: str) -> str:
        return f"{self.address}/{path}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: Server

    def do_GET(self) -> None:
        state, path = self.state, self.path.removeprefix("/")
        asked = self.headers.get("Range", "")
        state.requests.append((path, asked))
        content = state.files.get(path)
        if state.busy:
            state.busy -= 1
            self.answer(503)
        elif content is None:
            self.answer(404)
        else:
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and state.can_resume else 0
            if start >= len(content) > 0:
                self.answer(416, {"Content-Range": f"bytes */{len(content)}"})
            else:
                self.answer(206 if start else 200, body=content[start:])

    def answer(self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if body and self.state.breaks:
            self.state.breaks -= 1
            body = body[: self.state.break_after]
            self.close_connection = True
        self.state.sent += len(body)  # first: the client may be done before this thread goes on
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class WebServer(ThreadingHTTPServer):
    request_queue_size = 64  # the default of 5 makes a burst of connections wait a second


@pytest.fixture
def server() -> Iterator[Server]:
    """A web server on this machine."""
    state = Server()
    handler = type("BoundHandler", (Handler,), {"state": state})
    with WebServer(("127.0.0.1", 0), handler) as web:
        state.address = f"http://127.0.0.1:{web.server_port}"
        thread = threading.Thread(target=web.serve_forever, args=(0.01,))
        thread.start()
        yield state
        web.shutdown()
        thread.join()


@dataclass
class Liar:
    """Answers every request with the same bytes, whatever they are, and closes the connection."""

    address: str = ""
    answer: bytes = b""
    endless: bytes = b""  # is sent again and again behind the answer, until nobody listens
    asked: int = 0


@pytest.fixture
def liar() -> Iterator[Liar]:
    """A server that does not keep to HTTP."""
    state = Liar()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            state.asked += 1
            while self.rfile.readline().strip():
                pass
            with suppress(OSError):
                self.wfile.write(state.answer.replace(b"<address>", state.address.encode()))
                while state.endless:
                    self.wfile.write(state.endless)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as web:
        state.address = f"http://127.0.0.1:{web.server_address[1]}"
        thread = threading.Thread(target=web.serve_forever, args=(0.01,))
        thread.start()
        yield state
        web.shutdown()
        thread.join()


AddDataSet = Callable[..., None]


@pytest.fixture
def add_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AddDataSet]:
    """Adds a data set to a registry of the test's own: `add(name, source, splits, files)`."""
    folder = tmp_path / "registry"
    folder.mkdir()
    (folder / "schema.json").write_bytes((registry.FOLDER / "schema.json").read_bytes())
    monkeypatch.setattr(registry, "FOLDER", folder)

    def add(
        name: str,
        source: Mapping[str, object],
        splits: Mapping[str, Mapping[str, object]],
        files: Mapping[str, bytes] | None = None,
        variant: str = "mirror",
        **facts: object,
    ) -> None:
        entry = {
            **dict.fromkeys(("title", "citation", "licence"), name),
            "page": "https://host/page",
            "variant": variant,
            "source": dict(source),
            "splits": {split: dict(its) for split, its in splits.items()},
            **facts,
        }
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(entry, sort_keys=False))
        rows = [manifest_row(path, content) for path, content in (files or {}).items()]
        write_table(folder / f"{name}.csv", tuple(manifest_row("test/a.png", b"")), rows)
        forget()

    def forget() -> None:
        for known in (registry.names, registry.entry, read_manifest):
            known.cache_clear()

    yield add
    monkeypatch.undo()
    forget()


def manifest_row(path: str, content: bytes) -> dict[str, object]:
    """A manifest line for `<split>/[x<scale>/]<image>.<suffix>`."""
    split, *scale, name = path.split("/")
    return {
        "image": Path(name).stem,
        "split": split,
        "role": "hr",
        "scale": scale[0].removeprefix("x") if scale else "",
        "path": path,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
