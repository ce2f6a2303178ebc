// The page: which recording is shown, and what keys and buttons do.
import { clock, forgetTheme } from './lanes.js';
import { byId, isTyping, tell } from './dom.js';
import { nameOf, page, recordings } from './data.js';
import { isList, readList } from './read.js';
import { Player } from './player.js';
import { Work } from './work.js';
import { drawGutter, LaneView, narrow } from './view.js';
import { Pointer } from './pointer.js';
import { SegmentTable } from './table.js';
import { Editor } from './editor.js';
import { drawComparison, drawSummary } from './panels.js';
import { Downloads } from './downloads.js';
import { Index, isIndex } from './index.js';

// What a new segment is long, seconds.
const NEW_S = 1;

class App {
  constructor() {
    this.works = new Map();
    this.work = this.workOf(recordings[0]);
    this.player = new Player(byId('audio'), (time) => this.timeChanged(time), () => this.playerChanged());
    this.view = new LaneView(this.work);
    this.table = new SegmentTable(this.work, (one) => this.go(one));
    const names = ['relabel', 'move', 'split', 'remove', 'add', 'undo', 'redo', 'reset', 'draft', 'drawn', 'seek', 'select'];
    const acts = Object.fromEntries(names.map((name) => [name, (...given) => this[name](...given)]));
    this.editor = new Editor(this.work, acts);
    this.pointer = new Pointer(this.view, acts);
    this.downloads = new Downloads(this.work);
    this.buttons();
    this.files();
    document.addEventListener('keydown', (event) => this.key(event));
    addEventListener('beforeunload', (event) => [...this.works.values()].some((work) => work.isUnsaved) && event.preventDefault());
    const repaint = () => {
      forgetTheme();
      this.view.repaint();
      this.view.draw();
    };
    for (const media of ['(prefers-color-scheme: dark)', 'print']) matchMedia(media).addEventListener('change', repaint);
    narrow.addEventListener('change', () => this.view.repaint());
  }

  workOf(recording) {
    if (!this.works.has(recording)) this.works.set(recording, new Work(recording, (kind, what) => this.changed(kind, what)));
    return this.works.get(recording);
  }

  open(recording) {
    const isAgain = this.isOpen && this.work.recording === recording;
    if (isAgain) return;
    this.isOpen = true;
    this.work = this.workOf(recording);
    for (const part of [this.view, this.table, this.editor, this.downloads]) part.work = this.work;
    byId('title').textContent = nameOf(recording.file);
    byId('title').title = recording.file;
    document.title = `${nameOf(recording.file)} – Earmark`;
    byId('least').value = this.work.least;
    byId('lanes').setAttribute('aria-valuemax', this.work.duration.toFixed(3));
    this.view.open(page.from, page.to);
    this.changed('other', '');
    this.view.draw();
    performance.mark('lanes');
    // The sound comes after the lanes: it may be long.
    setTimeout(() => this.hear(this.work));
  }

  async hear(work) {
    this.player.open(work.sound.address(), work.duration);
    this.player.seek(work.time || this.view.from);
    await work.sound.decode();
    if (work === this.work) this.view.refine();
  }

  changed(kind, what) {
    const { work, view } = this;
    if (!this.isOpen) return;
    if (kind !== 'selection') {
      view.arrange();
      drawGutter(work, view.rows, (label) => work.toggle(label));
      this.table.arrange();
      this.downloads.arrange();
      drawComparison(work, (one) => this.show(one));
      drawSummary(work);
      byId('least-value').textContent = work.least.toFixed(2);
    }
    if (kind === 'selection') {
      view.invalidate();
      this.table.reveal(work.selectedId);
    }
    const one = work.selected;
    if (this.player.loop) this.player.loop = one;
    this.editor.arrange();
    this.playerChanged();
    if (what) tell(what);
    else if (kind === 'selection' && one && what === undefined) tell(`${one.label}, ${clock(one.start, 3)} to ${clock(one.end, 3)}, confidence ${one.confidence.toFixed(2)}`);
  }

