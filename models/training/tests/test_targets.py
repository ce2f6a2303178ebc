"""Stored targets keep probabilities; teachers are asked of stems, and what is certain stays certain."""

import hashlib

import numpy as np
import pytest

from earmark_training import DONT_CARE, SINGING, SPEECH
from earmark_training.corpus import Clip
from earmark_training.mixing import Mixer, sung_by_either
from earmark_training.sources import Layer, in_time
from earmark_training.targets import YES, absent, encoded, labels_of, of_labels, present
from earmark_training.teachers import OnlySinging, Teachers, found_for

FRAMES = 400
RATE_HZ = 16000


def clip(kind: str, **more) -> Clip:
    return Clip(path=f"{kind}/x/1.wav", kind=kind, source=more.pop("source", "x"), **more)


def teachers(tmp_path, path: str, **arrays) -> Teachers:
    file = tmp_path / "scores.npz"
    np.savez(file, **{name: value.astype(np.float16) for name, value in arrays.items()})
    return Teachers({path: file})


def aed(speech: float, singing: float) -> np.ndarray:
    return np.tile([speech, singing, 0.9], (FRAMES, 1))


def yamnet(speech: float = 0.0, singing: float = 0.0) -> np.ndarray:
    scores = np.zeros((FRAMES, 521))
    scores[:, 0], scores[:, 24] = speech, singing
    return scores


def noise_of(seconds: float, level: float = 0.1) -> np.ndarray:
    return (level * np.random.default_rng(1).standard_normal(int(seconds * RATE_HZ))).astype(np.float32)


