"""Training is a function of code, params, data, seed and device: whatever happens on the way."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from tests.durability import Call, is_durable_before, recorded
from typer.testing import CliRunner

from resolute import methods, params
from resolute.cli import app
from resolute.core import layout
from resolute.core.errors import ResoluteError
from resolute.core.locks import making
from resolute.core.provenance import file_sha256
from resolute.methods import weights
from resolute.methods.plan import Plan, make_plan
from resolute.train import checkpoint, train
from resolute.train.loop import Training

SETTINGS = {"devices": 1, "precision": "32-true", "threads": 1}
DEFAULTS = {"iterations": 30, "batch_size": 2, "lr_patch_size": 16, "learning_rate": 1e-3, "ema": 0.9}


def plan(method: str = "rlfn_tiny", **recipe: object) -> Plan:
    return make_plan(DEFAULTS, recipe, method)


def run(name: str, method: str = "rlfn_tiny") -> layout.Weights:
    return layout.Weights(method, layout.Span.at(4.0), name)


def set_params(folder: Path, **train: object) -> None:
    path = folder / "params.yaml"
    params = yaml.safe_load(path.read_text())
    params["checkpoints"]["every"] = train.pop("checkpoint_every", 200)
    params["train"].update(train)
    path.write_text(yaml.safe_dump(params))


def command(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "resolute", *arguments],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def test_equal_seeds_give_equal_bytes_and_other_seeds_do_not(packed: Path) -> None:
    first = train(run("a-seed0"), 0, plan(), "embedded", SETTINGS, 5).read_bytes()
    layout.weights(run("a-seed0")).unlink()
    assert train(run("a-seed0"), 0, plan(), "embedded", SETTINGS, 5).read_bytes() == first
    other = weights.read_state(train(run("a-seed1"), 1, plan(), "embedded", SETTINGS, 5))
    same = weights.read_state(layout.weights(run("a-seed0")))
    assert any(not torch.equal(other[name], same[name]) for name in same)


@pytest.mark.slow
def test_killed_at_any_moment_ends_with_the_same_bytes(packed: Path) -> None:
    """kill -9 at one checkpoint after the other; each time the command is typed again."""
    set_params(packed, iterations=60, batch_size=2, lr_patch_size=16, checkpoint_every=10)
    target = layout.weights(run("quick-seed0", "imdn_tiny"))
    undisturbed = command("train", "imdn_tiny")
    assert undisturbed.wait(120) == 0, undisturbed.stderr
    expected = target.read_bytes()
    target.unlink()
    layout.training_log(run("quick-seed0", "imdn_tiny")).unlink()

    checkpoint = layout.checkpoint(run("quick-seed0", "imdn_tiny"))
    seen, kills = 0.0, 0
    for _ in range(3):
        process = command("train", "imdn_tiny")
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            now = checkpoint.stat().st_mtime if checkpoint.exists() else 0.0
            if now > seen:
                seen = now
                break
            time.sleep(0.005)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
        assert not target.exists() or process.returncode == 0
    assert kills >= 2
    last = command("train", "imdn_tiny")
    assert last.wait(120) == 0, last.stderr
    assert target.read_bytes() == expected
    assert not checkpoint.exists()
    steps = pd.read_csv(layout.training_log(run("quick-seed0", "imdn_tiny")))["step"]
    assert steps.is_monotonic_increasing
    assert steps.iloc[-1] == 60


@pytest.mark.slow
@pytest.mark.parametrize("devices", [pytest.param(1, marks=pytest.mark.attack), 2])
def test_sigterm_leaves_a_checkpoint_of_the_last_step(devices: int, packed: Path) -> None:
    set_params(packed, iterations=100_000, checkpoint_every=7, batch_size=2, lr_patch_size=16, devices=devices)
    checkpoint = layout.checkpoint(run("quick-seed0", "imdn_tiny"))
    process = command("train", "imdn_tiny")
    for _ in range(1200):
        if checkpoint.exists():
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)  # to the first process alone
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    (step,) = set(re.findall(r"was told to stop at step (\d+)", errors))
    assert torch.load(checkpoint)["step"] == int(step)


@pytest.mark.slow
def test_a_checkpoint_of_other_settings_is_not_resumed(packed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = train(run("b-seed0"), 0, plan(), "embedded", SETTINGS, 5).read_bytes()
    with pytest.raises(ResoluteError, match=r"loss is (nan|inf)"):
        train(run("b-seed0"), 0, plan(learning_rate=1e30, phases=[{}, {}]), "embedded", SETTINGS, 5)
    path = layout.checkpoint(run("b-seed0"))
    path.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.save(path, {"step": 5}, "another")
    layout.weights(run("b-seed0")).unlink()
    assert train(run("b-seed0"), 0, plan(), "embedded", SETTINGS, 5).read_bytes() == expected
    assert "of other settings" in capsys.readouterr().err


def test_a_loss_that_is_not_finite_stops_without_weights(packed: Path) -> None:
    with pytest.raises(ResoluteError, match=r"loss is (nan|inf) at step \d+: no weights are written; lower"):
        train(run("c-seed0"), 0, plan(learning_rate=1e30), "embedded", SETTINGS, 5)
    assert not layout.weights(run("c-seed0")).exists()


def test_phases_and_warm_start(packed: Path) -> None:
    two = plan(phases=[{"iterations": 6}, {"iterations": 6, "loss": "l2", "ema": 0.0, "lr_patch_size": 20}])
    first = train(run("d-seed0"), 0, two, "embedded", SETTINGS, 5)
    log = pd.read_csv(layout.training_log(run("d-seed0")))
    assert set(log["phase"]) == {0, 1}
    # Starting from these weights with a rate of practically zero must end where it started.
    still = replace(plan(iterations=2, learning_rate=1e-12, schedule="constant", ema=0.0), warm_start=str(first))
    second = train(run("e-seed0"), 0, still, "embedded", SETTINGS, 5)
    before, after = weights.read_state(first), weights.read_state(second)
    assert all(torch.allclose(before[name], after[name], atol=1e-9) for name in before)


def test_a_start_from_another_scale_takes_all_but_the_last_layer(packed: Path) -> None:
    smaller = layout.Weights("rlfn_tiny", layout.Span.at(2.0), "quick-seed0")
    torch.manual_seed(5)
    weights.save_weights(layout.weights(smaller), methods.build("rlfn_tiny", 2).state_dict(), {})
    still = plan(iterations=1, learning_rate=1e-12, schedule="constant", ema=0.0)
    path = train(run("j-seed0"), 0, replace(still, warm_start="x2/quick-seed0"), "embedded", SETTINGS, 5)
    before, after = weights.read_state(layout.weights(smaller)), weights.read_state(path)
    kept = {name for name in before if before[name].shape == after[name].shape}
    assert before.keys() - kept == {"tail.conv.weight", "tail.conv.bias"}
    assert all(torch.allclose(before[name], after[name], atol=1e-9) for name in kept)
    assert weights.read_provenance(path)["warm_start"] == file_sha256(layout.weights(smaller))


def test_a_start_that_is_not_there_or_not_of_this_network_is_one_clear_line(packed: Path) -> None:
    with pytest.raises(ResoluteError, match=r"x3/quick-seed0\.safetensors do not exist"):
        train(run("k-seed0"), 0, replace(plan(), warm_start="x3/quick-seed0"), "embedded", SETTINGS, 5)
    other = layout.Weights("rlfn_tiny", layout.Span.at(2.0), "other-seed0")
    weights.save_weights(layout.weights(other), methods.build("imdn_tiny", 2).state_dict(), {})
    with pytest.raises(ResoluteError, match="these are not the weights of this network"):
        train(run("k-seed0"), 0, replace(plan(), warm_start="x2/other-seed0"), "embedded", SETTINGS, 5)


def test_what_is_published_is_folded_and_starts_a_folded_training(packed: Path) -> None:
    method = "imdn_plus_team39"
    path = train(run("h-seed0", method), 0, plan(method, iterations=3), "embedded", SETTINGS, 2)
    trained = weights.read_state(path)
    weights.load_weights(methods.build(method, 4), path)
    assert not any("branches" in name for name in trained)
    still = plan(method, iterations=1, learning_rate=1e-12, schedule="constant", ema=0.0)
    still = replace(still, warm_start=str(path))
    after = weights.read_state(train(run("i-seed0", method), 0, still, "embedded", SETTINGS, 2))
    assert all(torch.allclose(trained[name], after[name], atol=1e-9) for name in trained)


@pytest.mark.slow
def test_two_processes_train_what_one_does(packed: Path) -> None:
    """Data parallel on two CPU processes: the same patches, so the same weights up to the order of sums."""
    set_params(packed, iterations=5, batch_size=4, lr_patch_size=16, ema=0.0)
    assert command("train", "rlfn_tiny").wait(120) == 0
    alone = weights.read_state(layout.weights(run("quick-seed0")))
    set_params(packed, devices=2)
    process = command("train", "rlfn_tiny")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    shared = weights.read_state(layout.weights(run("quick-seed0")))
    # Adam turns the rounding of near-zero gradients into steps of up to the learning rate 2e-3; elsewhere
    # five steps differ by far less.
    differences = torch.cat([(alone[name] - shared[name]).abs().flatten() for name in alone])
    assert differences.median() < 1e-5
    assert differences.max() < 5 * 2e-3


def test_patches_too_small_and_batches_that_cannot_be_shared(packed: Path) -> None:
    with pytest.raises(ResoluteError, match="lr_patch_size 99 does not fit the smallest training image"):
        train(run("f-seed0"), 0, plan(lr_patch_size=99), "embedded", SETTINGS, 5)


def test_missing_patches_name_the_command(checkout: Path) -> None:
    with pytest.raises(ResoluteError, match="run `resolute patches embedded --scale 4`"):
        train(run("g-seed0"), 0, plan(), "embedded", SETTINGS, 5)


def test_the_checkpoint_goes_when_weights_log_and_times_are_on_the_disk(
    packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = recorded(monkeypatch)
    path = train(run("m-seed0"), 0, plan(), "embedded", SETTINGS, 20)
    for made in (path, layout.training_log(run("m-seed0")), layout.training_times(run("m-seed0"))):
        assert is_durable_before(calls, made, layout.checkpoint(run("m-seed0")))
    # The folders are new: their own names are on the disk too.
    for folder in (path.parent, path.parent.parent):
        assert calls.index(Call("sync", folder.parent)) < calls.index(Call("unlink", layout.checkpoint(run("m-seed0"))))


def test_equal_trainings_have_equal_logs_however_often_they_were_stopped(
    packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolute.train.loop._LOG_ROWS", 6)  # a row for every fifth step
    train(run("n-seed0"), 0, plan(), "embedded", SETTINGS, 20)
    files = [file(run("n-seed0")) for file in (layout.weights, layout.training_log)]
    expected = [file.read_bytes() for file in files]
    header, *_ = layout.training_times(run("n-seed0")).read_text().splitlines()
    assert header == "step,patches_per_s,seconds,cpu_joules,gpu_joules"
    for file in (*files, layout.training_times(run("n-seed0"))):
        file.unlink()
    for step in (1, 7, 10):  # before, between and on rows
        training = Training(run("n-seed0"), 0, plan(), "embedded", SETTINGS, 20)
        monkeypatch.setattr(training, "_told_to_stop", lambda now=training, last=step: now.step >= last)
        with pytest.raises(ResoluteError, match=f"told to stop at step {step}:"):
            training.finish()
    train(run("n-seed0"), 0, plan(), "embedded", SETTINGS, 20)
    assert [file.read_bytes() for file in files] == expected
    times = pd.read_csv(layout.training_times(run("n-seed0")))
    assert times["step"].tolist() == pd.read_csv(files[1])["step"].tolist()
    assert times["seconds"].is_monotonic_increasing


def test_a_damaged_checkpoint_is_set_aside_and_the_weights_are_the_same(
    packed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = train(run("o-seed0"), 0, plan(), "embedded", SETTINGS, 5).read_bytes()
    stopped = Training(run("o-seed0"), 0, plan(), "embedded", SETTINGS, 5)
    stopped.stopped = True
    with pytest.raises(ResoluteError, match="told to stop"):
        stopped.finish()
    path = layout.checkpoint(run("o-seed0"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    capsys.readouterr()
    assert train(run("o-seed0"), 0, plan(), "embedded", SETTINGS, 5).read_bytes() == expected
    assert "is damaged" in capsys.readouterr().err
    assert path.with_name(f"{path.name}.damaged").read_bytes() == content


@pytest.mark.parametrize("place", [layout.weights, layout.training_log, layout.training_times])
def test_a_place_that_cannot_be_written_is_known_before_the_training(
    place: Callable[[layout.Weights], Path], packed: Path
) -> None:
    place(run("p-seed0")).mkdir(parents=True)
    with pytest.raises(IsADirectoryError, match=place(run("p-seed0")).name):
        Training(run("p-seed0"), 0, plan(), "embedded", SETTINGS, 5)


@pytest.mark.slow
def test_of_two_at_once_the_second_waits_and_takes_what_the_first_made(packed: Path) -> None:
    set_params(packed, iterations=3, batch_size=2, lr_patch_size=16)
    with making(layout.weights(run("quick-seed0", "imdn_tiny"))):
        second = command("train", "imdn_tiny")
        assert second.stderr is not None
        said = second.stderr.readline()
        settings = params.load()
        same = make_plan(settings["train"], {}, "imdn_tiny")
        first = Training(run("quick-seed0", "imdn_tiny"), 0, same, "embedded", settings["train"], 5)
        made = first.finish().stat().st_ino
    _, errors = second.communicate(timeout=120)
    assert second.returncode == 0
    assert f"waiting for process {os.getpid()} (" in said
    assert "which makes data/weights/trained/imdn_tiny/x4/quick-seed0.safetensors" in said
    assert "step 3/3" not in errors  # it has not trained
    assert layout.weights(run("quick-seed0", "imdn_tiny")).stat().st_ino == made


def test_what_was_waited_for_is_made_anew_where_it_is_of_other_settings(packed: Path) -> None:
    one, other = (Training(run("r-seed0"), 0, plan(iterations=count), "embedded", SETTINGS, 5) for count in (2, 3))
    assert not one.is_made(waited=True)
    one.finish()
    assert [training.is_made(waited) for training in (one, other) for waited in (True, False)] == [
        *(True, False),
        *(False, False),
    ]


@pytest.mark.parametrize("stem", ["quick-seed0", "published-mine", "x2-seed"])
def test_a_start_that_the_params_do_not_name_makes_a_file_of_its_own(stem: str, packed: Path, tmp_path: Path) -> None:
    set_params(packed, iterations=2, batch_size=2, lr_patch_size=16)
    start = tmp_path / f"{stem}.safetensors"
    weights.save_weights(start, methods.build("rlfn_tiny", 4).state_dict(), {})
    done = CliRunner().invoke(app, ["train", "rlfn_tiny", "--warm-start", str(start)])
    assert done.exit_code == 0, done.output
    name = f"quick-seed0@{file_sha256(start)[:8]}"
    path = layout.weights(run(name))
    assert done.stdout.strip() == layout.relative(path)
    assert weights.read_provenance(path)["warm_start"] == file_sha256(start)
    assert not layout.weights(run("quick-seed0")).exists()
