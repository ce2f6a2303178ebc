"""Adding scenes in the power domain keeps level and labels right, and so do the disguises before it."""

import json

import numpy as np
import pytest
import torch

from earmark_training import DONT_CARE, LABELS, MUSIC, NOISE, SPEECH
from earmark_training.corpus import CorpusError
from earmark_training.draws import Draws
from earmark_training.features import PAD_DB
from earmark_training.plan import Plan
from earmark_training.remix import PAIRS, Remixer, add_scenes, disguise, fall_silent, in_time, take_turns, with_shares
from earmark_training.scenes import Scenes
from earmark_training.shards import Shards
from earmark_training.targets import YES, labels_of
from earmark_training.train import augment

CPU = torch.device("cpu")


def draws(seed: int) -> Draws:
    return Draws((seed, 0), CPU)


def scene(level_db: float, label: int, frames: int = 200) -> tuple[torch.Tensor, torch.Tensor]:
    features = torch.full((1, frames, 64), level_db)
    labels = torch.zeros((1, frames, len(LABELS)), dtype=torch.uint8)
    labels[..., label] = YES
    return features, labels


def test_equal_levels_add_three_decibels_and_both_labels_stay():
    features, labels = add_scenes(*scene(-20.0, SPEECH), *scene(-50.0, MUSIC), torch.tensor([0.0]))
    assert torch.allclose(features, torch.tensor(-16.99), atol=0.02)
    assert (labels[..., SPEECH] == YES).all() and (labels[..., MUSIC] == YES).all() and (labels[..., NOISE] == 0).all()


def test_what_is_far_below_is_not_judged_or_gone():
    unsure = add_scenes(*scene(-20.0, SPEECH), *scene(-20.0, MUSIC), torch.tensor([28.0]))[1]
    gone = add_scenes(*scene(-20.0, SPEECH), *scene(-20.0, MUSIC), torch.tensor([45.0]))[1]
    assert (unsure[..., MUSIC] == DONT_CARE).all() and (gone[..., MUSIC] == 0).all()
    assert (gone[..., SPEECH] == YES).all()


def test_a_disguise_keeps_silence_and_moves_levels_within_reason():
    features = torch.randn(6, 50, 64, generator=torch.Generator().manual_seed(5)) * 10 - 30
    features[:, :10] = PAD_DB
    other = disguise(features, draws(6))
    assert other.shape == features.shape and other.dtype == torch.float32
    assert torch.isfinite(other).all() and other.min() >= PAD_DB
    assert (other[:, :10] == PAD_DB).all() and (other - features).abs().max() > 1


def test_a_disguise_moves_bands_up_or_down_the_mel_axis():
    features = torch.full((64, 4, 64), -90.0)
    features[:, :, 32] = 0.0
    at = disguise(features, draws(8)).mean(1).argmax(1)
    assert at.min() < 30 and at.max() > 34 and (at == 32).any() and ((at >= 26) & (at <= 38)).all()


def test_scenes_change_pace_and_direction_with_their_labels():
    features = torch.arange(300.0)[None, :, None].repeat(8, 1, 64)
    labels = (features[..., : len(LABELS)] >= 150).to(torch.uint8) * YES
    moved, said = in_time(features, labels, torch.arange(8) % 2 == 1, draws(7))
    assert ((moved[..., : len(LABELS)] >= 150) == said.bool()).all()
    steps = moved[..., 0].diff(dim=1).median(1).values
    assert (steps[::2] > 0).all() and (steps[1::2] < 0).all()


def test_scenes_with_a_voice_often_begin_shortly_before_it():
    features = torch.zeros(64, 1200, 64)
    labels = torch.zeros(64, 1200, len(LABELS), dtype=torch.uint8)
    labels[:, 600:900, SPEECH] = YES
    _, said = in_time(features, labels, torch.zeros(64, dtype=torch.bool), draws(3))
    first = (said[..., SPEECH] == YES).int().argmax(1)
    assert 10 <= ((first >= 4) & (first <= 36)).sum() <= 40 and (said[..., SPEECH] == YES).any(1).all()


def test_a_talker_falls_silent_from_pause_to_pause():
    features, labels = scene(-20.0, SPEECH, 1200)
    labels[:, 200:240, SPEECH] = labels[:, 900:940, SPEECH] = 0
    untouched = features.clone(), labels.clone()
    fall_silent(features, labels, torch.tensor([False]), draws(1))
    assert torch.equal(features, untouched[0]) and torch.equal(labels, untouched[1])
    fall_silent(features, labels, torch.tensor([True]), draws(1))
    silent = (features[0] == PAD_DB).all(1)
    assert silent.sum() >= 150 and (labels[0, silent] == 0).all() and (labels[0, ~silent, SPEECH] == YES).sum() > 200
    edges = torch.nonzero(silent.int().diff())
    assert 200 <= edges[0] + 1 < 940


