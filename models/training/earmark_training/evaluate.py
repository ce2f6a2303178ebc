"""Measures a finished pack (the ONNX file itself) on one side of the corpus; everything it reports is computed here.

While packs are made and compared that side is valid, which also calibrated them; what a shipped pack's card reports is
test (see `splits`), measured once (see `ledger`).

Labels of the mixtures come from the clean sources, judged frames only. `metrics.json` is the only place figures
are kept; the card is written from it.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import sys
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from . import DONT_CARE, LABELS, MUSIC, NOISE, SINGING, SPEECH
from .conditions import conditions
from .corpus import Cache, Clip, hours_of, manifest_hash
from .measures import (
    GAIN_KINDS,
    GAIN_SEED,
    ONSET_SEED,
    false_rate,
    gain_table,
    scene_borders,
    second_confusion,
    snr_table,
    speech_by_language,
    word_borders,
)
from .metrics import describe, roc_curve
from .mixing import Mixer, SceneStore
from .runtime import PackRuntime
from .shards import Shards
from .sources import LIVING_NOISE_WORDS, ClipBank
from .splits import select
from .targets import labels_of
from .teachers import OnlySinging, Teachers

SUNG_SEED = 3_000_000_000
SCENES = 160  # plain speech scenes for onsets; half as many singers and scenes for the gain table


def run_scenes(runtime: PackRuntime, shards: Shards) -> tuple[np.ndarray, np.ndarray, list[dict]]:
    """Scores, labels [scenes, frames, labels] and scene descriptions."""
    scores, labels = [], []
    for i in range(len(shards)):
        features, truth = shards.batch(np.array([i]))
        scores.append(runtime.scores(features[0]))
        labels.append(labels_of(truth[0]))
    return np.stack(scores), np.stack(labels), shards.about


def mixture_figures(scores: np.ndarray, labels: np.ndarray, about: list[dict]) -> dict:
    """By label, by kind of scene, by level."""
    figures: dict = {"scenes": len(about), "labels": {}, "by_kind": {}}
    for k, name in enumerate(LABELS):
        judged = labels[..., k] != DONT_CARE
        figures["labels"][name] = describe(scores[..., k][judged], labels[..., k][judged] == 1)
    kinds = np.array([a["kind"] for a in about])
    for kind in sorted(set(kinds)):
        row = {}
        for k, name in enumerate(LABELS):
            judged = labels[kinds == kind][..., k] != DONT_CARE
            d = describe(scores[kinds == kind][..., k][judged], labels[kinds == kind][..., k][judged] == 1)
            row[name] = {
                key: d[key] for key in ("frames", "base_rate", "roc_auc", "f1", "accuracy", "false_alarm_rate")
            }
        figures["by_kind"][kind] = row
    figures["speech_over_music"] = snr_table(scores, labels, about, "speech+music", "speech_over_music_db", SPEECH)
    figures["speech_over_noise"] = snr_table(scores, labels, about, "speech+noise", "speech_over_noise_db", SPEECH)
    figures["music_under_speech"] = snr_table(scores, labels, about, "speech+music", "speech_over_music_db", MUSIC)
    figures["noise_under_speech"] = snr_table(scores, labels, about, "speech+noise", "speech_over_noise_db", NOISE)
    near = np.array([a["kind"] == "speech+noise" and a["speech_over_noise_db"] <= 15 for a in about])
    quiet = np.array([a["kind"] in ("speech", "silence") for a in about])
    chosen = near | quiet
    judged = labels[chosen][..., NOISE] != DONT_CARE
    figures["noise_presence_speech_at_most_15_db"] = describe(
        scores[chosen][..., NOISE][judged], labels[chosen][..., NOISE][judged] == 1
    )
    figures["second_confusion"] = second_confusion(scores, labels)
    return figures


def clean_figures(runtime: PackRuntime, cache: Cache, clips: list[Clip], teachers: Teachers) -> tuple[dict, dict]:
    """False alarms on clips of one class, alone and undisturbed."""
    rates: dict[str, list] = {}
    pooled: dict[str, list] = {
        "speech_on_music": [],
        "speech_on_noise": [],
        "music_on_noise": [],
        "music_on_speech": [],
        "speech_on_vocals_no": [],
        "speech_on_vocals_yes": [],
        "speech_on_vocals_unknown": [],
        "speech_on_cries_coughs_animals": [],
        "music_found_in_music": [],
        "speech_on_sung_frames": [],
        "singing_found_in_sung_frames": [],
        "singing_on_frames_not_sung": [],
        "singing_on_speech": [],
    }
    voices = {c.path for c in [c for c in clips if c.kind == "speech"][::4]}  # enough to see singing called there
    for clip in clips:
        if clip.kind == "room" or clip.seconds < 0.3 or (clip.kind == "speech" and clip.path not in voices):
            continue
        audio = cache.audio(clip)
        scores = runtime.listen(audio)
        sings = scores[:, SINGING] >= 0.5
        if clip.kind == "speech":
            pooled["singing_on_speech"].append(sings)
            continue
        speech = scores[:, SPEECH] >= 0.5
        rates.setdefault(f"{clip.kind}/{clip.source}", []).append(speech)
        pooled[f"speech_on_{clip.kind}"].append(speech)
        if clip.kind == "music":
            pooled[f"speech_on_vocals_{clip.vocals}"].append(speech)
            pooled["music_found_in_music"].append(scores[:, MUSIC] >= 0.5)
            sung = teachers.singing(clip, audio)[: len(scores)]
            pooled["speech_on_sung_frames"].append(speech[sung == 1])
            pooled["singing_found_in_sung_frames"].append(sings[sung == 1])
            pooled["singing_on_frames_not_sung"].append(sings[sung == 0])
        else:
            pooled["music_on_noise"].append(scores[:, MUSIC] >= 0.5)
            if any(word in clip.sound for word in LIVING_NOISE_WORDS):
                pooled["speech_on_cries_coughs_animals"].append(speech)
    by_source = {
        name: {"false_speech": false_rate(v), "seconds": round(sum(map(len, v)) / 100, 1)}
        for name, v in sorted(rates.items())
    }
    return {name: false_rate(v) for name, v in pooled.items() if v}, by_source


def sung_figures(runtime: PackRuntime, store: SceneStore, scenes: int) -> dict:
    """Speech called on synthetic singers made of the split, over music and alone."""
    over, alone = [], []
    for i in range(scenes):
        scene = store.scene(SUNG_SEED + i, "singing")
        scores = runtime.listen(scene.samples)
        judged = scene.labels[:, MUSIC] == 1
        (over if "singer_over_music_db" in scene.about else alone).append(scores[judged, SPEECH] >= 0.5)
    return {"over_music": false_rate(over), "alone": false_rate(alone)}


def measured_scenes(store, count: int) -> None:
    """Draws every scene that `evaluate` measures besides the valid shards, so that it finds them on disk."""
    for i in range(count):
        store.scene(ONSET_SEED + i, "speech")
    for i in range(count // 2):
        store.scene(SUNG_SEED + i, "singing")
        store.scene(GAIN_SEED + i, GAIN_KINDS[i % len(GAIN_KINDS)])


def evaluate(
    folder: Path,
    cache: Cache,
    split: str,
    shards: Shards,
    corpora: list[Path],
    scene_folder: Path,
    *,
    quick: bool = False,
    teachers: Teachers | None = None,
    workers: int = 1,
    extra: dict | None = None,
) -> dict:
    """All figures of a pack on the clips and shards of one split; writes `metrics.json` into its folder.

    `teachers` say where in a song somebody sings; without them only sources that say so of all of it count.
    """
    runtime = lambda: PackRuntime(folder)
    clips = select(cache.clips, split)
    store = SceneStore(Mixer(ClipBank(cache, clips)), Path(scene_folder) / split)
    count = 40 if quick else SCENES
    jobs = {
        "mixtures": lambda: run_scenes(runtime(), shards),
        "clean": lambda: clean_figures(runtime(), cache, clips, teachers or OnlySinging()),
        "singing": lambda: sung_figures(runtime(), store, count // 2),
        "conditions": lambda: conditions(runtime(), cache, clips),
        "gain": lambda: gain_table(runtime(), store, count // 2),
        "scene_borders": lambda: scene_borders(runtime(), store, count),
        "word_borders": lambda: word_borders(runtime(), cache, clips),
        "languages": lambda: speech_by_language(runtime(), cache, select(cache.clips, "train"), clips),
    }
    found = side_by_side(jobs, workers)
    scores, labels, about = found.pop("mixtures")
    clean, by_source = found.pop("clean")
    report = {
        "model_sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(),
        "parameters": json.loads((folder / "pack.json").read_text())["model"]["parameters"],
        "date": datetime.date.today().isoformat(),
        "command": command_line(),
        "data": f"{split} split of {' and '.join(Path(c).name for c in corpora)} ({hours_of(clips):.2f} h), "
        f"{len(about)} mixtures of 12 s",
        "split": split,
        "clips_that_chose_earlier_packs": sum(bool(c.chose) for c in clips),
        "clips": len(clips),
        "corpus_sha256": manifest_hash(cache.clips),
        "mixtures": mixture_figures(scores, labels, about),
        "clean": clean,
        "clean_by_source": by_source,
        **found,
        "singing": {
            **found["singing"],
            "robotutor_songs": by_source.get("music/robotutor-songs", {}).get("false_speech"),
        },
        **(extra or {}),
    }
    curves = {}
    for k, name in enumerate(LABELS):
        judged = labels[..., k] != DONT_CARE
        false, hit, thresholds = roc_curve(scores[..., k][judged], labels[..., k][judged] == 1)
        truth, bins = labels[..., k][judged] == 1, np.clip((scores[..., k][judged] * 10).astype(int), 0, 9)
        curves[name] = {
            "false_alarm": false.round(5).tolist(),
            "hit": hit.round(5).tolist(),
            "threshold": thresholds.round(5).tolist(),
            "calibration": [
                [
                    float(scores[..., k][judged][bins == b].mean()),
                    float(truth[bins == b].mean()),
                    int((bins == b).sum()),
                ]
                for b in range(10)
                if (bins == b).any()
            ],
        }
    report["curves"] = curves
    (folder / "metrics.json").write_text(json.dumps(portable(report), indent=1) + "\n")
    return report


def mixtures_only(folder: Path, shards: Shards, extra: dict) -> None:
    """`metrics.json` with the mixtures of valid and what `extra` says: what the step `test` takes over from there."""
    figures = mixture_figures(*run_scenes(PackRuntime(folder), shards))
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    report = {"model_sha256": digest, "split": "valid", "mixtures": figures, **extra}
    (folder / "metrics.json").write_text(json.dumps(portable(report), indent=1) + "\n")


_jobs: dict[str, Callable[[], object]] = {}


def _done(name: str) -> object:
    return _jobs[name]()


def side_by_side(jobs: dict[str, Callable[[], object]], workers: int) -> dict:
    """What each job returns, done in so many processes. They are forked, so that nothing is copied to them."""
    if workers <= 1:
        return {name: job() for name, job in jobs.items()}
    _jobs.update(jobs)
    with get_context("fork").Pool(workers) as pool:
        return dict(zip(jobs, pool.map(_done, jobs, chunksize=1), strict=True))


def command_line() -> str:
    """The command that is running, folders named without the place where this machine keeps them."""
    return " ".join(["python -m earmark_training", *(Path(a).name if a.startswith("/") else a for a in sys.argv[1:])])


def portable(value):
    """What another machine can read: JSON has no NaN (an AUC of one class is null), and folders go by their name."""
    if isinstance(value, dict):
        return {k: portable(v) for k, v in value.items()}
    if isinstance(value, list):
        return [portable(v) for v in value]
    if isinstance(value, str) and value.startswith("/"):
        return Path(value).name
    return None if isinstance(value, float) and not np.isfinite(value) else value
