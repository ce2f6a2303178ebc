"""Recordings of kinds that detectors were found to fail on, made of the clean clips of one side: whispers, a
telephone line, a voice far from the microphone, hum, room tone, the first second of music."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import HOP_SAMPLES, MUSIC, RATE_HZ, SPEECH
from .corpus import Cache, Clip
from .effects import reverberate, simulated_room, telephone
from .labels import label_speech
from .metrics import roc_auc
from .noises import coloured_noise, hum
from .runtime import PackRuntime
from .singer import whispered

VOICES, BEDS = 150, 60
VOICE_S, BED_S = (1.0, 12.0), 8.0
LEVEL_DBFS = -23.0
FAR_SNR_DB, FAR_DBFS = 8.0, -50.0
"""A voice across the room: so much over the noise of the room, at so low a level."""
TONE_DBFS = -40.0
SILENT_START_S, MUSIC_START_S = 0.5, 1.0
SEED = 41


@dataclass
class Heard:
    """Speech and music scores of one recording, [frames] each, and its labels of speech, 0, 1 and `DONT_CARE`."""

    speech: np.ndarray
    music: np.ndarray
    labels: np.ndarray


def conditions(runtime: PackRuntime, cache: Cache, clips: list[Clip]) -> list[dict]:
    """One row a condition: recordings, recall and AUC of speech where a voice is there, shares of the frames without
    speech that are called speech, and of all frames that are called music."""
    listen = lambda samples, labels: _heard(runtime, _in_16_bits(samples), labels)
    rows = []
    voices = _some([c for c in clips if c.kind == "speech" and VOICE_S[0] <= c.seconds <= VOICE_S[1]], VOICES)
    for name, change in (
        ("clean voices", lambda x, rng: x),
        ("whispered (made of the same voices)", whispered),
        ("noisy telephone, 8 kHz \u00b5-law", telephone),
        (f"far voice: reverberant, {FAR_SNR_DB:.0f} dB over the room, {FAR_DBFS:.0f} dBFS", _far),
    ):
        rows.append(_row(name, [listen(*_voice(cache.audio(c), change, i)) for i, c in enumerate(voices)]))
    for name, make in (("hum alone", _hum), (f"room tone at {TONE_DBFS:.0f} dBFS, 16 bit", _tone)):
        frames = int(BED_S * RATE_HZ) // HOP_SAMPLES
        rows.append(_row(name, [listen(make(_rng(i)), np.zeros(frames, np.uint8)) for i in range(BEDS)]))
    songs = _some([c for c in clips if c.kind == "music" and c.seconds > MUSIC_START_S], VOICES)
    if songs:
        rows.append(_row("the first second of music", [_first_second(runtime, cache.audio(c)) for c in songs]))
    return [row for row in rows if row["recordings"]]


def _some(clips: list[Clip], count: int) -> list[Clip]:
    return [clips[i] for i in np.random.default_rng(SEED).permutation(len(clips))[:count]]


def _rng(number: int) -> np.random.Generator:
    return np.random.default_rng((SEED, number))


def _in_16_bits(samples: np.ndarray) -> np.ndarray:
    return (np.clip(np.round(samples * 32768.0), -32768, 32767) / 32768.0).astype(np.float32)


def _at(samples: np.ndarray, level_dbfs: float) -> np.ndarray:
    return (samples * (10 ** (level_dbfs / 20) / (np.sqrt(np.mean(np.square(samples))) + 1e-9))).astype(np.float32)


def _voice(audio: np.ndarray, change: Callable, number: int) -> tuple[np.ndarray, np.ndarray]:
    """A changed voice and the labels of what it was made of."""
    changed = change(audio, _rng(number))
    return (changed if change is _far else _at(changed, LEVEL_DBFS)), label_speech(audio).frames


def _far(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    wet = _at(reverberate(samples, simulated_room(rng)), FAR_DBFS)
    return wet + _at(coloured_noise(len(samples), rng), FAR_DBFS - FAR_SNR_DB)


def _hum(rng: np.random.Generator) -> np.ndarray:
    return _at(hum(int(BED_S * RATE_HZ), rng), rng.uniform(-50.0, -20.0))


def _tone(rng: np.random.Generator) -> np.ndarray:
    return _at(coloured_noise(int(BED_S * RATE_HZ), rng), TONE_DBFS)


def _heard(runtime: PackRuntime, samples: np.ndarray, labels: np.ndarray) -> Heard:
    scores = runtime.listen(samples)
    frames = min(len(scores), len(labels))
    return Heard(scores[:frames, SPEECH], scores[:frames, MUSIC], labels[:frames])


def _first_second(runtime: PackRuntime, audio: np.ndarray) -> Heard:
    start, length = int(SILENT_START_S * RATE_HZ), int(MUSIC_START_S * RATE_HZ)
    samples = np.concatenate([np.zeros(start, np.float32), audio[: 2 * length]])
    first = slice(start // HOP_SAMPLES, (start + length) // HOP_SAMPLES)
    scores = runtime.listen(samples)[first]
    return Heard(scores[:, SPEECH], scores[:, MUSIC], np.zeros(len(scores), np.uint8))


def _row(name: str, heard: list[Heard]) -> dict:
    row: dict = {"condition": name, "recordings": len(heard)}
    if not heard:
        return row
    speech, music, labels = (
        np.concatenate([getattr(h, part) for h in heard]) for part in ("speech", "music", "labels")
    )
    share = lambda where: float((speech[where] >= 0.5).mean()) if where.any() else None
    spoken, silent = labels == 1, labels == 0
    row |= {"recall": share(spoken), "called_speech": share(silent), "called_music": float((music >= 0.5).mean())}
    judged = spoken | silent
    row["roc_auc"] = roc_auc(speech[judged], spoken[judged]) if spoken.any() and silent.any() else None
    return row
