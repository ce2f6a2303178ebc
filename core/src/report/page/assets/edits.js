// Corrections: each makes a list of its own, so that undo is the list before.
import { changed, segment, withSegments } from './lists.js';

// No segment is shorter, seconds.
const LEAST_S = 0.001;

// Times by hand are whole milliseconds, which every format can hold.
function wholeMs(seconds) {
  return Math.round(seconds * 1000) / 1000;
}

export class Edits {
  constructor(list, onChange) {
    this.original = list;
    this.list = list;
    this.undone = [];
    this.done = [];
    this.onChange = onChange;
  }

  find(id) {
    return this.list.segments.find((s) => s.id === id);
  }

  get isChanged() {
    return this.list !== this.original;
  }

  take(what, segments) {
    this.done.push({ what, list: this.list });
    this.undone = [];
    this.list = withSegments(this.list, segments);
    this.onChange(what);
  }

  replace(what, id, ...others) {
    this.take(what, this.list.segments.flatMap((s) => (s.id === id ? others : [s])));
  }

  // How far the borders of a segment may go: to the neighbours of its label.
  room(id) {
    const one = this.find(id);
    const same = this.list.segments.filter((s) => s.label === one.label && s.id !== id);
    const before = same.filter((s) => s.end <= one.start + 1e-9).map((s) => s.end);
    const after = same.filter((s) => s.start >= one.end - 1e-9).map((s) => s.start);
    return { from: Math.max(0, ...before), to: Math.min(this.list.duration, ...after) };
  }

  // The segment with other borders, as far as there is room. Only a border that is moved is rounded.
  moved(id, start, end) {
    const one = this.find(id);
    const { from, to } = this.room(id);
    if (start !== one.start) start = Math.min(Math.max(wholeMs(start), from), one.end - LEAST_S);
    if (end !== one.end) end = Math.max(Math.min(wholeMs(end), to), start + LEAST_S);
    return changed(one, { start, end });
  }

  move(id, start, end) {
    const one = this.find(id);
    const next = this.moved(id, start, end);
    if (next.start !== one.start || next.end !== one.end) this.replace('border moved', id, next);
  }

  relabel(id, label) {
    const one = this.find(id);
    if (label && label !== one.label) this.replace(`now ${label}`, id, changed(one, { label }));
  }

  split(id, seconds) {
    const one = this.find(id);
    const at = wholeMs(seconds);
    if (at < one.start + LEAST_S || at > one.end - LEAST_S) return null;
    const second = segment(at, one.end, one.label, one.confidence);
    this.replace('split', id, changed(one, { end: at }), second);
    return second.id;
  }

  remove(id) {
    this.replace('deleted', id);
  }

  // What somebody adds by hand they are sure of.
  add(start, end, label) {
    const from = Math.max(0, wholeMs(Math.min(start, end)));
    const to = Math.min(this.list.duration, Math.max(wholeMs(Math.max(start, end)), from + LEAST_S));
    if (to <= from || !label) return null;
    const added = segment(from, to, label, 1);
    this.take('added', [...this.list.segments, added]);
    return added.id;
  }

  step(from, to, word) {
    const step = from.pop();
    if (!step) return false;
    to.push({ what: step.what, list: this.list });
    this.list = step.list;
    this.onChange(`${word}: ${step.what}`);
    return true;
  }

  // Back to what was heard, which can be undone as well.
  reset() {
    this.done.push({ what: 'all as it was heard', list: this.list });
    this.undone = [];
    this.list = this.original;
    this.onChange('all as it was heard');
  }

  undo() {
    return this.step(this.done, this.undone, 'undone');
  }

  redo() {
    return this.step(this.undone, this.done, 'again');
  }
}
