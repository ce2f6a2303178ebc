// Label files as `earmark tag` writes them, to the byte: a test holds each of these against the command's.
import { escaped, fixed, jsonReal, tableRow, timeOfDay, xmlText } from './numbers.js';
import { byLabel, rounded } from './lists.js';

const HEADER = ['file', 'start', 'end', 'label', 'confidence'];

function three(value) {
  return fixed(value, 3);
}

function tableOf(list, delimiter) {
  const rows = list.segments.map((s) => [list.file, three(s.start), three(s.end), s.label, three(s.confidence)]);
  return [HEADER, ...rows].map((row) => tableRow(row, delimiter)).join('');
}

function textOf(list) {
  return list.segments.map((s) => `${three(s.start)} ${three(s.end)} ${escaped(s.label, /[\s\u0085#]/u)} ${three(s.confidence)}\n`).join('');
}

function jsonSegment(s, file) {
  const confidence = jsonReal(Math.round(s.confidence * 1000) / 1000);
  const fields = [['start', jsonReal(s.start)], ['end', jsonReal(s.end)], ['label', JSON.stringify(s.label)], ['confidence', confidence]];
  return file === undefined ? fields : [['file', JSON.stringify(file)], ...fields];
}

function jsonOf(list) {
  const array = (items) => (items.length ? `[\n${items.map((item) => `    ${item}`).join(',\n')}\n  ]` : '[]');
  const object = (s) => `{\n${jsonSegment(s).map(([key, value]) => `      "${key}": ${value}`).join(',\n')}\n    }`;
  return `{\n  "version": 1,\n  "file": ${JSON.stringify(list.file)},\n  "duration": ${jsonReal(list.duration)},\n` +
    `  "labels": ${array(list.labels.map((label) => JSON.stringify(label)))},\n  "segments": ${array(list.segments.map(object))}\n}\n`;
}

function jsonLinesOf(list) {
  const line = (fields) => `{${fields.map(([key, value]) => `"${key}":${value}`).join(',')}}\n`;
  const labels = `[${list.labels.map((label) => JSON.stringify(label)).join(',')}]`;
  const source = [['version', 1], ['file', JSON.stringify(list.file)], ['duration', jsonReal(list.duration)], ['labels', labels]];
  return [source, ...list.segments.map((s) => jsonSegment(s, list.file))].map(line).join('');
}

function audacityOf(list) {
  return list.segments.map((s) => `${fixed(s.start, 6)}\t${fixed(s.end, 6)}\t${escaped(s.label)}\n`).join('');
}

function rttmKind(label) {
  if (label === 'speech' || label.startsWith('voice:')) return ['SPEAKER', '<NA>'];
  if (label === 'music' || label === 'singing') return ['NON-SPEECH', 'music'];
  return ['NON-SPEECH', label === 'noise' ? 'noise' : 'other'];
}

function rttmOf(list) {
  const hard = /[\s\u0085<>;]/u;
  const line = (s) => {
    const [kind, subtype] = rttmKind(s.label);
    return `${kind} ${escaped(list.file, hard)} 1 ${three(s.start)} ${three(s.end - s.start)} <NA> ${subtype} ${escaped(s.label, hard)} ${three(s.confidence)} <NA>\n`;
  };
  return list.segments.map(line).join('');
}

// A row per label; segments of one label that overlap come to lie in further rows of the same name.
function tiersOf(list) {
  const tiers = list.labels.map((label) => ({ label, segments: [] }));
  for (const s of list.segments) {
    const fits = ({ label, segments }) => label === s.label && (!segments.length || segments[segments.length - 1].end <= s.start);
    const tier = tiers.find(fits);
    if (tier) tier.segments.push(s);
    else tiers.push({ label: s.label, segments: [s] });
  }
  return tiers;
}

function intervalsOf(segments, text, end) {
  const intervals = [];
  let reached = 0;
  for (const s of segments) {
    if (s.start > reached) intervals.push([reached, s.start, '']);
    intervals.push([s.start, s.end, text]);
    reached = s.end;
  }
  if (end > reached) intervals.push([reached, end, '']);
  return intervals;
}

function textGridOf(list) {
  const end = list.segments.reduce((last, s) => Math.max(last, s.end), list.duration);
  const tiers = end > 0 ? tiersOf(list) : [];
  const head = `File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = ${end}\n`;
  if (!tiers.length) return `${head}tiers? <absent>\n`;
  const items = tiers.map(({ label, segments }, place) => {
    const name = escaped(label).replaceAll('"', '""');
    const intervals = intervalsOf(segments, name, end);
    const texts = intervals.map(([from, to, text], k) =>
      `        intervals [${k + 1}]:\n            xmin = ${from}\n            xmax = ${to}\n            text = "${text}"\n`);
    return `    item [${place + 1}]:\n        class = "IntervalTier"\n        name = "${name}"\n        xmin = 0\n        xmax = ${end}\n` +
      `        intervals: size = ${intervals.length}\n${texts.join('')}`;
  });
  return `${head}tiers? <exists>\nsize = ${tiers.length}\nitem []:\n${items.join('')}`;
}

const EAF_SCHEMA = 'http://www.mpi.nl/tools/elan/EAFv3.0.xsd';
const EAF_XSI = 'http://www.w3.org/2001/XMLSchema-instance';

