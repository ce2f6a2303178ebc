"""Scores of other detectors as soft targets, on the stems of a scene and never on its mixture.

The scores come from files, one NPZ a recording, named by the first 16 hexadecimal digits of the sha256 of its audio
file,
with arrays per 10 ms frame: `speech` (Silero and FireRed VAD together, for clean voices), `silero`, `aed` (FireRed AED:
speech, singing, music) and `yamnet` (521 classes); any may be missing. Nothing of those models is in this project:
Silero
VAD comes by the Python package `silero-vad` (MIT), FireRedVAD and its AED by the repository FireRedTeam/FireRedVAD
(Apache-2.0), YAMNet by TensorFlow's models (Apache-2.0). Without scores training works from labels alone, worse.

What is certain stays so: word times, the class of a source, songs that their source calls sung or not sung.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from .corpus import Clip
from .labels import frame_power, to_db

NAME_DIGITS = 16
AED_SPEECH, AED_SINGING = 0, 1
YAMNET_SPEECH, YAMNET_SINGING = slice(0, 4), slice(24, 33)
DOUBT = 0.5
"""Score from which a witness counts."""
NOT_SUNG = 0.2
"""Score of singing under which nobody is taken to sing where a source does not say."""
SECOND_WITNESS = 0.1
"""Score of YAMNet's singing classes that confirms singing where a source does not say."""
SONGS = ("robotutor-songs", "thelackthereof", "marsshooter")
"""Sources of songs: a second witness of singing wherever one teacher hears it, parts without a voice among them."""
SOLO = ("robotutor-songs", "hedgewars-singer")
"""Sources of unaccompanied singing, which no teacher tells from speech: their own word is the truth."""
SUNG_RANGE_DB = 25.0


class Teachers:
    """Scores found for the clips of a corpus; a clip without any has labels alone."""

    def __init__(self, files: dict[str, Path] | None = None):
        self.files = files or {}

    def __len__(self) -> int:
        return len(self.files)

    def digest(self) -> str:
        """sha256 of which clips have scores, and of those."""
        digest = hashlib.sha256()
        for path in sorted(self.files):
            digest.update(path.encode() + hashlib.sha256(self.files[path].read_bytes()).digest())
        return digest.hexdigest()

    def scores(self, clip: Clip) -> dict[str, np.ndarray]:
        """Arrays [frames] or [frames, k] of a clip; empty without a file."""
        path = self.files.get(clip.path)
        if path is None:
            return {}
        with np.load(path) as stored:
            return {name: stored[name].astype(np.float32) for name in stored.files}

    def speech(self, clip: Clip, frames: int) -> np.ndarray | None:
        """Probability of speech [frames] in a clip of a voice; None where nobody was asked."""
        scores = self.scores(clip)
        return _fitted(scores["speech"], frames) if "speech" in scores else None

    def doubtful(self, clip: Clip, frames: int) -> np.ndarray:
        """Where a bed that should hold no speech may hold some, bool [frames]."""
        scores, doubt = self.scores(clip), np.zeros(frames, bool)
        if clip.kind == "music" and "aed" in scores:
            aed = _fitted(scores["aed"], frames)
            doubt |= (aed[:, AED_SPEECH] > DOUBT) & (aed[:, AED_SINGING] < 0.3)
        elif clip.kind == "noise" and {"silero", "yamnet"} <= scores.keys():
            heard = _fitted(scores["yamnet"], frames)[:, YAMNET_SPEECH].max(1) > DOUBT
            doubt |= (_fitted(scores["silero"], frames) > DOUBT) & heard
        return doubt

    def singing(self, clip: Clip, samples: np.ndarray) -> np.ndarray:
        """Probability of singing, float32 [frames], in a clip of music; NaN where nobody knows."""
        frames = len(frame_power(samples))
        if clip.vocals == "no":
            return np.zeros(frames, np.float32)
        if clip.source in SOLO:
            level_db = to_db(frame_power(samples))
            sung = level_db > np.percentile(level_db, 95) - SUNG_RANGE_DB
            return np.where(sung, 1.0, np.where(level_db < -110.0, 0.0, np.nan)).astype(np.float32)
        scores = self.scores(clip)
        if "aed" not in scores:
            return np.full(frames, np.nan, np.float32)
        sung = _fitted(scores["aed"], frames)[:, AED_SINGING]
        if clip.vocals == "yes" or clip.source in SONGS:
            return sung
        if "yamnet" not in scores:
            return np.where(sung < NOT_SUNG, 0.0, np.nan).astype(np.float32)
        confirmed = _fitted(scores["yamnet"], frames)[:, YAMNET_SINGING].max(1) > SECOND_WITNESS
        return np.where(sung < NOT_SUNG, 0.0, np.where(confirmed, sung, np.nan)).astype(np.float32)


class OnlySinging(Teachers):
    """The scores as the sides that measure use them: no teacher says where speech is, and singing, of which sources
    know nothing frame by frame, is yes or no, not judged where the teacher is unsure."""

    def speech(self, clip: Clip, frames: int) -> np.ndarray | None:
        """Nobody is asked."""
        return None

    def doubtful(self, clip: Clip, frames: int) -> np.ndarray:
        """Nothing is doubted, bool [frames]."""
        return np.zeros(frames, bool)

    def singing(self, clip: Clip, samples: np.ndarray) -> np.ndarray:
        """0, 1 or NaN, float32 [frames]."""
        heard = super().singing(clip, samples)
        return np.where(heard >= DOUBT, 1.0, np.where(heard < NOT_SUNG, 0.0, np.nan)).astype(np.float32)


def _fitted(scores: np.ndarray, frames: int) -> np.ndarray:
    """Scores for exactly `frames` frames: the last one stays, or what is too much goes."""
    if len(scores) >= frames:
        return scores[:frames]
    return np.concatenate([scores, np.repeat(scores[-1:], frames - len(scores), 0)])


def found_for(clips: list[Clip], corpora: list[Path], folders: list[Path]) -> Teachers:
    """The scores that some folders have of some clips of corpora."""
    known = {path.stem: path for folder in folders for path in sorted(Path(folder).rglob("*.npz"))}
    files = {}
    for clip in clips if known else ():
        audio = next((Path(corpus) / clip.path for corpus in corpora if (Path(corpus) / clip.path).exists()), None)
        if audio is not None and clip.kind != "room":
            name = hashlib.sha256(audio.read_bytes()).hexdigest()[:NAME_DIGITS]
            if name in known:
                files[clip.path] = known[name]
    return Teachers(files)
