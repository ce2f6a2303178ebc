"""The noise pack's truth, splits and evaluation set."""

import numpy as np

from earmark_training.corpus import Clip
from earmark_training.labels import frame_power
from earmark_training.noise import COLUMNS, PAD_DB
from earmark_training.noise.bursts import bursts
from earmark_training.noise.evalset import SETS, balanced
from earmark_training.noise.shards import Mixture, from_features, to_features
from earmark_training.noise.survey import floor_of, half_of, is_held_out, kind_of
from earmark_training.noise.targets import targets


def test_targets_follow_the_noise_and_not_the_gain():
    power = np.full((1200, 3), 1e-9)
    power[:, 0] = 1e-3
    power[600:, 2] = 1e-4
    t, quieter = targets(power, "broadband"), targets(power * 1e-2, "broadband")
    assert t.noise[:60].max() == 0.0 and t.noise[65:].min() > 0.9
    assert np.allclose(t.noise, quieter.noise)
    assert abs(t.speech_dbfs[30] + 30) < 0.01 and abs(t.noise_dbfs[100] + 40) < 0.1
    assert t.kind_weight[:60].max() == 0 and t.kind_weight[70:].min() == 1


def test_bursts_come_and_go_and_are_never_the_same():
    made = [bursts(48000, np.random.default_rng(seed)) for seed in range(20)]
    assert all(np.isfinite(m).all() and abs(np.mean(m**2) - 1) < 0.01 for m in made)
    levels_db = [10 * np.log10(frame_power(m)) for m in made]
    depths_db = [np.quantile(level, 0.95) - np.quantile(level, 0.05) for level in levels_db]
    assert np.median(depths_db) > 15 and not np.array_equal(made[0], made[1])


def test_disguises_keep_powers_and_features_together():
    rng = np.random.default_rng(8)
    quiet, noise = (rng.uniform(-60, 10, (200, 64)).astype(np.float32) for _ in range(2))
    noise[:100] = PAD_DB
    bands = from_features(quiet) + from_features(noise)
    power = np.stack([from_features(quiet).sum(1), np.zeros(200), from_features(noise).sum(1)], 1)
    out = Mixture(to_features(bands), power, None, quiet, noise).equalised(rng)
    assert not np.allclose(out.features, to_features(bands), atol=0.5)
    assert np.allclose(from_features(out.features).sum(1), out.power.sum(1), rtol=1e-3)


def test_development_and_report_share_no_recording():
    clips = [
        Clip(path=f"{n}.opus", kind="speech", source="librispeech-clean", recording=str(n // 3)) for n in range(300)
    ]
    halves = [{c.recording for c in clips if half_of(c) == half} for half in (0, 1)]
    assert halves[0].isdisjoint(halves[1]) and min(len(h) for h in halves) > 30
    assert len({half for half, _ in SETS.values()}) == len(SETS) == 2


def test_own_floor_of_a_clip():
    rng = np.random.default_rng(1)
    clip = rng.standard_normal(16000).astype(np.float32) * 1e-3
    clip[4000:12000] += rng.standard_normal(8000).astype(np.float32) * 0.1
    floor = floor_of(clip)
    assert abs(floor.active_db + 20) < 0.5 and abs(floor.floor_db + 60) < 1.5


def test_kinds_and_hold_out_go_by_whole_words():
    assert kind_of("rain indoors rain") == "broadband" and kind_of("crowded bar (contains babble)") == "babble"
    assert kind_of("door wood knock") == "transient" and kind_of("ambient indoors") is None
    clip = lambda sound: Clip(path="noise/x/y.opus", kind="noise", source="x", sound=sound)
    assert (
        is_held_out(clip("vacuum cleaner")) and is_held_out(clip("moving train")) and not is_held_out(clip("highway"))
    )
    assert is_held_out(Clip(path="a", kind="speech", source="librispeech-clean"))


def test_balancing_leaves_the_recording_in_range():
    rng = np.random.default_rng(5)
    mix = rng.standard_normal(80000).astype(np.float32) * 0.05
    out = balanced(mix, rng)
    assert out.shape == mix.shape and np.abs(out).max() <= 0.99 + 1e-6 and not np.allclose(out, mix)


def test_columns_fit_the_program():
    assert COLUMNS[0] == "noise" and COLUMNS[-2:] == ("speech_level", "noise_level")