def test_probabilities_and_the_unjudged_are_stored_in_a_byte():
    stored = encoded(np.array([0.0, 1.0, 0.5, 0.123, np.nan]))
    assert stored.tolist() == [0, YES, YES // 2, 25, DONT_CARE]
    assert labels_of(stored).tolist() == [0, 1, 1, 0, DONT_CARE]
    assert present(stored).tolist() == [False, True, True, False, False]
    assert absent(stored).tolist() == [True, False, False, True, False]
    back = of_labels(np.array([0, 1, DONT_CARE], np.uint8))
    assert back[:2].tolist() == [0.0, 1.0] and np.isnan(back[2])


def test_values_follow_a_recording_that_changes_speed():
    frames = np.arange(100.0)
    assert np.array_equal(in_time(frames, 1.0), frames)
    slower = in_time(frames, 2.0)
    assert len(slower) == 200 and slower[100] == 50 and len(in_time(frames, 0.5)) == 50


def test_scores_are_found_by_what_a_file_holds(tmp_path):
    audio, folder = tmp_path / "corpus" / "speech" / "x" / "1.wav", tmp_path / "scores"
    audio.parent.mkdir(parents=True)
    folder.mkdir()
    audio.write_bytes(b"sound")
    np.savez(folder / f"{hashlib.sha256(b'sound').hexdigest()[:16]}.npz", speech=np.ones(5))
    one, other = clip("speech"), Clip(path="speech/x/2.wav", kind="speech")
    found = found_for([one, other], [tmp_path / "corpus"], [folder])
    assert len(found) == 1 and found.speech(one, 8).tolist() == [1.0] * 8 and found.speech(other, 8) is None


@pytest.mark.parametrize(
    ("vocals", "sung", "witness", "expected"),
    [
        ("no", 0.9, 0.9, 0.0),  # its source says that nobody sings
        ("yes", 0.9, 0.0, 0.9),  # its source says that somebody does: one teacher is enough
        ("unknown", 0.9, 0.5, 0.9),  # two witnesses
        ("unknown", 0.9, 0.0, np.nan),  # one
        ("unknown", 0.1, 0.5, 0.0),
    ],
)
def test_singing_is_taken_from_the_source_first_and_from_two_witnesses_else(tmp_path, vocals, sung, witness, expected):
    one = clip("music", vocals=vocals)
    asked = teachers(tmp_path, one.path, aed=aed(0.0, sung), yamnet=yamnet(singing=witness))
    assert asked.singing(one, noise_of(4)) == pytest.approx(np.full(FRAMES, expected), abs=1e-3, nan_ok=True)


def test_a_source_of_songs_is_the_second_witness(tmp_path):
    song = clip("music", source="marsshooter", vocals="unknown")
    asked = teachers(tmp_path, song.path, aed=aed(0.0, 0.9), yamnet=yamnet())
    assert asked.singing(song, noise_of(4)) == pytest.approx(np.full(FRAMES, 0.9), abs=1e-3)


def test_solo_singing_is_the_word_of_its_source():
    solo = clip("music", source="hedgewars-singer", vocals="yes")
    samples = np.concatenate([noise_of(1), np.zeros(RATE_HZ, np.float32)])
    sung = Teachers().singing(solo, samples)
    assert (sung[:95] == 1).all() and (sung[105:] == 0).all()


def test_music_without_scores_of_unknown_vocals_is_not_judged():
    assert np.isnan(Teachers().singing(clip("music", vocals="unknown"), noise_of(1))).all()


def test_noise_is_doubted_only_by_two_witnesses(tmp_path):
    one = clip("noise")
    ask = lambda silero, said: teachers(tmp_path, one.path, silero=np.full(FRAMES, silero), yamnet=yamnet(speech=said))
    assert ask(0.9, 0.9).doubtful(one, FRAMES).all()
    assert not ask(0.9, 0.1).doubtful(one, FRAMES).any() and not ask(0.1, 0.9).doubtful(one, FRAMES).any()
    assert not Teachers().doubtful(one, FRAMES).any()


def test_speech_in_music_is_doubted_where_nobody_sings(tmp_path):
    one = clip("music")
    assert teachers(tmp_path, one.path, aed=aed(0.9, 0.1)).doubtful(one, FRAMES).all()
    assert not teachers(tmp_path, one.path, aed=aed(0.9, 0.9)).doubtful(one, FRAMES).any()


def labels_with(speech, music, speech_level: float = 1.0, music_level: float = 0.1) -> np.ndarray:
    voice = noise_of(4, speech_level) if speech else np.zeros(4 * RATE_HZ, np.float32)
    song = noise_of(4, music_level) if music else np.zeros(4 * RATE_HZ, np.float32)
    silent = np.zeros(4 * RATE_HZ, np.float32)
    about = {"tone_db": -200.0}
    return Mixer._label(speech, voice, song, silent, silent, music, None, about, FRAMES)


def test_the_teacher_of_a_voice_counts_but_not_where_it_is_buried():
    own = np.ones(FRAMES, np.uint8)
    soft = np.full(FRAMES, 0.3, np.float32)
    soft[:100] = np.nan
    voice = Layer(noise_of(4), own, soft=soft)
    alone = labels_with(voice, None)
    assert (alone[:100, SPEECH] == 1.0).all() and (alone[100:, SPEECH] == np.float32(0.3)).all()
    under = labels_with(voice, Layer(noise_of(4), singing=np.zeros(FRAMES, np.float32)), 0.001, 1.0)
    assert np.isnan(under[:, SPEECH]).all()


def test_singing_far_under_the_voice_is_not_judged_and_without_music_there_is_none():
    voice = Layer(noise_of(4), np.ones(FRAMES, np.uint8))
    song = lambda: Layer(noise_of(4), singing=np.full(FRAMES, 0.9, np.float32))
    beside, under = labels_with(voice, song(), 1.0, 1.0), labels_with(voice, song(), 1.0, 0.1)
    assert (beside[30:-30, SINGING] == np.float32(0.9)).all() and np.isnan(under[30:-30, SINGING]).all()
    assert (labels_with(voice, None)[:, SINGING] == 0).all()


def test_singing_of_two_layers_is_known_where_one_sings_or_both_are_known():
    nan = np.nan
    either = sung_by_either(np.array([1.0, 0.0, 0.0, nan, nan]), np.array([nan, nan, 0.2, 0.9, nan]))
    assert either == pytest.approx([1.0, nan, 0.2, 0.9, nan], nan_ok=True)


@pytest.mark.parametrize(("sung", "expected"), [(0.9, 1.0), (0.1, 0.0), (0.35, np.nan)])
def test_where_packs_are_measured_teachers_say_who_sings_and_nothing_of_speech(tmp_path, sung, expected):
    song, voice = clip("music", vocals="yes"), clip("speech")
    asked = OnlySinging(teachers(tmp_path, song.path, aed=aed(0.9, sung)).files)
    assert asked.singing(song, noise_of(4)) == pytest.approx(np.full(FRAMES, expected), nan_ok=True)
    assert not asked.doubtful(song, FRAMES).any()
    assert OnlySinging(teachers(tmp_path, voice.path, speech=np.ones(FRAMES)).files).speech(voice, FRAMES) is None