def test_a_follower_that_takes_turns_is_silent_while_the_voice_speaks():
    voice = torch.zeros(2, 400, len(LABELS), dtype=torch.uint8)
    voice[:, 100:200, SPEECH] = YES
    features, labels = torch.zeros(2, 400, 64), torch.zeros(2, 400, len(LABELS), dtype=torch.uint8)
    labels[..., MUSIC] = YES
    take_turns(voice, features, labels, torch.tensor([True, False]))
    assert (features[0, 90:210] == PAD_DB).all() and (labels[0, 90:210] == 0).all()
    assert (features[0, :90] == 0).all() and (features[0, 210:] == 0).all() and (labels[0, :90, MUSIC] == YES).all()
    assert (features[1] == 0).all() and (labels[1, :, MUSIC] == YES).all()


def test_masked_bands_get_their_mean_and_gain_moves_all():
    features = torch.zeros(40, 30, 64) - 50
    features[:, :, ::2] = -30.0
    same = dict(gain_range_db=(5.0, 5.0), equaliser_db=0.0, mask_bands=18)
    assert torch.allclose(augment(features.clone(), Plan(**same, mask_share=0.0), draws(1)), features + 5)
    masked = augment(features.clone(), Plan(**same, mask_share=1.0), draws(1)) - features - 5
    touched = (masked.abs() > 1e-4).any(1).sum(1)
    assert (touched >= 2).all() and (touched <= 18).all()


def shard(folder, kinds: list[str], number: int = 0, source: str = "") -> None:
    """One shard of scenes whose level tells their number."""
    features = np.stack([np.full((300, 64), -20.0 - i, np.float16) for i in range(len(kinds))])
    labels = np.zeros((len(kinds), 300, len(LABELS)), np.uint8)
    for i, kind in enumerate(kinds):
        labels[i, :, {"speech": SPEECH, "noise": NOISE}.get(kind, MUSIC)] = YES
    np.save(folder / f"shard-{number:05d}.features.npy", features)
    np.save(folder / f"shard-{number:05d}.labels.npy", labels)
    (folder / f"shard-{number:05d}.json").write_text(
        json.dumps([{"kind": k, "sources": [source] if i % 2 else []} for i, k in enumerate(kinds)])
    )


def test_only_kinds_that_are_there_are_mixed(tmp_path):
    shard(tmp_path, ["speech", "noise", "noise"])
    features, labels = Remixer(Scenes(Shards(tmp_path), CPU)).batch(64, draws(2))
    assert features.shape == (64, 300, 64) and torch.isfinite(features).all()
    assert (labels[..., MUSIC] == 0).all() and (labels[..., SPEECH] == YES).any() and (labels[..., NOISE] == YES).any()


def test_a_step_draws_the_same_again(tmp_path):
    shard(tmp_path, ["speech", "music", "noise", "singing", "babble"])
    remixer = Remixer(Scenes(Shards(tmp_path), CPU))
    first, second, other = (remixer.batch(16, draws(seed)) for seed in (4, 4, 5))
    assert torch.equal(first[0], second[0]) and torch.equal(first[1], second[1]) and not torch.equal(first[0], other[0])


def test_scenes_held_in_memory_are_those_on_disk(tmp_path):
    shard(tmp_path, ["speech", "music", "noise"], 0, "secret")
    shard(tmp_path, ["noise", "music"], 1, "secret")
    shards = Shards(tmp_path, hold_out=("secret",))
    held, read = Scenes(shards, CPU, hold=True), Scenes(shards, CPU)
    every = torch.arange(len(held))
    assert len(held) == 3 and [a["kind"] for a in held.about] == ["speech", "noise", "noise"]
    assert all(torch.equal(a, b) for a, b in zip(held.batch(every), read.batch(every), strict=True))


def test_a_probability_survives_mixing_and_the_surest_of_two_stands():
    features, half = scene(-20.0, SPEECH)
    half[..., SPEECH] = YES // 2
    other, unjudged = scene(-30.0, MUSIC)
    unjudged[..., SPEECH] = DONT_CARE
    silent = add_scenes(features, half, *scene(-30.0, MUSIC), torch.tensor([0.0]))[1]
    unsure = add_scenes(features, half, other, unjudged, torch.tensor([0.0]))[1]
    sure = add_scenes(*scene(-20.0, SPEECH), other, unjudged, torch.tensor([0.0]))[1]
    assert (silent[..., SPEECH] == YES // 2).all()
    assert (unsure[..., SPEECH] == DONT_CARE).all() and (sure[..., SPEECH] == YES).all()
    assert labels_of(silent.numpy())[..., SPEECH].min() == 1


def test_a_plan_may_ask_for_more_of_a_pair_but_not_for_one_that_is_unknown():
    more = with_shares(PAIRS, {"noise": 0.5, "speech+song": 0.0})
    share = {pair[:2]: pair[2] for pair in more}
    assert share["noise", ""] == 0.5 and share["speech", "song"] == 0.0
    assert [p for p in more if p[:2] not in (("noise", ""), ("speech", "song"))] == [
        p for p in PAIRS if p[:2] not in (("noise", ""), ("speech", "song"))
    ]
    with pytest.raises(CorpusError, match="speech\\+car"):
        with_shares(PAIRS, {"speech+car": 1.0})
