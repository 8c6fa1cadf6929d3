"""Two that want the same published weights at once."""

import threading
from pathlib import Path

import pytest
import torch

from resolute import registry
from resolute.core import layout, locks
from resolute.fetch import fetch_weights
from resolute.methods import weights


def test_the_second_takes_what_the_first_has_made(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no mirror here, so that the second could make nothing itself."""
    monkeypatch.setenv("RESOLUTE_MIRROR", str(project))
    target = layout.weights(layout.Weights("rlfn_team04", layout.Span.at(4.0), "published-ntire2022"))
    published = registry.entry("rlfn_team04").published["ntire2022"]
    file = published.files[layout.Span.at(4)]
    facts = {
        "url": file.url,
        "known_by": str(file.checksum),
        "source": published.source,
        "licence": published.licence,
        "training_data": published.training_data,
    }
    waits = threading.Event()
    monkeypatch.setattr(locks, "_maker", lambda _: waits.set())
    results: list[Path] = []
    second = threading.Thread(target=lambda: results.append(fetch_weights("rlfn_team04")))
    with locks.making(target):
        second.start()
        assert waits.wait(60)
        weights.save_weights(target, {"made.by": torch.ones(1)}, {**facts, "sha256": file.checksum.digits})
    second.join()
    assert results == [target]
    assert list(weights.read_state(target)) == ["made.by"]
    assert [path.name for path in target.parent.iterdir()] == [target.name]
