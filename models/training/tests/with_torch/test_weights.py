"""What a frame counts in the loss."""

import torch

from earmark_training import DONT_CARE, LABELS, MUSIC, NOISE, SINGING, SPEECH
from earmark_training.plan import UNWEIGHED, Plan
from earmark_training.targets import YES
from earmark_training.train import weights_of

PLAN = Plan(border_weight=1.0, onset_weight=2.0, gap_weight=3.0, music_negative_weight=1.5, masked_noise_weight=4.0)


def scene() -> torch.Tensor:
    """Speech at 100..200 and 220..300 of 600 frames."""
    labels = torch.zeros(1, 600, len(LABELS), dtype=torch.uint8)
    labels[0, 100:200, SPEECH] = labels[0, 220:300, SPEECH] = YES
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
    labels[0, 50:150, NOISE] = YES
    labels[0, 400:450, MUSIC] = YES
    labels[0, 500:, SPEECH] = DONT_CARE
    weight = weights_of(labels, PLAN)[0]
    assert (weight[100:150, NOISE] == 4).all() and (weight[50:100, NOISE] == 1).all()
    assert (weight[50:100, SPEECH] == 1.5).all() and (weight[400:450, SPEECH] == 1.5).all()
    assert (weight[500:, SPEECH] == 0).all() and (weights_of(labels, UNWEIGHED)[0, :500] == 1).all()


def test_false_speech_on_singing_counts_more_once_more():
    labels = scene()
    labels[0, 400:450, MUSIC] = labels[0, 420:450, SINGING] = YES
    weight = weights_of(labels, Plan(border_weight=1.0, music_negative_weight=1.5, sung_negative_weight=2.0))[0]
    assert (weight[400:420, SPEECH] == 1.5).all() and (weight[420:450, SPEECH] == 3).all()