function eafOf(list) {
  const ms = (seconds) => Math.round(seconds * 1000);
  const safe = (text) => xmlText(escaped(text));
  const tiers = tiersOf(list);
  const all = tiers.flatMap(({ segments }) => segments);
  const slots = all.flatMap((s, k) => [[ms(s.start), 2 * k + 1], [ms(s.end), 2 * k + 2]]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const names = [];
  let k = 0;
  const tier = ({ label, segments }) => {
    let name = safe(label);
    while (names.includes(name)) name += "'";
    names.push(name);
    const notes = segments.map((s) => {
      k += 1;
      return `        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a${k}" TIME_SLOT_REF1="ts${2 * k - 1}" TIME_SLOT_REF2="ts${2 * k}">` +
        `<ANNOTATION_VALUE>${safe(s.label)}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>\n`;
    });
    return `    <TIER LINGUISTIC_TYPE_REF="activity" TIER_ID="${name}">\n${notes.join('')}    </TIER>\n`;
  };
  return '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<ANNOTATION_DOCUMENT AUTHOR="Earmark" DATE="1970-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0" ' +
    `xmlns:xsi="${EAF_XSI}" xsi:noNamespaceSchemaLocation="${EAF_SCHEMA}">\n` +
    '    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">\n' +
    `        <MEDIA_DESCRIPTOR MEDIA_URL="${safe(list.file)}" MIME_TYPE="audio/*"/>\n` +
    `        <PROPERTY NAME="duration">${ms(list.duration)}</PROPERTY>\n    </HEADER>\n    <TIME_ORDER>\n` +
    slots.map(([time, id]) => `        <TIME_SLOT TIME_SLOT_ID="ts${id}" TIME_VALUE="${time}"/>\n`).join('') +
    `    </TIME_ORDER>\n${tiers.map(tier).join('')}` +
    '    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="activity" TIME_ALIGNABLE="true"/>\n</ANNOTATION_DOCUMENT>\n';
}

function srtOf(list) {
  const cue = (s, k) => `${k + 1}\n${timeOfDay(s.start, 2, ',')} --> ${timeOfDay(s.end, 2, ',')}\n${escaped(s.label)}\n\n`;
  return list.segments.map(cue).join('');
}

function vttOf(list) {
  const cue = (s) => `${timeOfDay(s.start, 2, '.')} --> ${timeOfDay(s.end, 2, '.')}\n${xmlText(escaped(s.label))}\n\n`;
  const head = list.file ? `WEBVTT ${escaped(list.file, />/)}\n\n` : 'WEBVTT\n\n';
  return head + list.segments.map(cue).join('');
}

function cueOf(list) {
  const two = (n) => String(n).padStart(2, '0');
  const track = (s, k) => {
    const frames = Math.round(s.start * 75);
    const index = [Math.floor(frames / 75 / 60), Math.floor(frames / 75) % 60, frames % 75].map(two).join(':');
    return `  TRACK ${two(k + 1)} AUDIO\n    TITLE "${escaped(s.label, /"/)}"\n` +
      `    REM SEGMENT ${three(s.start)} ${three(s.end)} ${three(s.confidence)}\n    INDEX 01 ${index}\n`;
  };
  return `REM DURATION ${three(list.duration)}\nFILE "${escaped(list.file, /"/)}" WAVE\n${list.segments.map(track).join('')}`;
}

function reaperOf(list) {
  const ruler = (seconds) => timeOfDay(seconds, 1, '.').replace(/^0:0?(\d+:)/, '$1');
  const row = (s, k) => [`R${k + 1}`, escaped(s.label), ruler(s.start), ruler(s.end), ruler(s.end - s.start)];
  return [['#', 'Name', 'Start', 'End', 'Length'], ...list.segments.map(row)].map((cells) => tableRow(cells, ',')).join('');
}

function matrixOf(list) {
  const lanes = [...byLabel(list).values()];
  const first = lanes.map(() => 0);
  let out = tableRow(['time', 'length', ...list.labels], ',');
  for (let start = 0; ; start += 1) {
    const length = Math.min(1, list.duration - start);
    if (length < 0.0005) return out;
    const shares = lanes.map((segments, lane) => {
      while (first[lane] < segments.length && segments[first[lane]].end <= start) first[lane] += 1;
      let on = 0;
      for (let k = first[lane]; k < segments.length && segments[k].start < start + length; k += 1) {
        on += Math.min(segments[k].end, start + length) - Math.max(segments[k].start, start);
      }
      return fixed(Math.min(1, Math.max(0, on / length)), 6).replace(/\.?0+$/, '');
    });
    out += tableRow([three(start), three(length), ...shares], ',');
  }
}

// What can be downloaded: name, usual ending, steps per second, writer.
export const FORMATS = [
  ['text', 'txt', 1e3, textOf],
  ['csv', 'csv', 1e3, (list) => tableOf(list, ',')],
  ['tsv', 'tsv', 1e3, (list) => tableOf(list, '\t')],
  ['json', 'json', 1e6, jsonOf],
  ['jsonl', 'jsonl', 1e6, jsonLinesOf],
  ['audacity', 'labels.txt', 1e6, audacityOf],
  ['rttm', 'rttm', 1e3, rttmOf],
  ['textgrid', 'TextGrid', 1e6, textGridOf],
  ['eaf', 'eaf', 1e3, eafOf],
  ['srt', 'srt', 1e3, srtOf],
  ['vtt', 'vtt', 1e3, vttOf],
  ['cue', 'cue', 1e3, cueOf],
  ['reaper', 'regions.csv', 1e3, reaperOf],
  ['matrix', 'matrix.csv', 1e3, matrixOf],
].map(([name, ending, steps, write]) => ({ name, ending, write: (list) => write(rounded(list, steps)) }));
