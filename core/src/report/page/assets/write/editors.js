// Labels for audio editors, cue sheets, and subtitles.
import { escaped, fixed, percentExcept, tableRow, three, timeOfDay, xmlText } from '../numbers.js';

export function audacityOf(list) {
  return list.segments.map((s) => `${fixed(s.start, 6)}\t${fixed(s.end, 6)}\t${escaped(s.label)}\n`).join('');
}

export function srtOf(list) {
  const cue = (s, k) => `${k + 1}\n${timeOfDay(s.start, 2, ',')} --> ${timeOfDay(s.end, 2, ',')}\n${escaped(s.label)}\n\n`;
  return list.segments.map(cue).join('');
}

export function vttOf(list) {
  const cue = (s) => `${timeOfDay(s.start, 2, '.')} --> ${timeOfDay(s.end, 2, '.')}\n${xmlText(escaped(s.label))}\n\n`;
  const head = list.file ? `WEBVTT ${escaped(list.file, />/)}\n\n` : 'WEBVTT\n\n';
  return head + list.segments.map(cue).join('');
}

// Cue sheets have no escapes: only what would end the text is %XX, and % where it would be read as that.
function cueText(text) {
  return text.replace(/%(?=22|25|0A|0D)|^%$|["\n\r]/g, (c) => percentExcept(c, /[]/));
}

export function cueOf(list) {
  const two = (n) => String(n).padStart(2, '0');
  const track = (s, k) => {
    const frames = Math.round(s.start * 75);
    const index = [Math.floor(frames / 75 / 60), Math.floor(frames / 75) % 60, frames % 75].map(two).join(':');
    return `  TRACK ${two(k + 1)} AUDIO\n    TITLE "${cueText(s.label)}"\n` +
      `    REM SEGMENT ${three(s.start)} ${three(s.end)} ${three(s.confidence)}\n    INDEX 01 ${index}\n`;
  };
  return `REM DURATION ${three(list.duration)}\nFILE "${cueText(list.path ?? list.file)}" WAVE\n${list.segments.map(track).join('')}`;
}

export function reaperOf(list) {
  const ruler = (seconds) => timeOfDay(seconds, 1, '.').replace(/^0:0?(\d+:)/, '$1');
  const row = (s, k) => [`R${k + 1}`, escaped(s.label), ruler(s.start), ruler(s.end), ruler(s.end - s.start)];
  return [['#', 'Name', 'Start', 'End', 'Length'], ...list.segments.map(row)].map((cells) => tableRow(cells, ',')).join('');
}
