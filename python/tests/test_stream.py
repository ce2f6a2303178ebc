"""Streams: the same events for any split, and Silero's names over them."""

import json
from pathlib import Path

import numpy as np
import pytest

import earmark
from earmark import silero
from earmark._wav import write_wav

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def samples(programme):
    return silero.read_audio(programme, 16_000)


def test_blocks_do_not_matter_and_events_are_told_while_the_sound_is_on(samples):
    whole = list(earmark.stream([samples], rate=16_000, frame_ms=100))
    rng = np.random.default_rng(0)
    cuts = np.sort(rng.integers(0, len(samples), 500))
    assert list(earmark.stream(np.split(samples, cuts), rate=16_000, frame_ms=100)) == whole
    assert whole[0].type == "begin"
    assert whole[-1].type == "end"
    assert whole[-1]["samples"] == len(samples)
    speech = [event for event in whole if event.type == "onset" and event.label == "speech"]
    assert len(speech) >= 3
    # An onset is told from what has been heard by then.
    assert all(event["start"] < event["decided"] < event["start"] + 1.5 for event in speech)
    onsets = {event["id"] for event in whole if event.type == "onset"}
    assert onsets == {event["id"] for event in whole if event.type == "offset"}


def test_the_shape_of_speech_is_that_of_the_command(samples, command, tmp_path):
    path = write_wav(str(tmp_path / "programme.wav"), samples[:, np.newaxis], 16_000)
    shape = {"purpose": "transcription", "min_speech_ms": 300, "min_silence_ms": 400, "pad_ms": 100, "max_segment_s": 4}
    flags = ["--for", "transcription", "--min-speech-ms", "300", "--min-silence-ms", "400"]
    lines = command("stream", path, *flags, "--pad-ms", "100", "--max-segment-s", "4").splitlines()
    told = list(earmark.stream([samples], rate=16_000, name=path, **shape))
    assert told == [json.loads(line) for line in lines]
    assert told != list(earmark.stream([samples], rate=16_000, name=path))


def test_events_are_in_the_published_schema(samples):
    from jsonschema import Draft202012Validator

    schema = json.loads((ROOT / "docs" / "events.schema.json").read_text())
    validator = Draft202012Validator(schema)
    detector = earmark.Detector(rate=16_000, frame_ms=50)
    events = detector.push(samples[:160_000]) + detector.gap(2.5, "unplugged") + detector.flush()
    for event in events:
        validator.validate(dict(event))
    (told,) = [event for event in events if event.type == "gap" and "end" in event]
    assert told["end"] - told["start"] == pytest.approx(2.5, abs=0.01)


def test_what_has_ended_and_what_does_not_fit_is_refused():
    detector = earmark.Detector(rate=16_000, channels=2)
    with pytest.raises(earmark.SettingsError, match="2"):
        detector.push(np.zeros(100, np.float32))
    detector.push(np.zeros((100, 2), np.float32))
    detector.flush()
    with pytest.raises(earmark.SettingsError, match="ended"):
        detector.push(np.zeros((100, 2), np.float32))
    with pytest.raises(earmark.SettingsError, match="multiple of 10"):
        earmark.Detector(rate=16_000, frame_ms=7)


def test_silero_names_find_the_speech_of_the_programme(samples):
    model = silero.load_silero_vad()
    spans = silero.get_speech_timestamps(samples, model, speech_pad_ms=0)
    spoken_s = sum(span["end"] - span["start"] for span in spans) / 16_000
    assert spoken_s == pytest.approx(21.8, abs=2.0)
    seconds = silero.get_speech_timestamps(samples, model, speech_pad_ms=0, return_seconds=True)
    assert seconds[0]["start"] == pytest.approx(spans[0]["start"] / 16_000, abs=0.06)
    padded = silero.get_speech_timestamps(samples, model, speech_pad_ms=100)
    assert padded[0]["start"] == pytest.approx(spans[0]["start"] - 1_600, abs=1)
    short = silero.get_speech_timestamps(samples, model, speech_pad_ms=0, max_speech_duration_s=2.0)
    assert max(span["end"] - span["start"] for span in short) <= 2.0 * 16_000 + 1
    assert short[0]["start"] == spans[0]["start"]
    assert short[-1]["end"] == spans[-1]["end"]
    kept = silero.collect_chunks(spans, samples)
    assert len(kept) + len(silero.drop_chunks(spans, samples)) == len(samples)
    assert silero.get_speech_timestamps(samples, model, threshold=0.99, min_speech_duration_ms=60_000) == []


def test_an_iterator_tells_starts_and_ends_in_turn(samples):
    iterator = silero.VADIterator(silero.load_silero_vad())
    told = [found for at in range(0, len(samples), 512) if (found := iterator(samples[at : at + 512]))]
    names = [next(iter(found)) for found in told]
    assert names[::2] == ["start"] * len(names[::2])
    assert names[1::2] == ["end"] * len(names[1::2])
    spans = silero.get_speech_timestamps(samples)
    assert abs(told[0]["start"] - spans[0]["start"]) < 0.3 * 16_000
