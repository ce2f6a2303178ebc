"""Stands on both sides of Earmark's Wyoming proxy, through the `wyoming` package: Home Assistant and a speech recogniser.

    python wyoming_proxy.py tcp://ADDRESS:PORT PORT RECORDING.wav speech|voice

The recogniser listens on PORT of this machine, which Earmark passes speech on to. The recording is the shipped programme, 16-bit
and mono; with `voice` the voice of its first and last sentence is the only one that may pass. The recogniser understands no word: it
keeps what it hears, and answers with how much that was.
"""

import asyncio
import sys
import wave

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Describe, Info
from wyoming.server import AsyncEventHandler, AsyncTcpServer

PATIENCE_S = 60
LANGUAGE = "sw"
# Where somebody speaks in the programme, seconds: what must pass, and what must not.
WELCOME, MARKET, FAREWELL = (1.0, 8.14), (36.36, 41.51), (47.01, 50.77)
MUSIC, STREET = (10.6, 17.6), (32.4, 35.4)
LEAST = {"speech": {WELCOME: 0.97, MARKET: 0.97, FAREWELL: 0.97}, "voice": {WELCOME: 0.9, FAREWELL: 0.8}}
MOST = {"speech": {MUSIC: 0.05, STREET: 0.05}, "voice": {MUSIC: 0.05, STREET: 0.05, MARKET: 0.3}}

ATTRIBUTION = Attribution(name="somebody", url="https://example.org/ü")
MODEL = AsrModel(
    name="m", attribution=ATTRIBUTION, installed=True, description="d", version="1", languages=[LANGUAGE]
)
PROGRAM = AsrProgram(
    name="recogniser", attribution=ATTRIBUTION, installed=True, description="ünlike others", version=None, models=[MODEL]
)
# No event that anybody knows, with data and bytes.
STRANGE = Event(type="strange", data={"ß": [1, {"deep": None}]}, payload=bytes(range(256)) * 200)


