"""Adding scenes in the power domain keeps level and labels right."""

import numpy as np

from earmark_training import DONT_CARE, MUSIC, NOISE, SPEECH
from earmark_training.features import PAD_DB
from earmark_training.remix import add_scenes, disguise, fall_silent, in_time, take_turns


def scene(level_db: float, label: int) -> tuple[np.ndarray, np.ndarray]:
    features = np.full((1, 200, 64), level_db, np.float32)
    labels = np.zeros((1, 200, 3), np.uint8)
    labels[..., label] = 1
    return features, labels


def test_equal_levels_add_three_decibels_and_both_labels_stay():
    features, labels = add_scenes(*scene(-20.0, SPEECH), *scene(-50.0, MUSIC), np.array([0.0]))
    assert np.allclose(features, -16.99, atol=0.02)
    assert (labels[..., SPEECH] == 1).all() and (labels[..., MUSIC] == 1).all() and (labels[..., NOISE] == 0).all()


def test_what_is_far_below_is_not_judged_or_gone():
    unsure = add_scenes(*scene(-20.0, SPEECH), *scene(-20.0, MUSIC), np.array([28.0]))[1]
    gone = add_scenes(*scene(-20.0, SPEECH), *scene(-20.0, MUSIC), np.array([45.0]))[1]
    assert (unsure[..., MUSIC] == DONT_CARE).all() and (gone[..., MUSIC] == 0).all()
    assert (gone[..., SPEECH] == 1).all()


def test_a_disguise_keeps_silence_and_moves_levels_within_reason():
    rng = np.random.default_rng(5)
    features = (rng.normal(-30, 10, (6, 50, 64))).astype(np.float32)
    features[:, :10] = PAD_DB
    other = disguise(features, np.random.default_rng(6))
    assert other.shape == features.shape and other.dtype == np.float32
    assert np.isfinite(other).all() and other.min() >= PAD_DB
    assert (other[:, :10] == PAD_DB).all() and np.abs(other - features).max() > 1


def test_scenes_change_pace_and_direction_with_their_labels():
    features = np.repeat(np.arange(300, dtype=np.float32)[None, :, None], 64, 2).repeat(8, 0)
    labels = (features[..., :3] >= 150).astype(np.uint8)
    moved, said = in_time(features, labels, np.arange(8) % 2 == 1, np.random.default_rng(7))
    assert ((moved[..., :3] >= 150) == said).all()
    steps = np.median(np.diff(moved[..., 0], axis=1), axis=1)
    assert (steps[::2] > 0).all() and (steps[1::2] < 0).all()


def test_scenes_with_a_voice_often_begin_shortly_before_it():
    features = np.zeros((64, 1200, 64), np.float32)
    labels = np.zeros((64, 1200, 3), np.uint8)
    labels[:, 600:900, SPEECH] = 1
    _, said = in_time(features, labels, np.zeros(64, bool), np.random.default_rng(3))
    first = (said[..., SPEECH] == 1).argmax(1)
    assert 10 <= ((first >= 4) & (first <= 36)).sum() <= 40 and (said[..., SPEECH] == 1).any(1).all()


def test_a_talker_falls_silent_from_pause_to_pause():
    features, labels = scene(-20.0, SPEECH)
    features, labels = np.tile(features, (1, 6, 1))[0], np.tile(labels, (1, 6, 1))[0]
    labels[200:240, SPEECH] = labels[900:940, SPEECH] = 0
    fall_silent(features, labels, np.random.default_rng(1))
    silent = (features == PAD_DB).all(1)
    assert silent.sum() >= 150 and (labels[silent] == 0).all() and (labels[~silent, SPEECH] == 1).sum() > 200
    edges = np.flatnonzero(np.diff(silent.astype(int)))
    assert 200 <= edges[0] + 1 < 940


def test_a_follower_that_takes_turns_is_silent_while_the_voice_speaks():
    voice = np.zeros((400, 3), np.uint8)
    voice[100:200, SPEECH] = 1
    features, labels = np.zeros((400, 64), np.float32), np.zeros((400, 3), np.uint8)
    labels[:, MUSIC] = 1
    take_turns(voice, features, labels)
    assert (features[90:210] == PAD_DB).all() and (labels[90:210] == 0).all()
    assert (features[:90] == 0).all() and (features[210:] == 0).all() and (labels[:90, MUSIC] == 1).all()
