"""Hard recordings are made of clean clips; what a listener says of them is counted against the clean labels."""

import numpy as np

from earmark_training import LABELS, MUSIC, SPEECH
from earmark_training.conditions import FAR_DBFS, TONE_DBFS, conditions
from earmark_training.corpus import Clip
from earmark_training.labels import frame_power, to_db

RATE_HZ = 16000


class Voices:
    """A corpus of two voices (bursts of a buzz over a faint hiss) and a tune."""

    def audio(self, clip: Clip) -> np.ndarray:
        """Three seconds of one of them."""
        t = np.arange(3 * RATE_HZ) / RATE_HZ
        if clip.kind == "music":
            return (0.2 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
        buzz = sum(np.sin(2 * np.pi * 140 * h * t) / h for h in range(1, 20))
        hiss = 1e-4 * np.random.default_rng(len(clip.path)).standard_normal(len(t))
        return (0.1 * buzz * (t % 1.0 < 0.6) + hiss).astype(np.float32)


class Loudness:
    """Calls speech what is louder than a level, music what is not."""

    def __init__(self, level_dbfs: float):
        self.level_dbfs, self.heard = level_dbfs, []

    def listen(self, samples: np.ndarray) -> np.ndarray:
        """Scores [frames, labels]."""
        self.heard.append(samples)
        loud = to_db(frame_power(samples)) > self.level_dbfs
        scores = np.zeros((len(loud), len(LABELS)), np.float32)
        scores[:, SPEECH], scores[:, MUSIC] = loud, ~loud
        return scores


CLIPS = [
    *(Clip(path=f"speech/x/{'a' * n}.wav", kind="speech", length_samples=3 * RATE_HZ) for n in (1, 2)),
    Clip(path="music/x/1.wav", kind="music", length_samples=3 * RATE_HZ),
]


def rows_of(level_dbfs: float) -> dict[str, dict]:
    return {row["condition"]: row for row in conditions(Loudness(level_dbfs), Voices(), CLIPS)}


def test_a_listener_by_level_hears_clean_voices_and_loses_far_ones():
    rows = rows_of(-45.0)
    clean, far = rows["clean voices"], next(r for name, r in rows.items() if name.startswith("far"))
    assert clean["recordings"] == 2 and clean["recall"] > 0.95 and clean["called_speech"] < 0.05
    assert clean["roc_auc"] > 0.95 and far["recall"] < 0.3


def test_room_tone_and_the_first_second_of_music_hold_no_speech_to_be_found():
    rows = rows_of(TONE_DBFS - 10.0)
    tone = next(r for name, r in rows.items() if name.startswith("room tone"))
    first = rows["the first second of music"]
    assert tone["called_speech"] > 0.95 and tone["recall"] is None and tone["roc_auc"] is None
    assert first["called_speech"] == 1.0 and first["called_music"] == 0.0


def test_levels_are_those_that_the_rows_name_and_the_samples_are_of_16_bits():
    listener = Loudness(0.0)
    conditions(listener, Voices(), CLIPS)
    voices, tones = listener.heard[:8], listener.heard[8 + 60 : 8 + 120]
    rms_db = lambda samples: 10 * np.log10(np.mean(np.square(samples)))
    assert all(abs(rms_db(t) - TONE_DBFS) < 0.1 for t in tones)
    assert all(abs(rms_db(v) - FAR_DBFS) < 1.0 for v in voices[6:8])
    assert all(np.array_equal(np.round(x * 32768), x * 32768) for x in listener.heard[:120])


def test_a_side_without_voices_has_no_row_of_them():
    assert "clean voices" not in {row["condition"] for row in conditions(Loudness(0.0), Voices(), CLIPS[2:])}
