// Lists that the user brings: label files of this program, and of whatever writes the same formats.
import { segment, withSegments } from './lists.js';
import { unescaped } from './numbers.js';

// Later times are no times, seconds.
const LATEST_S = 1e9;

class Draft {
  constructor() {
    this.list = { file: '', duration: 0, labels: [], segments: [] };
  }

  add(start, end, label, confidence = 1) {
    const [from, to, sure] = [start, end, confidence].map(Number);
    if (!(from >= 0 && from <= to && to <= LATEST_S)) throw new Error(`${start} to ${end} s is no stretch of time`);
    if (!(sure >= 0 && sure <= 1)) throw new Error(`the confidence ${confidence} is not within 0 to 1`);
    if (to > from) this.list.segments.push(segment(from, to, String(label), Math.fround(sure)));
  }

  finish() {
    const { list } = this;
    list.duration = list.segments.reduce((last, s) => Math.max(last, s.end), list.duration);
    return withSegments(list, list.segments);
  }
}

function linesOf(text) {
  return text.split(/\r\n|[\r\n]/);
}

// `file`: of several recordings in one list, the one that is meant; without such a one the first.
function rowsFor(rows, file) {
  const name = (path) => path.split(/[\\/]/).pop();
  const files = [...new Set(rows.map((row) => row.file))];
  const own = files.find((f) => f === file) ?? files.find((f) => name(f) === name(file)) ?? files[0];
  return rows.filter((row) => row.file === own);
}

function readRows(draft, rows, file) {
  const own = rowsFor(rows, file);
  if (own.length) draft.list.file = own[0].file;
  for (const row of own) draft.add(row.start, row.end, row.label, row.confidence);
}

function cellsOf(text, delimiter) {
  const rows = [[]];
  let [cell, quoted] = ['', false];
  for (let k = 0; k < text.length; k += 1) {
    const c = text[k];
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[k + 1] === '"') (cell += c), (k += 1);
      else quoted = false;
    } else if (c === '"' && !cell) quoted = true;
    else if (c === delimiter || c === '\n') {
      rows[rows.length - 1].push(cell.replace(/\r$/, ''));
      cell = '';
      if (c === '\n') rows.push([]);
    } else cell += c;
  }
  if (cell || rows[rows.length - 1].length) rows[rows.length - 1].push(cell);
  return rows.filter((row) => row.length);
}

function readTable(draft, text, file, delimiter) {
  const [header = [], ...rows] = cellsOf(text, delimiter);
  const place = (name) => header.findIndex((h) => h.trim().toLowerCase() === name);
  const [start, end, label] = ['start', 'end', 'label'].map(place);
  if (Math.min(start, end, label) < 0) throw new Error('its header has no columns start, end and label');
  const [own, sure] = [place('file'), place('confidence')];
  const row = (cells) => ({ file: cells[own] ?? '', start: cells[start], end: cells[end], label: cells[label] ?? '', confidence: cells[sure] ?? 1 });
  readRows(draft, rows.map(row), file);
}

function readJson(draft, text, file) {
  const given = JSON.parse(text);
  const sources = Array.isArray(given) ? given : [given];
  const [own] = rowsFor(sources.map((source) => ({ file: String(source.file ?? ''), source })), file);
  if (!own || !Array.isArray(own.source.segments)) throw new Error('it has no segments');
  Object.assign(draft.list, { file: own.file, duration: Number(own.source.duration) || 0, labels: (own.source.labels ?? []).map(String) });
  for (const s of own.source.segments) draft.add(s.start, s.end, s.label, s.confidence);
}

function readJsonLines(draft, text, file) {
  const rows = linesOf(text).filter((line) => line.trim()).map((line) => JSON.parse(line)).filter((row) => row.start !== undefined);
  readRows(draft, rows.map((row) => ({ ...row, file: String(row.file ?? '') })), file);
}

function readText(draft, text) {
  for (const line of linesOf(text)) {
    const columns = line.trim().split(/\s+/);
    if (!columns[0] || columns[0].startsWith('#')) continue;
    if (columns.length < 3 || columns.length > 4) throw new Error(`"${line}" is not "start end label confidence"`);
    draft.add(columns[0], columns[1], unescaped(columns[2]), columns[3]);
  }
}

function readAudacity(draft, text) {
  for (const line of linesOf(text)) {
    if (!line.trim() || line.startsWith('\\')) continue;
    const [start, end, ...label] = line.split('\t');
    draft.add(start, end, unescaped(label.join('\t').trim()));
  }
}

