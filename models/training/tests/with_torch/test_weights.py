"""What a frame counts in the loss."""

import torch

from earmark_training import DONT_CARE, MUSIC, NOISE, SPEECH
from earmark_training.train import UNWEIGHED, Plan, weights_of

PLAN = Plan(border_weight=1.0, onset_weight=2.0, gap_weight=3.0, music_negative_weight=1.5, masked_noise_weight=4.0)


def scene() -> torch.Tensor:
    """Speech at 100..200 and 220..300 of 600 frames."""
    labels = torch.zeros(1, 600, 3, dtype=torch.uint8)
    labels[0, 100:200, SPEECH] = labels[0, 220:300, SPEECH] = 1
    return labels


def test_a_short_silence_and_the_beginning_of_speech_count_more():
    weight = weights_of(scene(), PLAN)[0, :, SPEECH]
    assert (weight[200:220] == 3).all() and (weight[:100] == 1).all() and (weight[300:] == 1).all()
    assert (weight[100:115] == 2).all() and (weight[115:200] == 1).all() and (weight[220:235] == 2).all()


def test_borders_count_more_on_both_sides():
    weight = weights_of(scene(), Plan(border_weight=2.0, onset_weight=1.0, gap_weight=1.0))[0, :, SPEECH]
    assert (weight[90:111] == 2).all() and (weight[:90] == 1).all() and (weight[111:190] == 1).all()


def test_noise_behind_speech_and_false_speech_count_more_and_the_unjudged_nothing():
    labels = scene()
    labels[0, 50:150, NOISE] = 1
    labels[0, 400:450, MUSIC] = 1
    labels[0, 500:, SPEECH] = DONT_CARE
    weight = weights_of(labels, PLAN)[0]
    assert (weight[100:150, NOISE] == 4).all() and (weight[50:100, NOISE] == 1).all()
    assert (weight[50:100, SPEECH] == 1.5).all() and (weight[400:450, SPEECH] == 1.5).all()
    assert (weight[500:, SPEECH] == 0).all() and (weights_of(labels, UNWEIGHED)[0, :500] == 1).all()
