"""Trains one network on shards: AdamW, one-cycle learning rate, weight average, resumable, one CSV line per
interval."""

from __future__ import annotations

import copy
import csv
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from . import DONT_CARE, LABELS, MUSIC, NOISE, SPEECH
from .corpus import Cache, CorpusError
from .draws import Draws
from .features import BANDS, PAD_DB, log_mel
from .metrics import roc_auc
from .mixing import SCENE_SECONDS
from .network import SCALE_DB, SHAPES, Ear, Shape, parameter_count
from .plan import UNWEIGHED, Plan, deadline_of, learning_rate
from .remix import Remixer
from .run_folder import ancestor_of, average_of, checkpoint, log_up_to, resume, same_shards, save
from .scenes import Scenes
from .shards import Shards
from .splits import select
from .targets import YES, absent, labels_of, present
from .weights import load_pack

REPORTED = ["auc_" + name for name in LABELS] + ["false_speech"]
COLUMNS = ["valid_loss", *[prefix + name for prefix in ("", "trunk_") for name in REPORTED]]
WATCHED_RECALL = 0.9


BORDER_FRAMES, ONSET_FRAMES, GAP_FRAMES = 10, 15, 30
"""Frames on both sides of a border, after an onset, and from speech on both sides of a silence, that `weights_of`
weighs more."""


def augment(features: Tensor, plan: Plan, draws: Draws) -> Tensor:
    """Gain and a smooth equaliser per scene, as dB offsets (exact for a linear change above the floor), and masked
    bands."""
    batch = len(features)
    curve = draws.curve(batch, plan.equaliser_db / 2, 6, BANDS) * draws.chance(batch, 0.5)[:, None]
    offset = draws.uniform(batch, *plan.gain_range_db)
    out = (features + (offset[:, None] + curve)[:, None, :]).clamp_(min=PAD_DB)
    width = draws.integers(batch, 2, plan.mask_bands + 1)
    low = (draws.uniform(batch, 0, 1) * (BANDS - width)).long()
    axis = torch.arange(BANDS, device=out.device)
    masked = (axis >= low[:, None]) & (axis < (low + width)[:, None]) & draws.chance(batch, plan.mask_share)[:, None]
    mean = (out.mean(1) * masked).sum(1) / masked.sum(1).clamp(min=1)
    return torch.where(masked[:, None, :], mean[:, None, None], out)


def weights_of(labels: Tensor, plan: Plan) -> Tensor:
    """What each frame and target [batch, frames, labels] counts in the loss; 0 where nothing is judged."""
    speech, singing, music, noise = (present(labels[..., k]) for k in range(len(LABELS)))
    silent = absent(labels[..., SPEECH])
    voice = speech.float()
    onset = nn.functional.pad(voice[:, 1:] - voice[:, :-1], (1, 0))
    near = _spread(onset.abs(), BORDER_FRAMES, BORDER_FRAMES)
    early = _spread(onset.clamp(min=0.0), ONSET_FRAMES - 1, 0)
    between = _spread(voice, GAP_FRAMES, 0) * _spread(voice, 0, GAP_FRAMES)

    def where(chosen: Tensor, weight: float) -> Tensor:
        return 1 + (weight - 1) * chosen

    weight = (labels != DONT_CARE).float()
    weight[..., SPEECH] *= where(near, plan.border_weight) * where(early * voice, plan.onset_weight)
    weight[..., SPEECH] *= where(between * silent, plan.gap_weight)
    weight[..., SPEECH] *= where((silent & (music | noise)).float(), plan.music_negative_weight)
    weight[..., SPEECH] *= where((silent & singing).float(), plan.sung_negative_weight)
    weight[..., NOISE] *= where((speech & noise).float(), plan.masked_noise_weight)
    return weight


def _spread(marks: Tensor, after: int, before: int) -> Tensor:
    """Marks [batch, frames] of 0 and 1, carried on over so many frames after and before each."""
    padded = nn.functional.pad(marks, (after, before))
    return nn.functional.max_pool1d(padded[:, None], after + before + 1, 1)[:, 0]


