"""Trains the network: which of the training speakers it is (additive angular margin), and what the teacher says.

Deng et al., ArcFace, CVPR 2019. The teacher's embeddings, their mean taken out, are met through a projection that is
dropped afterwards. AdamW, half a cosine, weight average, resumable, a CSV line per interval.
"""

from __future__ import annotations

import copy
import csv
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..features import PAD_DB
from ..network import SCALE_DB
from ..plan import deadline_of, learning_rate
from ..run_folder import checkpoint, log_up_to, resume
from . import HOP_FRAMES
from .draws import Batch, Draws
from .network import FIRST_KERNEL, LOOKAHEAD_FRAMES, Shape, Voiceprint, parameter_count, pooled

TEACHER_DIM = 256
SPEEDS = 3  # of each speaker, as classes


@dataclass
class Plan:
    """Settings of one training run."""

    steps: int = 6000
    budget_frames: int = 9600  # of one batch
    peak_rate: float = 2e-3
    weight_decay: float = 0.05
    warm_up: float = 0.04
    average_decay: float = 0.997
    clip_norm: float = 5.0
    scale: float = 30.0
    margin: float = 0.2
    margin_from: float = 0.1  # share of the run after which the margin begins to grow, and ends to at twice that
    teacher_weight: float = 16.0
    half: bool = True  # products in bfloat16 where the processor has them
    start_from: str = ""  # a run of the same shape whose average is the start
    seed: int = 1
    deadline: str = ""  # local HH:MM at which the rate has to have reached zero; steps are cut to fit
    report_every: int = 500
    save_every: int = 500


