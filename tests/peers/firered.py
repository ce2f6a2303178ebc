#!/usr/bin/env python3
"""Scores of FireRedVAD for `earmark eval activity --peer firered=OUT`.

    pip install --no-deps -r tests/peers/requirements.txt
    python tests/peers/firered.py --models DIR [--kind vad|aed] FOLDER OUT

DIR is `pretrained_models/onnx_models` of the repository FireRedTeam/FireRedVAD (Apache-2.0), which is not on a package
registry: `cmvn.ark`, `fireredvad_vad.onnx` (the one that looks ahead) and `fireredvad_aed.onnx`, whose first score is
speech. Features are 80 log-mel bands of 25 ms every 10 ms of 16-bit samples, without dither, less their mean and over
their deviation, as the statistics file has them.
"""

import struct
from pathlib import Path

import numpy as np
import onnxruntime

from peer import FRAME, RATE_HZ, main, to_int16

BANDS = 80
FRAMES_PER_CALL = 6000


def statistics(path):
    """Mean and deviation of each band, from sums of values and squares in Kaldi's binary format."""
    data = path.read_bytes()
    at = data.index(b"\0B") + 2
    precision = {b"DM ": "<f8", b"FM ": "<f4"}[data[at : at + 3]]
    rows, columns = struct.unpack("<xixi", data[at + 3 : at + 13])
    sums, squares = np.frombuffer(data, precision, rows * columns, at + 13).reshape(rows, columns)
    mean = sums[:-1] / sums[-1]
    return mean, np.sqrt(np.maximum(squares[:-1] / sums[-1] - mean**2, 1e-20))


def features_of(mono):
    import kaldi_native_fbank

    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = BANDS
    bank = kaldi_native_fbank.OnlineFbank(options)
    # the windows of 25 ms lie around the middles of frames of 10 ms, and there is one for each
    padded = np.pad(to_int16(mono), (120, 400)).astype(np.float32)
    bank.accept_waveform(RATE_HZ, padded.tolist())
    return np.stack([bank.get_frame(k) for k in range(min(bank.num_frames_ready, -(-len(mono) // FRAME)))])


def detector(options):
    mean, deviation = statistics(options.models / "cmvn.ark")
    settings = onnxruntime.SessionOptions()
    settings.inter_op_num_threads = settings.intra_op_num_threads = 1
    model = options.models / f"fireredvad_{options.kind}.onnx"
    session = onnxruntime.InferenceSession(str(model), settings, providers=["CPUExecutionProvider"])

    def score(mono):
        features = ((features_of(mono) - mean) / deviation).astype(np.float32)
        parts = [features[None, at : at + FRAMES_PER_CALL] for at in range(0, len(features), FRAMES_PER_CALL)]
        return np.concatenate([session.run(["probs"], {"feat": part})[0][0, :, 0] for part in parts]), FRAME

    return score


def arguments(parser):
    parser.add_argument("--models", type=Path, required=True, help="folder with cmvn.ark and the ONNX files")
    parser.add_argument("--kind", choices=("vad", "aed"), default="vad", help="which of the two networks")


if __name__ == "__main__":
    main(__doc__.splitlines()[0], detector, arguments)