function readRttm(draft, text, file) {
  const rows = [];
  for (const line of linesOf(text)) {
    const columns = line.trim().split(/\s+/);
    if (columns.length < 8 || columns[0].startsWith(';;') || columns[3] === '<NA>') continue;
    const [kind, own, channel, start, duration, , subtype, name, sure] = columns;
    const label = [name, subtype].find((column) => column !== '<NA>');
    const confidence = sure === undefined || sure === '<NA>' ? 1 : sure;
    rows.push({ file: unescaped(own), channel, start, end: Number(start) + Number(duration), label: label ? unescaped(label) : kind.toLowerCase(), confidence });
  }
  // A source that has the first channel alone is a whole one.
  const channels = (own) => new Set(rows.filter((row) => row.file === own).map((row) => row.channel));
  const isWhole = new Map([...new Set(rows.map((row) => row.file))].map((own) => {
    const [first, another] = channels(own);
    return [own, another === undefined && !(Number(first) > 1)];
  }));
  readRows(draft, rows.map((row) => (isWhole.get(row.file) ? row : { ...row, file: `${row.file}#${row.channel}` })), file);
}

function secondsOf(text) {
  return text.trim().replace(',', '.').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

function readSubtitles(draft, text) {
  const entities = [['&lt;', '<'], ['&gt;', '>'], ['&quot;', '"'], ['&amp;', '&']];
  const isVtt = text.startsWith('WEBVTT');
  for (const block of text.replace(/\r\n?/g, '\n').split(/\n\s*\n/)) {
    const lines = block.split('\n');
    const at = lines.findIndex((line) => line.includes('-->'));
    if (at < 0) continue;
    const [from, to] = lines[at].split('-->');
    let label = lines.slice(at + 1).map((line) => line.trim()).filter(Boolean).join('\n');
    if (isVtt) for (const [entity, c] of entities) label = label.replaceAll(entity, c);
    draft.add(secondsOf(from), secondsOf(to.trim().split(/\s+/)[0]), unescaped(label));
  }
}

function readTextGrid(draft, text) {
  const tokens = [...text.matchAll(/"((?:[^"]|"")*)"|<\w+>|(?<![\w[])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w\]])|!.*/gi)].filter((m) => m[0][0] !== '!');
  let at = 0;
  const next = () => tokens[at++] ?? [''];
  const string = () => (next()[1] ?? '').replaceAll('""', '"');
  const number = () => Number(next()[0]);
  if (string() !== 'ooTextFile' || string() !== 'TextGrid') throw new Error('it is no TextGrid');
  number();
  draft.list.duration = number();
  if (next()[0] !== '<exists>') return;
  for (let tiers = number(); tiers > 0; tiers -= 1) {
    const [kind, name] = [string(), unescaped(string())];
    number();
    number();
    if (kind === 'IntervalTier' && !draft.list.labels.includes(name)) draft.list.labels.push(name);
    for (let count = number(); count > 0 && at < tokens.length; count -= 1) {
      const start = number();
      if (kind !== 'IntervalTier') {
        string();
        continue;
      }
      const [end, label] = [number(), string()];
      if (label.trim()) draft.add(start, end, unescaped(label));
    }
  }
}

const READERS = [
  [/\.labels\.txt$/i, readAudacity],
  [/\.txt$/i, (draft, text) => (/^[\d.]+\t[\d.]+\t/.test(text) ? readAudacity(draft, text) : readText(draft, text))],
  [/\.csv$/i, (draft, text, file) => readTable(draft, text, file, ',')],
  [/\.tsv$/i, (draft, text, file) => readTable(draft, text, file, '\t')],
  [/\.json$/i, readJson],
  [/\.jsonl$/i, readJsonLines],
  [/\.rttm$/i, readRttm],
  [/\.(srt|vtt)$/i, readSubtitles],
  [/\.textgrid$/i, readTextGrid],
];

export function isList(name) {
  return READERS.some(([ending]) => ending.test(name));
}

// The list in a file called `name`; `file` is the recording that it shall be about.
export function readList(name, text, file) {
  const found = READERS.find(([ending]) => ending.test(name));
  if (!found) throw new Error(`${name}: no list that can be read here (txt, csv, tsv, json, jsonl, rttm, srt, vtt, TextGrid)`);
  const draft = new Draft();
  try {
    found[1](draft, text.replace(/^\ufeff/, ''), file);
  } catch (error) {
    throw new Error(`${name}: ${error.message}`);
  }
  const list = draft.finish();
  if (!list.segments.length) throw new Error(`${name}: no segment in it`);
  return { ...list, file: list.file || name };
}
