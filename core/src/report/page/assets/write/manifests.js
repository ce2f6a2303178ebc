// For recognisers and their training, for players, and for archives of the web.
import { escaped, json, percentExcept, real, three } from '../numbers.js';

// Whole milliseconds as seconds, without the digits of binary fractions.
function inMs(seconds) {
  return real(Math.round(seconds * 1000) / 1000);
}

// Of speech alone, as the command has it.
export function clipsOf(list) {
  const times = list.segments.filter((s) => s.label === 'speech').map((s) => `${three(s.start)},${three(s.end)}`);
  return `${times.join(',')}\n`;
}

export function nemoOf({ file, path = file, channel, segments }) {
  const line = ({ start, end, label, confidence }) =>
    ({ audio_filepath: path, ...(channel && { channel }), offset: inMs(start), duration: inMs(end - start), label, confidence: inMs(confidence) });
  return segments.map((s) => `${json(line(s))}\n`).join('');
}

export function lhotseOf({ file, path = file, channel = 1, segments }) {
  const line = ({ start, end, label, confidence }, k) => ({
    id: `${file}-${String(k).padStart(6, '0')}`,
    recording_id: path,
    start: inMs(start),
    duration: inMs(end - start),
    channel: channel - 1,
    custom: { label, confidence: inMs(confidence) },
  });
  return segments.map((s, k) => `${json(line(s, k))}\n`).join('');
}

export function annotationsOf({ file, path = file, segments }) {
  const source = percentExcept(path, /[A-Za-z0-9/\-._~!$&'()*+,;=@]/);
  const item = (s, k) => ({
    body: { format: 'text/plain', type: 'TextualBody', value: s.label },
    id: `urn:earmark:annotation:${k + 1}`,
    motivation: 'tagging',
    target: `${source}#t=${three(s.start)},${three(s.end)}`,
    type: 'Annotation',
  });
  const page = { '@context': 'http://www.w3.org/ns/anno.jsonld', id: 'urn:earmark:annotations', items: segments.map(item), type: 'AnnotationPage' };
  return `${json(page, '\n')}\n`;
}

export function ffmetadataOf({ segments }) {
  const ms = (seconds) => Math.round(seconds * 1000);
  const chapter = (s) => `\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=${ms(s.start)}\nEND=${ms(s.end)}\n` +
    `title=${escaped(s.label).replace(/[=;#\\]/g, '\\$&')}\nconfidence=${three(s.confidence)}\n`;
  return `;FFMETADATA1\n${segments.map(chapter).join('')}`;
}

export function chaptersOf({ file, path = file, segments }) {
  const chapters = segments.map(({ start, end, label }) => ({ startTime: real(start), endTime: real(end), title: label }));
  return `${json({ version: '1.2.0', ...(path && { fileName: path }), chapters }, '\n')}\n`;
}