class Trained(nn.Module):
    """The network with the two heads that training needs. `centroids` [speakers, 256]: the teacher's of each."""

    def __init__(self, shape: Shape, centroids: Tensor):
        super().__init__()
        self.network = Voiceprint(shape)
        self.own = nn.Parameter(torch.randn(SPEEDS * len(centroids), shape.dim) * 0.1)
        self.maps = nn.Parameter(torch.randn(SPEEDS, TEACHER_DIM, shape.dim) * 0.02)
        self.teacher = nn.Linear(shape.dim, TEACHER_DIM)
        self.register_buffer("centroids", centroids)

    def speakers(self) -> Tensor:
        """A direction for each speaker and speed: where the teacher has that voice, and what is the speaker's own. A
        speaker with ten seconds in the bank would not find a place from nowhere."""
        told = torch.einsum("st,vtd->svd", self.centroids, self.maps).flatten(0, 1)
        return nn.functional.normalize(self.own, dim=1) + nn.functional.normalize(told, dim=1)

    def embed(self, batch: Batch) -> Tensor:
        """Embeddings of the intervals of a batch."""
        x = batch.features
        missing = LOOKAHEAD_FRAMES - (x.shape[1] - batch.before - batch.frames)
        if missing:
            x = torch.cat([x, torch.full((len(x), missing, x.shape[2]), PAD_DB)], 1)
        rows, *_ = self.network(x, *self.network.zero_states(len(x)))
        first = (batch.before + LOOKAHEAD_FRAMES) // HOP_FRAMES
        return pooled(rows[:, first : first + batch.frames // HOP_FRAMES].float())


def margin_at(progress: float, plan: Plan) -> float:
    """The margin grows once the classes have found their places."""
    return plan.margin * min(1.0, max(0.0, progress / plan.margin_from - 1.0))


def speaker_loss(embedding: Tensor, speakers: Tensor, label: Tensor, margin: float, scale: float) -> Tensor:
    """Cross-entropy of cosines, the own one at an angle larger by `margin`; only those with a label count."""
    known = label >= 0
    cosine = embedding[known] @ nn.functional.normalize(speakers, dim=1).T
    own = cosine.gather(1, label[known, None]).clamp(-1 + 1e-6, 1 - 1e-6)
    moved = own * math.cos(margin) - torch.sqrt(1 - own**2) * math.sin(margin)
    logits = cosine.scatter(1, label[known, None], torch.where(own > -math.cos(margin), moved, own - margin**2))
    return nn.functional.cross_entropy(scale * logits, label[known])


def teacher_loss(said: Tensor, targets: Tensor, voice: Tensor) -> Tensor:
    """One minus the cosine to the teacher's embedding of the clip."""
    known = voice >= 0
    return (1 - nn.functional.cosine_similarity(said[known], targets[voice[known]])).mean()


def centred(targets: np.ndarray) -> Tensor:
    """The teacher's embeddings without what all voices share, of length 1."""
    rows = torch.from_numpy(targets)
    return nn.functional.normalize(rows - rows.mean(0), dim=1)


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, step: int, decay: float) -> None:
    """Moving average of weights and of the statistics of normalisation; follows faster at the beginning."""
    keep = min(decay, (1 + step) / (10 + step))
    for own, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if own.is_floating_point():
            own.lerp_(new, 1 - keep)
        else:
            own.copy_(new)


def _patches(draws: Draws, plan: Plan) -> Tensor:
    """Feature patches of a few batches, scaled, band-major."""
    rng = np.random.default_rng([plan.seed, 1])
    found = [
        ((draws.batch(rng, plan.budget_frames).features - PAD_DB) / SCALE_DB).unfold(1, FIRST_KERNEL, 8).flatten(0, 1)
        for _ in range(6)
    ]
    return torch.cat(found).flatten(1)


def train(
    run: Path, shape: Shape, plan: Plan, draws: Draws, targets: np.ndarray, valid: Callable[[Voiceprint], dict]
) -> None:
    """Trains (or resumes) the run in folder `run`. `valid` measures the averaged network."""
    run = Path(run)
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(plan.seed)
    goals = centred(targets)
    model = Trained(shape, goals[draws.first_clips()])
    if plan.start_from:
        model.load_state_dict(torch.load(Path(plan.start_from) / "last.pt", weights_only=True)["average"])
    else:
        model.network.set_basis(_patches(draws, plan))
    average = copy.deepcopy(model).eval()
    optimiser = torch.optim.AdamW(model.parameters(), plan.peak_rate, weight_decay=plan.weight_decay)
    step, trained_s, _ = resume(run, model, average, optimiser)
    settings = {"shape": shape.to_dict(), "plan": asdict(plan), "classes": draws.classes}
    (run / "run.json").write_text(json.dumps(settings, indent=1) + "\n")
    print(f"{run.name}: {parameter_count(model.network)} parameters, {draws.classes} classes", flush=True)
    began, clock_began, first_step = time.process_time() - trained_s, time.time(), step
    deadline = deadline_of(plan.deadline)
    running: list[list[float]] = []
    with log_up_to(run / "log.csv", step).open("a", newline="") as log:
        writer = csv.writer(log)
        while step < plan.steps:
            rng = np.random.default_rng([plan.seed, 2, step])
            batch = draws.batch(rng, plan.budget_frames)
            progress = step / plan.steps
            if deadline and step - first_step >= 20:
                ended = (time.time() - clock_began) / (deadline - clock_began)
                progress = max(progress, min(1.0, first_step / plan.steps + ended * (1 - first_step / plan.steps)))
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(progress, plan)
            with torch.autocast("cpu", torch.bfloat16, enabled=plan.half):
                embedding = model.embed(batch)
            parts = [
                speaker_loss(embedding, model.speakers(), batch.label, margin_at(progress, plan), plan.scale),
                teacher_loss(model.teacher(embedding), goals, batch.voice),
            ]
            loss = parts[0] + plan.teacher_weight * parts[1]
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), plan.clip_norm)
            optimiser.step()
            step += 1
            follow(average, model, step, plan.average_decay)
            running.append([float(v.detach()) for v in parts])
            last = step == plan.steps or progress >= 1.0
            if step % plan.report_every == 0 or last:
                means = np.mean(running, 0)
                row = {
                    "step": step,
                    "cpu_s": round(time.process_time() - began, 1),
                    "speaker": round(float(means[0]), 4),
                    "teacher": round(float(means[1]), 4),
                    **{k: round(v, 5) for k, v in valid(average.network).items()},
                }
                if log.tell() == 0:
                    writer.writerow(row)  # the names
                writer.writerow(row.values())
                log.flush()
                running.clear()
                print(row, flush=True)
            if step % plan.save_every == 0 or last:
                checkpoint(run, model, average, optimiser, step, time.process_time() - began)
            if last:
                break


def load_average(run: Path) -> Voiceprint:
    """The averaged network of a run, folded, ready to export."""
    settings = json.loads((Path(run) / "run.json").read_text())
    centroids = torch.zeros(settings["classes"] // SPEEDS, TEACHER_DIM)
    model = Trained(Shape.from_dict(settings["shape"]), centroids)
    model.load_state_dict(torch.load(Path(run) / "last.pt", weights_only=True)["average"])
    network = model.network.eval()
    network.fold()
    return network
