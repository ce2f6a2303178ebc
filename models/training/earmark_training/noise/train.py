"""Trains the network on shards: AdamW, half a cosine, weight average, resumable, a CSV line per interval."""

from __future__ import annotations

import copy
import csv
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..metrics import roc_auc
from ..plan import learning_rate
from ..run_folder import checkpoint, resume
from ..train import follow
from . import KINDS
from .bank import Bank
from .network import LEAST_POWER, PER_DB, Gauge, Shape, parameter_count

AUDIBLE_RANGE_DB = 60.0
"""Levels this far under the louder of speech and noise are all alike."""
LEVEL_SPANS = ((10, 0.3), (30, 0.3), (0, 0.7))
"""Spans of steps over which levels are compared (0: the whole scene), with their share in the loss."""
SHORTEST_TAKE_STEPS = 40
REPORTED_DB, REPORTED_MARGIN_DB = (-5.0, 25.0), 6.0
"""The ratios whose error is reported: up to the margin around them the loss counts fully, beyond it a quarter."""


@dataclass
class Plan:
    """Settings of one training run."""

    steps: int = 5000
    batch: int = 64
    peak_rate: float = 4e-3
    weight_decay: float = 0.1
    warm_up: float = 0.05
    average_decay: float = 0.999
    clip_norm: float = 2.0
    dropout: float = 0.35
    level_weight: float = 0.5
    ratio_weight: float = 0.5
    kind_weight: float = 0.3
    ignored_steps: int = 10  # at the beginning, where nothing is known yet
    start_from: str = ""  # a checkpoint of the same shape
    seed: int = 1
    report_every: int = 250
    save_every: int = 250


def answers(model: Gauge, target: dict[str, Tensor]) -> Tensor:
    """What the trained layers answer to banked statistics."""
    memory = torch.zeros(1, len(target["noise"]), model.shape.hidden)
    return model.judge(target["statistics"], target["power_dbfs"], memory)[0]


def _mean_over(dbfs: Tensor, span: int) -> Tensor:
    """Levels of the mean power over spans of steps, [batch, spans, 2]."""
    power = torch.exp(dbfs * PER_DB).transpose(1, 2)
    return torch.log(nn.functional.avg_pool1d(power, span) + LEAST_POWER).transpose(1, 2) / PER_DB


def _ratio_db(dbfs: Tensor) -> Tensor:
    """Speech over noise of mean powers, [batch], from levels [batch, steps, 2]."""
    power = torch.exp(dbfs * PER_DB).sum(1) + LEAST_POWER
    return torch.log(power[:, 0] / power[:, 1]) / PER_DB


def ratio_loss(levels: Tensor, said: Tensor, steps: int) -> Tensor:
    """Huber of the ratio that would be reported of a take that ends after `steps`."""
    true_db, said_db = (_ratio_db(v[:, :steps]) for v in (levels, said))
    low, high = REPORTED_DB[0] - REPORTED_MARGIN_DB, REPORTED_DB[1] + REPORTED_MARGIN_DB
    weight = 0.25 + 0.75 * ((true_db > low) & (true_db < high)).float()
    low, high = low - REPORTED_MARGIN_DB, high + REPORTED_MARGIN_DB
    error = said_db - true_db.clamp(low, high)
    # What is true beyond the ends may be said to be any value beyond them.
    error = torch.where(true_db > high, error.clamp(max=0.0), torch.where(true_db < low, error.clamp(min=0.0), error))
    return (nn.functional.smooth_l1_loss(error / 3, torch.zeros_like(error), reduction="none") * weight).mean()


def losses(out: Tensor, target: dict[str, Tensor], plan: Plan, take_steps: int = 0) -> dict[str, Tensor]:
    """Cross-entropy of noise and kinds, Huber of the two levels over a second, three seconds, the scene, and of the
    ratio over the first `take_steps` (0: over all)."""
    at = slice(plan.ignored_steps, None)
    bce = nn.functional.binary_cross_entropy_with_logits
    noise = bce(out[:, at, 0], target["noise"][:, at], reduction="none") * target["weight"][:, at]
    kind = (
        bce(out[:, at, 1 : len(KINDS) + 1], target["kinds"][:, at], reduction="none").mean(2)
        * target["kind_weight"][:, at]
    )
    levels = torch.stack([target["speech_dbfs"], target["noise_dbfs"]], 2)
    said = out[:, :, len(KINDS) + 1 :]
    level = 0.0
    for steps, share in LEVEL_SPANS:
        span = steps or levels.shape[1]
        true_dbfs, said_dbfs = (_mean_over(v, span) for v in (levels, said))
        lowest = true_dbfs.amax((1, 2), keepdim=True) - AUDIBLE_RANGE_DB
        error = torch.maximum(said_dbfs, lowest) - torch.maximum(true_dbfs, lowest)
        level = level + share * nn.functional.smooth_l1_loss(error / 3, torch.zeros_like(error), reduction="mean")
    return {
        "noise": noise.sum() / target["weight"][:, at].sum().clamp(min=1),
        "kind": kind.sum() / target["kind_weight"][:, at].sum().clamp(min=1),
        "level": level,
        "ratio": ratio_loss(levels, said, take_steps or levels.shape[1]),
    }


