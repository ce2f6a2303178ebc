"""Phrases and voices: enrolled and found as by the command, in the store that the command reads. The first and the last
voice of the programme are one person's, the two between are others'."""

import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest

import earmark

RATE = 16_000
# Where a phrase lies in the programme, seconds.
PHRASE = (2.32, 3.2)
WELCOME = (1.0, 8.1)
MARKET = (36.4, 41.5)
FAREWELL = (47.0, 50.8)


@pytest.fixture(scope="module")
def samples(programme):
    return earmark.silero.read_audio(programme, RATE)


def cut(samples, span):
    return samples[int(span[0] * RATE) : int(span[1] * RATE)]


@pytest.fixture(scope="module")
def sayings(samples):
    """A phrase three times, at other levels and in other noise."""
    pause = np.zeros(2 * RATE // 5, np.float32)
    clips = []
    for seed, gain in ((1, 1.0), (2, 0.5), (3, 0.8)):
        clip = np.concatenate([pause, gain * cut(samples, PHRASE), pause])
        noise = np.random.default_rng(seed).uniform(-0.001, 0.001, len(clip)).astype(np.float32)
        clips.append(((clip + noise).astype(np.float32), RATE))
    return clips


@pytest.fixture(scope="module")
def phrases(sayings, samples, tmp_path_factory):
    """A folder with the phrase enrolled, and what was said of it."""
    folder = tmp_path_factory.mktemp("phrases")
    other = (cut(samples, (10.0, 50.0)), RATE)
    done = earmark.phrase.enrol("hello", sayings, negative=[other], strictness="balanced", profiles=folder)
    return folder, done


@pytest.fixture(scope="module")
def voices(samples, tmp_path_factory):
    """A folder with a voice enrolled, and what was said of it."""
    folder = tmp_path_factory.mktemp("voices")
    clips = [(cut(samples, span), RATE) for span in ((1.0, 3.4), (3.4, 5.8), (5.8, 8.1))]
    return folder, earmark.voice.enrol("anna", clips, profiles=folder)


class TestPhrase:
    def test_an_enrolment_says_what_to_expect(self, phrases):
        folder, done = phrases
        assert (done.name, done.clips, done.strictness) == ("hello", 3, "balanced")
        assert [done.working[s].false_alarms_per_hour for s in ("strict", "balanced", "keen")] == [0.1, 0.5, 2.0]
        assert done.working["strict"].limit >= done.working["balanced"].limit >= done.working["keen"].limit
        assert done.negative_hours > 0.1
        if os.name == "posix":
            assert stat.S_IMODE(os.stat(done.path).st_mode) == 0o600
        (entry,) = earmark.phrase.enrolled(folder)
        assert (entry.name, entry.path, entry.sealed) == ("hello", done.path, False)
        assert entry.enrolled is not None
        assert entry.enrolled.year >= 2025

    def test_it_is_found_where_it_is_said_as_the_command_finds_it(self, phrases, programme, command):
        folder, _ = phrases
        found = earmark.phrase.spot(programme, ["hello"], profiles=folder)
        assert [segment.label for segment in found] == ["phrase:hello"]
        assert abs(found[0].start - PHRASE[0]) < 0.2
        assert abs(found[0].end - PHRASE[1]) < 0.2
        flags = ["--phrase", "hello", "--profiles", str(folder), "-f", "json"]
        assert found.to("json").encode() == command("phrase", "spot", programme, *flags)

    def test_samples_are_searched_too(self, phrases, samples):
        told = []
        found = earmark.phrase.spot(
            samples, "hello", rate=RATE, profiles=phrases[0], progress=lambda done, length: told.append(length)
        )
        assert len(found) == 1
        assert found.file == "samples"
        assert told[0] == pytest.approx(52.0, abs=0.1)

    def test_profiles_go_from_machine_to_machine(self, phrases, tmp_path):
        folder, _ = phrases
        earmark.phrase.export("hello", tmp_path / "hello.json", profiles=folder)
        store = tmp_path / "other"
        assert earmark.phrase.import_file(tmp_path / "hello.json", name="hi", profiles=store) == "hi"
        with pytest.raises(earmark.ProfileError, match="already") as caught:
            earmark.phrase.import_file(tmp_path / "hello.json", name="hi", profiles=store)
        assert "replace=True" in caught.value.remedy
        earmark.phrase.remove("hi", profiles=store)
        assert earmark.phrase.enrolled(store) == []
        with pytest.raises(earmark.ProfileError, match="hi"):
            earmark.phrase.remove("hi", profiles=store)

    def test_what_cannot_be_enrolled(self, sayings, phrases, tmp_path):
        quiet = (np.zeros(RATE, np.float32), RATE)
        with pytest.raises(earmark.AudioError, match="0 clips can be used"):
            earmark.phrase.enrol("quiet", [quiet] * 3, profiles=tmp_path)
        with pytest.raises(earmark.ProfileError, match="replace=True"):
            earmark.phrase.enrol("hello", sayings, profiles=phrases[0])
        with pytest.raises(earmark.SettingsError, match="strictness"):
            earmark.phrase.enrol("hello", sayings, strictness="lax", profiles=tmp_path)  # type: ignore[arg-type]
        with pytest.raises(earmark.SettingsError, match="name"):
            earmark.phrase.enrol("../hello", sayings, profiles=tmp_path)
        with pytest.raises(earmark.SettingsError, match="list of clips"):
            earmark.phrase.enrol("hello", "clip.wav", profiles=tmp_path)
        with pytest.raises(earmark.AudioError) as caught:
            earmark.phrase.enrol("hello", ["there-is-none.wav"] * 3, profiles=tmp_path)
        assert caught.value.path == "there-is-none.wav"
        with pytest.raises(earmark.ModelError, match="phrase"):
            earmark.phrase.enrol("hello", sayings, pack="studio", profiles=tmp_path)
        assert os.listdir(tmp_path) == []

    def test_a_profile_of_another_kind_or_none_is_refused(self, voices, tmp_path):
        (tmp_path / "letter.json").write_text("Dear Sir or Madam,")
        for file in (tmp_path / "letter.json", Path(voices[1].path)):
            with pytest.raises(earmark.ProfileError) as caught:
                earmark.phrase.import_file(file, profiles=tmp_path)
            assert caught.value.path == str(file)


class TestVoice:
    def test_the_own_voice_is_granted_and_another_is_not(self, voices, samples):
        folder, done = voices
        assert (done.name, done.clips) == ("anna", 3)
        assert 4 < done.speech_s < 8
        own = earmark.voice.verify("anna", (cut(samples, FAREWELL), RATE), profiles=folder)
        other = earmark.voice.verify("anna", (cut(samples, MARKET), RATE), profiles=folder)
        assert own.granted
        assert own.probability > own.threshold > other.probability
        assert not other.granted

    def test_who_speaks_is_what_the_command_says(self, voices, programme, command):
        folder, _ = voices
        found = earmark.voice.who(programme, profiles=folder)
        assert {segment.label for segment in found} == {"voice:anna", "unknown"}
        flags = ["--profiles", str(folder), "-f", "json"]
        assert found.to("json").encode() == command("voice", "who", programme, *flags)
        assert earmark.voice.who(programme, "anna", profiles=folder) == found

    def test_an_embedding_is_a_unit_vector_and_the_commands(self, samples, command, tmp_path):
        path = tmp_path / "clip.wav"
        earmark.silero.save_audio(path, cut(samples, WELCOME), RATE)
        found = earmark.voice.embed(path)
        assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-5)
        assert found.tolist() == pytest.approx(json.loads(command("voice", "embed", str(path))), abs=1e-6)
        welcome, farewell, market = (earmark.voice.embed(cut(samples, s), rate=RATE) for s in (WELCOME, FAREWELL, MARKET))
        assert welcome @ farewell > welcome @ market

    def test_a_sealed_voice_needs_its_passphrase(self, samples, tmp_path, monkeypatch):
        monkeypatch.delenv("EARMARK_PASSPHRASE", raising=False)
        clip = (cut(samples, WELCOME), RATE)
        earmark.voice.enrol("ben", [clip], passphrase="open sesame", profiles=tmp_path)
        (entry,) = earmark.voice.enrolled(tmp_path)
        assert entry.sealed
        with pytest.raises(earmark.ProfileError, match="sealed") as caught:
            earmark.voice.verify("ben", clip, profiles=tmp_path)
        assert "passphrase=" in caught.value.remedy
        with pytest.raises(earmark.ProfileError, match="passphrase is another"):
            earmark.voice.verify("ben", clip, passphrase="guess", profiles=tmp_path)
        given = earmark.voice.verify("ben", clip, passphrase="open sesame", profiles=tmp_path)
        monkeypatch.setenv("EARMARK_PASSPHRASE", "open sesame")
        assert earmark.voice.verify("ben", clip, profiles=tmp_path) == given

    def test_what_cannot_be_enrolled(self, samples, tmp_path):
        clip = (cut(samples, WELCOME), RATE)
        quiet = (np.zeros(RATE, np.float32), RATE)
        with pytest.raises(earmark.AudioError, match="clip 2 has 0.0 s of speech"):
            earmark.voice.enrol("quiet", [clip, quiet], profiles=tmp_path)
        with pytest.raises(earmark.SettingsError, match="0 clips"):
            earmark.voice.enrol("nobody", [], profiles=tmp_path)
        with pytest.raises(earmark.ProfileError, match="no voice is enrolled"):
            earmark.voice.who(clip, profiles=tmp_path)
        with pytest.raises(earmark.ProfileError, match="no voice is called anna"):
            earmark.voice.verify("anna", clip, profiles=tmp_path)

    def test_the_users_own_store_is_the_commands(self, samples, tmp_path, monkeypatch, command):
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
        done = earmark.voice.enrol("cleo", [(cut(samples, WELCOME), RATE)])
        assert done.path == str(tmp_path / "earmark" / "voices" / "cleo.json")
        assert command("voice", "list").decode().startswith("cleo\t")
