// What is kept of a recording, as lists of cuts that editors open: what `earmark tag --list` writes.
import { fixed, json, percentExcept, real, three, xmlEntities } from '../numbers.js';
import { nearestFrame, timecode, wholeFrames } from './rates.js';

// The recording in stretches that are kept or cut, samples; what is kept follows without gaps in the output.
function editsOf(list, keep, rateHz) {
  const sampleAt = (seconds) => Math.round(seconds * rateHz);
  const total = sampleAt(list.duration);
  const edits = [];
  let [done, out] = [0, 0];
  const push = (isCut, end) => {
    if (end <= done) return;
    const outEnd = isCut ? out : out + end - done;
    edits.push({ isCut, start: done, end, out, outEnd });
    [done, out] = [end, outEnd];
  };
  const kept = keep.flatMap((label) => list.segments.filter((s) => s.label === label)).sort((a, b) => a.start - b.start);
  for (const { start, end } of kept) {
    const [from, to] = [sampleAt(start), Math.min(sampleAt(end), total)];
    if (to <= Math.max(from, done)) continue;
    push(true, from);
    push(false, to);
  }
  push(true, total);
  return edits;
}

// The parts of a path; that of Windows may have both strokes.
function sourceOf({ path, rateHz, channels }, edits) {
  const name = path.split(path.startsWith('/') ? '/' : /[\\/]/).filter(Boolean).pop() ?? '';
  const stem = name.replace(/^(.+)\.[^.]*$/s, '$1');
  return { path, name, stem, ending: name.slice(stem.length + 1).toLowerCase(), rateHz, channels, samples: edits[edits.length - 1]?.end ?? 0 };
}

// A path that is whole becomes a `file:` address (RFC 8089), another one a relative address.
function addressOf(path) {
  const plain = path.replaceAll('\\', '/');
  const root = plain.startsWith('/') ? 'file://' : /^[A-Za-z]:\//.test(plain) ? 'file:///' : '';
  return root + percentExcept(plain, /[A-Za-z0-9/\-._~:]/);
}

function wholeOf({ samples, rateHz }, rate) {
  return rate ? wholeFrames(rate, samples, rateHz) : samples;
}

// What is in the output, in samples, or in frames of a rate: the output's side has no gaps, what is shorter than a frame vanishes,
// and nothing reaches beyond the last whole frame of the source.
function eventsOf(edits, source, rate) {
  const at = (sample) => (rate ? nearestFrame(rate, sample, source.rateHz) : sample);
  const total = wholeOf(source, rate);
  const event = ({ start, out, outEnd }) => {
    const length = Math.min(at(outEnd) - at(out), total);
    return { start: Math.min(at(start), total - length), record: at(out), length };
  };
  return edits.filter(({ isCut }) => !isCut).map(event).filter(({ length }) => length > 0);
}

function edlOf(edits, source, rate) {
  const tracks = source.channels > 1 ? 'AA' : 'A';
  const event = ({ start, record, length }, k) => {
    const codes = [start, start + length, record, record + length].map((frame) => timecode(rate, frame));
    return `${String(k + 1).padStart(3, '0')}  AX       ${tracks.padEnd(5)} C        ${codes.join(' ')}\n* FROM CLIP NAME: ${source.name}\n` +
      (k === 0 ? `* FRAME RATE: ${rate.name}\n` : '');
  };
  return `TITLE: ${source.stem}\nFCM: ${rate.drops ? 'DROP FRAME' : 'NON-DROP FRAME'}\n\n${eventsOf(edits, source, rate).map(event).join('')}`;
}

function otioOf(edits, source, rate) {
  const perSecond = rate ? rate.fraction[0] / rate.fraction[1] : source.rateHz;
  const time = (value) => ({ OTIO_SCHEMA: 'RationalTime.1', rate: real(perSecond), value: real(value) });
  const range = (start, length) => ({ OTIO_SCHEMA: 'TimeRange.1', duration: time(length), start_time: time(start) });
  const media = { OTIO_SCHEMA: 'ExternalReference.1', available_range: range(0, wholeOf(source, rate)), metadata: {}, name: source.name, target_url: addressOf(source.path) };
  const clip = ({ start, length }) => ({
    OTIO_SCHEMA: 'Clip.2',
    active_media_reference_key: 'DEFAULT_MEDIA',
    effects: [],
    enabled: true,
    markers: [],
    media_references: { DEFAULT_MEDIA: media },
    metadata: {},
    name: source.name,
    source_range: range(start, length),
  });
  const parent = (schema, name, children, more) =>
    ({ OTIO_SCHEMA: schema, children, effects: [], enabled: true, ...more, markers: [], metadata: {}, name, source_range: null });
  const track = parent('Track.1', 'A1', eventsOf(edits, source, rate).map(clip), { kind: 'Audio' });
  const tracks = parent('Stack.1', 'tracks', [track]);
  return `${json({ OTIO_SCHEMA: 'Timeline.1', global_start_time: null, metadata: {}, name: source.stem, tracks }, '\n')}\n`;
}

const FCPXML_AUDIO_RATES = { 32000: '32k', 44100: '44.1k', 48000: '48k', 88200: '88.2k', 96000: '96k', 176400: '176.4k', 192000: '192k' };

function attributesOf(values) {
  return Object.entries(values).map(([name, value]) => ` ${name}="${value}"`).join('');
}

