"""Makes one scene: layers, levels, rooms, band limits, codecs, gain, and the frame labels of the result."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import DONT_CARE, HOP_SAMPLES, LABELS, MUSIC, NOISE, RATE_HZ, SINGING, SPEECH
from .effects import (
    CODECS,
    codec_round_trip,
    measured_room,
    random_band,
    reverberate,
    shape_spectrum,
    simulated_room,
    soft_or_hard_clip,
    telephone,
)
from .labels import frame_power, label_background, mask_buried_speech, to_db
from .sources import ClipBank, Layer, babble, music_bed, noise_bed, room_tone, singer, song_bed, talker
from .targets import encoded, labels_of, of_labels

SCENE_SECONDS = 12.0
KINDS = {  # share of scenes
    "speech": 0.17,
    "speech+music": 0.13,
    "speech+song": 0.08,
    "speech+noise": 0.19,
    "speech+music+noise": 0.06,
    "music": 0.08,
    "song": 0.06,
    "music+noise": 0.05,
    "singing": 0.06,
    "noise": 0.08,
    "babble": 0.03,
    "speech+babble": 0.03,
    "silence": 0.03,
}
PURE_KINDS = {"speech": 0.42, "music": 0.18, "noise": 0.20, "singing": 0.05, "song": 0.12, "babble": 0.03}
HARD_KINDS = {"singing": 0.35, "music": 0.30, "noise": 0.30, "babble": 0.05}
"""Scenes of one kind, for mixtures made while training; and such that are easily taken for speech."""
SPEECH_OVER_MUSIC_DB = (-10.0, 20.0)
SPEECH_OVER_NOISE_DB = (-5.0, 30.0)
SPEECH_OVER_SONG_DB = (-10.0, 15.0)
TELEPHONE_SHARE = 0.05
SUNG_AUDIBLE_DB = 10.0
"""Singing further than this under the rest of a scene is not judged."""
GAIN_DB = (-40.0, 0.0)
SILENCE_DB = (-95.0, -38.0)
"""Peak of room tone alone: from under the last bit to what a preamplifier turned up makes of an empty room."""


@dataclass
class Scene:
    """A mixture, what should be said of it, [frames, labels] as `targets` stores it, and how it was made."""

    samples: np.ndarray
    targets: np.ndarray
    about: dict

    @property
    def labels(self) -> np.ndarray:
        """0, 1, `DONT_CARE` for each frame and label."""
        return labels_of(self.targets)


class Mixer:
    """Draws scenes from a clip bank; the same seed gives the same scene."""

    def __init__(self, bank: ClipBank, rooms: int = 60, seed: int = 1):
        rng = np.random.default_rng(seed)
        self.bank = bank
        self.tones = [room_tone(int((SCENE_SECONDS + 4) * RATE_HZ), rng) for _ in range(rooms // 2)]
        self.rooms = [simulated_room(rng) for _ in range(rooms)] + [measured_room(r) for r in bank.rooms]

    def scene(
        self, seed: int, kind: str | None = None, plain: bool = False, kinds: dict[str, float] | None = None
    ) -> Scene:
        """One scene of `kind`, or of a kind drawn with the shares of `kinds`. `plain`: no room, band limit, codec or
        clipping (levels and gain still vary)."""
        rng = np.random.default_rng(seed)
        shares = kinds or KINDS
        drawn = list(shares)[rng.choice(len(shares), p=np.array(list(shares.values())) / sum(shares.values()))]
        kind = kind or drawn
        samples = int(SCENE_SECONDS * RATE_HZ)
        about: dict = {"kind": kind, "seed": seed}
        speech, music, noise = self._layers(kind, samples, rng, about)
        wet = self._rooms(speech, rng, about, plain)
        if music is not None and not plain:
            music.samples = self._place(music.samples, rng, steady=0.55)
        if noise is not None and not plain:
            noise.samples = self._place(noise.samples, rng, steady=0.6)
        mix, labels = self._mix(speech, wet, music, noise, samples, rng, about)
        mix = self._spoil(mix, rng, about, plain)
        if kind == "silence":
            labels[:, NOISE] = np.nan if about["gain_db"] > -75.0 else 0.0  # heard or not: nobody can say
        return Scene(mix, encoded(labels), about)

    def _layers(self, kind: str, samples: int, rng: np.random.Generator, about: dict):
        speech = music = noise = None
        parts = kind.split("+")
        if "speech" in parts:
            speech = talker(self.bank, samples, rng)
            if rng.random() < 0.2:
                _add_second(speech, talker(self.bank, samples, rng), rng)
        if "music" in parts:
            music = music_bed(self.bank, samples, rng)
            about["speech_over_music_db"] = rng.uniform(*SPEECH_OVER_MUSIC_DB)
        if "song" in parts:
            music = (song_bed if self.bank.has("song") else music_bed)(self.bank, samples, rng)
            about["speech_over_music_db"] = rng.uniform(*SPEECH_OVER_SONG_DB)
        if "singing" in parts:
            music = singer(self.bank, samples, rng)
            if rng.random() < 0.7 and self.bank.has("music"):
                bed = music_bed(self.bank, samples, rng)
                about["singer_over_music_db"] = float(rng.uniform(-10, 12))
                music.samples = music.samples * 10 ** (about["singer_over_music_db"] / 20) + bed.samples
                music.sources |= bed.sources
                music.singing, music.doubt = sung_by_either(music.singing, bed.singing), bed.doubt
            if rng.random() < 0.25:
                noise = noise_bed(self.bank, samples, rng)
                about["speech_over_noise_db"] = rng.uniform(0, 30)
        if "noise" in parts:
            noise = noise_bed(self.bank, samples, rng)
            about["speech_over_noise_db"] = rng.uniform(*SPEECH_OVER_NOISE_DB)
        if "babble" in parts:
            noise = babble(self.bank, samples, rng)
            about["speech_over_noise_db"] = rng.uniform(2.0, 30.0)
        for layer in (speech, music, noise):
            about.setdefault("sources", set()).update(layer.sources if layer else ())
        about["sources"] = sorted(about["sources"])
        return speech, music, noise

    def _rooms(self, speech: Layer | None, rng: np.random.Generator, about: dict, plain: bool) -> np.ndarray | None:
        if speech is None:
            return None
        if plain or rng.random() > 0.35:
            return speech.samples
        about["room"] = int(rng.integers(len(self.rooms)))
        return reverberate(speech.samples, self.rooms[about["room"]])

    @staticmethod
    def _place(samples: np.ndarray, rng: np.random.Generator, steady: float) -> np.ndarray:
        """Lets a layer start late, stop early or pause, with hard cuts or fades."""
        if rng.random() < steady:
            return samples
        envelope = np.ones(len(samples), np.float32)
        begin, end = sorted(rng.integers(0, len(samples), 2))
        mode = rng.integers(4)
        if mode == 0:
            envelope[:begin] = 0.0
        elif mode == 1:
            envelope[end:] = 0.0
        elif mode == 2:
            envelope[begin:end] = 0.0
        else:
            envelope[:begin], envelope[end:] = 0.0, 0.0
        fade = int(np.exp(rng.uniform(np.log(40), np.log(1.5 * RATE_HZ))))
        if fade > 200:
            ramp = np.cumsum(np.pad(envelope, (fade // 2, fade - fade // 2), "edge"), dtype=np.float64)
            envelope = ((ramp[fade:] - ramp[:-fade]) / fade)[: len(samples)].astype(np.float32)
        return samples * envelope

    def _mix(self, speech, wet, music, noise, samples, rng, about):
        frames = samples // HOP_SAMPLES
        zeros = np.zeros(samples, np.float32)
        s = wet if wet is not None else zeros
        if speech is None and music is not None and noise is not None and about["kind"] != "singing":
            about["speech_over_noise_db"] = rng.uniform(-5, 25)
        m = (
            music.samples * 10 ** (-about.get("speech_over_music_db", 0.0) * (speech is not None) / 20)
            if music
            else zeros
        )
        n = (
            noise.samples
            * 10 ** (-about.get("speech_over_noise_db", 0.0) * (speech is not None or music is not None) / 20)
            if noise
            else zeros
        )
        if music is not None and not about.get("room") and rng.random() < 0.12:
            m = reverberate(m, self.rooms[rng.integers(len(self.rooms))])
        if noise is not None and rng.random() < 0.12:
            n = reverberate(n, self.rooms[rng.integers(len(self.rooms))])
        about["tone_db"] = float(rng.uniform(-85.0, -36.0)) if rng.random() < 0.85 else -200.0
        tone = self._tone(samples, rng) * 10 ** (about["tone_db"] / 20) if about["tone_db"] > -150 else zeros
        labels = self._label(speech, s, m, n, tone, music, noise, about, frames)
        return s + m + n + tone, labels

    def _tone(self, samples: int, rng: np.random.Generator) -> np.ndarray:
        tone = self.tones[rng.integers(len(self.tones))]
        begin = int(rng.integers(0, len(tone) - samples))
        return tone[begin : begin + samples]

    @staticmethod
    def _label(speech, s, m, n, tone, music, noise, about, frames) -> np.ndarray:
        power_s, power_m, power_n, power_t = (frame_power(x)[:frames] for x in (s, m, n, tone))
        labels = np.zeros((frames, len(LABELS)), np.uint8)
        if speech is not None:
            labels[:, SPEECH] = mask_buried_speech(speech.labels[:frames], power_s, power_m + power_n + power_t)
            if "room" in about:  # the audible tail after the dry end
                tail = (labels[:, SPEECH] == 0) & (to_db(power_s) > -22.0)
                labels[tail, SPEECH] = DONT_CARE
        if music is not None:
            labels[:, MUSIC] = label_background(
                power_m, power_s + power_n, range_db=38.0, audible_db=22.0, gone_db=34.0, smooth_frames=51
            )
        if noise is not None:
            against_speech = label_background(
                power_n, power_s, range_db=30.0, audible_db=27.0, gone_db=40.0, smooth_frames=41
            )
            against_music = label_background(
                power_n, power_m, range_db=30.0, audible_db=12.0, gone_db=26.0, smooth_frames=41
            )
            both = np.maximum(against_speech, against_music)  # DONT_CARE wins over 1
            both[(against_speech == 0) | (against_music == 0)] = 0
            labels[:, NOISE] = both
        quiet = to_db(power_s + power_m + power_n) < -40.0
        unsure_floor = about["tone_db"] > -46.0 or (speech is not None and speech.clean_range_db < 34.0)
        if unsure_floor:
            labels[labels[:, NOISE] == 0, NOISE] = DONT_CARE
        elif about["tone_db"] > -56.0:
            labels[(labels[:, NOISE] == 0) & quiet, NOISE] = DONT_CARE
        if noise is not None and noise.speech_unsure:
            labels[labels[:, SPEECH] == 0, SPEECH] = DONT_CARE
        if noise is not None and noise.music_unsure:
            labels[labels[:, MUSIC] == 0, MUSIC] = DONT_CARE
        probable = of_labels(labels)
        if speech is not None and speech.soft is not None:
            _ask_teacher(probable[:, SPEECH], speech, labels[:, SPEECH])
        for bed in (music, noise):
            if bed is not None and bed.doubt is not None:
                probable[bed.doubt[:frames] & ~(probable[:, SPEECH] >= 0.5), SPEECH] = np.nan
        if music is not None and music.singing is not None:
            level = label_background(power_m, power_s + power_n, range_db=60.0, audible_db=SUNG_AUDIBLE_DB,
                                     gone_db=34.0, smooth_frames=51)  # fmt: skip
            sung = np.where((level == DONT_CARE) & ~(music.singing[:frames] == 0), np.nan, music.singing[:frames])
            probable[:, SINGING] = np.where(level == 0, 0.0, sung)
        return probable

    @staticmethod
    def _spoil(mix: np.ndarray, rng: np.random.Generator, about: dict, plain: bool) -> np.ndarray:
        peak = float(np.max(np.abs(mix)))
        if peak > 0:
            mix = mix / peak
        if not plain:
            low_hz, high_hz = random_band(rng)
            tilt = rng.random() < 0.4
            about["band_hz"] = [low_hz, high_hz]
            if tilt or low_hz > 0 or high_hz < 8000:
                mix = shape_spectrum(mix, rng, tilt=tilt, low_hz=low_hz, high_hz=high_hz)
            if rng.random() < 0.07:
                mix = soft_or_hard_clip(mix, rng)
            if rng.random() < 0.15:
                about["codec"] = CODECS[rng.integers(len(CODECS))]
                mix = codec_round_trip(mix, about["codec"], rng)
            if rng.random() < TELEPHONE_SHARE:
                about["codec"] = "telephone"
                mix = telephone(mix, rng)
        silence = about["kind"] == "silence"
        about["gain_db"] = float(rng.uniform(*SILENCE_DB) if silence else rng.uniform(*GAIN_DB))
        peak = float(np.max(np.abs(mix))) + 1e-12
        mix = mix * (10 ** (about["gain_db"] / 20) / max(peak, 1e-9)) if peak > 1e-9 else mix
        if rng.random() < 0.7:
            mix = np.round(mix * 32768.0) / 32768.0
        return np.clip(mix, -1.0, 1.0).astype(np.float32)


def sung_by_either(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Probability that somebody sings in one of two layers; not judged where one of them is not and the other is
    silent."""
    known = np.fmax(first, second)
    unknown = np.isnan(first) | np.isnan(second)
    return np.where(unknown & ~(known >= 0.5), np.nan, known).astype(np.float32)


