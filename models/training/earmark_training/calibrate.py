"""Makes 0.5 mean 0.5: a scale and an offset per label fitted on the scenes of the valid side and folded into the head.

All of valid fits, none of test: what is reported of a pack comes from recordings that had no part in its calibration.
"""

from __future__ import annotations

import numpy as np
import torch

from . import DONT_CARE, LABELS, SPEECH
from .features import PAD_DB, log_mel
from .network import Ear
from .shards import Shards
from .targets import labels_of
from .thresholds import fit_scale_and_offset


def drowned(about: dict) -> bool:
    """Whether the speech of a scene is softer than its music or noise. Who calibrates on that makes a detector that
    hears a voice in every song: such scenes train and are measured, but do not say where 0.5 is."""
    levels_db = (about.get("speech_over_music_db", 0.0), about.get("speech_over_noise_db", 0.0))
    return "speech" in about["kind"].split("+") and min(levels_db) < 0.0


@torch.no_grad()
def logits_of(model: Ear, shards: Shards) -> tuple[np.ndarray, np.ndarray]:
    """Logits and labels [scenes, frames, labels] of all scenes; speech is not judged in those that are `drowned`."""
    model.eval()
    logits, labels = [], []
    for start in range(0, len(shards), 32):
        features, truth = shards.batch(np.arange(start, min(start + 32, len(shards))))
        logits.append(model.whole(torch.from_numpy(features)).numpy())
        labels.append(labels_of(truth))
    judged = np.concatenate(labels)
    judged[[drowned(about) for about in shards.about], :, SPEECH] = DONT_CARE
    return np.concatenate(logits), judged


def calibrate(model: Ear, shards: Shards) -> dict:
    """Fits and folds; returns scale and offset by label."""
    logits, labels = logits_of(model, shards)
    fitted = {}
    with torch.no_grad():
        for k, name in enumerate(LABELS):
            judged = labels[..., k] != DONT_CARE
            scale, offset = fit_scale_and_offset(logits[..., k][judged], labels[..., k][judged] == 1)
            model.head.weight[k :: len(LABELS)] *= scale
            if model.shape.refine:
                model.correction.weight[k :: len(LABELS)] *= scale
                model.correction.bias[k :: len(LABELS)] *= scale
            model.head.bias[k :: len(LABELS)] = model.head.bias[k :: len(LABELS)] * scale + offset
            fitted[name] = {"scale": scale, "offset": offset}
    return fitted


@torch.no_grad()
def probabilities(model: Ear, samples: np.ndarray) -> np.ndarray:
    """What the model says of a recording [samples], [frames, labels]."""
    features = log_mel(samples)
    padded = np.pad(features, ((0, -len(features) % model.shape.hop_frames), (0, 0)), constant_values=PAD_DB)
    return torch.sigmoid(model.whole(torch.from_numpy(padded)[None]))[0, : len(features)].numpy()
