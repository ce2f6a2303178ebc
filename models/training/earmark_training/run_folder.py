"""The folder of a training run: settings, log, checkpoints, and the averages that become packs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from .corpus import CorpusError
from .network import Ear, Shape


def same_shards(run: Path, settings: dict) -> None:
    """A run goes on with the scenes that it began with, or not at all."""
    if (run / "last.pt").exists() and (run / "run.json").exists():
        before = json.loads((run / "run.json").read_text()).get("shards")
        if before and before != settings["shards"]:
            raise CorpusError(f"{run}: begun on other shards than there are now; go on with those, or take another run")


def log_up_to(path: Path, step: int) -> Path:
    """Takes lines of later steps out of the log: they are made again."""
    if path.exists():
        head, *rows = path.read_text().splitlines(keepends=True) or [""]
        path.write_text("".join([head] * (step > 0) + [r for r in rows if int(r.split(",")[0]) <= step]))
    return path


def resume(
    run: Path, model: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer
) -> tuple[int, float, list[Tensor]]:
    """Takes up what `checkpoint` left in the folder of a run: its step, its seconds and the losses that are not in the
    log yet; zeros and none where nothing is."""
    if not (run / "last.pt").exists():
        return 0, 0.0, []
    saved = torch.load(run / "last.pt", weights_only=True, map_location=next(model.parameters()).device)
    for name, part in (("model", model), ("average", average), ("optimiser", optimiser)):
        part.load_state_dict(saved[name])
    return saved["step"], saved["trained_s"], list(saved.get("losses", ()))


def checkpoint(
    run: Path,
    model: nn.Module,
    average: nn.Module,
    optimiser: torch.optim.Optimizer,
    step: int,
    trained_s: float,
    losses: Sequence[Tensor] = (),
) -> None:
    """Writes what `resume` and `load_average` read."""
    state = {
        name: part.state_dict() for name, part in (("model", model), ("average", average), ("optimiser", optimiser))
    }
    save(run / "last.pt", {**state, "step": step, "trained_s": trained_s, "losses": list(losses)})


def save(path: Path, values: dict) -> None:
    """Atomic torch.save."""
    torch.save(values, path.with_suffix(".partial"))
    os.replace(path.with_suffix(".partial"), path)


def average_of(run: Path) -> dict[str, Tensor]:
    """The averaged weights that a run ended with, or those that it kept at a step: `RUN@STEP`."""
    name, _, step = run.name.partition("@")
    file = run.with_name(name) / (f"step-{int(step):06d}.pt" if step else "last.pt")
    return torch.load(file, weights_only=True, map_location="cpu")["average"]


def ancestor_of(start: str) -> Path | None:
    """The pack folder whose weights a chain of runs began with, from the first weights of its last run; None where they
    came from nowhere."""
    folder = Path(start) if start else None
    if folder is None or (folder / "pack.json").exists():
        return folder
    earlier = folder.with_name(folder.name.partition("@")[0]) / "run.json"
    return ancestor_of(json.loads(earlier.read_text())["plan"]["start_from"])


def load_average(run: Path, soup: tuple[str, ...] = ()) -> Ear:
    """The averaged model of a run, ready to evaluate.

    `soup`: instead the mean of the weights of several averages, each `RUN` (its last one) or `RUN@STEP` (one that was
    kept),
    from runs that went on from each other (Wortsman et al., Model soups, ICML 2022).
    """
    run = Path(run)
    settings = json.loads((run / "run.json").read_text())
    model = Ear(Shape.from_dict(settings["shape"]))
    parts = [average_of(run.parent / name) for name in soup or (run.name,)]
    model.load_state_dict({name: torch.stack([p[name] for p in parts]).mean(0) for name in parts[0]})
    model.fold()
    return model.eval()