def _ask_teacher(probable: np.ndarray, speech: Layer, labels: np.ndarray) -> None:
    """Takes the teacher's probability where the voice is neither buried nor a tail (in place)."""
    own = speech.labels[: len(labels)]
    heard = speech.soft[: len(labels)]
    hidden = (labels == DONT_CARE) & (own != DONT_CARE)
    asked = ~np.isnan(heard) & ~hidden
    probable[asked] = heard[asked]


class SceneStore:
    """Scenes of a mixer, kept on disk: measuring a second pack does not draw them again. Keyed by the code that makes
    them."""

    def __init__(self, mixer: Mixer, folder: Path):
        here = Path(__file__).parent
        code = b"".join(
            (here / f"{name}.py").read_bytes()
            for name in ("mixing", "sources", "effects", "noises", "labels", "singer", "splits", "targets", "teachers")
        )
        self.mixer, self.folder = mixer, Path(folder) / hashlib.sha256(code).hexdigest()[:12]
        self.folder.mkdir(parents=True, exist_ok=True)

    def scene(self, seed: int, kind: str, plain: bool = True) -> Scene:
        """Like `Mixer.scene`."""
        path = self.folder / f"{kind}-{seed}-{plain:d}.npz"
        if not path.exists():
            scene = self.mixer.scene(seed, kind, plain)
            partial = path.with_suffix(".partial.npz")
            np.savez(partial, samples=scene.samples, targets=scene.targets, about=json.dumps(scene.about))
            os.replace(partial, path)
            return scene
        with np.load(path) as stored:
            return Scene(stored["samples"], stored["targets"], json.loads(str(stored["about"])))


def _add_second(first: Layer, second: Layer, rng: np.random.Generator) -> None:
    """A second talker from a random moment on; overlaps happen."""
    cut = int(rng.integers(0, len(first.labels)))
    level = 10 ** (rng.normal(0, 4) / 20)
    first.samples[cut * HOP_SAMPLES :] += second.samples[cut * HOP_SAMPLES :] * level
    both = np.stack([first.labels[cut:], second.labels[cut:]])
    merged = np.where((both == 1).any(0), 1, np.where((both == DONT_CARE).any(0), DONT_CARE, 0))
    first.labels[cut:] = merged
    if first.soft is not None and second.soft is not None:
        first.soft[cut:] = np.fmax(first.soft[cut:], second.soft[cut:])
    first.sources |= second.sources
    first.clean_range_db = min(first.clean_range_db, second.clean_range_db)