class Recogniser(AsyncEventHandler):
    """Keeps what it is sent."""

    heard = []
    leaves_at = None

    async def handle_event(self, event):
        self.heard.append(event)
        if event.type == self.leaves_at:
            return False
        if Describe.is_type(event.type):
            await self.write_event(Info(asr=[PROGRAM]).event())
        if AudioStop.is_type(event.type):
            await self.write_event(STRANGE)
            frames = sum(len(e.payload) // 2 for e in self.heard if AudioChunk.is_type(e.type))
            await self.write_event(Transcript(text=f"{frames} frames").event())
        return True


async def event(client):
    return await asyncio.wait_for(client.read_event(), PATIENCE_S)


def read(path):
    with wave.open(path, "rb") as source:
        assert (source.getsampwidth(), source.getnchannels()) == (2, 1)
        return source.getframerate(), source.readframes(source.getnframes())


async def say(client, rate, audio, frames=1_024, stop=True):
    """As Home Assistant sends a command: so many frames in each chunk."""
    await client.write_event(Transcribe(language=LANGUAGE).event())
    await client.write_event(AudioStart(rate=rate, width=2, channels=1).event())
    for at in range(0, len(audio), 2 * frames):
        chunk = AudioChunk(rate=rate, width=2, channels=1, audio=audio[at : at + 2 * frames])
        await client.write_event(chunk.event())
    if stop:
        await client.write_event(AudioStop().event())


def passed(rate, audio):
    """For each frame of the recording whether the recogniser got it; that it got these very samples where it was open."""
    open_frames = bytearray(len(audio) // 2)
    changed = 0
    for chunk in (AudioChunk.from_event(e) for e in Recogniser.heard if AudioChunk.is_type(e.type)):
        assert (chunk.rate, chunk.width, chunk.channels) == (rate, 2, 1), chunk
        at = round(chunk.timestamp * rate / 1_000)
        count = len(chunk.audio) // 2
        assert 0 <= at and at + count <= len(open_frames), (at, count)
        open_frames[at : at + count] = b"\1" * count
        original = audio[2 * at : 2 * (at + count)]
        changed += sum(chunk.audio[k : k + 2] != original[k : k + 2] for k in range(0, len(original), 2))
    return open_frames, changed


def share(open_frames, rate, span):
    part = open_frames[int(span[0] * rate) : int(span[1] * rate)]
    return sum(part) / len(part)


async def what_passes(uri, recording, mode):
    rate, audio = read(recording)
    Recogniser.heard.clear()
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Describe().event())
        assert Info.from_event(await event(client)) == Info(asr=[PROGRAM])
        first = None
        # The same however it is cut, and twice on one connection.
        for frames in (1_024, 333):
            Recogniser.heard.clear()
            await say(client, rate, audio, frames)
            assert await event(client) == STRANGE
            answer = Transcript.from_event(await event(client))
            kinds = [e.type for e in Recogniser.heard]
            assert kinds[:2] == ["transcribe", "audio-start"] and kinds[-1] == "audio-stop", kinds
            assert Transcribe.from_event(Recogniser.heard[0]).language == LANGUAGE
            open_frames, changed = passed(rate, audio)
            total = sum(open_frames)
            assert answer.text == f"{total} frames", answer
            # Ramps at the ends of what passes, and nothing else, are other samples.
            print(f"{mode}: {total / rate:.2f} s of {len(audio) / 2 / rate:.2f} s pass, {changed} samples are of ramps")
            assert changed < 0.1 * total, changed
            for span, least in LEAST[mode].items():
                print(f"  {span}: {share(open_frames, rate, span):.3f} passes")
                assert share(open_frames, rate, span) >= least, span
            for span, most in MOST[mode].items():
                print(f"  {span}: {share(open_frames, rate, span):.3f} passes")
                assert share(open_frames, rate, span) <= most, span
            assert first in (None, open_frames), "it depends on how it is cut"
            first = open_frames

        # Where nothing is speech the recogniser is not asked, and another command follows.
        Recogniser.heard.clear()
        start, end = (int(s * rate) * 2 for s in MUSIC)
        await say(client, rate, audio[start:end])
        assert Transcript.from_event(await event(client)).text == ""
        assert [e.type for e in Recogniser.heard] == ["transcribe"], Recogniser.heard
        await say(client, rate, audio[: 9 * rate * 2])
        assert await event(client) == STRANGE
        assert Transcript.from_event(await event(client)).text != "0 frames"


async def error_and_end(client):
    answer = await event(client)
    assert Error.is_type(answer.type), answer
    text = Error.from_event(answer).text
    assert await event(client) is None, "the conversation is over"
    return text


async def broken_recognisers(uri, port, recording):
    rate, audio = read(recording)
    command = audio[: 9 * rate * 2]
    # It leaves in the middle of a command.
    for kind in ("transcribe", "audio-chunk", "audio-stop"):
        Recogniser.leaves_at = kind
        async with AsyncClient.from_uri(uri) as client:
            await say(client, rate, command)
            text = await error_and_end(client)
            assert f"127.0.0.1:{port}" in text, text
            print(f"  it leaves at {kind}: {text}")
    Recogniser.leaves_at = None
    # Sound that is none.
    for chunk, why in (
        (AudioChunk(rate=rate, width=2, channels=1, audio=b"\0"), "all channels"),
        (AudioChunk(rate=rate, width=4, channels=1, audio=b"\0" * 4), "16 bits"),
        (AudioChunk(rate=0, width=2, channels=1, audio=b"\0" * 2), "0 Hz"),
    ):
        async with AsyncClient.from_uri(uri) as client:
            await client.write_event(chunk.event())
            text = await error_and_end(client)
            assert why in text, text


async def no_recogniser(uri, port):
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Describe().event())
        text = await error_and_end(client)
        assert "cannot be reached" in text and "--wyoming-upstream" in text, text

    async def talks_nonsense(reader, writer):
        await reader.readline()
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    nonsense = await asyncio.start_server(talks_nonsense, "127.0.0.1", port)
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Describe().event())
        text = await error_and_end(client)
        assert "does not speak Wyoming" in text, text
    nonsense.close()
    await nonsense.wait_closed()


async def hostile_clients(port):
    """What is no message ends only its own conversation."""
    for garbage in (b"\xff" * 70_000 + b"\n", b"{}\n", b'{"type":"x","payload_length":99999999}\n'):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(garbage)
        # It may be gone before all is sent.
        try:
            await asyncio.wait_for(reader.read(), PATIENCE_S)
        except ConnectionError:
            pass
        writer.close()


async def main(uri, port, recording, mode):
    await no_recogniser(uri, int(port))
    server = AsyncTcpServer("127.0.0.1", int(port))
    await server.start(Recogniser)
    await hostile_clients(int(uri.rsplit(":", 1)[1]))
    await what_passes(uri, recording, mode)
    if mode == "speech":
        await broken_recognisers(uri, port, recording)


asyncio.run(main(*sys.argv[1:]))
print("a speech recogniser hears what it is to hear")