  timeChanged(time) {
    const { work, view } = this;
    work.time = time;
    if (this.player.isPlaying) view.reveal(time);
    view.placeCursor();
    const text = `${clock(time, 1)} / ${clock(work.duration, 1)}`;
    if (byId('time').textContent === text) return;
    byId('time').textContent = text;
    const on = work.list.segments.filter((s) => s.start <= time && time < s.end).map((s) => s.label);
    byId('lanes').setAttribute('aria-valuenow', time.toFixed(3));
    byId('lanes').setAttribute('aria-valuetext', `${clock(time, 1)}, ${on.join(' and ') || 'nothing'}`);
  }

  playerChanged() {
    const { player, work } = this;
    byId('play').setAttribute('aria-label', player.isPlaying ? 'Pause' : 'Play');
    byId('play').classList.toggle('playing', player.isPlaying);
    byId('play').disabled = player.failed;
    byId('loop').setAttribute('aria-pressed', String(Boolean(player.loop)));
    byId('loop').disabled = !work.selected && !player.loop;
    byId('no-sound').hidden = !player.failed;
    if (player.failed) {
      byId('no-sound-why').textContent = player.audio.hasAttribute('src')
        ? 'The recording is not where this page looks for it, or this browser cannot play it.'
        : 'This page has no sound with it.';
    }
  }

  seek(time, reveal = true) {
    this.player.seek(time);
    if (reveal) this.view.reveal(this.work.time);
  }

  select(id, isNews) {
    this.work.select(id, isNews);
  }

  // Selects a segment, and goes to its start.
  go(one) {
    if (!one) return;
    this.work.select(one.id);
    this.seek(one.start);
  }

  // A stretch with as much around it.
  show({ start, end }) {
    const room = Math.max(1, end - start);
    this.view.show(start - room, end + room);
    this.seek(start);
  }

  draft(id, side, seconds) {
    const one = id === null ? null : this.work.edits.find(id);
    this.view.draft = one && this.work.edits.moved(id, side === 'start' ? seconds : one.start, side === 'end' ? seconds : one.end);
    if (one) tell(`${side} ${clock(this.view.draft[side], 3)}`);
    this.view.arrange();
  }

  move(id, side, seconds) {
    const one = this.work.edits.find(id);
    this.view.draft = null;
    this.work.edits.move(id, side === 'start' ? seconds : one.start, side === 'end' ? seconds : one.end);
    this.view.arrange();
  }

  // A segment that is drawn with the pointer; `isDone` when it is let go.
  drawn(label, from, to, isDone) {
    tell(`${label}, ${clock(Math.min(from, to), 3)} to ${clock(Math.max(from, to), 3)}`);
    if (isDone) this.work.select(this.work.edits.add(from, to, label), false);
  }

  relabel(id, label) {
    this.work.edits.relabel(id, label);
    this.work.select(id, false);
  }

  split() {
    const { work } = this;
    const one = work.selected ?? work.list.segments.find((s) => work.isSeen(s) && s.start < work.time && work.time < s.end);
    const id = one && work.edits.split(one.id, work.time);
    if (id) work.select(id, false);
    else tell('Put the cursor inside a segment to split it there.');
  }

  remove() {
    const { work } = this;
    if (!work.selected) return;
    const next = work.neighbour(1);
    work.edits.remove(work.selectedId);
    work.select(next?.id ?? null, false);
  }

  add() {
    const { work } = this;
    const label = work.selected?.label ?? work.labels[0] ?? 'speech';
    const id = work.edits.add(work.time, work.time + NEW_S, label);
    if (id) work.select(id, false);
  }

  undo() {
    if (!this.work.edits.undo()) tell('nothing to undo');
  }

  redo() {
    if (!this.work.edits.redo()) tell('nothing to do again');
  }

  reset() {
    const { edits } = this.work;
    if (edits.isChanged) edits.reset();
  }

  loop() {
    const { player, work } = this;
    player.loop = player.loop ? null : work.selected;
    tell(player.loop ? 'the segment is repeated' : 'no longer repeated');
    if (player.loop && (work.time < player.loop.start || work.time >= player.loop.end)) this.seek(player.loop.start);
    this.playerChanged();
  }

