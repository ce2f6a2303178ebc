"""The list of packages, the licence of each file, containers and labels that are read, and recordings that are
twins."""

import os
import shutil
import struct
import subprocess
import zipfile

import numpy as np
import pytest
import soundfile

from earmark_training.corpus import CorpusError, list_clips
from earmark_training.fetch import debian
from earmark_training.fetch.__main__ import LIST, fetch
from earmark_training.fetch.packages import Package, read_packages
from earmark_training.fetch.phones import spoken_stretches
from earmark_training.fetch.propack import unpacked
from earmark_training.fetch.sky import CODE, FIRST_TEXTS, sky_lines, sky_texts
from earmark_training.fetch.talkies import drascula_line, queen_lines
from earmark_training.fetch.twins import Index, words_of

RATE_HZ = 16000
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2001 The Team
License: GPL-2+

Files: sounds/birds/*
 sounds/rain.wav
Copyright:
 2003 A. Author
 2004 B. Author
License: CC-BY-3.0
 Full text here.
"""


def voice(seconds: float, seed: int = 1) -> np.ndarray:
    """Sound whose spectrum moves: bursts of noise through changing bands."""
    rng = np.random.default_rng(seed)
    pieces = []
    for _ in range(int(seconds * 5)):
        t = np.arange(RATE_HZ // 5) / RATE_HZ
        tones = rng.uniform(200, 4000, 6)
        pieces.append(sum(np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) for f in tones) * 0.05 * rng.uniform(0.3, 1))
    return np.concatenate(pieces).astype(np.float32)


def listed(tmp_path, body: str):
    path = tmp_path / "packages.toml"
    head = f'[[package]]\nname = "birds"\nversion = "1-1"\nsha256 = "{"0" * 64}"\n[[package.set]]\n'
    path.write_text(head + body)
    return path


def test_the_shipped_list_is_in_order_and_says_licence_or_has_a_copyright_file():
    packages = read_packages(LIST)
    sets = [s for p in packages for s in p.sets]
    assert len(packages) > 10 and {"speech", "music", "noise"} == {s.kind for s in sets}
    assert len({s.source for s in sets}) == len(sets)
    assert any(s.split == "unheard" for s in sets)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("source = 'a'\nclass = 'sound'\nmatch = 'x'", "class"),
        ("source = 'a'\nclass = 'noise'\nmatch = 'x'\nsplit = 'mine'", "split"),
        ("source = 'a'\nclass = 'noise'\nmatch = 'x'\nvoice = 'b'", "voice"),
        ("source = 'a'\nclass = 'noise'\nmatch = '('", "list of packages"),
        ("source = 'a'\nclass = 'noise'", "match"),
    ],
)
def test_a_list_with_a_mistake_is_refused(tmp_path, body, says):
    with pytest.raises(CorpusError, match=says):
        read_packages(listed(tmp_path, body))


def test_sides_follow_the_group_and_the_rule(tmp_path):
    text = "source = 'a'\nclass = 'noise'\nmatch = 'x'\nsplit = '{}'"
    one = {rule: read_packages(listed(tmp_path, text.format(rule)))[0].sets[0] for rule in ("hash", "train", "unheard")}
    sides = {rule: [s.side(f"group {i}") for i in range(1000)] for rule, s in one.items()}
    assert set(sides["train"]) == {"train"} and set(sides["unheard"]) == {"valid", "test"}
    assert 750 < sides["hash"].count("train") < 850 and sides["hash"] == [
        one["hash"].side(f"group {i}") for i in range(1000)
    ]


def test_the_last_paragraph_that_names_a_file_says_its_licence(tmp_path):
    doc = tmp_path / "usr/share/doc/birds"
    doc.mkdir(parents=True)
    (doc / "copyright").write_text(COPYRIGHT)
    terms = debian.copyright_of(tmp_path)
    assert debian.terms_of("sounds/birds/owl.wav", terms) == ("CC-BY-3.0", "2003 A. Author; 2004 B. Author")
    assert debian.terms_of("sounds/rain.wav", terms)[0] == "CC-BY-3.0"
    assert debian.terms_of("sounds/door.wav", terms) == ("GPL-2+", "2001 The Team")
    with pytest.raises(CorpusError, match="no licence"):
        debian.terms_of("sounds/door.wav", [])


def test_a_package_that_is_another_than_listed_is_refused(tmp_path):
    (tmp_path / "birds_1-1_all.deb").write_bytes(b"not that one")
    with pytest.raises(CorpusError, match="sha256"):
        debian.bring(Package("birds", "1-1", "0" * 64, ()), tmp_path)


def test_an_archive_that_leaves_its_folder_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.pk3", "w") as archive:
        archive.writestr("../../outside.txt", "x")
    with pytest.raises(CorpusError, match="outside"):
        debian._unpack_archive(tmp_path / "bad.pk3")
    assert not (tmp_path.parent / "outside.txt").exists()


def test_phones_become_stretches_with_the_measured_shifts(tmp_path):
    (tmp_path / "a.lab").write_text("#\n0.30 125 pau\n0.40 125 k\n0.60 125 a\n1.00 125 pau\n1.20 125 n\n1.30 125 pau\n")
    stretches = spoken_stretches(tmp_path / "a.lab")
    assert np.allclose(stretches, [(0.318, 0.558), (1.018, 1.158)])


def test_lines_come_out_of_both_containers(tmp_path):
    soundfile.write(tmp_path / "line.mp3", voice(1)[:8000], 11025, format="MP3", subtype="MPEG_LAYER_III")
    data = (tmp_path / "line.mp3").read_bytes()
    entries = [(b"001J1.SB", data), (b"CARD.BBK", b"picture")]
    start = 15 + 21 * len(entries)
    table, body = b"", b""
    for name, content in entries:
        table += name.ljust(12, b"\0") + b"\0" + struct.pack(">II", start + len(body), len(content))
        body += content
    head = b"QTBL" + b"\0" * 9 + struct.pack(">H", len(entries))
    (tmp_path / "queen.1c").write_bytes(head + table + body)
    lines = list(queen_lines(tmp_path / "queen.1c"))
    assert [name for name, _, _ in lines] == ["001J1"] and lines[0][2] == 11025 and len(lines[0][1]) > 7000
    (tmp_path / "A.ALS").write_bytes(bytes([128, 255, 0]))
    samples, rate_hz = drascula_line(tmp_path / "A.ALS")
    assert rate_hz == 11025 and samples.tolist() == [0.0, 127 / 128, -1.0]
    (tmp_path / "other.1c").write_bytes(b"no container at all")
    with pytest.raises(CorpusError, match="not a container"):
        list(queen_lines(tmp_path / "other.1c"))


class Packer:
    """Bits in little-endian words, lowest first; raw bytes begin where the word ends that is being written."""

    def __init__(self):
        self.out, self.word, self.room = bytearray(), 0, 0

    def bits(self, value: int, count: int) -> None:
        for place in range(count):
            if self.room == 0:
                self.word, self.room = len(self.out), 16
                self.out += b"\0\0"
            at = 16 - self.room
            self.out[self.word + at // 8] |= (value >> place & 1) << at % 8
            self.room -= 1

    def raw(self, data: bytes) -> None:
        self.out += data


def packed(size: int, *commands: tuple[bytes, int, int]) -> bytes:
    """A block of one chunk: literals, then distance and length of a copy, 0 for none. Numbers below 16 only."""
    packer = Packer()
    packer.bits(0, 2)
    for _ in range(3):
        packer.bits(5, 5)  # five symbols of three bits each
        for _ in range(5):
            packer.bits(3, 4)

    def number(value: int) -> None:
        symbol = value.bit_length()
        packer.bits(int(f"{symbol:03b}"[::-1], 2), 3)
        packer.bits(value - (1 << symbol >> 1), max(0, symbol - 1))

    packer.bits(len(commands), 16)
    for literals, distance, length in commands:
        number(len(literals))
        packer.raw(literals)
        if distance:
            number(distance - 1)
            number(length - 2)
    head = b"RNC\x01" + struct.pack(">II", size, len(packer.out)) + b"\0" * 5 + b"\x01"
    return head + bytes(packer.out) + b"\0\0"


def test_a_packed_block_holds_literals_and_copies():
    block = packed(15, (b"abc", 3, 6), (b"", 1, 3), (b"xyz", 0, 0))
    assert unpacked(block) == b"abcabcabccccxyz"
    with pytest.raises(CorpusError, match="states"):
        unpacked(packed(9, (b"abc", 0, 0)))
    with pytest.raises(CorpusError, match="before its beginning"):
        unpacked(packed(9, (b"abc", 4, 6), (b"", 0, 0)))
    with pytest.raises(CorpusError, match="not a ProPack block"):
        unpacked(b"RNC\x02" + block[4:])


def test_lines_of_the_sky_come_with_their_texts(tmp_path):
    codes = {}

    def walk(code: str, rest: list[str]) -> None:
        sign = rest.pop(0)
        if sign == "(":
            walk(code + "0", rest)
            walk(code + "1", rest)
        else:
            codes.setdefault(sign, code)

    walk("", list("".join(CODE.split())))
    lengths, bits = [], ""
    for text in ("Hello", "you there."):
        own = "".join(codes[sign] for sign in text.replace(" ", "_") + "|")
        own += "0" * (len(own) % 2)
        lengths.append(len(own) // 2)
        bits += own
    body = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    section = struct.pack("<HH", 4, 5) + bytes(lengths[:1]) + body
    sound = b"\0" * 22 + packed(6, (bytes([128, 255]), 2, 4), (b"", 0, 0))
    plain = b"\0" * 22 + bytes([0])
    table, disk = struct.pack("<I", 3), b""
    for number, data in ((50_000, sound), (50_001, plain), (FIRST_TEXTS, section)):
        table += struct.pack("<H", number) + len(disk).to_bytes(3, "little") + len(data).to_bytes(3, "little")
        disk += data
    (tmp_path / "sky.dnr").write_bytes(table)
    (tmp_path / "sky.dsk").write_bytes(disk)
    lines = list(sky_lines(tmp_path / "sky.dnr"))
    assert [name for name, _, _ in lines] == ["50000", "50001"] and lines[0][2] == 11025
    assert lines[0][1].tolist() == [0.0, 127 / 128] * 3 and lines[1][1].tolist() == [-1.0]
    assert sky_texts(tmp_path / "sky.dnr") == {"50000": "Hello", "50001": "you there."}
    (tmp_path / "sky.dnr").write_bytes(b"\0" * 8)
    with pytest.raises(CorpusError, match="not the table"):
        list(sky_lines(tmp_path / "sky.dnr"))


def test_twins_are_found_through_level_codec_and_shift_and_strangers_are_not(tmp_path):
    known, stranger = voice(12, 1), voice(12, 2)
    index = Index()
    index.add(words_of(known))
    soundfile.write(tmp_path / "x.ogg", known[5077:] * 0.4, RATE_HZ, format="OGG", subtype="VORBIS")
    twin, _ = soundfile.read(tmp_path / "x.ogg", dtype="float32")
    assert index.has(twin) and index.has(known) and not index.has(stranger)
    assert not index.has(known[:8000]), "too short to be sure"


def test_a_package_becomes_a_corpus_folder(tmp_path):
    if shutil.which("dpkg-deb") is None:
        excuse = "dpkg-deb is not on this system, which the fetcher needs"
        (pytest.skip if os.environ.get("EARMARK_ALLOW_SKIP") else pytest.fail)(excuse)
    tree = tmp_path / "tree"
    sounds = tree / "usr/share/birds"
    sounds.mkdir(parents=True)
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text(
        "Package: birds\nVersion: 1-1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: x\n"
    )
    (tree / "usr/share/doc/birds").mkdir(parents=True)
    (tree / "usr/share/doc/birds/copyright").write_text(COPYRIGHT)
    soundfile.write(sounds / "owl.wav", voice(3, 3), RATE_HZ)
    soundfile.write(sounds / "copy-of-owl.wav", voice(3, 3), RATE_HZ)
    soundfile.write(sounds / "known.wav", voice(8, 4) * 0.5, RATE_HZ)
    soundfile.write(sounds / "faint.wav", voice(3, 5) * 1e-4, RATE_HZ)
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    built = subprocess.run(["dpkg-deb", "-b", tree, downloads / "birds_1-1_all.deb"], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    body = (
        "source = 'birds'\nclass = 'noise'\nsplit = 'unheard'\nmatch = 'birds/(?P<what>[^/]+)[.]wav$'\n"
        "group = '{what}'\nsound = 'bird: {what}'\nupstream = 'sounds/birds/{what}.wav'\n"
    )
    listed(tmp_path, body)
    text = (tmp_path / "packages.toml").read_text()
    digest = debian.sha256_of(downloads / "birds_1-1_all.deb")
    (tmp_path / "packages.toml").write_text(text.replace("0" * 64, digest))
    known = Index()
    known.add(words_of(voice(8, 4)))
    rows, spoken = fetch(read_packages(tmp_path / "packages.toml"), tmp_path / "out", downloads, known)
    assert spoken == [] and len(rows) == 1, "one of two equal ones; not the known one; not the faint one"
    row = rows[0]
    assert (row["class"], row["licence"], row["attribution"]) == (
        "noise",
        "CC-BY-3.0",
        "2003 A. Author; 2004 B. Author",
    )
    assert row["split"] in ("valid", "test") and row["sound"].startswith("bird: ")
    samples, rate_hz = soundfile.read(tmp_path / "out" / row["path"])
    assert rate_hz == RATE_HZ and abs(len(samples) / rate_hz - 3) < 0.01
    assert [c.kind for c in list_clips(tmp_path / "out")] == ["noise"]
