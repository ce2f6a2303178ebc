"""Frame labels follow the sound, not the file."""

import numpy as np

from earmark_training import DONT_CARE
from earmark_training.labels import frame_power, label_background, label_speech, label_words


def burst(seconds: float, rng) -> np.ndarray:
    return (0.1 * rng.standard_normal(int(seconds * 16000))).astype(np.float32)


def test_speech_borders_are_within_two_frames_and_short_gaps_are_bridged():
    rng = np.random.default_rng(2)
    quiet = lambda s: (1e-5 * rng.standard_normal(int(s * 16000))).astype(np.float32)
    clip = np.concatenate(
        [quiet(0.5), burst(0.3, rng), quiet(0.08), burst(0.3, rng), quiet(0.4), burst(0.2, rng), quiet(0.5)]
    )
    frames = label_speech(clip).frames
    on = frames == 1
    starts = np.flatnonzero(on[1:] & ~on[:-1]) + 1
    assert len(starts) == 2
    assert abs(starts[0] - 50) <= 2 and abs(starts[1] - 158) <= 2
    assert on[82:86].all() and not on[125:150].any()


def test_inaudible_background_is_not_labelled_and_the_border_is_not_judged():
    rng = np.random.default_rng(3)
    loud, base = frame_power(burst(3, rng)), frame_power(burst(3, rng))
    rules = dict(range_db=30.0, audible_db=25.0, gone_db=38.0, smooth_frames=41)
    at = lambda db: label_background(base * 10 ** (db / 10), loud, **rules)
    assert (at(-10) == 1).all() and (at(-50) == 0).all() and (at(-32) == DONT_CARE).all()
    assert (label_background(np.zeros(300), loud, **rules) == 0).all()


def test_word_times_decide_and_contradictions_are_not_judged():
    rng = np.random.default_rng(4)
    quiet = lambda s: (1e-5 * rng.standard_normal(int(s * 16000))).astype(np.float32)
    clip = np.concatenate([quiet(0.5), burst(0.5, rng), quiet(1.0), burst(0.5, rng), quiet(0.5)])
    frames = label_words(clip, [(0.5, 0.7), (0.8, 1.0), (1.2, 1.4)]).frames
    assert (frames[52:98] == 1).all(), "words and the short gap between them"
    assert (frames[122:138] == DONT_CARE).all(), "a word in silence"
    assert (frames[202:248] == DONT_CARE).all(), "sound without a word"
    assert (frames[145:195] == 0).all()


def test_breath_between_timed_words_is_no_speech():
    rng = np.random.default_rng(5)
    quiet, word, breath = 1e-5 * burst(0.5, rng), burst(0.5, rng), 0.1 * burst(0.5, rng)
    clip = np.concatenate([quiet, word, breath, word, quiet])
    assert (label_speech(clip).frames[100:150] == 1).all(), "energy alone says speech"
    frames = label_words(clip, [(0.5, 1.0), (1.5, 2.0)]).frames
    assert (frames[106:144] == 0).all()
    assert (frames[100:105] == DONT_CARE).all(), "word times are no more exact than this"
