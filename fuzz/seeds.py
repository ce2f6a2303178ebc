"""Fills fuzz/corpus/ with what the targets begin from: the fixtures of the tests, and small files of every kind.

    python3 fuzz/seeds.py

Needs nothing beside Python. Inputs that the fuzzer found itself stay.
"""

import base64
import hashlib
import json
import shutil
import struct
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "fuzz" / "corpus"
# Larger fixtures only slow the fuzzer down: what they hold more is samples.
MOST_BYTES = 64 << 10


def seed(target: str, name: str, content: bytes) -> None:
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{name}").write_bytes(content)


def chunk(name: bytes, content: bytes, size: int | None = None) -> bytes:
    return name + struct.pack("<I", len(content) if size is None else size) + content + b"\0" * (len(content) % 2)


def wave(form: bytes, chunks: bytes, size: int | None = None) -> bytes:
    return form + struct.pack("<I", 4 + len(chunks) if size is None else size) + b"WAVE" + chunks


def fmt(tag: int, bits: int, channels: int = 1, rate_hz: int = 16_000, extra: bytes = b"") -> bytes:
    frame = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * frame, frame, bits) + extra)


def w64_chunk(name: bytes, content: bytes) -> bytes:
    tail = bytes.fromhex("f3acd3118cd100c04f8edb8a")
    return name + tail + struct.pack("<Q", 24 + len(content)) + content + b"\0" * (-len(content) % 8)


def wav_files() -> dict[str, bytes]:
    samples = bytes(range(240))
    unknown = 0xFFFFFFFF
    extensible = struct.pack("<HHI", 22, 16, 3) + struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
    cue = struct.pack("<III4sIII", 1, 1, 20, b"data", 0, 0, 20)
    info = b"INFO" + chunk(b"ISFT", b"some text\0") + chunk(b"INAM", b"odd")
    bext = bytes(338) + struct.pack("<QH", 48_000, 2) + bytes(254)
    ds64 = struct.pack("<QQQI", 4 + 36 + 24 + 8 + len(samples), len(samples), len(samples) // 2, 0)
    around = chunk(b"bext", bext) + chunk(b"iXML", b"<BWFXML/>") + fmt(1, 16)
    behind = chunk(b"cue ", cue) + chunk(b"LIST", info) + chunk(b"smpl", bytes(36)) + chunk(b"id3 ", b"ID3")
    files = {
        f"{tag}-{bits}": wave(b"RIFF", fmt(tag, bits) + chunk(b"data", samples))
        for tag, bits in [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64), (6, 8), (7, 8), (0x55, 16), (2, 4)]
    }
    files |= {
        "extensible": wave(b"RIFF", fmt(0xFFFE, 16, 2, 48_000, extensible) + chunk(b"data", samples)),
        "streamed": wave(b"RIFF", fmt(1, 16) + chunk(b"data", samples, unknown), unknown),
        "never-closed": wave(b"RIFF", fmt(1, 16) + chunk(b"data", samples, 0), 0),
        "chunks": wave(b"RIFF", around + chunk(b"data", samples) + behind),
        "rf64": wave(b"RF64", chunk(b"ds64", ds64) + fmt(1, 16) + chunk(b"data", samples, unknown), unknown),
        "empty": wave(b"RIFF", fmt(1, 16) + chunk(b"data", b"")),
    }
    guid = bytes.fromhex("2e91cf11a5d628db04c10000")
    chunks = w64_chunk(b"fmt ", fmt(1, 16)[8:]) + w64_chunk(b"data", samples)
    wave_guid = b"wave" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
    files["w64"] = b"riff" + guid + struct.pack("<Q", 40 + len(chunks)) + wave_guid + chunks
    return files


def ogg_packets(file: bytes) -> list[bytes]:
    """The packets of an Ogg file with one stream."""
    packets, packet, at = [], b"", 0
    while file[at : at + 4] == b"OggS":
        lengths = file[at + 27 : at + 27 + file[at + 26]]
        at += 27 + len(lengths)
        for length in lengths:
            packet += file[at : at + length]
            at += length
            if length < 255:
                packets.append(packet)
                packet = b""
    return packets


def opus(file: bytes) -> bytes:
    """Header and first packets in the form that the target takes."""
    header, _tags, *packets = ogg_packets(file)
    return b"".join(bytes([len(part)]) + part for part in [header, *packets[:8]] if len(part) < 256)


