"""Scenes as files: features of the mixture, of the speech alone and of the noise alone, and the power of each part."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import HOP_SAMPLES
from ..corpus import Cache
from ..features import BANDS, log_mel
from ..labels import frame_power
from ..noises import coloured_noise
from ..splits import SPLITS, check, select
from . import PAD_DB, POWER_FLOOR
from .scenes import Studio
from .survey import SAME_VOICE, half_of, is_held_out, survey

SCENES_PER_SHARD = 64
SEED_BASE = {"train": 5_000_000_000, "valid": 6_000_000_000, "steady": 7_000_000_000}
"""`steady`: of the valid clips, noise from beginning to end at every ratio alike, as takes are that people measure."""
STEADY_SNR_DB = (-7.0, 32.0)
NOISE_ONLY_SHARE, HISS_SHARE = 0.12, 0.4
"""Mixtures without any speech, and how many of those are an even hiss from the first sample to the last."""
TWO_NOISES_SHARE = 0.2
VOICE_WARP_BANDS, NOISE_WARP_BANDS, EQUALISER_DB = 1.2, 3.0, 3.0
"""Spread of the disguises of remixed scenes."""
ARRAYS = ("mix", "quiet", "noise", "power")


def studio(cache: Cache, split: str, floors_file: Path, half: int | None = None) -> Studio:
    """The scenes of one side. `train` and `valid` know nothing of what is held out; `held-out` only that, `half` of it
    where
    what is developed on must share no recording with what is reported on."""
    check(cache.clips)
    floors = survey(cache, floors_file)
    if split == "held-out":
        clips = [c for s in SPLITS for c in select(cache.clips, s) if is_held_out(c) and c.source not in SAME_VOICE]
        clips = [c for c in clips if half is None or half_of(c) == half]
        clips += [c for c in cache.clips if c.kind == "room" and c.split == "valid"]
    else:
        clips = [c for c in select(cache.clips, split) if not is_held_out(c)]
    return Studio(cache, clips, floors, seed={"train": 1, "valid": 2, "held-out": 3}[split])


def generate(cache: Cache, work: Path, split: str, count: int, first: int = 0, step: int = 1) -> None:
    """Writes shards `first, first + step, …`; those that exist are kept."""
    made = studio(cache, "valid" if split == "steady" else split, work / "floors.json")
    folder = work / f"noise-{split}"
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(first, count, step):
        stem = folder / f"shard-{index:04d}"
        if not stem.with_suffix(".json").exists():
            _write(made, stem, SEED_BASE[split] + index * SCENES_PER_SHARD, split == "steady")


def _write(made: Studio, stem: Path, seed: int, steady: bool) -> None:
    rows = {name: [] for name in ARRAYS}
    about = []
    for i in range(SCENES_PER_SHARD):
        if steady:
            snr_db = float(np.random.default_rng([seed + i, 11]).uniform(*STEADY_SNR_DB))
            scene = made.scene(seed + i, "noisy", snr_db, steady=True)
        else:
            scene = made.scene(seed + i)
        for name in ARRAYS[:3]:
            rows[name].append(log_mel(getattr(scene, name), POWER_FLOOR).astype(np.float16))
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
        for path in paths[len(self.arrays) :]:
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

    def stored(self, scene: int) -> Mixture:
        """A scene as it was mixed, from waveforms."""
        power = self.array(scene, "power")
        return Mixture(
            self.array(scene, "mix"),
            power,
            self.about[scene].get("kind"),
            self.array(scene, "quiet"),
            self.array(scene, "noise"),
        )

    def remixed(self, rng: np.random.Generator) -> Mixture:
        """Any speech under any noise, both disguised: powers of the two add, as they do on average when waveforms
        do."""
        if rng.random() < NOISE_ONLY_SHARE:
            return self.noise_alone(rng)
        voice = self.voiced[rng.integers(len(self.voiced))]
        quiet, power = _warped(self.array(voice, "quiet"), rng, VOICE_WARP_BANDS), self.array(voice, "power").copy()
        power[:, 2] = 0.0
        silence = np.full_like(quiet, PAD_DB)
        if rng.random() < 0.33:
            return Mixture(quiet, power, None, quiet, silence)
        noise, noise_power, kind = self._noise(rng)
        own = power[:, 1].sum() / max(power[:, 0].sum(), 1e-20)
        highest_db = 40.0 if own < 10**-4 else 20.0
        snr_db = rng.uniform(-6.0, 12.0) if rng.random() < 0.35 else rng.uniform(0.0, highest_db)
        gain = power[:, 0].mean() / max(_mean_on(noise_power), 1e-20) * 10 ** (-snr_db / 10)
        power[:, 2] = noise_power * gain
        noise = to_features(from_features(noise) * gain)
        return Mixture(to_features(from_features(quiet) + from_features(noise)), power, kind, quiet, noise)

    def _noise(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, str | None]:
        """Features, power and kind of a stored noise; in a fifth of the cases of two at once."""
        parts = []
        for _ in range(2 if rng.random() < TWO_NOISES_SHARE else 1):
            other = self.noisy[rng.integers(len(self.noisy))]
            parts.append(
                (
                    _warped(self.array(other, "noise"), rng, NOISE_WARP_BANDS),
                    self.array(other, "power")[:, 2],
                    self.about[other].get("kind"),
                )
            )
        features, power, kind = parts[0]
        for more, its_power, its_kind in parts[1:]:
            gain = _mean_on(power) / max(_mean_on(its_power), 1e-20) * 10 ** (rng.uniform(-10.0, 3.0) / 10)
            features, power = (
                to_features(from_features(features) + from_features(more) * gain),
                power + its_power * gain,
            )
            kind = kind if kind == its_kind else None
        return features, power, kind

    def noise_alone(self, rng: np.random.Generator) -> Mixture:
        """A stored noise without its speech, or an even hiss: both are noise from beginning to end."""
        features, noise_power, kind = self._noise(rng)
        power = np.zeros((len(noise_power), 3), np.float32)
        power[:, 2] = noise_power
        if rng.random() < HISS_SHARE:
            hiss = (
                coloured_noise(len(power) * HOP_SAMPLES, rng)
                if rng.random() < 0.6
                else rng.standard_normal(len(power) * HOP_SAMPLES)
            )
            hiss = (hiss / np.sqrt(np.mean(np.square(hiss))) * 10 ** (rng.uniform(-55.0, -15.0) / 20)).astype(
                np.float32
            )
            features, power[:, 2], kind = log_mel(hiss, POWER_FLOOR).astype(np.float32), frame_power(hiss), "broadband"
        return Mixture(features, power, kind, np.full_like(features, PAD_DB), features)


@dataclass
class Mixture:
    """Features [frames, 64] of a mixture and of its parts, power [frames, 3] of speech, floor and noise, kind of the
    noise."""

    features: np.ndarray
    power: np.ndarray
    kind: str | None
    quiet: np.ndarray
    noise: np.ndarray

    def equalised(self, rng: np.random.Generator, strength_db: float = EQUALISER_DB) -> Mixture:
        """The same through a smooth equaliser; the powers follow, part by part."""
        knots = rng.normal(0.0, strength_db, 6)
        curve = np.interp(np.linspace(0, 5, BANDS), np.arange(6), knots).astype(np.float32)
        power = self.power.copy()
        gain = 10 ** (curve / 10)
        for columns, part in ((slice(0, 2), self.quiet), (slice(2, 3), self.noise)):
            bands = from_features(part)
            power[:, columns] *= ((bands @ gain) / np.maximum(bands.sum(1), 1e-20))[:, None]
        features = np.where(self.features > PAD_DB + 0.5, np.maximum(self.features + curve, PAD_DB), PAD_DB)
        return Mixture(features.astype(np.float32), power, self.kind, self.quiet, self.noise)


def from_features(features: np.ndarray) -> np.ndarray:
    """Powers of the bands; silence has none."""
    return np.where(features > PAD_DB + 0.5, np.exp(features * np.float32(np.log(10.0) / 10.0)), np.float32(0.0))


def to_features(power: np.ndarray) -> np.ndarray:
    """dB of the bands."""
    return (np.float32(10.0 / np.log(10.0)) * np.log(np.maximum(power, np.float32(POWER_FLOOR)))).astype(np.float32)


def _warped(features: np.ndarray, rng: np.random.Generator, spread_bands: float) -> np.ndarray:
    """Moved up or down the bands, as by a shorter or longer vocal tract or a smaller or larger machine."""
    places = np.clip(np.arange(BANDS) + rng.normal(0.0, spread_bands), 0, BANDS - 1).astype(np.float32)
    low = np.minimum(places.astype(int), BANDS - 2)
    share = places - low
    return (features[:, low] * (1 - share) + features[:, low + 1] * share).astype(np.float32)


def _mean_on(power: np.ndarray) -> float:
    """Mean where there is any."""
    smooth = np.convolve(power, np.ones(100) / 100, "same")
    on = smooth > smooth.max() * 1e-3
    return float(power[on].mean()) if on.any() else 0.0
