"""The pieces of the evaluation: tables by level, seconds, gain, onsets, word borders, languages."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from . import DONT_CARE, LABELS, MUSIC, NOISE, SPEECH
from .borders import Borders
from .corpus import Cache, Clip
from .labels import label_speech, spoken_frames
from .metrics import describe, roc_auc
from .mixing import SceneStore
from .runtime import PackRuntime

GAIN_SEED, ONSET_SEED = 4_000_000_000, 5_000_000_000
GAIN_KINDS = ("speech", "speech+music", "speech+noise", "music", "noise")
GAINS_DB = (0, -10, -20, -30, -40)


def false_rate(decisions: list[np.ndarray]) -> float | None:
    """Share of frames decided yes over a list of recordings."""
    frames = np.concatenate(decisions) if decisions else np.zeros(0)
    return float(frames.mean()) if len(frames) else None


def snr_table(scores, labels, about, kind: str, key: str, label: int, width_db: int = 5) -> list[dict]:
    """F1, AUC and accuracy of one label by level difference."""
    rows = []
    levels = np.array([a.get(key, np.nan) if a["kind"] == kind else np.nan for a in about])
    for low in range(-10, 30, width_db):
        chosen = (levels >= low) & (levels < low + width_db)
        if not chosen.any():
            continue
        judged = labels[chosen][..., label] != DONT_CARE
        d = describe(scores[chosen][..., label][judged], labels[chosen][..., label][judged] == 1)
        rows.append(
            {
                "from_db": low,
                "to_db": low + width_db,
                "scenes": int(chosen.sum()),
                **{k: d[k] for k in ("base_rate", "f1", "roc_auc", "accuracy")},
            }
        )
    return rows


def second_confusion(scores: np.ndarray, labels: np.ndarray) -> dict:
    """Per second: the set of labels heard in more than half of the judged frames, truth against decision."""
    counted = [SPEECH, MUSIC, NOISE]
    names = ["none", "speech", "music", "speech+music", "noise", "speech+noise", "music+noise", "all"]
    table: Counter = Counter()
    for scene_scores, scene_labels in zip(scores, labels, strict=True):
        scene_scores, scene_labels = scene_scores[:, counted], scene_labels[:, counted]
        for start in range(0, len(scene_labels) - 99, 100):
            truth, part = scene_labels[start : start + 100], scene_scores[start : start + 100] >= 0.5
            judged = truth != DONT_CARE
            if (judged.sum(0) < 50).any():
                continue
            share_true = ((truth == 1) & judged).sum(0) / judged.sum(0)
            share_said = (part & judged).sum(0) / judged.sum(0)
            code = lambda share: sum(1 << k for k in range(3) if share[k] > 0.5)
            table[(code(share_true), code(share_said))] += 1
    rows = [[table[(t, s)] for s in range(8)] for t in range(8)]
    total = sum(table.values())
    return {
        "order": names,
        "rows_truth_columns_said": rows,
        "seconds": total,
        "accuracy": sum(rows[i][i] for i in range(8)) / max(total, 1),
    }


def gain_table(runtime: PackRuntime, store: SceneStore, scenes: int) -> list[dict]:
    """AUC of the same scenes at peak levels 0 to -40 dBFS, rounded to 16 bit."""
    made = [store.scene(GAIN_SEED + i, GAIN_KINDS[i % len(GAIN_KINDS)]) for i in range(scenes)]
    rows = []
    for gain_db in GAINS_DB:
        scores = []
        for scene in made:
            samples = scene.samples / (np.abs(scene.samples).max() + 1e-9) * 10 ** (gain_db / 20)
            scores.append(runtime.listen((np.round(samples * 32767) / 32768).astype(np.float32)))
        row = {"peak_dbfs": gain_db}
        for k, name in enumerate(LABELS):
            score, label = np.concatenate([s[:, k] for s in scores]), np.concatenate([m.labels[:, k] for m in made])
            row[name] = roc_auc(score[label != DONT_CARE], label[label != DONT_CARE] == 1)
        rows.append(row)
    return rows


def scene_borders(runtime: PackRuntime, store: SceneStore, scenes: int) -> dict:
    """Onsets and silences of plain speech scenes; what is neither speech nor silence belongs to the silence around
    it."""
    borders = Borders()
    for i in range(scenes):
        scene = store.scene(ONSET_SEED + i, "speech")
        borders.add(
            runtime.listen(scene.samples)[:, SPEECH], scene.labels[:, SPEECH] == 1, label_speech(scene.samples).level_db
        )
    return borders.figures()


def word_borders(runtime: PackRuntime, cache: Cache, clips: list[Clip]) -> dict | None:
    """AUC, F1, onsets and silences against word times (gaps under 150 ms between words count as speech); None where no
    word is timed."""
    words = cache.words
    if not words:
        return None
    result = {}
    for source in sorted({c.source for c in clips if c.path in words}):
        scores, truth, energy, borders = [], [], [], Borders()
        for clip in (c for c in clips if c.path in words and c.source == source):
            audio = cache.audio(clip)
            score = runtime.listen(audio)[:, SPEECH]
            spoken = spoken_frames(words[clip.path], len(score))
            judged = label_speech(audio)
            scores.append(score)
            truth.append(spoken)
            energy.append(judged.frames[: len(score)])
            borders.add(score, spoken, judged.level_db)
        score, spoken, label = map(np.concatenate, (scores, truth, energy))
        by_word, judged = describe(score, spoken), label != DONT_CARE
        by_energy = describe(score[judged], label[judged] == 1)
        keys = ("frames", "base_rate", "roc_auc", "f1")
        result[source] = {
            "word_times": {k: by_word[k] for k in keys},
            "energy_labels": {k: by_energy[k] for k in keys},
            "borders": borders.figures(),
        }
    return result


def speech_by_language(
    runtime: PackRuntime, cache: Cache, train: list[Clip], valid: list[Clip], limit: int = 1500
) -> dict:
    """Speech recall on clean clips of languages heard in training and of languages never heard.

    `same_source`: mean over languages within the sources that have both kinds. Over all clips the seen languages are
    also
    those of long sentences, so that the difference is one of clips and voices as well.
    """
    heard = {c.language for c in train if c.kind == "speech" and c.language}
    clips = [c for c in valid if c.kind == "speech" and c.language and c.seconds > 0.4]
    clips = clips[:: max(1, len(clips) // limit)]
    hits: dict[tuple[str, str], list[np.ndarray]] = defaultdict(list)  # by source and language
    for clip in clips:
        audio = cache.audio(clip)
        judged = label_speech(audio)
        if judged.range_db < 12.0:
            continue
        score = runtime.listen(audio)[:, SPEECH]
        hits[clip.source, clip.language].append(score[judged.frames[: len(score)] == 1] >= 0.5)
    by_language: dict[str, list[np.ndarray]] = defaultdict(list)
    for (_, language), clips_hit in hits.items():
        by_language[language] += clips_hit
    seen, unseen = ([n for n in by_language if (n in heard) == known] for known in (True, False))
    pooled = lambda names: false_rate([h for n in names for h in by_language[n]])
    paired = {s for s, n in hits if n in heard} & {s for s, n in hits if n not in heard}
    paired_seen, paired_unseen = (
        [false_rate(v) for (s, n), v in hits.items() if s in paired and (n in heard) == known]
        for known in (True, False)
    )
    mean = lambda recalls: float(np.mean(recalls)) if recalls else None
    same_source = {
        "sources": sorted(paired),
        "recall_seen": mean(paired_seen),
        "recall_unseen": mean(paired_unseen),
        "languages_seen": len(paired_seen),
        "languages_unseen": len(paired_unseen),
    }
    return {
        "recall_seen": pooled(seen),
        "recall_unseen": pooled(unseen),
        "unseen": sorted(unseen),
        "same_source": same_source,
        "by_language": {
            n: {"recall": false_rate(v), "frames": int(sum(map(len, v)))} for n, v in sorted(by_language.items())
        },
    }
