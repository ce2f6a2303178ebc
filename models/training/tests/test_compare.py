"""Differences count where the same recordings say so again and again."""

from types import SimpleNamespace

import numpy as np

from earmark_training.compare import BINS, Tally, compared, count, figures_of, markdown
from earmark_training.corpus import Clip
from earmark_training.metrics import roc_auc


def rows(rng, groups: int, called: float, clean: float = 0.5) -> np.ndarray:
    """Groups of noise of which a share of frames is called speech."""
    made = []
    for _ in range(groups):
        tally = Tally(clips=4, clean=rng.binomial(4, clean))
        hits = rng.binomial(500, called)
        tally.other[150], tally.other[20] = hits, 500 - hits
        made.append(tally.row())
    return np.stack(made)


NO_WORDS = SimpleNamespace(words={})


def test_figures_from_histograms_are_those_of_the_scores():
    rng = np.random.default_rng(1)
    bins = rng.integers(0, BINS, 4000)
    truth = rng.random(4000) < bins / BINS
    tally = Tally(np.bincount(bins[truth], minlength=BINS), np.bincount(bins[~truth], minlength=BINS), 0, 1)
    figures = figures_of(tally.row()[None])
    assert abs(figures["auc"][0] - roc_auc(bins, truth)) < 1e-9
    assert abs(figures["recall"][0] - (bins[truth] >= BINS // 2).mean()) < 1e-12
    assert "clean_clips" not in figures


def test_a_clip_is_clean_until_speech_is_called_for_a_tenth_of_a_second():
    clip = Clip(path="a", kind="noise")
    short, long = np.zeros(200), np.zeros(200)
    short[50:59], long[50:60] = 0.9, 0.9
    tally = Tally()
    count(tally, clip, NO_WORDS, short)
    count(tally, clip, NO_WORDS, long)
    assert (tally.clean, tally.clips) == (1, 2) and tally.other[HIGH].sum() == 19 and tally.speech.sum() == 0


HIGH = slice(BINS // 2, None)


def test_a_real_difference_counts_and_chance_does_not():
    rng = np.random.default_rng(2)
    old = rows(rng, 60, 0.10)
    result = compared({"old": old, "new": rows(rng, 60, 0.03), "twin": rows(rng, 60, 0.10)})
    better, twin = result["differences"]["new"]["false_alarms"], result["differences"]["twin"]["false_alarms"]
    assert better["verdict"] == "better" and better["interval"][1] < -0.05
    assert twin["verdict"] == "same" and twin["interval"][0] < 0 < twin["interval"][1]
    assert (
        compared({"new": rows(rng, 60, 0.03), "old": old})["differences"]["old"]["false_alarms"]["verdict"] == "worse"
    )
    assert result["groups"] == 60 and result["clips"] == 240
    text = markdown({"rain": result})
    assert text.count("better") == 1 and "rain" in text and text.count("\n") == 3


def test_a_certain_but_tiny_difference_does_not_count():
    old, new = rows(np.random.default_rng(3), 50, 0.5), None
    new = old.copy()
    new[:, BINS + 150] -= 1
    new[:, BINS + 20] += 1
    difference = compared({"old": old, "new": new})["differences"]["new"]["false_alarms"]
    assert difference["interval"][1] < 0 and difference["verdict"] == "same"
