"""Scenes as files: features of the mixture, of the speech alone and of the noise alone, and the power of each part."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from .. import HOP_SAMPLES
from ..corpus import Cache
from ..noises import coloured_noise
from ..features import PAD_DB, log_mel
from ..labels import frame_power
from ..splits import check, select
from .scenes import Studio
from .survey import is_held_out, survey

SCENES_PER_SHARD = 64
SEED_BASE = {"train": 5_000_000_000, "valid": 6_000_000_000}
NOISE_ONLY_SHARE, HISS_SHARE = 0.12, 0.4
"""Mixtures without any speech, and how many of those are an even hiss from the first sample to the last."""
ARRAYS = ("mix", "quiet", "noise", "power")


def studio(cache: Cache, split: str, floors_file: Path) -> Studio:
    """The scenes of one side. `train` and `valid` know nothing of what is held out; `held-out` only that."""
    check(cache.clips)
    floors = survey(cache, floors_file)
    if split == "held-out":
        clips = [c for s in ("train", "valid") for c in select(cache.clips, s) if is_held_out(c)]
        clips += [c for c in cache.clips if c.kind == "room" and c.split == "valid"]
    else:
        clips = [c for c in select(cache.clips, split) if not is_held_out(c)]
    return Studio(cache, clips, floors, seed={"train": 1, "valid": 2, "held-out": 3}[split])


def generate(cache: Cache, work: Path, split: str, count: int, first: int = 0, step: int = 1) -> None:
    """Writes shards `first, first + step, …`; those that exist are kept."""
    made = studio(cache, split, work / "floors.json")
    folder = work / f"noise-{split}"
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(first, count, step):
        stem = folder / f"shard-{index:04d}"
        if not stem.with_suffix(".json").exists():
            _write(made, stem, SEED_BASE[split] + index * SCENES_PER_SHARD)


def _write(made: Studio, stem: Path, seed: int) -> None:
    rows = {name: [] for name in ARRAYS}
    about = []
    for i in range(SCENES_PER_SHARD):
        scene = made.scene(seed + i)
        for name in ARRAYS[:3]:
            rows[name].append(log_mel(getattr(scene, name)).astype(np.float16))
        rows["power"].append(scene.power)
        about.append(scene.about)
    for name in ARRAYS:
        np.save(f"{stem}.{name}.npy", np.stack(rows[name]))
    partial = stem.with_suffix(".partial")
    partial.write_text(json.dumps(about))
    os.replace(partial, stem.with_suffix(".json"))


class Shards:
    """Random access to finished scenes, and new mixtures of them."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self.arrays: list[dict[str, np.ndarray]] = []
        self.about: list[dict] = []
        self.place: list[tuple[int, int]] = []
        self.noisy: list[int] = []
        self.voiced: list[int] = []
        self.refresh()

    def refresh(self) -> int:
        """Takes up shards that were finished since; the number of scenes."""
        paths = sorted(self.folder.glob("shard-*.json"))
        for path in paths[len(self.arrays):]:
            stem = path.with_suffix("")
            self.arrays.append({name: np.load(f"{stem}.{name}.npy", mmap_mode="r") for name in ARRAYS})
            for row, about in enumerate(json.loads(path.read_text())):
                here = len(self.place)
                self.place.append((len(self.arrays) - 1, row))
                self.about.append(about)
                if about["share"] != "clean":
                    self.noisy.append(here)
                if about["share"] != "noise only":
                    self.voiced.append(here)
        return len(self.place)

    def array(self, scene: int, name: str) -> np.ndarray:
        """One array of one scene."""
        shard, row = self.place[scene]
        return np.asarray(self.arrays[shard][name][row], np.float32)

    def stored(self, scene: int) -> tuple[np.ndarray, np.ndarray, str | None]:
        """Features of the waveform mixture, power [frames, 3], kind of the noise."""
        return self.array(scene, "mix"), self.array(scene, "power"), self.about[scene].get("kind")

    def remixed(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, str | None]:
        """Any speech under any noise: powers of the two add, as they do on average when waveforms do."""
        if rng.random() < NOISE_ONLY_SHARE:
            return self.noise_alone(rng)
        voice = self.voiced[rng.integers(len(self.voiced))]
        quiet, power = self.array(voice, "quiet"), self.array(voice, "power").copy()
        power[:, 2] = 0.0
        if rng.random() < 0.33:
            return quiet, power, None
        other = self.noisy[rng.integers(len(self.noisy))]
        noise, noise_power = self.array(other, "noise"), self.array(other, "power")[:, 2]
        own = power[:, 1].sum() / max(power[:, 0].sum(), 1e-20)
        highest_db = 40.0 if own < 10**-4 else 20.0
        snr_db = rng.uniform(-6.0, 12.0) if rng.random() < 0.35 else rng.uniform(0.0, highest_db)
        smooth = np.convolve(noise_power, np.ones(100) / 100, "same")
        on = smooth > smooth.max() * 1e-3
        gain = power[:, 0].mean() / max(float(noise_power[on].mean()) if on.any() else 0.0, 1e-20) * 10 ** (-snr_db / 10)
        power[:, 2] = noise_power * gain
        mixed = 10 ** (quiet / 10) + 10 ** (noise / 10) * gain
        return np.maximum(10 * np.log10(np.maximum(mixed, 1e-12)), PAD_DB).astype(np.float32), power, self.about[other].get("kind")

    def noise_alone(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, str | None]:
        """A stored noise without its speech, or an even hiss: both are noise from beginning to end."""
        other = self.noisy[rng.integers(len(self.noisy))]
        features, power, kind = self.array(other, "noise"), self.array(other, "power").copy(), self.about[other].get("kind")
        power[:, :2] = 0.0
        if rng.random() < HISS_SHARE:
            hiss = coloured_noise(len(power) * HOP_SAMPLES, rng) if rng.random() < 0.6 else rng.standard_normal(len(power) * HOP_SAMPLES)
            hiss = (hiss / np.sqrt(np.mean(np.square(hiss))) * 10 ** (rng.uniform(-55.0, -15.0) / 20)).astype(np.float32)
            features, power[:, 2], kind = log_mel(hiss).astype(np.float32), frame_power(hiss), "broadband"
        return features, power, kind
