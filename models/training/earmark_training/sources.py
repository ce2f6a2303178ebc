"""Layers of a scene: one talker, a music bed, noises, babble, a singer, each with its dry labels.

Every layer is `LAYER_SAMPLES` of float32 with loud parts at about rms 1, so that mixing is a matter of dB.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from scipy.signal import resample_poly

from . import HOP_SAMPLES, RATE_HZ
from .corpus import Cache, Clip
from .labels import frame_power, label_speech, label_words, to_db
from .noises import LIVING, MADE, coloured_noise, synthetic_noise
from .singer import revoice, spoken_pitch_hz, sung_pitch_hz, whispered
from .teachers import SONGS, SUNG_RANGE_DB, Teachers

SPEEDS = ((9, 10), (10, 9), (19, 20), (20, 19), (15, 17), (17, 15), (6, 7))
LIVING_NOISE_WORDS = (
    "cry",
    "cough",
    "dog",
    "cat",
    "cow",
    "crow",
    "hen",
    "rooster",
    "pig",
    "sheep",
    "frog",
    "bird",
    "sneez",
    "insect",
    "cricket",
    "laugh",
    "snor",
    "breath",
)
WHISPER_SHARE = 0.05
MADE_NOISE_SHARE, TWO_NOISES_SHARE = 0.25, 0.2
SENTENCE_SECONDS = 2.0  # sources with clips longer than this on average are preferred
TONAL_NOISE_WORDS = ("bell", "chime", "binaural", "bowl", "music", "alarm", "siren")


@dataclass
class Layer:
    """Sound of one kind; `labels` only for speech (0, 1, DONT_CARE per frame)."""

    samples: np.ndarray
    labels: np.ndarray | None = None
    sources: set[str] = field(default_factory=set)
    clean_range_db: float = 99.0
    soft: np.ndarray | None = None
    """Probability of speech [frames] as teachers hear it, NaN where labels count; only of a talker."""
    singing: np.ndarray | None = None
    """Probability of singing [frames], NaN where nobody knows; only of music and singers."""
    doubt: np.ndarray | None = None
    """Frames of a bed in which somebody may speak, bool [frames]."""
    speech_unsure: bool = False
    music_unsure: bool = False


def is_hard(clip: Clip) -> bool:
    """Clips that are easily taken for speech: songs with a voice, cries, coughs, animals (and all speech, for
    singers)."""
    if clip.kind == "music":
        return is_song(clip)
    return clip.kind != "noise" or any(word in clip.sound for word in LIVING_NOISE_WORDS)


def is_song(clip: Clip) -> bool:
    """Music in which somebody sings, as its source says or as most of it was found to."""
    return clip.kind == "music" and (clip.vocals == "yes" or clip.source in SONGS)


class ClipBank:
    """Clips by class, source and speaker, drawn with weights that keep big sources from drowning small ones."""

    def __init__(self, cache: Cache, clips: list[Clip], teachers: Teachers | None = None):
        self.cache, self.teachers = cache, teachers or Teachers()
        self.groups: dict[str, dict[str, dict[str, list[Clip]]]] = {}
        self.weights: dict[str, np.ndarray] = {}
        for kind, power in (("speech", 0.5), ("music", 0.7), ("noise", 0.6), ("song", 0.5)):
            by_source: dict[str, dict[str, list[Clip]]] = defaultdict(lambda: defaultdict(list))
            for clip in clips:
                if clip.kind == kind or (kind == "song" and is_song(clip)):
                    by_source[clip.source][clip.speaker or clip.recording.split("/")[0]].append(clip)
            self.groups[kind] = {source: dict(by_source[source]) for source in sorted(by_source)}
            weights = []
            for speakers in self.groups[kind].values():
                seconds = [c.seconds for group in speakers.values() for c in group]
                weights.append(
                    sum(seconds) ** power * (2.0 if kind == "speech" and np.mean(seconds) > SENTENCE_SECONDS else 1.0)
                )
            self.weights[kind] = np.array(weights) / max(sum(weights), 1e-9)
        self.rooms = [cache.audio(c) for c in clips if c.kind == "room"]
        # a bank of nothing but cries, coughs and animals gets the made ones of that kind only
        self.made_noises = LIVING if clips and all(is_hard(c) for c in clips if c.kind == "noise") else MADE

    def has(self, kind: str) -> bool:
        """Whether any clip of this class is there."""
        return bool(self.groups[kind])

    def source(self, kind: str, rng: np.random.Generator) -> str:
        """A random source."""
        return list(self.groups[kind])[rng.choice(len(self.weights[kind]), p=self.weights[kind])]

    def clips_of_one(self, kind: str, source: str, rng: np.random.Generator) -> list[Clip]:
        """All clips of a random speaker of a source; of the whole source where speakers are many and short."""
        speakers = self.groups[kind][source]
        group = speakers[list(speakers)[rng.integers(len(speakers))]]
        if sum(c.seconds for c in group) < 6.0 and kind == "speech":
            group = [c for g in speakers.values() for c in g]
        return group


def level_to_unit(samples: np.ndarray, active: np.ndarray | None = None) -> np.ndarray:
    """Scales so that the loud (or given) frames have rms 1."""
    power = frame_power(samples)
    if active is None:
        active = power > np.max(power, initial=0.0) * 10**-2.5
    mean = float(np.mean(power[active])) if np.any(active) else 0.0
    return samples / np.sqrt(mean) if mean > 1e-11 else samples * 0.0


def _fade_edges(samples: np.ndarray, fade_samples: int) -> np.ndarray:
    fade_samples = min(fade_samples, len(samples) // 2)
    if fade_samples > 0:
        ramp = np.linspace(0.0, 1.0, fade_samples, dtype=np.float32)
        samples[:fade_samples] *= ramp
        samples[-fade_samples:] *= ramp[::-1]
    return samples


def _change_speed(samples: np.ndarray, rng: np.random.Generator, share: float) -> tuple[np.ndarray, float]:
    """The samples, some of them at another speed, and how much longer they became."""
    if rng.random() < share:
        up, down = SPEEDS[rng.integers(len(SPEEDS))]
        return resample_poly(samples, up, down).astype(np.float32), up / down
    return samples, 1.0


def talker(
    bank: ClipBank, samples: int, rng: np.random.Generator, *, labelled: bool = True, augment: bool = True
) -> Layer:
    """Clips of one speaker with pauses of 0.08 to 2 s; each trimmed to its speech plus a random margin."""
    source = bank.source("speech", rng)
    clips = bank.clips_of_one("speech", source, rng)
    out = np.zeros(samples, np.float32)
    labels = np.zeros(samples // HOP_SAMPLES, np.uint8)
    layer = Layer(out, labels, {source}, soft=np.full(len(labels), np.nan, np.float32))
    speed = SPEEDS[rng.integers(len(SPEEDS))] if augment and rng.random() < 0.3 else None
    vocoded = augment and rng.random() < 0.04
    whispering = augment and rng.random() < WHISPER_SHARE
    dense = rng.random() < 0.5
    at_frame = int(rng.uniform(0, 250)) if labelled and rng.random() < 0.6 else 0
    while at_frame < len(labels) - 20:
        clip = clips[rng.integers(len(clips))]
        audio, words = bank.cache.audio(clip), bank.cache.words.get(clip.path)
        if speed:
            audio = resample_poly(audio, *speed).astype(np.float32)
        if vocoded:
            audio = revoice(audio, spoken_pitch_hz(max(2, len(audio) // HOP_SAMPLES), rng), rng)
        stretch = speed[0] / speed[1] if speed else 1.0
        asked = None if words else bank.teachers.speech(clip, clip.length_samples // HOP_SAMPLES)
        judged = label_words(audio, [(a * stretch, b * stretch) for a, b in words]) if words else label_speech(audio)
        on = np.flatnonzero(judged.frames == 1)
        if len(on) == 0 or judged.range_db < 12.0:
            at_frame += 20
            continue
        layer.clean_range_db = min(layer.clean_range_db, judged.range_db)
        first = max(0, on[0] - int(rng.integers(4, 40)))
        last = min(len(judged.frames), on[-1] + int(rng.integers(6, 50)))
        frames = judged.frames[first:last][: len(labels) - at_frame]
        piece = audio[first * HOP_SAMPLES : last * HOP_SAMPLES][: len(frames) * HOP_SAMPLES]
        if whispering:
            piece = whispered(piece, rng)
        active = frames[: len(piece) // HOP_SAMPLES] == 1
        power = frame_power(audio)[first : first + len(active)]
        if np.any(active):
            piece = piece * (10 ** (rng.normal(0, 2.0) / 20) / np.sqrt(np.mean(power[active]) + 1e-12))
        start = at_frame * HOP_SAMPLES
        out[start : start + len(piece)] += _fade_edges(piece.astype(np.float32), 80)
        labels[at_frame : at_frame + len(frames)] = frames
        if asked is not None:
            heard = in_time(asked, stretch)[first:last][: len(frames)]
            layer.soft[at_frame : at_frame + len(heard)] = heard
        pause_s = np.exp(rng.uniform(np.log(0.08), np.log(0.6 if dense else 2.0)))
        at_frame += len(frames) + int(pause_s * 100)
    return layer


def in_time(frames: np.ndarray, stretch: float) -> np.ndarray:
    """Values per frame of a recording that became `stretch` times as long."""
    at = (np.arange(round(len(frames) * stretch)) / stretch).astype(int)
    return frames[np.minimum(at, len(frames) - 1)]


def music_bed(bank: ClipBank, samples: int, rng: np.random.Generator) -> Layer:
    """Music from one source, as many pieces as needed, short fades between."""
    return _filled(bank, "music", samples, rng, gap_s=0.0)


def noise_bed(bank: ClipBank, samples: int, rng: np.random.Generator) -> Layer:
    """Corpus noise (looped or with gaps), synthetic noise, or both."""
    draw = rng.random()
    if draw < MADE_NOISE_SHARE or not bank.has("noise"):
        return Layer(synthetic_noise(samples, rng, bank.made_noises), sources={"synthetic"})
    layer = _filled(bank, "noise", samples, rng, gap_s=float(rng.choice([0.0, 0.0, 0.5, 1.5])))
    if draw < MADE_NOISE_SHARE + TWO_NOISES_SHARE:
        other = (
            _filled(bank, "noise", samples, rng, gap_s=0.3)
            if rng.random() < 0.6
            else Layer(synthetic_noise(samples, rng, bank.made_noises))
        )
        layer.samples = layer.samples + other.samples * 10 ** (rng.uniform(-12, 3) / 20)
        layer.sources |= other.sources
        layer.speech_unsure |= other.speech_unsure
        if other.doubt is not None:
            layer.doubt |= other.doubt
        layer.music_unsure |= other.music_unsure
    return layer


def _filled(bank: ClipBank, kind: str, samples: int, rng: np.random.Generator, gap_s: float) -> Layer:
    source = bank.source(kind, rng)
    clips = bank.clips_of_one(kind, source, rng)
    frames = samples // HOP_SAMPLES
    layer = Layer(np.zeros(samples, np.float32), sources={source}, doubt=np.zeros(frames, bool))
    layer.singing = np.zeros(frames, np.float32) if kind in ("music", "song") else None
    at = 0
    while at < samples:
        clip = clips[rng.integers(len(clips))]
        take = min(clip.length_samples, samples - at)
        begin = int(rng.integers(0, clip.length_samples - take + 1))
        piece = (
            bank.cache.samples[clip.offset_samples + begin : clip.offset_samples + begin + take].astype(np.float32)
            / 32768.0
        )
        piece, stretch = _change_speed(piece, rng, 0.25)
        piece = level_to_unit(piece[: samples - at])
        if kind != "speech":
            _ask(bank.teachers, clip, slice(begin, begin + take), at // HOP_SAMPLES, stretch, layer, bank.cache)
        layer.samples[at : at + len(piece)] = _fade_edges(piece, 160)
        at += max(len(piece), 800) + int(rng.exponential(gap_s) * RATE_HZ)
        if kind == "noise":
            layer.speech_unsure |= "babble" in clip.sound
            layer.music_unsure |= any(w in clip.sound.lower() for w in TONAL_NOISE_WORDS)
    return layer


def _ask(
    teachers: Teachers, clip: Clip, part: slice, at_frame: int, stretch: float, layer: Layer, cache: Cache
) -> None:
    """Notes for one piece of a bed where somebody may speak and where somebody sings."""

    def place(whole: np.ndarray, into: np.ndarray) -> None:
        piece = in_time(whole[part.start // HOP_SAMPLES : -(-part.stop // HOP_SAMPLES)], stretch)[
            : len(into) - at_frame
        ]
        into[at_frame : at_frame + len(piece)] = piece

    place(teachers.doubtful(clip, -(-clip.length_samples // HOP_SAMPLES)), layer.doubt)
    if layer.singing is not None:
        place(teachers.singing(clip, cache.audio(clip)), layer.singing)


def song_bed(bank: ClipBank, samples: int, rng: np.random.Generator) -> Layer:
    """Songs of one source."""
    return _filled(bank, "song", samples, rng, gap_s=0.0)


def babble(bank: ClipBank, samples: int, rng: np.random.Generator) -> Layer:
    """Six to twelve talkers at once: a crowd, not a voice."""
    total, sources = np.zeros(samples, np.float32), set()
    for _ in range(rng.integers(6, 13)):
        one = _filled(bank, "speech", samples, rng, gap_s=0.1)
        total += one.samples * 10 ** (rng.normal(0, 2.0) / 20)
        sources |= one.sources
    return Layer(level_to_unit(total), sources=sources)


def singer(bank: ClipBank, samples: int, rng: np.random.Generator) -> Layer:
    """A voice on stepped, held notes made from speech; 1 to 3 voices (choir)."""
    total, sources = np.zeros(samples, np.float32), set()
    frames = samples // HOP_SAMPLES
    pitch_hz = sung_pitch_hz(frames, rng)
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        voice = talker(bank, samples, rng, labelled=False, augment=False)
        stretch = float(np.exp(rng.uniform(np.log(1.0), np.log(3.0))))
        total += revoice(voice.samples, pitch_hz * rng.choice([1.0, 1.0, 2.0, 1.5]), rng, stretch)[:samples]
        sources |= voice.sources
    level_db = to_db(frame_power(total))[:frames]
    sung = np.where(level_db > np.percentile(level_db, 95) - SUNG_RANGE_DB, 1.0, np.where(level_db < -110, 0.0, np.nan))
    return Layer(level_to_unit(total), sources=sources, singing=sung.astype(np.float32))


def room_tone(samples: int, rng: np.random.Generator) -> np.ndarray:
    """The faint hiss of a quiet place, rms 1."""
    return coloured_noise(samples, rng)