def scene_figures(out: np.ndarray, target: dict[str, Tensor]) -> dict[str, np.ndarray]:
    """Per scene: mean probability, SNR said and SNR true over the whole scene."""

    def ratio(speech, noise):
        return 10 * np.log10((10 ** (speech / 10)).sum(1) / (10 ** (noise / 10)).sum(1))

    n = len(KINDS) + 1
    return {
        "p": (1 / (1 + np.exp(-out[:, 10:, 0]))).mean(1),
        "snr": ratio(out[:, :, n], out[:, :, n + 1]),
        "true": ratio(target["speech_dbfs"].numpy().astype(float), target["noise_dbfs"].numpy().astype(float)),
    }


@torch.no_grad()
def validate(model: Gauge, valid: Bank, plan: Plan) -> dict:
    """Losses and scene figures on all valid scenes."""
    model.eval()
    rows, sums = [], []
    for start in range(0, len(valid), 64):
        target = valid.batch(np.arange(start, min(start + 64, len(valid))))
        out = answers(model, target)
        sums.append([float(v) for v in losses(out, target, plan).values()])
        rows.append(scene_figures(out.numpy(), target))
    model.train()
    figures = {k: np.concatenate([r[k] for r in rows]) for k in rows[0]}
    share = np.array([a["share"] for a in valid.about])
    clean, between = share == "clean", (figures["true"] > -5) & (figures["true"] < 25)
    result = dict(zip(("noise", "kind", "level", "ratio"), np.mean(sums, 0), strict=True))
    for name, low, high in (("auc_20", 17, 23), ("auc_30", 27, 33)):
        chosen = clean | ((share != "clean") & (figures["true"] >= low) & (figures["true"] < high))
        result[name] = roc_auc(figures["p"][chosen], ~clean[chosen])
    error = (figures["snr"] - figures["true"])[between]
    result |= {"snr_mae": float(np.abs(error).mean()), "snr_bias": float(error.mean())}
    return result


def train(run: Path, shape: Shape, plan: Plan, bank: Bank, valid: Bank) -> Gauge:
    """Trains (or resumes) the run in folder `run`; returns the averaged model."""
    run = Path(run)
    run.mkdir(parents=True, exist_ok=True)
    (run / "run.json").write_text(
        json.dumps(
            {"shape": shape.to_dict(), "plan": asdict(plan), "scenes": len(bank), "stored": bank.header["stored"]},
            indent=1,
        )
    )
    torch.manual_seed(plan.seed)
    model = Gauge(shape)
    if plan.start_from and not (run / "last.pt").exists():
        model.load_state_dict(torch.load(plan.start_from, weights_only=True)["average"])
    average = copy.deepcopy(model)
    model.dropout.p = plan.dropout
    optimiser = torch.optim.AdamW(model.parameters(), plan.peak_rate, weight_decay=plan.weight_decay)
    step, trained_s, _ = resume(run, model, average, optimiser)
    print(f"{run.name}: {parameter_count(model)} parameters, {len(bank)} scenes, from step {step}", flush=True)
    began = time.process_time() - trained_s
    running, log = [], (run / "log.csv").open("a", newline="")
    writer = csv.writer(log)
    while step < plan.steps:
        rng = np.random.default_rng([plan.seed, step])
        target = bank.batch(rng.integers(0, len(bank), plan.batch))
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step / plan.steps, plan)
        take_steps = int(rng.integers(SHORTEST_TAKE_STEPS, target["noise"].shape[1] + 1))
        parts = losses(answers(model, target), target, plan, take_steps)
        loss = (
            parts["noise"]
            + plan.kind_weight * parts["kind"]
            + plan.level_weight * parts["level"]
            + plan.ratio_weight * parts["ratio"]
        )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), plan.clip_norm)
        optimiser.step()
        step += 1
        follow(average, model, step, plan.average_decay)
        running.append([float(v.detach()) for v in parts.values()])
        if step % plan.report_every == 0 or step == plan.steps:
            report = validate(average, valid, plan)
            row = {
                "step": step,
                "cpu_s": round(time.process_time() - began, 1),
                **{f"train_{k}": round(float(v), 5) for k, v in zip(parts, np.mean(running, 0), strict=True)},
                **{k: round(float(v), 5) for k, v in report.items()},
            }
            if log.tell() == 0:
                writer.writerow(row)  # the names
            writer.writerow(row.values())
            log.flush()
            running.clear()
            print(row, flush=True)
        if step % plan.save_every == 0 or step == plan.steps:
            checkpoint(run, model, average, optimiser, step, time.process_time() - began)
    log.close()
    return average.eval()


def load_average(run: Path) -> Gauge:
    """The averaged model of a run, ready to export."""
    run = Path(run)
    model = Gauge(Shape(**json.loads((run / "run.json").read_text())["shape"]))
    model.load_state_dict(torch.load(run / "last.pt", weights_only=True)["average"])
    return model.eval()
