// Label files and timelines as `earmark tag` writes them, to the byte: a test holds each of these against the command's.
import { rounded } from './lists.js';
import { jsonLinesOf, jsonOf, matrixOf, tableOf, textOf } from './write/tables.js';
import { eafOf, rttmOf, textGridOf } from './write/speech.js';
import { audacityOf, cueOf, reaperOf, srtOf, vttOf } from './write/editors.js';
import { annotationsOf, chaptersOf, clipsOf, ffmetadataOf, lhotseOf, nemoOf } from './write/manifests.js';
import { TIMELINES } from './write/timelines.js';

// Name, usual ending, what it is, steps per second, writer.
function labels(name, ending, what, steps, write) {
  return { name, ending, what, write: (list) => write(rounded(list, steps)) };
}

// What can be downloaded, in groups.
export const FORMAT_GROUPS = [
  ['Tables', [
    labels('text', 'txt', 'start, end, label, confidence', 1e3, textOf),
    labels('csv', 'csv', 'table with commas', 1e3, (list) => tableOf(list, ',')),
    labels('tsv', 'tsv', 'table with tabs', 1e3, (list) => tableOf(list, '\t')),
    labels('json', 'json', 'one object', 1e6, jsonOf),
    labels('jsonl', 'jsonl', 'an object per line', 1e6, jsonLinesOf),
    labels('matrix', 'matrix.csv', 'shares of each second', 1e3, matrixOf),
  ]],
  ['Speech research', [
    labels('rttm', 'rttm', 'rich transcription time marked', 1e3, rttmOf),
    labels('textgrid', 'TextGrid', 'Praat', 1e6, textGridOf),
    labels('eaf', 'eaf', 'ELAN', 1e3, eafOf),
  ]],
  ['Audio editors', [
    labels('audacity', 'labels.txt', 'Audacity labels', 1e6, audacityOf),
    labels('reaper', 'regions.csv', 'Reaper regions', 1e3, reaperOf),
    labels('cue', 'cue', 'cue sheet', 1e3, cueOf),
  ]],
  ['Subtitles', [
    labels('srt', 'srt', 'SubRip', 1e3, srtOf),
    labels('vtt', 'vtt', 'WebVTT', 1e3, vttOf),
  ]],
  ['Recognisers', [
    { ...labels('clips', 'clips.txt', 'start,end,start,end… of speech', 1e3, clipsOf), holdsSpeechOnly: true },
    labels('nemo', 'nemo.jsonl', 'NeMo manifest', 1e3, nemoOf),
    labels('lhotse', 'supervisions.jsonl', 'lhotse supervisions', 1e3, lhotseOf),
  ]],
  ['Chapters and archives', [
    labels('ffmetadata', 'ffmetadata', 'chapters for ffmpeg', 1e3, ffmetadataOf),
    labels('chapters', 'chapters.json', 'chapters for podcasts', 1e3, chaptersOf),
    labels('iiif', 'annotations.json', 'W3C annotations for IIIF', 1e3, annotationsOf),
  ]],
  ['Timelines', TIMELINES],
];

export const FORMATS = FORMAT_GROUPS.flatMap(([, formats]) => formats);
