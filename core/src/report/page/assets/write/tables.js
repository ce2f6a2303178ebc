// Rows of segments, JSON, and a row per second.
import { escaped, fixed, json, real, tableRow, three } from '../numbers.js';
import { byLabel } from '../lists.js';

const HEADER = ['file', 'start', 'end', 'label', 'confidence'];

export function tableOf(list, delimiter) {
  const rows = list.segments.map((s) => [list.file, three(s.start), three(s.end), s.label, three(s.confidence)]);
  return [HEADER, ...rows].map((row) => tableRow(row, delimiter)).join('');
}

export function textOf(list) {
  return list.segments.map((s) => `${three(s.start)} ${three(s.end)} ${escaped(s.label, /[\s\u0085#]/u)} ${three(s.confidence)}\n`).join('');
}

function jsonSource({ file, duration, labels }) {
  return { version: 1, file, duration: real(duration), labels };
}

function jsonSegment({ start, end, label, confidence }) {
  return { start: real(start), end: real(end), label, confidence: real(Math.round(confidence * 1000) / 1000) };
}

export function jsonOf(list) {
  return `${json({ ...jsonSource(list), segments: list.segments.map(jsonSegment) }, '\n')}\n`;
}

export function jsonLinesOf(list) {
  const rows = list.segments.map((s) => ({ file: list.file, ...jsonSegment(s) }));
  return [jsonSource(list), ...rows].map((row) => `${json(row)}\n`).join('');
}

export function matrixOf(list) {
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
