"""State, delay, folding and export of the networks that ship."""

import numpy as np
import pytest
import torch

from earmark_training.export import check_parity, write_pack
from earmark_training.features import PAD_DB
from earmark_training.network import SHAPES, Ear, parameter_count

MAX_PARAMETERS = 300_000


def ear(name: str, seed: int) -> Ear:
    """A network with random weights everywhere: a fresh one has a silent refinement."""
    torch.manual_seed(seed)
    model = Ear(SHAPES[name]).eval()
    if model.shape.refine:
        torch.nn.init.normal_(model.correction.weight, std=0.2)
    return model


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_chunks_equal_the_whole_and_size_is_kept(name):
    model = ear(name, 1)
    assert parameter_count(model) <= MAX_PARAMETERS
    features = torch.randn(1, 400, 64) * 20 - 40
    with torch.no_grad():
        whole = model(features, *model.zero_states())[0]
        states, rows = model.zero_states(), []
        for start in range(0, 400, model.shape.hop_frames):
            row, *states = model(features[:, start : start + model.shape.hop_frames], *states)
            rows.append(row)
    assert (torch.cat(rows, 1) - whole).abs().max() < 1e-5


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_output_depends_on_no_more_than_the_stated_look_ahead(name):
    model = ear(name, 2)
    ahead = model.shape.lookahead_frames + model.shape.hop_frames
    first = torch.randn(1, 400, 64)
    second = first.clone()
    second[:, 200:] = PAD_DB
    with torch.no_grad():
        change = (model.whole(first) - model.whole(second)).abs().amax((0, 2))
    assert change[: 200 - ahead].max() == 0 and change[200:].max() > 0


def test_swift_answers_each_frame_at_once_and_is_small():
    model = ear("swift", 5)
    assert (model.shape.hop_frames, model.shape.lookahead_frames) == (1, 0)
    assert parameter_count(model) <= 150_000


def test_folding_the_basis_changes_nothing():
    torch.manual_seed(3)
    model = Ear(SHAPES["live"]).eval()
    model.set_basis(torch.randn(4000, 512) @ torch.randn(512, 512) * 0.05 + 2.0)
    features = torch.randn(1, 80, 64) * 15 - 30
    with torch.no_grad():
        before = model.whole(features)
        model.fold()
        assert (model.whole(features) - before).abs().max() < 1e-4


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_exported_file_computes_the_same(name, tmp_path):
    model = ear(name, 4)
    write_pack(model, tmp_path, name, "0.0.0", {}, [])
    assert max(check_parity(model, tmp_path).values()) <= 1e-5


def test_scaled_silence_is_the_zero_state():
    model = Ear(SHAPES["live"]).eval()
    with torch.no_grad():
        states = model(torch.full((1, 40, 64), PAD_DB), *model.zero_states())[1:]
    assert np.allclose(states[0].numpy(), 0.0)


def test_live_is_the_trunk_of_studio():
    studio = ear("studio", 6)
    live = studio.without_refinement()
    assert live.shape == SHAPES["live"]
    features = torch.randn(2, 400, 64) * 20 - 40
    with torch.no_grad():
        first, refined = studio.both(features)
        assert (live.whole(features) - first).abs().max() < 1e-5
        assert (studio.whole(features) - refined).abs().max() < 1e-6
        assert (first - refined).abs().max() > 1e-2
