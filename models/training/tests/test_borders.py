"""Onsets and silences against word times that may be wrong."""

import numpy as np

from earmark_training.borders import Borders, all_confirmed


def tone(frames_on: list[tuple[int, int]], frames: int) -> np.ndarray:
    """Levels of sound in some frames over a floor 60 dB down."""
    level_db = np.full(frames, -80.0)
    for start, end in frames_on:
        level_db[start:end] = -20.0
    return level_db


def mask(frames_on: list[tuple[int, int]], frames: int) -> np.ndarray:
    out = np.zeros(frames)
    for start, end in frames_on:
        out[start:end] = 1.0
    return out


def test_a_score_that_follows_the_sound_is_late_only_where_the_times_are_wrong():
    sound = [(30, 100), (150, 200)]
    level_db, score = tone(sound, 260), mask(sound, 260)
    borders = Borders()
    borders.add(
        score, mask([(20, 100), (150, 200)], 260) == 1, level_db
    )  # the first word is said to begin 100 ms early
    figures = borders.figures()
    assert figures["all"]["onsets"] == 2 and figures["confirmed"]["onsets"] == 1
    assert borders.delays_ms == [100.0, 0.0] and figures["confirmed"]["delay_ms_p90"] == 0.0
    assert figures["all"]["silences_found"] == figures["confirmed"]["silences_found"] == 1.0


def test_a_silence_that_is_none_is_not_confirmed_and_a_word_never_called_is_missed():
    level_db = tone([(30, 170)], 300)
    borders = Borders()
    borders.add(mask([(30, 150)], 300), mask([(30, 80), (110, 140), (230, 260)], 300) == 1, level_db)
    figures = borders.figures()
    assert figures["all"]["silences"] == 2 and figures["confirmed"]["silences"] == 1
    assert figures["all"]["silences_found"] == 0.5 and figures["confirmed"]["silences_found"] == 1.0
    assert figures["all"]["missed"] == 1 and borders.missed == [False, True]


def test_nothing_counted_gives_no_figures():
    figures = Borders().figures()
    assert (
        figures["all"]["onsets"] == 0
        and figures["all"]["delay_ms_p90"] is None
        and figures["all"]["silences_found"] is None
    )


def test_a_recording_agrees_when_all_its_borders_do():
    level_db = tone([(30, 80), (110, 140)], 200)
    agrees = lambda *words: all_confirmed(mask(list(words), 200) == 1, level_db)
    assert agrees((30, 80), (110, 140)) and agrees((16, 24)) is False and agrees((30, 60), (76, 140)) is False
