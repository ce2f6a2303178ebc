"""Phrases: pronunciation, alignment, dialogues, the twin of the matching law."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from earmark_training.phrase import augment, law, relimit, templates
from earmark_training.phrase.align import by_scores
from earmark_training.phrase.dialogue import queen_texts
from earmark_training.phrase.pronounce import English, units_of_ipa
from earmark_training.phrase.units import INDEX, UNITS


def test_ipa_becomes_units_of_each_word():
    assert units_of_ipa("(en)hɛlˈoʊ wˈɜːld(cs)") == [["HH", "EH", "L", "OW"], ["W", "ER", "L", "D"]]
    assert units_of_ipa("tʃˈaɪ") == [["CH", "AY"]]


def test_english_spells_numbers_and_takes_the_first_pronunciation(tmp_path):
    (tmp_path / "dict").write_text("two T UW\none W AH N\none(2) HH W AH N\n")
    english = English(tmp_path / "dict")
    assert english.split("Two, 21!") == ["two", "two", "one"]
    assert english.units("one two") == [["W", "AH", "N"], ["T", "UW"]]


def test_alignment_finds_where_each_unit_was_scored_and_skips_pauses():
    truth = ["SIL"] * 3 + ["M"] * 4 + ["AA"] * 5 + ["T"] * 2 + ["SIL"] * 4
    scores = np.full((len(truth), len(UNITS)), -5.0)
    for step, unit in enumerate(truth):
        scores[step, INDEX[unit]] = -0.1
    path, mean = by_scores(scores, [["M", "AA"], ["T"]], english_only=False)
    assert [UNITS[k] for k in path] == truth
    assert mean == pytest.approx(-0.1)
    assert by_scores(scores[:3], [["M", "AA"], ["T"]], english_only=False) is None


def test_dialogue_names_each_spoken_part(tmp_path):
    def line(number: int, text: bytes) -> bytes:
        packed = struct.pack(">HHB", 0, number, len(text)) + text
        return packed + b"\0" * (-len(packed) % 4)

    joe, other = line(6, b"Hello there.*15"), line(7, b"Go.*01Away!*03")
    head = struct.pack(">hHHHH", -1, 9, 2, 1, 1) + b"\0" * 12
    others_at = 32 + 96 + len(joe)
    data = (head + struct.pack(">H", others_at)).ljust(32 + 96, b"\0") + joe + other
    entry = b"\0" * 20 + data
    table = b"A.DOG".ljust(12, b"\0") + b"\0" + struct.pack(">II", 15 + 21, len(entry))
    (tmp_path / "queen.1c").write_bytes(b"QTBL".ljust(13, b"\0") + struct.pack(">H", 1) + table + entry)
    assert queen_texts(tmp_path / "queen.1c") == {"020006J1": "Hello there.", "020007P1": "Go.", "020007P2": "Away!"}


def test_the_law_is_that_of_the_core():
    """`core/src/phrase/law.rs` reads the same file."""
    file = Path(__file__).resolve().parents[3] / "tests" / "fixtures" / "phrase" / "law.json"
    fixture = json.loads(file.read_text())
    rows = lambda values: np.array(values).reshape(-1, fixture["dim"])
    matcher = law.Matcher([rows(template) for template in fixture["templates"]])
    combined = law.combine(matcher.scores(rows(fixture["stream"])), np.array(fixture["common"]))
    assert np.allclose(combined, fixture["whole"], atol=2e-4)


def test_halves_keep_directions():
    vectors = np.random.default_rng(6).normal(size=(200, 64))
    kept = (law.unit(law.halved(vectors).astype(float)) * law.unit(vectors)).sum(1)
    assert kept.min() > 0.985 and np.abs(law.halved(vectors)).max() == 7


def test_a_template_matches_itself_at_any_tempo_better_than_noise_does():
    rng = np.random.default_rng(2)
    template = law.unit(rng.normal(size=(12, 64)))
    noise = law.unit(rng.normal(size=(400, 64)))
    slow = np.repeat(template, 2, axis=0)
    matcher = law.Matcher([template])
    same = matcher.scores(np.concatenate([noise[:50], template]))[:, 0]
    assert same[-1] == pytest.approx(1.0, abs=1e-5)
    stretched = matcher.scores(np.concatenate([noise[:50], slow]))[:, 0].max()
    assert 1.0 > stretched > 0.9
    assert matcher.scores(noise).max() < 0.2


def test_scores_of_templates_are_over_what_negatives_reach():
    rng = np.random.default_rng(3)
    templates = [law.unit(rng.normal(size=(9, 64))) for _ in range(4)]
    negatives = law.unit(rng.normal(size=(3000, 64)) + 0.5)
    matcher = law.Matcher(templates)
    base = law.bases(matcher, negatives)
    combined = law.combine(matcher.scores(negatives), base)
    assert np.sort(law.peaks(combined))[-1] < 0.5
    assert len(law.peaks(combined, 5)) == 5


def test_mixing_keeps_the_ratio_of_powers():
    voice, noise = np.full((100, 64), 10.0, np.float32), np.full((100, 64), -30.0, np.float32)
    mixed = augment.mix(voice, noise, 6.0)
    added = 10 ** (mixed / 10) - 10 ** (voice / 10)
    assert 10 * np.log10((10 ** (voice / 10)).sum() / added.sum()) == pytest.approx(6.0, abs=0.01)


def test_a_template_is_what_noise_leaves_of_a_clip():
    rng = np.random.default_rng(4)
    clip = np.full((120, 64), -90.0, np.float32)
    clip[40:80] = rng.uniform(-40, -10, (40, 64))
    told = []

    def hear(features: np.ndarray) -> np.ndarray:
        told.append(features)
        hops = features.reshape(-1, 4, 64).mean(1)
        return hops - hops.mean(1, keepdims=True)

    rows = templates.template(clip, hear)
    first, last = law.spoken(clip)
    assert rows.shape == (last - first, 64) and np.allclose(np.linalg.norm(rows, axis=1), 1)
    assert np.array_equal(told[0], clip) and len(told) == 1 + len(templates.SNRS_DB)
    # Under noise a clip is nowhere softer, and the louder the noise the louder its pauses.
    assert all((noisy >= clip - 1e-3).all() for noisy in told[1:])
    pauses = [noisy[:40].mean() for noisy in told[1:]]
    assert pauses == sorted(pauses)
    quiet = law.unit(hear(clip))[first:last]
    assert 0.8 < (rows * quiet).sum(1).mean() < 0.9999


def test_a_clip_is_enrolled_in_its_own_voice_and_in_others():
    rng = np.random.default_rng(5)
    clip = np.full((160, 64), -90.0, np.float32)
    clip[40:120] = -20 - ((np.arange(64) - 30) / 6) ** 2 + rng.normal(0, 0.1, (80, 64))
    hear = lambda features: features[: len(features) // 4 * 4].reshape(-1, 4, 64).mean(1)
    own, slower, faster = templates.templates(clip, hear)
    assert len(faster) < len(own) < len(slower)
    assert np.allclose(own, templates.template(clip, hear))
    peak = lambda speed: templates.played(clip, speed)[50:90].mean(0).argmax()
    assert peak(0.85) < peak(1.0) < peak(1.16)


def test_pink_noise_has_as_much_power_in_each_octave():
    level = templates.pink_noise().mean(0)
    # Mel bands above 1 kHz are as wide as their frequency is high: their powers are alike.
    assert np.ptp(level[32:60]) < 3.0 and len(level) == 64


def test_a_profile_of_the_program_is_sought_by_the_law_of_the_program(tmp_path):
    rng = np.random.default_rng(4)
    template = np.round(127 * law.unit(rng.normal(size=(10, 64)))).astype(np.int8)
    encoded = base64.b64encode(template.tobytes()).decode()
    profile = {"dim": 64, "templates": [{"rows": encoded, "common": 0.2}]}
    heard = law.unit(rng.normal(size=(relimit.PIECES * 100, 64)))
    heard[250:260] = law.unit(template.astype(float))
    peaks = relimit.peaks_of(profile, heard)
    assert peaks[0] > 0.95 and peaks[1] < 0.5

    rows = ["path,text", "speech/a/b-es/1.wav,Alexa", "speech/a/b/2.wav,Alexa", "speech/a/b/3.wav,something else"]
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    assert relimit.clips_of(tmp_path) == {"alexa": [tmp_path / "speech/a/b/2.wav"]}
