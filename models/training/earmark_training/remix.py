"""New mixtures from stored scenes of one kind, in the power domain of the features, while training.

Two scenes are added band by band (powers add when phases are unrelated), one of them turned up or down first. Labels
follow the same rule as in `labels`: what ends up far below the rest is not judged or is gone. So every talker meets
every music bed at every level, at the price of an addition. Before that each scene gets an equaliser, a band limit and
a vocal tract (a stretch of the mel axis) of its own, which makes new voices and instruments out of old ones.

Everything here is done to whole batches of tensors, on whatever device they lie: features [batch, frames, 64] in dB,
targets [batch, frames, labels] as `targets` stores them.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from . import DONT_CARE, LABELS, SPEECH
from .corpus import CorpusError
from .draws import Draws
from .features import PAD_DB
from .mixing import PURE_KINDS
from .scenes import Scenes
from .targets import SURE, absent, present

Pairs = tuple[tuple[str, str, float, tuple[float, float]], ...]
# (kind that leads, kind that follows or none, share of remixed scenes, level of the leader over the follower)
PAIRS: Pairs = (
    ("speech", "music", 0.30, (-10.0, 20.0)),
    ("speech", "noise", 0.30, (-5.0, 30.0)),
    ("speech", "babble", 0.04, (2.0, 25.0)),
    ("speech", "", 0.18, (0.0, 0.0)),  # a close microphone and nothing else: what is recorded most
    ("speech", "song", 0.22, (-10.0, 15.0)),
    ("song", "", 0.07, (0.0, 0.0)),
    ("song", "noise", 0.03, (0.0, 25.0)),
    ("speech", "singing", 0.06, (-10.0, 15.0)),
    ("music", "noise", 0.09, (-10.0, 25.0)),
    ("singing", "noise", 0.05, (0.0, 25.0)),
    ("singing", "", 0.06, (0.0, 0.0)),
    ("music", "", 0.06, (0.0, 0.0)),
    ("noise", "", 0.07, (0.0, 0.0)),
    # two beds make a third that nobody recorded: the corpus has too few to be learnt by heart without harm
    ("music", "music", 0.06, (-6.0, 12.0)),
    ("noise", "noise", 0.12, (-6.0, 12.0)),
)
AUDIBLE_DB = {
    "speech": 12.0,
    "singing": 10.0,
    "music": 22.0,
    "noise": 20.0,
}  # below the other scene: still judged present
GONE_DB = {"speech": 99.0, "singing": 34.0, "music": 34.0, "noise": 34.0}  # below the other scene: absent
EQUALISER_DB = 12.0
BAND_LIMIT_SHARE = 0.15
WARP_SHARE, WARP_RANGE = 0.7, (0.85, 1.18)
PACE_SHARE, PACE_RANGE = 0.4, (0.85, 1.2)
BACKWARDS_SHARE = 0.5
BACKWARDS_KINDS = ("music", "noise")  # a voice backwards is neither speech nor any sound that is met
ONSET_SHARE, ONSET_AFTER_FRAMES = 0.3, (5, 30)  # recordings of words and sentences begin shortly before the voice does
SILENT_SHARE, SILENT_FRAMES = 0.35, (150, 900)
TURNS_SHARE = {"music": 0.3, "noise": 0.3, "singing": 0.3, "song": 0.3}  # as on the radio: a voice, then a song
TURNS_MARGIN_FRAMES = 10
SMOOTH_FRAMES = {"speech": 9, "singing": 51, "music": 51, "noise": 41}


def loudness_db(power: Tensor) -> Tensor:
    """Level of the loud frames, [batch], from total band power [batch, frames]."""
    return 10 * torch.log10(torch.quantile(power, 0.9, 1) + 1e-9)


def _smooth(power: Tensor, frames: int) -> Tensor:
    return functional.avg_pool1d(power[:, None], frames, 1, frames // 2, count_include_pad=False)[:, 0]


def _masked(labels: Tensor, own: Tensor, other: Tensor) -> Tensor:
    out = labels.clone()
    for k, name in enumerate(LABELS):
        size = SMOOTH_FRAMES[name]
        under_db = 10 * torch.log10((_smooth(other, size) + 1e-9) / (_smooth(own, size) + 1e-9))
        said = (labels[..., k] > 0) & (labels[..., k] != DONT_CARE)
        out[..., k].masked_fill_(said & (under_db > AUDIBLE_DB[name]), DONT_CARE)
        out[..., k].masked_fill_(said & (under_db > GONE_DB[name]), 0)
    return out


def add_scenes(
    features_a: Tensor, labels_a: Tensor, features_b: Tensor, labels_b: Tensor, a_over_b_db: Tensor
) -> tuple[Tensor, Tensor]:
    """Mixture of each pair; the leader keeps its level, the follower is set `a_over_b_db` [batch] below it."""
    power_a, power_b = (10.0 ** (f / 10.0) for f in (features_a, features_b))
    total_a, total_b = power_a.sum(2), power_b.sum(2)
    factor = 10.0 ** ((loudness_db(total_a) - loudness_db(total_b) - a_over_b_db) / 10.0)
    total_b = total_b * factor[:, None]
    labels_a, labels_b = _masked(labels_a, total_a, total_b), _masked(labels_b, total_b, total_a)
    said_a, said_b = (labels.masked_fill(labels == DONT_CARE, 0) for labels in (labels_a, labels_b))
    surest = torch.maximum(said_a, said_b)
    unsure = ((labels_a == DONT_CARE) | (labels_b == DONT_CARE)) & (surest < SURE)
    both = surest.masked_fill(unsure, DONT_CARE)
    power = power_a.addcmul_(power_b, factor[:, None, None])
    return (10.0 * torch.log10(power + 1e-10)).clamp(min=PAD_DB), both


def disguise(features: Tensor, draws: Draws) -> Tensor:
    """The scenes as other voices, instruments and microphones might have sounded."""
    batch, _, bands = features.shape
    axis = torch.arange(bands, dtype=torch.float32, device=features.device)
    factor = torch.where(draws.chance(batch, WARP_SHARE), draws.uniform(batch, *WARP_RANGE), 1.0)
    at = (axis * factor[:, None]).clamp(0, bands - 1.001)
    low = at.floor()
    part = at - low
    warp = torch.zeros(batch, bands, bands, device=features.device)  # from band, to band
    warp.scatter_(1, low.long()[:, None], (1 - part)[:, None])
    warp.scatter_(1, low.long()[:, None] + 1, part[:, None])
    curve = draws.curve(batch, EQUALISER_DB / 2, 7, bands)
    below, above = draws.uniform(batch, -8, 14), draws.uniform(batch, 38, bands + 4)
    edge = torch.minimum(axis - below[:, None], above[:, None] - axis).clamp(max=0.0) * 12.0
    curve = curve + torch.where(draws.chance(batch, BAND_LIMIT_SHARE)[:, None], edge.clamp(min=-60.0), 0.0)
    silent = (features <= PAD_DB).all(2, keepdim=True)  # digital silence stays what it is
    out = torch.baddbmm(curve[:, None, :], features, warp)
    return out.clamp_(min=PAD_DB).masked_fill_(silent, PAD_DB)


def in_time(features: Tensor, labels: Tensor, backwards: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
    """The scenes at a pace of their own, begun anywhere (what runs over the end goes on at the start), some
    `backwards` [batch].

    `ONSET_SHARE` of those with a voice begin shortly before it sets in."""
    batch, frames = labels.shape[:2]
    voice = present(labels[..., SPEECH])
    onsets = functional.pad(voice[:, 1:] & ~voice[:, :-1], (1, 0))
    onset, found = draws.one_of(onsets)
    at_voice = found & ~backwards & draws.chance(batch, ONSET_SHARE)
    begin = torch.where(at_voice, onset - draws.integers(batch, *ONSET_AFTER_FRAMES), draws.integers(batch, 0, frames))
    pace = torch.where(draws.chance(batch, PACE_SHARE), draws.uniform(batch, *PACE_RANGE), 1.0)
    pace = torch.where(backwards, -pace, pace)
    steps = torch.arange(frames, device=features.device)
    at = (steps * pace[:, None] + begin[:, None]).floor().long() % frames
    rows = torch.arange(batch, device=features.device)[:, None]
    return features[rows, at], labels[rows, at]


def fall_silent(features: Tensor, labels: Tensor, chosen: Tensor, draws: Draws) -> None:
    """Takes the voice out of the `chosen` [batch] scenes for 1.5 to 9 s, from pause to pause (in place)."""
    batch, frames = labels.shape[:2]
    pauses = absent(labels[..., SPEECH])
    begin, found = draws.one_of(pauses)
    at = torch.arange(frames, device=labels.device)
    later = pauses & (at >= (begin + draws.integers(batch, *SILENT_FRAMES))[:, None])
    end = torch.where(later.any(1), later.int().argmax(1), frames)
    silent = (at >= begin[:, None]) & (at < end[:, None]) & (chosen & found)[:, None]
    _silence(features, labels, silent)


def take_turns(labels_voice: Tensor, features: Tensor, labels: Tensor, chosen: Tensor) -> None:
    """Silences the followers among the `chosen` [batch] wherever the voice speaks (in place)."""
    voice = present(labels_voice[..., SPEECH]).float()[:, None]
    speaking = functional.max_pool1d(voice, 2 * TURNS_MARGIN_FRAMES + 1, 1, TURNS_MARGIN_FRAMES)[:, 0] > 0
    _silence(features, labels, speaking & chosen[:, None])


def _silence(features: Tensor, labels: Tensor, silent: Tensor) -> None:
    features.masked_fill_(silent[..., None], PAD_DB)
    labels.masked_fill_(silent[..., None], 0)


def with_shares(pairs: Pairs, shares: dict[str, float]) -> Pairs:
    """Pairs with other shares, named by what leads and follows: "speech+song", "noise"."""
    name = lambda pair: "+".join(filter(None, pair[:2]))
    unknown = set(shares) - {name(p) for p in pairs}
    if unknown:
        raise CorpusError(f"shares: there is no pair {sorted(unknown)[0]}")
    return tuple((*p[:2], shares.get(name(p), p[2]), p[3]) for p in pairs)


class Remixer:
    """Draws remixed batches from the scenes of one kind among the given ones."""

    def __init__(self, scenes: Scenes, shares: dict[str, float] | None = None):
        self.scenes = scenes
        self._find_pairs(with_shares(PAIRS, shares or {}))

    def _find_pairs(self, pairs: Pairs) -> None:
        """Lays out, as tensors, the scenes of each kind and those of the pairs for which there are any."""
        device = self.scenes.device
        by_kind = {kind: [i for i, a in enumerate(self.scenes.about) if a["kind"] == kind] for kind in PURE_KINDS}
        usable = [p for p in pairs if by_kind[p[0]] and (not p[1] or by_kind[p[1]])]
        if not usable:
            raise CorpusError("no finished shard has scenes of one kind to mix anew; make some with the step `shards`")
        kinds = list(by_kind)
        self.count = torch.tensor([len(by_kind[k]) for k in kinds], device=device)
        self.first = self.count.cumsum(0) - self.count
        self.pool = torch.tensor([i for k in kinds for i in by_kind[k]], device=device)
        column = lambda values: torch.tensor(values, device=device)
        self.lead, self.follow = (
            column([kinds.index(p[0]) for p in usable]),
            column([kinds.index(p[1] or p[0]) for p in usable]),
        )
        self.share = column([p[2] for p in usable])
        self.low_db, self.high_db = column([p[3][0] for p in usable]), column([p[3][1] for p in usable])
        self.alone, self.spoken = column([not p[1] for p in usable]), column([p[0] == "speech" for p in usable])
        self.turns_share = column([TURNS_SHARE.get(p[1], 0.0) * (p[0] == "speech") for p in usable])
        self.reversible = column([k in BACKWARDS_KINDS for k in kinds])

    def batch(self, count: int, draws: Draws) -> tuple[Tensor, Tensor]:
        """`count` mixtures: features [count, frames, 64], targets [count, frames, labels]."""
        pair = draws.weighted(count, self.share)
        level_db = self.low_db[pair] + draws.uniform(count, 0, 1) * (self.high_db - self.low_db)[pair]
        features_a, labels_a = self._scenes_of(self.lead[pair], draws)
        features_b, labels_b = self._scenes_of(self.follow[pair], draws)
        turns = draws.chance(count, self.turns_share[pair])
        fall_silent(features_a, labels_a, turns | self.spoken[pair] & draws.chance(count, SILENT_SHARE), draws)
        take_turns(labels_a, features_b, labels_b, turns)
        features, labels = add_scenes(features_a, labels_a, features_b, labels_b, level_db)
        alone = self.alone[pair][:, None, None]
        return torch.where(alone, features_a, features), torch.where(alone, labels_a, labels)

    def _scenes_of(self, kind: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
        """A disguised scene of each `kind` [count], in a time of its own."""
        offset = (draws.uniform(len(kind), 0, 1) * self.count[kind]).long()
        features, labels = self.scenes.batch(self.pool[self.first[kind] + offset])
        backwards = self.reversible[kind] & draws.chance(len(kind), BACKWARDS_SHARE)
        return in_time(disguise(features, draws), labels, backwards, draws)
