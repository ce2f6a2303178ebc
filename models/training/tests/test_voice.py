"""Speakers, sides, pairs and error rates of the voice pack."""

import json
from pathlib import Path

import numpy as np
import pytest
from voices import WORDS, make_corpus, say

from earmark_training.corpus import Clip, build_cache
from earmark_training.recipes import recipe_of
from earmark_training.voice import bank, roster, trials
from earmark_training.voice.card import write_card
from earmark_training.voice.measure import equal_error_rate, interval


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = make_corpus(tmp_path_factory.mktemp("voices"))
    cache = build_cache([folder], tmp_path_factory.mktemp("cache"), 1)
    return cache, roster.voices(cache.clips, roster.details_of([folder]))


def clip(source: str, speaker: str, split: str = "train", path: str = "", seconds: float = 60.0) -> Clip:
    return Clip(
        path or f"speech/{source}/{speaker}", "speech", source, split, speaker, length_samples=int(16000 * seconds)
    )


def test_only_certain_names_are_speakers():
    assert roster.speaker_of(clip("speech-commands", "sc-1")) == "sc-1"
    assert roster.speaker_of(clip("tuxpaint", "tuxpaint-bg")) == ""
    assert roster.speaker_of(clip("fillets-cs", "", path="speech/fillets-cs/let-m-divna-0a1b2c.flac")) == "fillets-cs-m"
    assert roster.speaker_of(clip("fillets-cs", "", path="speech/fillets-cs/1-archlinux-ce3e19.flac")) == ""


def test_more_speakers_are_held_out_half_and_half_and_never_trained_on():
    clips = [clip("arabic-commands", f"ar-{k}") for k in range(20)] + [clip("speech-commands", "sc-1")]
    sides = roster.held_out(clips)
    assert sorted(sides.values()) == ["test", "test", "valid", "valid"]
    assert sides == roster.held_out(clips[::-1])
    learners = roster.to_train(roster.voices(clips, {}))
    assert len(learners) == 17 and not {v.speaker for v in learners} & set(sides)


def test_one_speaker_does_not_fill_the_bank():
    clips = [clip("audio-cmn", "cmn-a", path=f"speech/audio-cmn/{k}.wav") for k in range(60)]
    assert 20 <= len(roster.to_train(roster.voices(clips, {}))) <= 21


def test_pairs_are_of_one_source_and_text_and_of_speakers_of_one_side(corpus):
    cache, everyone = corpus
    trained = {v.speaker for v in roster.to_train(everyone)}
    speakers = {}
    for side in ("valid", "test"):
        found = trials.stretches(cache, everyone, side)
        speakers[side] = {s.speaker for s in found}
        for kind in trials.KINDS:
            pairs = trials.pairs_of(found, kind)
            assert pairs.same.any() and not pairs.same.all()
            for a, b, same in zip(pairs.first, pairs.second, pairs.same, strict=True):
                assert (found[a].source, found[a].text, found[a].kind) == (found[b].source, found[b].text, kind)
                assert same == (found[a].speaker == found[b].speaker)
    assert not speakers["valid"] & speakers["test"] and not trained & (speakers["valid"] | speakers["test"])


def test_stretches_have_the_length_that_their_kind_says(corpus):
    cache, everyone = corpus
    seconds = {"sentence": 2.0, "word": 1.0, "two words": 2.0}
    for stretch in trials.stretches(cache, everyone, "valid"):
        assert len(stretch.samples(cache)) / 16000 == pytest.approx(seconds[stretch.kind], abs=0.01)
        assert stretch.child == (stretch.age == 9)


def test_noise_is_as_far_under_the_voice_as_it_says():
    voice, noise = say(1, WORDS["go"], 1.0, 0), np.random.default_rng(0).standard_normal(16000).astype(np.float32)
    added = trials.with_noise(voice, noise, 10.0) - voice
    assert 10 * np.log10(np.mean(voice**2) / np.mean(added**2)) == pytest.approx(10.0, abs=0.01)


def test_the_active_span_leaves_silence_out():
    features = np.full((200, 64), -80.0, np.float32)
    features[60:120] = -20.0
    first, last = bank.active_span(features)
    assert 60 - bank.MARGIN_FRAMES <= first <= 60 and 120 <= last <= 120 + bank.MARGIN_FRAMES
    assert bank.active_span(np.full((50, 64), -80.0, np.float32)) == (0, 50)


def test_equal_error_rates_of_known_scores():
    same = np.array([True] * 4 + [False] * 4)
    assert equal_error_rate(np.array([5.0, 6, 7, 8, 1, 2, 3, 4]), same) == 0.0
    assert equal_error_rate(np.array([1.0, 2, 3, 4, 5, 6, 7, 8]), same) == 1.0
    assert equal_error_rate(np.array([4.0, 6, 7, 8, 1, 2, 3, 5]), same) == 0.25
    heavy = np.array([5.0, 1, 1, 1, 1, 1, 1, 5])
    assert equal_error_rate(np.array([4.0, 6, 7, 8, 1, 2, 3, 5]), same, heavy) == 0.625


def test_the_interval_is_around_the_rate_and_narrows_with_speakers():
    def widths(speakers: int) -> float:
        rng = np.random.default_rng(3)
        first, second = rng.integers(0, speakers, (2, 3000))
        second[::4] = first[::4]
        same = first == second
        own = rng.normal(0, 1, speakers)
        scores = rng.normal(0, 1, 3000) + 2.5 * same + own[first]
        low, high = interval(scores, same, first, second)
        assert low <= equal_error_rate(scores, same) <= high
        return high - low

    assert widths(200) < widths(8)


def test_the_card_is_what_the_generator_writes(tmp_path):
    models = Path(__file__).resolve().parents[2]
    for file in ("pack.json", "metrics.json"):
        (tmp_path / file).write_bytes((models / "packs/voice" / file).read_bytes())
    write_card(tmp_path, models / "recipes")
    text = (tmp_path / "CARD.md").read_text(encoding="utf-8")
    assert text == (models / "packs/voice/CARD.md").read_text(encoding="utf-8")
    recipe = recipe_of(json.loads((tmp_path / "pack.json").read_text()), models / "recipes")
    assert f"{recipe.choice['candidates']} candidates" in text