# One text for each format, in the order of `Format::ALL`.
REPORTS = [
    "0.000 1.500 music 0.910\n1.250 2.018 speech 0.877\n",
    'file,start,end,label,confidence\n"a, b.wav",0.000,1.500,music,0.910\nb.wav,0.5,1,speech,1\n',
    "file\tstart\tend\tlabel\tconfidence\na.wav\t0.000\t1.500\tmusic\t0.910\n",
    '{"version":1,"file":"a.wav","duration":2.5,"labels":["speech"],'
    '"segments":[{"start":0.25,"end":1.5,"label":"speech","confidence":0.9}]}',
    '{"version":1,"file":"a.wav","duration":2.5,"labels":["speech"]}\n'
    '{"file":"a.wav","start":0.25,"end":1.5,"label":"speech","confidence":0.9}\n',
    "0.000000\t1.500000\tmusic\n1,250000\t2,000000\tspeech\n",
    "SPEAKER a%20b 1 0.250 1.250 <NA> <NA> speech 0.900 <NA>\n"
    "NON-SPEECH a%20b 1 1.500 1.000 <NA> music music 0.910 <NA>\n",
    'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0 \nxmax = 2.5 \ntiers? <exists> \nsize = 1 \n'
    'item []: \n    item [1]:\n        class = "IntervalTier" \n        name = "speech" \n        xmin = 0 \n'
    "        xmax = 2.5 \n        intervals: size = 2 \n        intervals [1]:\n            xmin = 0 \n"
    '            xmax = 1 \n            text = "" \n        intervals [2]:\n            xmin = 1 \n'
    '            xmax = 2.5 \n            text = "speech" \n',
    '<?xml version="1.0" encoding="UTF-8"?>\n<ANNOTATION_DOCUMENT><HEADER TIME_UNITS="milliseconds">'
    '<MEDIA_DESCRIPTOR MEDIA_URL="a.wav" MIME_TYPE="audio/x-wav"/></HEADER><TIME_ORDER>'
    '<TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="250"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1500"/></TIME_ORDER>'
    '<TIER LINGUISTIC_TYPE_REF="default" TIER_ID="speech"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" '
    'TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2"><ANNOTATION_VALUE>speech</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION>'
    "</ANNOTATION></TIER></ANNOTATION_DOCUMENT>\n",
    "1\n00:00:00,250 --> 00:00:01,500\nspeech\n\n2\n00:00:01,500 --> 00:00:02,000\nmusic\n",
    "WEBVTT\n\nNOTE file a.wav\n\n00:00:00.250 --> 00:00:01.500\nspeech\n",
    'REM DURATION 2.500\nFILE "a.wav" WAVE\n  TRACK 01 AUDIO\n    TITLE "speech"\n'
    "    REM SEGMENT 0.250 1.500 0.900\n    INDEX 01 00:00:19\n",
    "#,Name,Start,End,Length\nR1,speech,0.250,1.500,1.250\n",
    "time,length,speech,music\n0.000,1.000,0.75,1\n1.000,1.000,0.5,0\n",
]


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def field(number: int, value: int | bytes | str) -> bytes:
    """A field of a protocol buffer."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor_type(name: str, shape: list[int | str]) -> bytes:
    dims = b"".join(field(1, field(2, d) if isinstance(d, str) else field(1, d)) for d in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def node(op: str, inputs: list[str], output: str) -> bytes:
    return b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, op)


def onnx(bands: int, labels: int, state: bool) -> bytes:
    """A network of one matrix, with a state that it hands on if wished."""
    weights = struct.pack(f"<{bands * labels}f", *([0.01] * (bands * labels)))
    initializer = field(1, varint(bands) + varint(labels)) + field(2, 1) + field(8, "w") + field(9, weights)
    nodes = [node("MatMul", ["features", "w"], "sums"), node("Sigmoid", ["sums"], "probabilities")]
    inputs = [tensor_type("features", [1, "time", bands])]
    outputs = [tensor_type("probabilities", [1, "time", labels])]
    if state:
        nodes.append(node("Identity", ["state"], "new_state"))
        inputs.append(tensor_type("state", [1, 4]))
        outputs.append(tensor_type("new_state", [1, 4]))
    graph = b"".join(field(1, n) for n in nodes) + field(2, "g") + field(5, initializer)
    graph += b"".join(field(11, i) for i in inputs) + b"".join(field(12, o) for o in outputs)
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17))


def packs() -> dict[str, bytes]:
    manifest = json.loads((ROOT / "models/packs/live/pack.json").read_text())
    bands = manifest["features"]["mel"]["bands"]
    manifest |= {"input": "features", "output": "probabilities", "time_axis": "time", "data": []}
    manifest["model"]["file"] = "model.onnx"
    state = {"input": "state", "output": "new_state", "shape": [1, 4]}
    files = {}
    for name, states in [("plain", []), ("state", [state])]:
        text = json.dumps(manifest | {"states": states}, separators=(",", ":"))
        files[name] = text.encode() + b"\0" + onnx(bands, len(manifest["labels"]), bool(states))
    return files


def profiles() -> dict[str, bytes]:
    folder = ROOT / "tests" / "fixtures" / "embed" / "phrase"
    pack, digest = json.loads((folder / "pack.json").read_text()), hashlib.sha256((folder / "model.onnx").read_bytes())
    model = {"name": pack["name"], "version": pack["version"], "sha256": digest.hexdigest()}
    packed = lambda content: base64.b64encode(content).decode()
    template = {"common": 0.5, "rows": packed(bytes([127, 0, 0, 0, 0, 127, 0, 0])), "sha256": "ab" * 32}
    working = {"expected_miss": 0.1, "limits": {"early": 0.3, "whole": 0.2}, "missed_clips": 1}
    phrase = {
        "dim": 4,
        "hop_frames": 4,
        "negative_hours": 0.5,
        "strictness": "balanced",
        "templates": [template] * 3,
        "working": [working] * 3,
    }
    word = {"name": "sesame", "model_sha256": model["sha256"], "phrase": phrase}
    voice = {"clips": [{"embedding": packed(struct.pack("<2f", 0.6, 0.8)), "speech_s": 2.0}], "word": word}
    file = lambda kind, body: json.dumps(
        {"format": 1, "kind": kind, "name": "seed", "created_unix_s": 1, "model": model, "body": body}
    ).encode()
    dim, rows = pack["vectors"]["dim"], 3
    header = {"format": 1, "dim": dim, "count": rows, "hop_s": pack["hop_frames"] / 100, "model_sha256": model["sha256"]}
    return {
        "phrase": b"\0" + file("phrase", phrase),
        "voice": b"\1" + file("voice", voice),
        "negatives": b"\2" + json.dumps(header).encode() + b"\n" + bytes(range(1, 1 + dim)) * rows,
    }


def main() -> None:
    for path in sorted((ROOT / "tests/fixtures/audio").iterdir()):
        if path.suffix in {".md", ".sh"} or path.stat().st_size > MOST_BYTES:
            continue
        targets = ["source"]
        targets += ["wav", "riff_metadata"] if path.suffix == ".wav" else []
        targets += ["gapless"] if path.suffix in {".m4a", ".mp4"} else []
        for target in targets:
            (CORPUS / target).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, CORPUS / target / f"seed-{path.name}")
        if path.suffix == ".opus":
            seed("opus", path.stem, opus(path.read_bytes()))
    for name, content in wav_files().items():
        for target in ["wav", "riff_metadata", "source"]:
            seed(target, f"{name}.wav", content)
    seed("gapless", "itunes", b" 00000000 00000840 000001CA 00000000003F31F6 00000000 00000000")
    for number, text in enumerate(REPORTS):
        seed("report_parse", str(number), bytes([number]) + text.encode())
    for folder in ["core/src/gate/presets", "core/src/features/presets"]:
        for path in sorted((ROOT / folder).glob("*.json")):
            seed("presets_state", path.name, path.read_bytes())
            gate = json.loads(path.read_text()).get("gate")
            if gate is not None:
                seed("presets_state", f"gate-{path.name}", json.dumps(gate).encode())
    seed("peer_scores", "score", b"time,score\n0.00,0.25\n0.032,0.5\n2.0,1\n")
    seed("peer_scores", "frames", b"time,speech,music,level_dbfs\n0.00,0.1,0.9,-20\n1.99,0.5,0.5,-30\n")
    seed("peer_scores", "groups", b"file,condition,language\na.wav,quiet,de\nb/c.wav,,en\n")
    seed("peer_scores", "truth", b"start,end,label\n0.0,0.8,speech\n0.8,1.9,noise\n")
    for name, content in packs().items():
        seed("pack", name, content)
    for name, content in profiles().items():
        seed("profiles", name, content)


if __name__ == "__main__":
    main()
