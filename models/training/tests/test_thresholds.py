"""Thresholds are chosen by what they do, and by nothing of the test split."""

import numpy as np

from earmark_training import DONT_CARE, LABELS, SPEECH
from earmark_training.thresholds import (
    FALSE_SPEECH_ON_MUSIC,
    choose_thresholds,
    confirmed,
    fit_scale_and_offset,
    hysteresis,
    share_over,
)


def test_hysteresis_opens_high_and_closes_low():
    scores = np.array([[0.4, 0.6, 0.5, 0.35, 0.3, 0.5, 0.7]])
    assert hysteresis(scores, 0.6, 0.35)[0].tolist() == [False, True, True, True, False, False, True]


def test_scale_and_offset_of_known_odds_are_found():
    rng = np.random.default_rng(1)
    logits = rng.normal(0.0, 3.0, 40000)
    truth = rng.random(40000) < 1 / (1 + np.exp(-(0.5 * logits + 1.0)))
    scale, offset = fit_scale_and_offset(logits, truth)
    assert abs(scale - 0.5) < 0.02 and abs(offset - 1.0) < 0.05


def test_music_that_is_called_speech_moves_the_speech_threshold():
    rng = np.random.default_rng(2)
    labels = np.zeros((40, 400, len(LABELS)), np.uint8)
    labels[:, 100:300] = 1
    labels[:, 95:105] = DONT_CARE
    logits = np.where(labels == 1, 1.2, -1.5) + rng.normal(0, 0.3, labels.shape)
    music = [np.full(500, 0.72)]
    free, _ = choose_thresholds(logits, labels, [])
    chosen, note = choose_thresholds(logits, labels, music)
    assert share_over(music, free["speech"]["open"], free["speech"]["close"]) > FALSE_SPEECH_ON_MUSIC
    assert share_over(music, chosen["speech"]["open"], chosen["speech"]["close"]) <= FALSE_SPEECH_ON_MUSIC
    assert chosen["music"] == free["music"] and "speech" in note and SPEECH == 0


def test_what_is_never_sure_is_no_speech():
    scores = np.full(1000, 0.1, np.float32)
    scores[100:200], scores[300:400], scores[390], scores[410:900], scores[880] = 0.6, 0.6, 0.9, 0.6, 0.9
    kept = confirmed(scores, scores >= 0.5, 0.85)
    assert not kept[100:200].any() and kept[300:400].all()
    assert kept[410:900].all(), "the pause of 100 ms is filled, so this stretch was sure before"
    scores[300:410] = 0.1
    assert kept.sum() > confirmed(scores, scores >= 0.5, 0.85).sum() == 900 - 680, "two seconds before the sure frame"
