"""A set of shards has one order, whenever each of them was finished."""

import json

import numpy as np

from earmark_training import LABELS
from earmark_training.shards import Shards


def store(folder, index: int, source: str = "s") -> None:
    folder.mkdir(exist_ok=True)
    stem = folder / f"shard-{index:05d}"
    np.save(stem.with_suffix(".features.npy"), np.full((2, 4, 64), index, np.float16))
    np.save(stem.with_suffix(".labels.npy"), np.zeros((2, 4, len(LABELS)), np.uint8))
    stem.with_suffix(".json").write_text(json.dumps([{"kind": "speech", "seed": index, "sources": [source]}] * 2))


def test_order_and_digest_do_not_depend_on_when_shards_appeared(tmp_path):
    for index in (0, 1, 2, 10):
        store(tmp_path / "a", index)
    for index in (10, 2, 0, 1):
        store(tmp_path / "b", index)
    first, second = Shards(tmp_path / "a"), Shards(tmp_path / "b")
    values = lambda shards: [float(shards.batch(np.array([i]))[0][0, 0, 0]) for i in range(len(shards))]
    assert values(first) == values(second) == [0, 0, 1, 1, 2, 2, 10, 10]
    (tmp_path / "a").rename(tmp_path / "c")
    (tmp_path / "b").rename(tmp_path / "a")
    assert Shards(tmp_path / "a").digest() == first.digest()


def test_what_appears_later_belongs_to_another_training(tmp_path):
    store(tmp_path / "a", 0)
    shards = Shards(tmp_path / "a")
    before = shards.digest()
    store(tmp_path / "a", 1)
    assert len(shards) == 2 and shards.digest() == before != Shards(tmp_path / "a").digest()


def test_held_out_sources_are_not_drawn_and_change_the_digest(tmp_path):
    store(tmp_path / "a", 0)
    store(tmp_path / "a", 1, "x")
    all_of, without = Shards(tmp_path / "a"), Shards(tmp_path / "a", hold_out=("x",))
    assert len(all_of) == 4 and len(without) == 2 and all_of.digest() != without.digest()