def loss_of(logits: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Binary cross-entropy with probabilities, of frames that count `weight` (see `weights_of`), labels weighed
    alike."""
    loss = nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    return ((loss * weight).sum((0, 1)) / weight.sum((0, 1)).clamp(min=1)).mean()


@dataclass(frozen=True)
class Witness:
    """A finished network whose scores are a `share` of the targets of some `labels`."""

    ear: Ear
    share: float
    labels: tuple[int, ...]


@torch.no_grad()
def truth_of(labels: Tensor, features: Tensor, witnesses: Sequence[Witness] = ()) -> Tensor:
    """Probabilities of stored targets, partly as the witnesses hear the same `features`."""
    truth = labels.clamp(max=YES).float() / YES
    for witness in witnesses:
        said = torch.sigmoid(witness.ear.whole(features))
        for label in witness.labels:
            truth[..., label] = (1 - witness.share) * truth[..., label] + witness.share * said[..., label]
    return truth


def witnesses_of(plan: Plan, old: Ear | None, device: torch.device) -> list[Witness]:
    """Who is asked while a run trains: the pack that its chain began with (`old`), of music and noise, so that they
    stay what they were; and the teacher of its plan, of everything."""
    found = []
    if old is not None and plan.keep_old:
        found.append(Witness(old, plan.keep_old, (MUSIC, NOISE)))
    if plan.teacher:
        name = json.loads((Path(plan.teacher) / "pack.json").read_text())["name"]
        if name not in SHAPES:
            raise CorpusError(f"{plan.teacher}: {name} is no network that can teach; name one of {', '.join(SHAPES)}")
        ear = load_pack(Path(plan.teacher), SHAPES[name]).to(device)
        found.append(Witness(ear, plan.teacher_share, tuple(range(len(LABELS)))))
    return found


class BatchDrawer:
    """Draws batches a step ahead in a thread of its own; what a step gets depends on seed, step, device and shards."""

    def __init__(self, plan: Plan, scenes: Scenes, remixer: Remixer):
        self.plan, self.scenes, self.remixer = plan, scenes, remixer
        self.pool, self.ahead = ThreadPoolExecutor(1), {}

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Features [batch, frames, 64] and labels [batch, frames, 3] of a step."""
        ready = self.ahead.pop(step, None) or self.pool.submit(self._draw, step)
        self.ahead = {step + 1: self.pool.submit(self._draw, step + 1)}
        return ready.result()

    @torch.no_grad()
    def _draw(self, step: int) -> tuple[Tensor, Tensor]:
        plan, draws = self.plan, Draws((self.plan.seed, step), self.scenes.device)
        remixed = round(plan.batch * plan.remix_share)
        parts = [self.remixer.batch(remixed, draws)] if remixed else []
        if remixed < plan.batch:
            parts.append(self.scenes.batch(draws.integers(plan.batch - remixed, 0, len(self.scenes))))
        features, labels = (torch.cat(x) for x in zip(*parts, strict=True))
        pieces = plan.cuts[step % len(plan.cuts)]
        return tuple(x.reshape(-1, x.shape[1] // pieces, x.shape[2]) for x in (augment(features, plan, draws), labels))


def patches_of(scenes: Scenes, shape: Shape, plan: Plan, count: int = 384) -> Tensor:
    """Scaled feature patches as the first layer sees them, [patches, 64 * first_kernel]."""
    draws = Draws((plan.seed, 0, 77), scenes.device)
    features = augment(scenes.batch(draws.integers(count, 0, len(scenes)))[0], plan, draws)
    starts = draws.integers((count, 120), 0, features.shape[1] - shape.first_kernel)
    at = starts[..., None] + torch.arange(shape.first_kernel, device=features.device)
    patches = features[torch.arange(count, device=features.device)[:, None, None], at]
    return (patches.transpose(2, 3).reshape(-1, BANDS * shape.first_kernel) - PAD_DB) / SCALE_DB


def lone_recordings(cache: Cache, count: int = 96) -> np.ndarray:
    """Features [count, frames, 64] from the middle of whole valid recordings of music and noise in which nobody speaks.

    Scenes share recordings, so a network that knows its own by heart looks well on them; here it shows.
    """
    frames = int(SCENE_SECONDS * 100)
    clips = [
        c
        for c in select(cache.clips, "valid")
        if c.kind in ("music", "noise") and c.seconds > SCENE_SECONDS and "babble" not in c.sound
    ]
    chosen = [clips[i] for i in np.random.default_rng(5).permutation(len(clips))[:count]]
    if not chosen:
        raise CorpusError(
            f"the valid side has no recording of music or noise of over {SCENE_SECONDS:.0f} s to watch on"
        )
    features = [log_mel(cache.audio(c)) for c in chosen]
    return np.stack([f[(len(f) - frames) // 2 :][:frames] for f in features])


@torch.no_grad()
def validate(model: Ear, valid: Shards, lone: np.ndarray, scenes: int = 192) -> dict:
    """What `COLUMNS` names, on the first valid scenes: loss, AUC by label, share of the frames of `lone` that are
    called
    speech at the threshold that finds `WATCHED_RECALL` of the speech. `trunk_`: without the refinement."""
    model.eval()
    device = model.basis.device
    hear = lambda features: model.both(torch.from_numpy(features).to(device))
    heard, truths, losses = [], [], []
    for start in range(0, min(scenes, len(valid)), 32):
        features, labels = valid.batch(np.arange(start, min(start + 32, len(valid))))
        heard.append(hear(features))
        target = torch.from_numpy(labels).to(device)
        truth = truth_of(target, target)
        losses.append(float(loss_of(heard[-1][-1], truth, weights_of(target, UNWEIGHED))))
        truths.append(labels_of(labels).reshape(-1, len(LABELS)))
    alone = [hear(part) for part in np.array_split(lone, 4)]
    model.train()
    truth, result = np.concatenate(truths), {"valid_loss": float(np.mean(losses))}
    for prefix, which in (("", -1), ("trunk_", 0)):
        score = np.concatenate([h[which].reshape(-1, len(LABELS)).cpu().numpy() for h in heard])
        for k, name in enumerate(LABELS):
            judged = truth[:, k] != DONT_CARE
            result[f"{prefix}auc_{name}"] = roc_auc(score[judged, k], truth[judged, k] == 1)
        threshold = np.quantile(score[truth[:, SPEECH] == 1, SPEECH], 1 - WATCHED_RECALL)
        false = np.concatenate([a[which][..., SPEECH].reshape(-1).cpu().numpy() for a in alone]) > threshold
        result[f"{prefix}false_speech"] = float(false.mean())
    return result


def train(
    run: Path,
    shape: Shape,
    plan: Plan,
    train_shards: Shards,
    remixed_shards: Shards,
    valid_shards: Shards,
    lone: np.ndarray,
    device: str = "cpu",
) -> Ear:
    """Trains (or resumes) the run in folder `run`; returns the averaged model.

    A run that was interrupted ends with the weights of one that was not: what a step does depends on its number alone.
    `train_shards` give scenes as they are, `remixed_shards` what `Remixer` makes of theirs; `lone`: see
    `lone_recordings`.
    """
    run = Path(run)
    run.mkdir(parents=True, exist_ok=True)
    settings = {
        "shape": shape.to_dict(),
        "plan": asdict(plan),
        "held_out": sorted(train_shards.hold_out),
        "device": device,
        "shards": {"train": train_shards.digest(), "remixed": remixed_shards.digest()},
    }
    same_shards(run, settings)
    (run / "run.json").write_text(json.dumps(settings, indent=1))
    scenes = Scenes(train_shards, torch.device(device))
    remixer = Remixer(Scenes(remixed_shards, torch.device(device)), plan.shares)
    torch.manual_seed(plan.seed)
    model = Ear(shape).to(device)
    old = _start(model, plan, scenes, shape, fresh=not (run / "last.pt").exists())
    witnesses = witnesses_of(plan, old, model.basis.device)
    average = copy.deepcopy(model)
    model.dropout.p = plan.dropout
    optimiser = torch.optim.AdamW(model.parameters(), plan.peak_rate, weight_decay=plan.weight_decay)
    step, trained_s, running = resume(run, model, average, optimiser)
    print(
        f"{run.name}: {parameter_count(model)} parameters, look-ahead {shape.lookahead_frames} frames, from step "
        f"{step}",
        flush=True,
    )
    began = time.time() - trained_s
    deadline_s = deadline_of(plan.deadline)
    progress, started = step / plan.steps, time.time()
    log = log_up_to(run / "log.csv", step).open("a", newline="")
    writer = csv.writer(log)
    if step == 0:
        writer.writerow(["step", "seconds", "hours_heard", "rate", "train_loss", *COLUMNS])
    draw = BatchDrawer(plan, scenes, remixer)
    while progress < 1.0:
        features, labels = draw.batch(step)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(progress, plan)
        torch.manual_seed(step_seed(plan.seed, step))  # what dropout draws
        heard = model.both(features)
        weight, truth = weights_of(labels, plan), truth_of(labels, features, witnesses)
        loss = sum(loss_of(logits, truth, weight) for logits in heard) / len(heard)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), plan.clip_norm)
        optimiser.step()
        step += 1
        progress = step / plan.steps
        if deadline_s is not None:  # whichever comes first: the steps or the clock
            progress = max(progress, (time.time() - started) / max(deadline_s - started, 1.0))
        follow(average, model, step, plan.average_decay)
        running.append(loss.detach())
        if step % plan.report_every == 0 or progress >= 1.0:
            report = validate(average, valid_shards, lone)
            hours = step * features.shape[0] * features.shape[1] / 360000
            row = [
                step,
                round(time.time() - began),
                round(hours, 1),
                f"{learning_rate(progress, plan):.6f}",
                f"{float(torch.stack(running).mean()):.5f}",
                *[f"{report[c]:.5f}" for c in COLUMNS],
            ]
            writer.writerow(row)
            log.flush()
            running.clear()
            print(*row, flush=True)
        if step % plan.keep_every == 0:
            save(run / f"step-{step:06d}.pt", dict(average=average.state_dict()))
        if step % plan.save_every == 0 or progress >= 1.0:
            checkpoint(run, model, average, optimiser, step, time.time() - began, running)
    log.close()
    return average


def _start(model: Ear, plan: Plan, scenes: Scenes, shape: Shape, fresh: bool) -> Ear | None:
    """Gives a `fresh` run its first weights, those of the plan's `start_from`: the folder of a run or of a pack.
    Returns
    the network of the pack with which its chain of runs began, for `Plan.keep_old`."""
    device, start = model.basis.device, Path(plan.start_from)
    pack = ancestor_of(plan.start_from)
    old = load_pack(pack, shape).to(device).eval() if pack else None
    if fresh and plan.whiten:
        model.set_basis(patches_of(scenes, shape, plan))
    if fresh and old is not None and pack == start:
        model.take(old)
    elif fresh and plan.start_from:
        model.load_state_dict(average_of(start))
    return old


def step_seed(seed: int, step: int) -> int:
    """Seed of the draws of one step."""
    return int(np.random.SeedSequence((seed, step, 1)).generate_state(1, np.uint64)[0] >> np.uint64(1))


@torch.no_grad()
def follow(average: nn.Module, model: nn.Module, step: int, decay: float) -> None:
    """Moves the weight average towards the model; quicker at the beginning, when it has little to remember."""
    decay = min(decay, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - decay)
