"""Scenes with known power of speech and noise, frame by frame: mixed as waveforms, spoiled as recordings are.

Clean means: a clip whose own floor lies far under its voice, with the tone of a quiet room or with digital silence in
the
pauses. Everything that might betray the class without being noise is drawn alike for both: level, length of pauses,
rooms, band limits, codecs, clipping, stretches of digital silence.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.signal import resample_poly

from .. import HOP_SAMPLES, RATE_HZ
from ..corpus import Cache, Clip
from ..effects import (
    CODECS,
    codec_round_trip,
    measured_room,
    random_band,
    reverberate,
    shape_spectrum,
    simulated_room,
    soft_or_hard_clip,
)
from ..labels import frame_power
from ..mixing import Mixer
from ..noises import MADE, blows, clicks, coloured_noise, hum, synthetic_noise, weather
from ..sources import SPEEDS, ClipBank, _fade_edges, level_to_unit
from .bursts import bursts
from .survey import Floor, kind_of

SCENE_SECONDS = 12.0
WIDE_RANGE_DB = 44.0
"""Only clips whose floor lies this far under their voice are used as clean."""
USABLE_RANGE_DB = 28.0
"""Others serve under noise, with their floor counted as noise."""
MADE_KINDS = {coloured_noise: "broadband", weather: "broadband", hum: "hum", clicks: "transient", blows: "transient"}
"""The kind of noises made by rule; the others are of none."""
BURSTS_SHARE = 0.4
"""Of the noises made by rule."""
SHARES = {"clean": 0.36, "noisy": 0.52, "faint": 0.08, "noise only": 0.04}
NOISY_SNR_DB, FAINT_SNR_DB = (-6.0, 31.0), (31.0, 44.0)
GAIN_DB = (-40.0, 0.0)
PEAK_FLOOR = 1e-9


@dataclass
class Scene:
    """A mixture and its truth. Powers are mean squares per 10 ms frame: speech, floor (own and room tone), noise."""

    mix: np.ndarray
    quiet: np.ndarray
    noise: np.ndarray
    power: np.ndarray
    about: dict


@dataclass
class Voice:
    """Speech with a running record of the floor that came with it."""

    samples: np.ndarray
    floor: np.ndarray
    sources: set[str] = field(default_factory=set)


class Studio:
    """Draws scenes from clips; the same seed gives the same scene."""

    def __init__(self, cache: Cache, clips: list[Clip], floors: dict[str, Floor], seed: int = 1, rooms: int = 60):
        rng = np.random.default_rng(seed)
        wide = [c for c in clips if c.kind != "speech" or floors[c.path].range_db >= WIDE_RANGE_DB]
        usable = [c for c in clips if c.kind != "speech" or floors[c.path].range_db >= USABLE_RANGE_DB]
        self.wide, self.usable, self.floors = ClipBank(cache, wide), ClipBank(cache, usable), floors
        self.rooms = [simulated_room(rng) for _ in range(rooms)] + [measured_room(r) for r in self.wide.rooms]

    def scene(
        self,
        seed: int,
        share: str | None = None,
        snr_db: float | None = None,
        plain: bool = False,
        origins: tuple[str, ...] | None = None,
        seconds: float = SCENE_SECONDS,
        steady: bool = False,
    ) -> Scene:
        """One scene. `plain`: no room, band limit, codec or clipping; `origins`: of corpus, synthetic, music, babble;
        `steady`: noise from beginning to end."""
        rng = np.random.default_rng(seed)
        samples = int(seconds * 100) * HOP_SAMPLES
        drawn = list(SHARES)[rng.choice(len(SHARES), p=list(SHARES.values()))]
        share = share or drawn
        about: dict = {"share": share, "seed": seed}
        low = share == "noisy" and rng.random() < 0.5
        limits = FAINT_SNR_DB if share == "faint" else NOISY_SNR_DB
        drawn_db = float(rng.uniform(limits[0], 14.0 if low else limits[1]))
        about["snr_db"] = drawn_db if snr_db is None else snr_db
        # A floor of its own does no harm far under the noise that is added.
        bank = self.usable if share == "noisy" and about["snr_db"] <= 14.0 else self.wide
        voice = self._talker(bank, samples, rng)
        s, floor = voice.samples, voice.floor
        if not plain and rng.random() < 0.4:
            about["room"] = int(rng.integers(len(self.rooms)))
            s = reverberate(s, self.rooms[about["room"]])
        tone = self._tone(s, rng, about)
        n = np.zeros(samples, np.float32)
        if share != "clean":
            n, kind = self._noise(samples, rng, about, plain, steady, origins)
            about["kind"] = kind
            n *= np.float32(
                np.sqrt(_mean(s) / max(_mean(n) if steady else _mean_on(n), 1e-12)) * 10 ** (-about["snr_db"] / 20)
            )
        if share == "noise only":
            s, floor, tone = s * 0, floor * 0, tone * 0
        return self._spoil(s, floor, tone, n, rng, about, plain)

    def _talker(self, bank: ClipBank, samples: int, rng: np.random.Generator) -> Voice:
        """Clips of one speaker with pauses, whole as recorded (their floor included), at about rms 1."""
        source = bank.source("speech", rng)
        clips = bank.clips_of_one("speech", source, rng)
        frames = samples // HOP_SAMPLES
        voice = Voice(np.zeros(samples, np.float32), np.zeros(frames, np.float32), {source})
        speed = SPEEDS[rng.integers(len(SPEEDS))] if rng.random() < 0.3 else None
        longest_s = 0.5 if rng.random() < 0.6 else 3.0
        at = int(rng.uniform(0, 2.0) * RATE_HZ) if rng.random() < 0.4 else 0
        while at < samples - 20 * HOP_SAMPLES:
            clip = clips[rng.integers(len(clips))]
            level = self.floors[clip.path]
            audio = bank.cache.audio(clip)
            if speed:
                audio = resample_poly(audio, *speed).astype(np.float32)
            gain = 10 ** ((rng.normal(0, 1.5) - level.active_db) / 20)
            at -= at % HOP_SAMPLES
            piece = _fade_edges(audio[: samples - at] * np.float32(gain), 80)
            voice.samples[at : at + len(piece)] += piece
            first, last = at // HOP_SAMPLES, -(-(at + len(piece)) // HOP_SAMPLES)
            voice.floor[first:last] += 10 ** (level.floor_db / 10) * gain**2
            at += len(piece) + int(np.exp(rng.uniform(np.log(0.02), np.log(longest_s))) * RATE_HZ)
        return voice

    @staticmethod
    def _tone(s: np.ndarray, rng: np.random.Generator, about: dict) -> np.ndarray:
        """The hiss of a quiet room or microphone; none in a third of the scenes."""
        if rng.random() < 0.33:
            return np.zeros(len(s), np.float32)
        about["tone_under_db"] = float(rng.uniform(40.0, 75.0))
        return coloured_noise(len(s), rng) * np.float32(np.sqrt(_mean(s)) * 10 ** (-about["tone_under_db"] / 20))

    def _noise(
        self, samples, rng: np.random.Generator, about: dict, plain: bool, steady: bool, origins
    ) -> tuple[np.ndarray, str | None]:
        """Noise at any level, and its kind where it is known."""
        names, shares = ("corpus", "synthetic", "music", "babble"), np.array([0.45, 0.28, 0.14, 0.13])
        if origins is not None:
            shares = shares * np.array([name in origins for name in names])
        origin = names[rng.choice(4, p=shares / shares.sum())]
        about["origin"] = origin
        if origin == "synthetic":
            made = bursts if rng.random() < BURSTS_SHARE else MADE[rng.integers(len(MADE))]
            n, kind = synthetic_noise(samples, rng, (made,)), MADE_KINDS.get(made)
        elif origin == "music":
            n, kind = self._filled("music", samples, rng, about), "music_bed"
        elif origin == "babble":
            n, kind = np.zeros(samples, np.float32), "babble"
            for _ in range(rng.integers(3, 12)):
                n += self._filled("speech", samples, rng, {}) * np.float32(10 ** (rng.normal(0, 2.5) / 20))
        else:
            n = self._filled("noise", samples, rng, about)
            kinds_heard = {kind_of(sound) for sound in about["sounds"]}
            kind = kinds_heard.pop() if len(kinds_heard) == 1 else None
            if rng.random() < 0.15 and origins is None:
                n += synthetic_noise(samples, rng) * np.float32(10 ** (rng.uniform(-12, 3) / 20) * np.sqrt(_mean(n)))
                kind = None
        if not plain and rng.random() < (0.7 if origin == "babble" else 0.15):
            n = reverberate(n, self.rooms[rng.integers(len(self.rooms))])
        return (n if plain or steady else Mixer._place(n, rng, 0.62)).astype(np.float32), kind

    def _filled(self, kind: str, samples: int, rng: np.random.Generator, about: dict) -> np.ndarray:
        """Clips of one source one after the other, as they are; short sounds with gaps."""
        bank = self.usable
        source = bank.source(kind, rng)
        clips = bank.clips_of_one(kind, source, rng)
        clips = [clips[i] for i in rng.integers(0, len(clips), 2 if kind == "noise" and rng.random() < 0.6 else 6)]
        if kind == "noise":
            clips = clips[:1] if rng.random() < 0.6 else clips
        out, at = np.zeros(samples, np.float32), 0
        gap_s = float(rng.choice([0.0, 0.0, 0.4, 1.2])) if kind != "music" else 0.0
        while at < samples:
            clip = clips[rng.integers(len(clips))]
            about.setdefault("sounds", []).append(clip.sound)
            take = min(clip.length_samples, samples - at)
            begin = int(rng.integers(0, clip.length_samples - take + 1))
            piece = (
                bank.cache.samples[clip.offset_samples + begin : clip.offset_samples + begin + take].astype(np.float32)
                / 32768.0
            )
            piece = level_to_unit(piece)
            out[at : at + take] = _fade_edges(piece, 160)
            at += max(take, 800) + int(rng.exponential(gap_s) * RATE_HZ * (take < 3 * RATE_HZ))
        return out

    def _spoil(self, s, floor, tone, n, rng, about, plain) -> Scene:
        """Band limits on the parts, digital silence, level; clipping and codecs on the mixture."""
        if not plain:
            low_hz, high_hz = random_band(rng)
            tilt = rng.random() < 0.4
            if tilt or low_hz > 0 or high_hz < 8000:
                about["band_hz"] = [low_hz, high_hz]
                state = rng.bit_generator.state
                parts = []
                for part in (s, tone, n):
                    rng.bit_generator.state = state
                    parts.append(shape_spectrum(part, rng, tilt=tilt, low_hz=low_hz, high_hz=high_hz))
                floor = floor * (_mean(parts[0]) / max(_mean(s), 1e-12) if _mean(s) > 0 else 0.0)
                s, tone, n = parts
        keep = np.ones(len(s), np.float32)
        if rng.random() < 0.35:  # drop-outs, edits, gates: the same for clean and noisy
            for _ in range(rng.integers(1, 5)):
                begin, length = (
                    int(rng.integers(0, len(s))),
                    int(np.exp(rng.uniform(np.log(0.03), np.log(0.8))) * RATE_HZ),
                )
                keep[begin : begin + length] = 0.0
            s, tone, n = s * keep, tone * keep, n * keep
        quiet = s + tone
        mix = quiet + n
        about["gain_db"] = float(rng.uniform(*GAIN_DB))
        gain = np.float32(10 ** (about["gain_db"] / 20) / max(float(np.max(np.abs(mix))), PEAK_FLOOR))
        kept = frame_power(keep)[: len(floor)]
        power = np.stack([frame_power(s), floor * kept + frame_power(tone), frame_power(n)], 1) * gain**2
        power[:, 0] = np.maximum(power[:, 0] - floor * kept * gain**2, 0.0)
        mix = mix * gain
        if not plain:
            if rng.random() < 0.07:
                mix = soft_or_hard_clip(mix, rng)
            if rng.random() < 0.2:
                about["codec"] = CODECS[rng.integers(len(CODECS))]
                mix = codec_round_trip(mix, about["codec"], rng)
        if rng.random() < 0.7:
            mix = np.round(mix * 32768.0) / 32768.0
        mix = np.clip(mix, -1.0, 1.0).astype(np.float32)
        return Scene(mix, quiet * gain, n * gain, power.astype(np.float32), about)


def _mean(samples: np.ndarray) -> float:
    return float(np.mean(np.square(samples, dtype=np.float32)))


def _mean_on(samples: np.ndarray) -> float:
    """Mean power where there is any: a noise that starts late is as loud as one that is always there."""
    power = frame_power(samples)
    smooth = np.convolve(power, np.ones(100) / 100, "same")
    on = smooth > smooth.max(initial=0.0) * 1e-3
    return float(np.mean(power[on])) if np.any(on) else 0.0


__all__ = ["SCENE_SECONDS", "Scene", "Studio"]
