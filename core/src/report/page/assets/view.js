// Draws a recording: the whole of it in the overview, a stretch of it in waveform, spectrogram and lanes.
import { drawAxis, drawBars, drawLine, drawPlate, surface, theme, toX } from './lanes.js';
import { byId, make } from './dom.js';
import { byLabel } from './lists.js';
import { colourOf } from './data.js';
import { fineSpectrum, spectrumPicture } from './spectrum.js';

const WAVE = 88;
const SPECTRUM = 128;
const LANE = 30;
const LANE_OF_TWO = 44;
const DIFFERENCE = 24;
const AXIS = 24;
const GAP = 6;
// Marks of a label in the overview, pixels.
const STRIP = 5;
// No stretch is shorter, seconds.
const LEAST_SPAN_S = 0.05;
// The finer picture reaches so far beyond what is seen, as a share of it; it waits until the view has been still, ms. It
// is made of shorter stretches than this only, seconds: on longer ones it would show little more.
const BEYOND = 0.3;
const STILL_MS = 200;
const FINE_S = 120;

export const narrow = matchMedia('(max-width: 44rem)');

// The rows of the lanes, from above: { kind, label, top, height }.
export function rowsOf(labels, comparing) {
  const kinds = [['wave', WAVE], ['spectrum', SPECTRUM], ...labels.map((label) => ['lane', comparing ? LANE_OF_TWO : LANE, label])];
  if (comparing) kinds.push(['difference', DIFFERENCE]);
  let top = 0;
  return kinds.map(([kind, height, label]) => {
    const row = { kind, label, top, height };
    top += height + (kind === 'spectrum' || kind === 'wave' ? GAP : 2);
    return row;
  });
}

export class LaneView {
  constructor(work) {
    this.work = work;
    this.box = byId('lanes');
    this.canvas = byId('lanes-canvas');
    this.whole = byId('overview-canvas');
    this.frames = byId('overview-window');
    this.cursors = [byId('cursor'), byId('overview-cursor')];
    new ResizeObserver(() => this.resized()).observe(this.box);
  }

  open(from, to) {
    this.fine = null;
    this.picture = null;
    this.draft = null;
    this.from = 0;
    this.to = Math.max(LEAST_SPAN_S, this.work.duration);
    this.arrange();
    this.show(from ?? 0, to ?? this.work.duration);
  }

  // The list, what is compared or what is filtered is another.
  arrange() {
    const { work } = this;
    this.rows = rowsOf(work.labels, Boolean(work.other));
    const last = this.rows[this.rows.length - 1];
    this.axisTop = last.top + last.height + 2;
    const height = `${this.axisTop + AXIS}px`;
    if (this.box.style.height !== height) this.box.style.height = height;
    const seen = (list) => byLabel({ labels: list.labels, segments: list.segments.map((s) => this.drafted(s)).filter((s) => work.isSeen(s)) });
    this.lanes = seen(work.list);
    this.others = work.other && seen(work.other);
    this.stale = true;
    this.invalidate();
  }

  drafted(segment) {
    return this.draft?.id === segment.id ? this.draft : segment;
  }

  // Light and dark have pictures of their own.
  repaint() {
    this.picture = null;
    this.fine = null;
    this.stale = true;
    this.resized();
  }

  resized() {
    this.stale = true;
    this.invalidate();
    this.refine();
  }

  get view() {
    return { from: this.from, to: this.to, width: this.box.clientWidth };
  }

  get span() {
    return this.to - this.from;
  }

  show(from, to) {
    const { duration } = this.work;
    const span = Math.min(Math.max(to - from, LEAST_SPAN_S), Math.max(duration, LEAST_SPAN_S));
    this.from = Math.min(Math.max(0, from), Math.max(0, duration - span));
    this.to = this.from + span;
    this.invalidate();
    this.refine();
  }

  pan(seconds) {
    this.show(this.from + seconds, this.to + seconds);
  }

  // By a factor about a time, which stays where it is.
  zoom(factor, about = (this.from + this.to) / 2) {
    const span = Math.min(this.span * factor, Math.max(this.work.duration, LEAST_SPAN_S));
    const share = (about - this.from) / this.span;
    this.show(about - share * span, about + (1 - share) * span);
  }

  // So that a time is seen; a little more of what follows than of what was.
  reveal(seconds) {
    if (seconds < this.from || seconds > this.to) this.show(seconds - 0.15 * this.span, seconds + 0.85 * this.span);
  }

