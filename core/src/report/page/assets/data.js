// What the page was made with, unpacked.
import { byId } from './dom.js';
import { segment, withSegments } from './lists.js';

export const page = JSON.parse(byId('data').textContent);
const labelColours = new Map(page.known);

// A label keeps the colour that it got first.
export function colourOf(label) {
  if (!labelColours.has(label)) {
    labelColours.set(label, page.further[(labelColours.size - page.known.length) % page.further.length]);
  }
  return labelColours.get(label);
}

// Confidences are of single precision.
function listOf({ file, path, channel, duration, labels, segments }) {
  const list = { file, path, channel, duration, labels, segments: [] };
  return withSegments(list, segments.map(([start, end, place, confidence]) => segment(start, end, labels[place], Math.fround(confidence))));
}

function bytesOf(packed) {
  return Uint8Array.from(atob(packed.data), (c) => c.charCodeAt(0));
}

// One recording, as it was given.
export class Recording {
  constructor(raw, place) {
    this.place = place;
    this.figures = raw.figures;
    this.totals = raw.totals;
    this.count = raw.count;
    this.page = raw.page;
    this.audio = raw.audio;
    this.raw = raw;
    this.file = raw.list.file;
    // Where one channel was heard, the name is not that of a file.
    this.path = raw.list.path ?? raw.list.file;
    this.duration = raw.list.duration;
    this.labels = raw.list.labels;
  }

  get list() {
    this.ownList ??= listOf(this.raw.list);
    return this.ownList;
  }

  get compared() {
    return this.raw.compared && listOf(this.raw.compared);
  }

  // Pictures of the whole: { step, values } each.
  get overview() {
    if (!this.pictures) {
      const raw = this.raw.overview;
      const envelope = new Int8Array(bytesOf(raw.envelope).buffer);
      this.pictures = {
        peak: raw.peak,
        envelope: { step: raw.envelope.step, values: envelope },
        scores: { step: raw.scores.step, values: bytesOf(raw.scores), labels: raw.score_labels },
        spectrogram: { step: raw.spectrogram.step, values: bytesOf(raw.spectrogram), bands: raw.bands },
        rangeHz: raw.range_hz,
        levelsDb: raw.levels_db,
      };
    }
    return this.pictures;
  }
}

export const recordings = page.recordings.map((raw, place) => new Recording(raw, place));

// The last part of a path, however its system writes it.
export function nameOf(file) {
  return file.split(/[\\/]/).pop() || file;
}

// The name without its ending, for what is downloaded.
export function stemOf(file) {
  return nameOf(file).replace(/\.[^.]*$/, '') || 'labels';
}