  buttons() {
    const on = (id, call) => byId(id).addEventListener('click', call);
    on('play', () => this.player.toggle());
    on('previous', () => this.go(this.work.neighbour(-1)));
    on('next', () => this.go(this.work.neighbour(1)));
    on('loop', () => this.loop());
    on('zoom-in', () => this.zoom(0.5));
    on('zoom-out', () => this.zoom(2));
    on('zoom-fit', () => this.view.show(0, this.work.duration));
    on('next-difference', () => this.nextDifference());
    on('compare-end', () => this.work.setOther(null));
    byId('speed').addEventListener('change', () => {
      this.player.audio.playbackRate = Number(byId('speed').value);
    });
    byId('least').addEventListener('input', () => this.work.setLeast(Number(byId('least').value)));
  }

  zoom(factor) {
    const { view, work } = this;
    view.zoom(factor, work.time >= view.from && work.time <= view.to ? work.time : undefined);
  }

  nextDifference() {
    const one = this.work.nextDifference();
    if (one) this.show(one);
  }

  // Sound and lists from the user's disk, chosen or dropped.
  files() {
    for (const id of ['choose-sound', 'choose-list']) {
      const input = byId(`${id}-file`);
      for (const button of document.querySelectorAll(`[data-opens=${id}]`)) button.addEventListener('click', () => input.click());
      input.addEventListener('change', () => {
        if (input.files[0]) this.take(input.files[0]);
        input.value = '';
      });
    }
    for (const kind of ['dragover', 'drop']) document.addEventListener(kind, (event) => event.preventDefault());
    document.addEventListener('drop', (event) => {
      const [file] = event.dataTransfer.files;
      if (file && this.isOpen) this.take(file);
    });
  }

  async take(file) {
    const { work } = this;
    if (!isList(file.name)) {
      work.sound.take(file);
      tell(`sound from ${file.name}`);
      await this.hear(work);
      return;
    }
    try {
      work.setOther(readList(file.name, await file.text(), work.list.file));
    } catch (error) {
      tell(error.message);
    }
  }

  key(event) {
    const { target } = event;
    if (!this.isOpen || byId('recording-view').hidden || isTyping(target) || event.altKey) return;
    const isButton = Boolean(target.closest('button, a, summary, input'));
    const far = event.shiftKey ? 10 : 1;
    const keys = event.ctrlKey || event.metaKey
      ? { z: () => (event.shiftKey ? this.redo() : this.undo()), y: () => this.redo() }
      : {
          ' ': isButton ? null : () => this.player.toggle(),
          ArrowLeft: () => this.seek(this.work.time - far),
          ArrowRight: () => this.seek(this.work.time + far),
          Home: () => this.seek(0),
          End: () => this.seek(this.work.duration),
          n: () => this.go(this.work.neighbour(1)),
          p: () => this.go(this.work.neighbour(-1)),
          l: () => this.loop(),
          '+': () => this.zoom(0.5),
          '=': () => this.zoom(0.5),
          '-': () => this.zoom(2),
          0: () => this.view.show(0, this.work.duration),
          s: () => this.split(),
          a: () => this.add(),
          d: () => this.nextDifference(),
          '[': () => this.work.selected && this.move(this.work.selectedId, 'start', this.work.time),
          ']': () => this.work.selected && this.move(this.work.selectedId, 'end', this.work.time),
          Delete: () => this.remove(),
          Backspace: () => this.remove(),
          Escape: () => this.work.select(null),
        };
    const isSlider = target.closest('input');
    const act = isSlider ? null : keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

let app = null;

// The list of recordings, or the one that the address names.
function route() {
  const place = Number(location.hash.slice(1) || (isIndex ? NaN : 0));
  const recording = page.folder && isIndex ? undefined : recordings[place];
  byId('index-view').hidden = Boolean(recording);
  byId('recording-view').hidden = !recording;
  byId('back').hidden = !(recording && (isIndex || page.index));
  byId('back').href = page.index ?? '#';
  if (!recording) {
    byId('title').textContent = 'What was heard';
    document.title = 'Earmark';
    return;
  }
  app ??= new App();
  // For tests and the console; the page itself does not use it.
  window.earmark = app;
  app.open(recording);
}

if (isIndex) new Index(recordings, route);
addEventListener('hashchange', route);
route();
