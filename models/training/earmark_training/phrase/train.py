"""Training: frame labels by cosine, learning rate from a warm-up to nothing, averaged weights; resumable."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..features import BANDS
from .bank import Bank, Windows
from .network import CONTEXT_HOPS, Phrase, Sounds
from .units import INDEX, UNITS, UNLABELLED

BATCH = 24
SAVE_EVERY_S = 120
AVERAGE = 0.998
LIKENESS_WEIGHT = 2.0
"""Of the distance between what is heard in noise and what the averaged network hears of the same without it: enrolled
clips are clean, what they are sought in is not, and words that nobody transcribed teach as well."""
AUDIBLE_DB = -45.0
"""A hop this far below the loudest of its window says nothing worth hearing through noise."""
SILENCE_WEIGHT = 0.35
"""Of silence in the loss: half of all frames hold it, and it must not swallow faint sounds."""


def targets(labels: torch.Tensor) -> torch.Tensor:
    """Hop labels [batch, hops] -> the labels of all contexts [batch, hops, contexts]; -1 beyond the window."""
    shifted = []
    for hops in CONTEXT_HOPS:
        moved = torch.roll(labels, -hops, 1)
        if hops > 0:
            moved[:, -hops:] = -1
        elif hops < 0:
            moved[:, :-hops] = -1
        shifted.append(moved)
    return torch.stack(shifted, 2)


def whiten(network: Phrase, windows: Windows) -> None:
    """Fits the white basis of the first layer to what windows hold."""
    features, _, _ = windows.batch(64)
    kernel, hop = network.shape.first_kernel, network.shape.hop_frames
    scaled = torch.from_numpy((features + 100) / 30)
    patches = scaled.unfold(1, kernel, hop).reshape(-1, BANDS * kernel)
    network.set_basis(patches)


def train(
    bank: Bank,
    folder: Path,
    weights: dict[str, float],
    steps: int,
    seed: int,
    start: Path | None = None,
    peak_rate: float = 2e-3,
) -> Phrase:
    """Trains for `steps` in all, taking up what `folder` holds; gives the averaged network."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    settings = {"steps": steps, "batch": BATCH, "seed": seed, "peak_rate": peak_rate, "shares": weights}
    (folder / "run.json").write_text(json.dumps(settings, indent=1) + "\n")
    network, sounds = Phrase(), Sounds()
    average, average_sounds = Phrase(), Sounds()
    state_file, step = folder / "state.pt", 0
    saved = torch.load(state_file, weights_only=True) if state_file.exists() else None
    windows = Windows(bank, weights, seed + (saved["step"] if saved else 0))
    if saved is None:
        whiten(network, windows)
        if start:
            load(start, network, sounds)
    parameters = [*network.parameters(), *sounds.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=peak_rate, weight_decay=0.01)
    if saved:
        step = saved["step"]
        for module, name in (
            (network, "network"),
            (sounds, "sounds"),
            (average, "average"),
            (average_sounds, "average_sounds"),
        ):
            module.load_state_dict(saved[name])
        optimiser.load_state_dict(saved["optimiser"])
    else:
        average.load_state_dict(network.state_dict())
        average_sounds.load_state_dict(sounds.state_dict())
    importance = torch.ones(len(UNITS))
    importance[INDEX["SIL"]] = SILENCE_WEIGHT
    began, told, losses, right, aways = time.time(), time.time(), [], [], []
    while step < steps:
        share = step / steps
        rate = float(peak_rate * min(1.0, (step + 1) / 100) * (0.5 * (1 + np.cos(np.pi * share)) * 0.98 + 0.02))
        for group in optimiser.param_groups:
            group["lr"] = rate
        features, clean, labels = windows.batch(BATCH)
        wanted = targets(torch.from_numpy(labels))
        vectors = network.whole(torch.from_numpy(features))
        with torch.no_grad():
            dry = torch.from_numpy(clean)
            aim = average.whole(dry)
            level = dry.amax(2).unfold(1, 4, 4).amax(2)
            audible = (level > level.amax(1, keepdim=True) + AUDIBLE_DB).float()
        away = ((1 - nn.functional.cosine_similarity(vectors, aim, dim=-1)) * audible).sum() / audible.sum()
        logits = sounds(vectors)
        loss = (
            nn.functional.cross_entropy(
                logits.reshape(-1, len(UNITS)),
                wanted.reshape(-1),
                weight=importance,
                ignore_index=UNLABELLED,
                label_smoothing=0.05,
            )
            + LIKENESS_WEIGHT * away
        )
        aways.append(away.item())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 2.0)
        optimiser.step()
        step += 1
        keep = min(AVERAGE, step / (step + 20))
        with torch.no_grad():
            for mean, now in ((average, network), (average_sounds, sounds)):
                for a, b in zip(mean.state_dict().values(), now.state_dict().values(), strict=True):
                    a.mul_(keep).add_(b, alpha=1 - keep) if a.is_floating_point() else a.copy_(b)
        now = logits[:, :, 1].argmax(-1)
        judged = wanted[:, :, 1] > 0
        losses.append(loss.item())
        right.append((now[judged] == wanted[:, :, 1][judged]).float().mean().item())
        if step % 100 == 0:
            line = {
                "step": step,
                "loss": round(np.mean(losses), 4),
                "distance_in_noise": round(np.mean(aways), 4),
                "sound_accuracy": round(np.mean(right), 4),
                "seconds": round(time.time() - began),
            }
            print(json.dumps(line), flush=True)
            losses, right, aways = [], [], []
        if time.time() - told > SAVE_EVERY_S or step == steps:
            told = time.time()
            torch.save(
                {
                    "step": step,
                    "network": network.state_dict(),
                    "sounds": sounds.state_dict(),
                    "average": average.state_dict(),
                    "average_sounds": average_sounds.state_dict(),
                    "optimiser": optimiser.state_dict(),
                },
                state_file,
            )
    return average


def load(folder: Path, network: Phrase, sounds: Sounds | None = None) -> Phrase:
    """The averaged weights of a run."""
    saved = torch.load(folder / "state.pt", weights_only=True)
    network.load_state_dict(saved["average"])
    if sounds is not None:
        sounds.load_state_dict(saved["average_sounds"])
    return network
