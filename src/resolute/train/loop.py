"""The training loop: deterministic, resumable, the same for every learner."""

import math
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import convert_conv2d_weight_memory_format
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from resolute import methods, registry
from resolute.core import atomic, devices, layout
from resolute.core.errors import ResoluteError
from resolute.core.provenance import digest, file_sha256, provenance
from resolute.core.reading import reading
from resolute.images.pack import open_hr, open_pack
from resolute.methods import weights
from resolute.methods.optimisers import OPTIMISERS
from resolute.methods.plan import Phase, Plan
from resolute.models.blocks.reparameterised import fold
from resolute.sources import sources_digest
from resolute.train import checkpoint
from resolute.train.draws import Draws
from resolute.train.energy import Meter
from resolute.train.fabric import launch
from resolute.train.log import TrainingLog
from resolute.train.progress import TrainingProgress
from resolute.train.recipe import departures
from resolute.train.start import find_start, load_start

_LOG_ROWS = 200
_STEPS_BETWEEN_QUESTIONS = 10  # each makes all devices wait for each other


class Training:
    """One training, from its checkpoint or from the start."""

    def __init__(
        self,
        wanted: layout.Weights,
        seed: int,
        plan: Plan,
        dataset: str,
        settings: Mapping[str, Any],
        checkpoint_every: int,
        scorer: layout.Weights | None = None,
    ) -> None:
        self.wanted, self.seed, self.plan, self.settings = wanted, seed, plan, settings
        entry = registry.entry(wanted.method)
        half = methods.training(entry)
        # A phase leaves alone what it does not train, and what another phase's loss learns.
        partial = any(phase.trains or phase.loss != plan.phases[0].loss for phase in plan.phases)
        self.fabric = launch(settings, some_unused=half.SKIPS or partial)
        self._say_where()
        self.dataset, self.checkpoint_every, self.scorer = dataset, checkpoint_every, scorer
        self.pack = open_pack(dataset, wanted.span.low, scorer) if wanted.span.is_single else open_hr(dataset)
        self.stopped = False

        start = find_start(wanted, plan.warm_start)[1] if plan.warm_start else None
        torch.manual_seed(seed)
        self.learner = half.learner(entry, wanted.span, plan)
        torch.manual_seed(seed)  # what a start leaves fresh does not hang on what the learner has drawn
        with weights.unchanged(start) if start else nullcontext("") as start_sha256:
            load_start(self.learner, wanted, plan.warm_start)
            self.facts = self._facts(start_sha256)
        self.identity = digest(self.facts)
        self.learner.check(self.pack, plan)
        self.learner.fit(self.pack, np.random.default_rng(seed))
        convert_conv2d_weight_memory_format(self.learner.network, torch.channels_last)
        self.changeable = {id(one) for one in self.learner.parameters() if one.requires_grad}
        self.draws = Draws(self.learner, self.pack, plan, seed, self.fabric.global_rank, self.fabric.world_size)
        self.module = self.fabric.setup_module(self.learner)
        self.ema: AveragedModel | None = None
        self.optimiser: Any = None
        self.phase_index = -1
        self.step = 0
        self.log = TrainingLog()
        self.losses: list[dict[str, Tensor]] = []  # of the steps since the last row of the log
        self._check_places()
        self._resume()

    def is_made(self, waited: bool) -> bool:
        """Whether the process that this one has waited for has made these very weights."""
        target = layout.weights(self.wanted)
        made = waited and target.is_file() and layout.training_log(self.wanted).is_file()
        if made:
            weights.read_state(target)
            made = digest(weights.read_provenance(target)) == self.identity
        return bool(self.fabric.broadcast(made))

    def finish(self) -> Path:
        """Train to the end of the plan and write log, times and weights; only then the checkpoint goes."""
        target = layout.weights(self.wanted)
        old = signal.signal(signal.SIGTERM, self._stop)
        try:
            with TrainingProgress(
                str(self.wanted), self.plan.iterations, self.step, self.fabric.is_global_zero
            ) as shown:
                self._steps(shown)
        finally:
            signal.signal(signal.SIGTERM, old)
        if self.fabric.is_global_zero:
            self._conclude()
            self.log.write(self.wanted)
            weights.save_weights(target, self._final_state(), self.facts)
            layout.checkpoint(self.wanted).unlink(missing_ok=True)
        self.fabric.barrier()
        return target

    def _steps(self, shown: TrainingProgress) -> None:
        every = max(1, self.plan.iterations // _LOG_ROWS)
        patches, since = 0, time.monotonic()
        meter = Meter(self.log.joules, self.fabric.world_size if self.fabric.device.type == "cuda" else 0)
        for batch in self.draws.from_step(self.step):
            phase = self._enter_phase()
            self.losses.append(self._optimise(batch, phase))
            patches += phase.batch_size
            self.step += 1
            meter.tick()
            stopping = self._told_to_stop()
            saving = self.step % self.checkpoint_every == 0
            row = self.step % every == 0 or saving or self.step == self.plan.iterations
            if row or stopping:
                now = time.monotonic()
                speed = patches / max(now - since, 1e-9)
                self.log.seconds += now - since
                self.log.joules = meter.read()
                patches, since = 0, now
            if row:
                terms = self._mean_losses()
                rate = self.optimiser.param_groups[0]["lr"]
                self.log.add(self.step, self.phase_index, terms, rate, speed)
                shown.update(self.step, terms["loss"], speed)
            if (saving or stopping) and self.step < self.plan.iterations:
                self._save()
            if stopping:
                raise ResoluteError(
                    f"{self.wanted} was told to stop at step {self.step}: run it again to go on from there"
                )

    def _optimise(self, batch: Any, phase: Phase) -> dict[str, Tensor]:
        # Whatever else a learner draws (dropout, a random subnet) is a function of seed and step too.
        torch.manual_seed((self.seed << 32) + self.step)
        terms = self.module(batch.to(self.fabric.device), phase)
        loss = torch.stack(list(terms.values())).sum() if len(terms) > 1 else next(iter(terms.values()))
        self.optimiser.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        if phase.gradient_clip:
            self.fabric.clip_gradients(self.module, self.optimiser, max_norm=phase.gradient_clip)
        self.optimiser.step()
        if self.ema is not None:
            self.ema.update_parameters(self.learner.network)
        several = terms if len(terms) > 1 else {}
        return {"loss": loss.detach(), **{name: term.detach() for name, term in several.items()}}

    def _enter_phase(self) -> Phase:
        """The phase of the current step, with its own optimiser and its learning rate set."""
        index, phase, step = self.plan.at(self.step)
        if index != self.phase_index:
            self.phase_index = index
            self._prepare(phase)
        for group in self.optimiser.param_groups:
            group["lr"] = phase.learning_rate_at(step)
        return phase

    def _prepare(self, phase: Phase) -> None:
        trained = list(self.learner.trained(phase))
        chosen = {id(one) for one in trained} & self.changeable
        for parameter in self.learner.parameters():
            parameter.requires_grad_(id(parameter) in chosen)
        optimiser = OPTIMISERS.function(phase.optimiser)(trained, phase.learning_rate)
        self.optimiser = self.fabric.setup_optimizers(optimiser)
        if phase.ema:
            average = AveragedModel(self.learner.network, multi_avg_fn=get_ema_multi_avg_fn(phase.ema))
            if self.ema is not None:
                average.load_state_dict(self.ema.state_dict())
            self.ema = average
        else:
            self.ema = None

    def _mean_losses(self) -> dict[str, float]:
        """The mean of the loss since the last row of the log, and of its terms where it has several."""
        means = {}
        # A phase may have other terms than the one before it.
        for name in dict.fromkeys(name for terms in self.losses for name in terms):
            values = torch.stack([terms[name] for terms in self.losses if name in terms])
            mean = self.fabric.all_reduce(values.mean(), reduce_op="mean")
            assert isinstance(mean, Tensor)
            means[name] = mean.item()
        self.losses = []
        if not math.isfinite(means["loss"]):
            raise ResoluteError(
                f"{self.wanted}: the loss is {means['loss']} at step {self.step}: no weights are written; "
                f"lower learning_rate or set gradient_clip under recipes.{self.wanted.method}"
            )
        return means

    def _conclude(self) -> None:
        """Let the learner look at the network that will be published."""
        if self.ema is not None:
            self.learner.network.load_state_dict(self.ema.module.state_dict())
        self.learner.conclude(self.pack)

    def _final_state(self) -> dict[str, Tensor]:
        state = fold(self.learner.network).state_dict()
        for name, tensor in state.items():
            if not bool(torch.isfinite(tensor).all()):
                raise ResoluteError(f"{self.wanted}: '{name}' is not finite after training: no weights are written")
        return state

    def _save(self) -> None:
        # Each process has the losses of its own patches, the checkpoint has those of all.
        losses = [
            {name: self.fabric.all_reduce(term, reduce_op="mean") for name, term in terms.items()}
            for terms in self.losses
        ]
        if self.fabric.is_global_zero:
            state = {
                "step": self.step,
                "phase": self.phase_index,
                "learner": self.learner.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "ema": None if self.ema is None else self.ema.state_dict(),
                "losses": losses,
                "log": self.log.state(),
            }
            checkpoint.save(layout.checkpoint(self.wanted), state, self.identity)
        self.fabric.barrier()

    def _check_places(self) -> None:
        """Refuse places that cannot be written before the training, not after it."""
        if self.fabric.is_global_zero:
            for place in (layout.weights, layout.training_log, layout.training_times):
                atomic.check(place(self.wanted))
            atomic.make_folder(layout.checkpoint(self.wanted).parent)

    def _resume(self) -> None:
        path = layout.checkpoint(self.wanted)
        if self.fabric.is_global_zero:
            checkpoint.set_aside_damaged(path)
        self.fabric.barrier()
        state = checkpoint.load(path, self.identity)
        if state is None:
            return
        with reading(path, checkpoint.REPAIR):
            self.learner.load_state_dict(state["learner"])
            self.phase_index = state["phase"]
            self._prepare(self.plan.phases[self.phase_index])
            self.optimiser.load_state_dict(state["optimiser"])
            if self.ema is not None:
                self.ema.load_state_dict(state["ema"])
            device = self.fabric.device
            self.losses = [{name: term.to(device) for name, term in terms.items()} for terms in state["losses"]]
            self.step = state["step"]
            self.log.restore(state["log"])

    def _told_to_stop(self) -> bool:
        """Whether this process was told to; of several, all leave at the same step if any one was."""
        if self.fabric.world_size == 1:
            return self.stopped
        if self.step % _STEPS_BETWEEN_QUESTIONS:
            return False
        told = self.fabric.all_reduce(torch.tensor(float(self.stopped), device=self.fabric.device), reduce_op="sum")
        assert isinstance(told, Tensor)
        return told.item() > 0

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        self.stopped = True

    def _say_where(self) -> None:
        """When and on which device it starts, for whoever wonders which job holds which GPU."""
        if self.fabric.is_global_zero:
            name = devices.device_name(str(self.fabric.device))
            visible = os.environ.get("CUDA_VISIBLE_DEVICES", "not set")
            print(
                f"{self.wanted}: started {datetime.now().isoformat(timespec='milliseconds')} on {name}, "
                f"CUDA_VISIBLE_DEVICES {visible}",
                file=sys.stderr,
                flush=True,
            )

    def _facts(self, start_sha256: str) -> dict[str, Any]:
        """What the weights are a function of, as the file and the report carry it.

        Args:
            start_sha256: of the file that the training starts from; empty for fresh weights.
        """
        return provenance(
            run=str(self.wanted),
            seed=self.seed,
            plan=self.plan.as_dict(),
            warm_start=start_sha256,
            training_data=self.dataset,
            departures=departures(self.wanted, self.plan, self.dataset, self.scorer),
            patches=file_sha256(layout.training_data(self.dataset, self.wanted.span)),
            scores=file_sha256(layout.patch_scores(self.dataset, self.scorer)) if self.scorer else "",
            code=sources_digest("train", self.wanted.method, self.plan),
            device=devices.device_name(str(self.fabric.device)),
            devices=self.fabric.world_size,
            precision=str(self.settings["precision"]) if self.fabric.device.type == "cuda" else "32-true",
            threads=torch.get_num_threads(),
        )