function fcpxmlOf(edits, source, rate) {
  const [frames, seconds] = rate.fraction;
  const time = (frame) => (frame === 0 ? '0s' : `${frame * seconds}/${frames}s`);
  // XML 1.0 has no place for control characters, escaped or not.
  const safe = (text) => xmlEntities(text.replace(/[\p{Cc}\ufffe\uffff]/gu, '\ufffd'));
  const events = eventsOf(edits, source, rate);
  const total = events.reduce((_, { record, length }) => record + length, 0);
  const [name, { rateHz, channels }] = [safe(source.name), source];
  const asset = { id: 'r2', name, src: safe(addressOf(source.path)), start: '0s', duration: `${source.samples}/${rateHz}s`, hasAudio: 1, audioSources: 1, audioChannels: channels, audioRate: rateHz };
  const sequence = { format: 'r1', duration: time(total), tcStart: '0s', tcFormat: rate.drops ? 'DF' : 'NDF', audioLayout: channels > 1 ? 'stereo' : 'mono', audioRate: FCPXML_AUDIO_RATES[rateHz] ?? '48k' };
  const clip = ({ start, record, length }) => {
    const values = { ref: 'r2', name, offset: time(record), start: time(start), duration: time(length), format: 'r1', audioRole: 'dialogue' };
    return `            <asset-clip${attributesOf(values)}/>\n`;
  };
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="1.8">
  <resources>
    <format id="r1" frameDuration="${seconds}/${frames}s" width="1920" height="1080"/>
    <asset${attributesOf(asset)}/>
  </resources>
  <library>
    <event name="Earmark">
      <project name="${safe(source.stem)}">
        <sequence${attributesOf(sequence)}>
          <spine>
${events.map(clip).join('')}          </spine>
        </sequence>
      </project>
    </event>
  </library>
</fcpxml>
`;
}

// The speed at which auto-editor leaves a stretch out.
const V1_CUT = 99999;

function v1Of(edits, source, rate) {
  const chunks = [];
  let at = 0;
  for (const { isCut, end } of edits) {
    const [to, speed] = [nearestFrame(rate, end, source.rateHz), isCut ? V1_CUT : 1];
    if (to <= at) continue;
    const last = chunks[chunks.length - 1];
    if (last?.speed === speed) last.to = to;
    else chunks.push({ at, to, speed });
    at = to;
  }
  const rows = chunks.map((chunk) => [chunk.at, chunk.to, real(chunk.speed)]);
  return `${json({ chunks: rows, source: source.path, timebase: rate.fraction.join('/'), version: '1' }, '\n')}\n`;
}

// Reaper has no escapes: it takes whichever quote does not occur.
function reaperQuoted(text) {
  const line = text.replace(/[\r\n]/g, ' ');
  if (!line.includes('"')) return `"${line}"`;
  return line.includes("'") ? `\`${line.replaceAll('`', "'")}\`` : `'${line}'`;
}

// What Reaper calls the reader of a file, by its ending.
const REAPER_VIDEOS = 'mp4 m4v mov qt m4a m4b aac 3gp 3g2 mkv mka webm avi wmv wma asf flv mpg mpeg m2v ts mts m2ts vob ogv mxf';
const REAPER_KINDS = new Map([
  ['flac', 'FLAC'],
  ['mp3', 'MP3'],
  ['ogg', 'VORBIS'],
  ['oga', 'VORBIS'],
  ['opus', 'OPUS'],
  ['wv', 'WAVPACK'],
  ...REAPER_VIDEOS.split(' ').map((ending) => [ending, 'VIDEO']),
]);

function reaperProjectOf(edits, source) {
  const nine = (samples) => fixed(samples / source.rateHz, 9);
  const [name, file] = [source.name, source.path].map(reaperQuoted);
  const fade = `1 ${nine(0)} 0`;
  const item = ({ start, end, out }) =>
    `    <ITEM\n      POSITION ${nine(out)}\n      LENGTH ${nine(end - start)}\n      LOOP 0\n      FADEIN ${fade}\n      FADEOUT ${fade}\n` +
    `      SOFFS ${nine(start)}\n      VOLPAN 1.000000 0 1 -1\n      NAME ${name}\n      <SOURCE ${REAPER_KINDS.get(source.ending) ?? 'WAVE'}\n        FILE ${file}\n      >\n    >\n`;
  const items = edits.filter(({ isCut }) => !isCut).map(item);
  return `<REAPER_PROJECT 0.1 "6.0" 0\n  SAMPLERATE ${source.rateHz} 1 0\n  <TRACK\n    NAME ${name}\n${items.join('')}  >\n>\n`;
}

// Points where something was cut, in the output's time.
function cutLabelsOf(edits, { rateHz }) {
  const label = ({ start, end, out, outEnd }) => `${fixed(out / rateHz, 6)}\t${fixed(outEnd / rateHz, 6)}\tcut ${three((end - start) / rateHz)} s\n`;
  return edits.filter(({ isCut }) => isCut).map(label).join('');
}

// `keep`: labels that stay; `sound`: { path, rateHz, channels }; `rate`: one of RATES, or null for samples.
function timelineOf(write) {
  return (list, { keep, sound, rate }) => {
    const edits = editsOf(list, keep, sound.rateHz);
    return write(edits, sourceOf(sound, edits), rate);
  };
}

// Each with the rate that it counts unless told otherwise: a name, null for samples; undefined counts no frames.
export const TIMELINES = [
  ['edl', 'edl', 'CMX 3600 edit list', edlOf, '25'],
  ['otio', 'otio', 'OpenTimelineIO', otioOf, null],
  ['fcpxml', 'fcpxml', 'Final Cut Pro XML', fcpxmlOf, '25'],
  ['v1', 'v1', 'auto-editor', v1Of, '30'],
  ['rpp', 'rpp', 'Reaper project', reaperProjectOf],
  ['cuts', 'cuts.txt', 'Audacity labels of the cuts', cutLabelsOf],
].map(([name, ending, what, write, rate]) => ({ name, ending, what, write: timelineOf(write), rate, isTimeline: true }));
