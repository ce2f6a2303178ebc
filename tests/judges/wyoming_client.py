"""Talks to Earmark's wake words as Home Assistant does, through the `wyoming` package.

    python wyoming_client.py tcp://ADDRESS:PORT RECORDING.wav

The recording has the phrase `hello` in it, from 2.3 to 3.2 seconds, once.
"""

import asyncio
import sys
import wave

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.wake import Detect, Detection, NotDetected

PATIENCE_S = 30


async def event(client):
    return await asyncio.wait_for(client.read_event(), PATIENCE_S)


async def hear(client, recording, names, first_frames=None):
    await client.write_event(Detect(names=names).event())
    with wave.open(recording, "rb") as source:
        rate, width, channels = source.getframerate(), source.getsampwidth(), source.getnchannels()
        await client.write_event(AudioStart(rate=rate, width=width, channels=channels, timestamp=0).event())
        left = first_frames if first_frames is not None else source.getnframes()
        while left > 0:
            audio = source.readframes(min(1_024, left))
            if not audio:
                break
            left -= len(audio) // (width * channels)
            await client.write_event(AudioChunk(rate=rate, width=width, channels=channels, audio=audio).event())
    await client.write_event(AudioStop().event())
    return await event(client)


async def main(uri, recording):
    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Describe().event())
        info = Info.from_event(await event(client))
        [program] = info.wake
        assert program.name == "earmark" and program.installed, program
        assert [model.name for model in program.models] == ["hello"], program.models
        await client.write_event(Ping(text="here").event())
        assert Pong.from_event(await event(client)).text == "here"

        answer = await hear(client, recording, ["hello"])
        assert Detection.is_type(answer.type), answer
        found = Detection.from_event(answer)
        assert found.name == "hello", found
        assert abs(found.timestamp - 3_200) < 300, found

        # The first two seconds have it not.
        with wave.open(recording, "rb") as source:
            rate = source.getframerate()
        answer = await hear(client, recording, [], first_frames=2 * rate)
        assert NotDetected.is_type(answer.type), answer

    async with AsyncClient.from_uri(uri) as client:
        await client.write_event(Detect(names=["nobody"]).event())
        answer = await event(client)
        assert Error.is_type(answer.type) and "hello" in Error.from_event(answer).text, answer


asyncio.run(main(*sys.argv[1:]))
print("wake words as the wyoming package has them")