  invalidate() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.draw();
    });
  }

  draw() {
    if (!this.rows) return;
    if (this.stale) this.drawWhole();
    this.drawStretch();
    this.placeCursor();
    const width = this.whole.clientWidth;
    const x = (seconds) => (seconds / Math.max(1e-6, this.work.duration)) * width;
    this.frames.style.transform = `translateX(${x(this.from)}px)`;
    this.frames.style.width = `${Math.max(6, x(this.to) - x(this.from))}px`;
  }

  placeCursor() {
    const { time, duration } = this.work;
    const x = toX(this.view, time);
    this.cursors[0].style.transform = `translateX(${Math.min(Math.max(x, -9), this.box.clientWidth + 9)}px)`;
    this.cursors[1].style.transform = `translateX(${(time / Math.max(1e-6, duration)) * this.whole.clientWidth}px)`;
  }

  drawWhole() {
    const on = surface(this.whole);
    if (!on) return;
    this.stale = false;
    const { c, width, height } = on;
    const view = { from: 0, to: Math.max(this.work.duration, 1e-6), width };
    const strips = this.rows.filter((row) => row.kind === 'lane');
    const wave = height - strips.length * (STRIP + 1) - 4;
    this.drawWave(c, view, { top: 0, height: wave }, null);
    strips.forEach(({ label }, k) => drawBars(c, view, wave + 4 + k * (STRIP + 1), STRIP, this.lanes.get(label) ?? [], colourOf(label)));
  }

  drawStretch() {
    const on = surface(this.canvas);
    if (!on) return;
    const { c, width } = on;
    const view = this.view;
    drawAxis(c, view, this.axisTop, AXIS, this.axisTop);
    for (const row of this.rows) {
      if (row.kind === 'wave') this.drawWave(c, view, row, this.fine);
      else if (row.kind === 'spectrum') this.drawSpectrum(c, view, row);
      else if (row.kind === 'lane') this.drawLane(c, view, row);
      else this.drawDifferences(c, view, row);
      if (row.kind !== 'spectrum') drawLine(c, row.top + row.height, width);
      if (narrow.matches) drawPlate(c, row.label ?? { wave: 'waveform', spectrum: 'spectrogram', difference: 'differs' }[row.kind], 2, row.top + (row.label ? row.height / 2 : 10));
    }
  }

  drawWave(c, view, row, fine) {
    const { envelope, peak } = this.work.recording.overview;
    const middle = row.top + row.height / 2;
    const scale = row.height / 2 - 2;
    const perPixel = (view.to - view.from) / view.width;
    const extreme = (values, step, from, to, unit) => {
      const last = Math.min(values.length / 2, Math.max(Math.floor(from / step) + 1, Math.ceil(to / step)));
      let [low, high] = [Infinity, -Infinity];
      for (let k = Math.max(0, Math.floor(from / step)); k < last; k += 1) {
        low = Math.min(low, values[2 * k]);
        high = Math.max(high, values[2 * k + 1]);
      }
      return [low / unit, high / unit];
    };
    const fineStep = fine && (fine.to - fine.from) / (fine.wave.length / 2);
    c.fillStyle = theme().soft;
    for (let x = 0; x < view.width; x += 1) {
      const [from, to] = [view.from + x * perPixel, view.from + (x + 1) * perPixel];
      const isFine = fine && from >= fine.from && to <= fine.to;
      const [low, high] = isFine
        ? extreme(fine.wave, fineStep, from - fine.from, to - fine.from, peak || 1)
        : extreme(envelope.values, envelope.step, from, to, 127);
      if (high < low) continue;
      const [top, bottom] = [high, low].map((value) => middle - Math.min(1, Math.max(-1, value)) * scale);
      c.fillRect(x, Math.min(top, middle - 0.5), 1, Math.max(1, bottom - top));
    }
  }

  drawSpectrum(c, view, row) {
    const { spectrogram } = this.work.recording.overview;
    if (!spectrogram.values.length) return;
    this.picture ??= spectrumPicture(spectrogram.values, spectrogram.bands);
    const paint = (picture, from, step) => {
      const [first, last] = [view.from, view.to].map((s) => Math.min(picture.width, Math.max(0, (s - from) / step)));
      if (last <= first) return;
      const left = toX(view, from + first * step);
      const right = toX(view, from + last * step);
      c.drawImage(picture, first, 0, last - first, picture.height, left, row.top, right - left, row.height);
    };
    c.imageSmoothingEnabled = true;
    paint(this.picture, 0, spectrogram.step);
    if (this.fine) paint(this.fine.picture, this.fine.from, (this.fine.to - this.fine.from) / this.fine.picture.width);
  }

  drawLane(c, view, row) {
    const { label } = row;
    const { work } = this;
    const colour = colourOf(label);
    const hidden = work.hidden.has(label);
    const height = this.others ? row.height / 2 - 3 : row.height - 6;
    // Under a curve the bars step back.
    c.globalAlpha = hidden ? 0.1 : this.others ? 0.9 : 0.6;
    drawBars(c, view, row.top + 3, height, this.lanes.get(label) ?? [], colour);
    if (this.others) {
      c.globalAlpha = hidden ? 0.1 : 0.5;
      drawBars(c, view, row.top + row.height / 2 + 1, height, this.others.get(label) ?? [], colour);
    }
    c.globalAlpha = 1;
    if (!hidden && !this.others) this.drawCurve(c, view, row, colour);
    const chosen = work.selected && this.drafted(work.selected);
    if (chosen?.label !== label) return;
    const [left, right] = [toX(view, chosen.start), toX(view, chosen.end)];
    c.strokeStyle = theme().ink;
    c.lineWidth = 2;
    c.strokeRect(left, row.top + 2, Math.max(2, right - left), height + 2);
    c.fillStyle = theme().ink;
    for (const x of [left, right]) c.fillRect(x - 2, row.top + 2 + height / 4, 4, height / 2 + 2);
  }

  // The highest probability of each pixel.
  drawCurve(c, view, row, colour) {
    const { step, values, labels } = this.work.recording.overview.scores;
    const column = labels.indexOf(row.label);
    if (column < 0) return;
    const count = values.length / labels.length;
    const perPixel = (view.to - view.from) / view.width;
    const y = (value) => row.top + row.height - 3 - (value / 255) * (row.height - 6);
    c.beginPath();
    let last = -1;
    for (let x = 0; x < view.width; x += 1) {
      const from = Math.floor((view.from + x * perPixel) / step);
      const to = Math.min(count, Math.max(from + 1, Math.floor((view.from + (x + 1) * perPixel) / step)));
      if (from === last || from >= count) continue;
      last = from;
      let best = 0;
      for (let k = from; k < to; k += 1) best = Math.max(best, values[k * labels.length + column]);
      c.lineTo(x, y(best));
    }
    c.strokeStyle = colour;
    c.lineWidth = 1.2;
    c.stroke();
  }

  drawDifferences(c, view, row) {
    const seen = this.work.comparison.differences.filter(({ label }) => !this.work.hidden.has(label));
    seen.sort((a, b) => a.start - b.start);
    drawBars(c, view, row.top + 3, row.height - 6, seen, theme().bad);
  }

  // Once the view is still, a finer picture of it, where there are samples.
  refine() {
    clearTimeout(this.later);
    this.wanted = null;
    this.later = setTimeout(async () => {
      const { sound, recording, duration } = this.work;
      if (!sound?.hasSamples || this.span > FINE_S || this.span / this.view.width > recording.overview.spectrogram.step) return;
      const from = Math.max(0, this.from - BEYOND * this.span);
      const to = Math.min(duration, this.to + BEYOND * this.span);
      if (this.fine && this.fine.from <= this.from && this.fine.to >= this.to && this.fine.to - this.fine.from < 2 * (to - from)) return;
      const wanted = {};
      this.wanted = wanted;
      const fine = await fineSpectrum(sound, recording.overview, from, to, () => this.wanted === wanted);
      if (!fine || this.wanted !== wanted) return;
      this.fine = fine;
      this.invalidate();
    }, STILL_MS);
  }
}

// The names beside the lanes; a label's is a switch that hides it.
export function drawGutter(work, rows, onToggle) {
  const names = { wave: 'waveform', spectrum: 'spectrogram', difference: 'differs' };
  const share = (label) => `${((100 * work.total(label)) / Math.max(work.duration, 1e-9)).toFixed(1)} %`;
  const cells = rows.map(({ kind, label, top, height }) => {
    const place = { top: `${top}px`, height: `${height}px` };
    if (kind !== 'lane') return make('div', { className: `name ${kind}`, style: place }, names[kind]);
    const toggle = make('input', { type: 'checkbox', checked: !work.hidden.has(label), on: { change: () => onToggle(label) }, data: { label } });
    const box = make('i', { className: 'swatch', style: { background: colourOf(label) } });
    return make('label', { className: 'name lane', style: place, title: `Show ${label}` }, toggle, box, make('span', {}, label), make('b', {}, share(label)));
  });
  byId('gutter').replaceChildren(...cells);
}
