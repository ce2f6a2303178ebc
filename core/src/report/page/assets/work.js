// Work on one recording: its list with corrections, what is compared with it, filtered, selected, and where the sound is.
import { byLabel, totalOf } from './lists.js';
import { Edits } from './edits.js';
import { compareLists } from './compare.js';
import { Sound } from './sound.js';

export class Work {
  // `onChange` is told what kind of thing changed (list, other, filter, selection), and in words what, if that is news.
  constructor(recording, onChange) {
    this.recording = recording;
    this.duration = recording.duration;
    this.onChange = onChange;
    this.edits = new Edits(recording.list, (what) => this.listChanged(what));
    this.sound = new Sound(recording);
    this.hidden = new Set();
    this.least = 0;
    this.selectedId = null;
    this.time = 0;
    this.saved = recording.list;
    this.count();
    this.other = recording.compared;
    this.compare();
  }

  get list() {
    return this.edits.list;
  }

  get labels() {
    return [...new Set([...this.list.labels, ...(this.other?.labels ?? [])])];
  }

  get selected() {
    return this.selectedId === null ? null : (this.edits.find(this.selectedId) ?? null);
  }

  get isUnsaved() {
    return this.saved !== this.list;
  }

  isSeen({ label, confidence }) {
    return !this.hidden.has(label) && confidence >= this.least;
  }

  total(label) {
    return this.totals.get(label) ?? 0;
  }

  count() {
    this.totals = new Map([...byLabel(this.list)].map(([label, segments]) => [label, totalOf(segments)]));
  }

  listChanged(what) {
    this.count();
    this.compare();
    this.onChange('list', what);
  }

  compare() {
    this.comparison = this.other ? compareLists(this.list, this.other) : null;
  }

  setOther(list) {
    this.other = list;
    this.compare();
    this.onChange('other', list ? `compared with ${list.file}` : 'no longer compared');
  }

  toggle(label) {
    if (!this.hidden.delete(label)) this.hidden.add(label);
    this.onChange('filter', `${label} ${this.hidden.has(label) ? 'hidden' : 'shown'}`);
  }

  setLeast(confidence) {
    this.least = confidence;
    this.onChange('filter', '');
  }

  select(id, isNews = true) {
    if (id === this.selectedId) return;
    this.selectedId = id;
    this.onChange('selection', isNews ? undefined : '');
  }

  // The next segment that is seen, or the one before, from the selected one or from the cursor.
  neighbour(step) {
    const seen = this.list.segments.filter((s) => this.isSeen(s));
    const at = seen.findIndex((s) => s.id === this.selectedId);
    if (at >= 0) return seen[at + step] ?? null;
    if (step > 0) return seen.find((s) => s.start > this.time) ?? null;
    return seen.filter((s) => s.start < this.time).pop() ?? null;
  }

  // The next stretch after the cursor in which the lists differ; after the last one the first.
  nextDifference() {
    const seen = (this.comparison?.differences ?? []).filter(({ label }) => !this.hidden.has(label));
    const inOrder = seen.sort((a, b) => a.start - b.start);
    return inOrder.find(({ start }) => start > this.time + 1e-3) ?? inOrder[0] ?? null;
  }
}
