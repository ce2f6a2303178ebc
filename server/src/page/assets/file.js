// A recording: tagged by the server, drawn, played with its lanes under a moving cursor.
import { call } from './service.js';
import { clock } from './lanes.js';
import { colour, draw } from './draw.js';

const FORMATS = ['json', 'jsonl', 'csv', 'tsv', 'text', 'audacity', 'reaper', 'textgrid', 'eaf', 'rttm', 'srt', 'vtt', 'cue', 'matrix'];
// Larger ones are not decoded here a second time for their waveform, bytes.
const DRAW_BYTES = 256 * 2 ** 20;
// Points of the waveform.
const POINTS = 2000;
const byId = (id) => document.getElementById(id);

export class FilePanel {
  constructor() {
    this.player = byId('player');
    this.timeline = byId('timeline');
    this.canvas = this.timeline.querySelector('canvas');
    byId('choose').addEventListener('click', () => byId('file').click());
    byId('file').addEventListener('change', (event) => event.target.files[0] && this.open(event.target.files[0]));
    const drop = byId('drop');
    // A file that misses the field by a little must not replace the page.
    for (const kind of ['dragover', 'drop']) document.addEventListener(kind, (event) => event.preventDefault());
    document.addEventListener('dragover', () => drop.classList.add('over'));
    document.addEventListener('dragleave', () => drop.classList.remove('over'));
    document.addEventListener('drop', (event) => {
      drop.classList.remove('over');
      if (event.dataTransfer.files[0]) this.open(event.dataTransfer.files[0]);
    });
    this.timeline.addEventListener('pointerdown', (event) => this.drag(event));
    this.timeline.addEventListener('pointermove', (event) => event.buttons && this.drag(event));
    this.timeline.addEventListener('keydown', (event) => this.key(event));
    for (const format of FORMATS) {
      const button = document.createElement('button');
      button.textContent = format;
      button.dataset.format = format;
      button.addEventListener('click', () => this.download(format, button));
      byId('downloads').append(button);
    }
    this.player.addEventListener('error', () => {
      if (!this.player.src) return;
      this.playable = false;
      if (this.report) this.sayHeard();
    });
    const frame = () => {
      this.paint();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  say(text) {
    byId('file-state').textContent = text;
  }

  async open(file) {
    this.file = file;
    this.report = null;
    this.level = [];
    byId('result').hidden = false;
    byId('file-name').textContent = file.name;
    byId('segments').replaceChildren();
    byId('shares').replaceChildren();
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(file);
    this.playable = true;
    this.player.src = this.url;
    this.say('listening …');
    this.waveform(file);
    try {
      const response = await this.ask(file, 'json');
      const report = await response.json();
      if (this.file !== file) return;
      this.report = report;
      this.sayHeard();
      this.show(report);
    } catch (error) {
      if (this.file === file) this.say(error.message);
    }
  }

  // The player may fail before or after the answer comes; what the server refuses is said in its words alone.
  sayHeard() {
    const heard = `${clock(this.report.duration)} heard`;
    this.say(this.playable ? heard : `${heard}; this browser cannot play this kind of file`);
  }

  async play() {
    try {
      await this.player.play();
    } catch (error) {
      // Whoever pauses before the sound has begun ends the promise; that is no fault.
      if (error.name !== 'AbortError') this.playable = false;
    }
  }

  ask(file, format) {
    const query = new URLSearchParams({ format, name: file.name });
    const headers = { 'Content-Type': 'application/octet-stream' };
    return call(`v1/tag?${query}`, { method: 'POST', body: file, headers });
  }

  // The level of pieces of the sound, as far as this browser can decode it.
  async waveform(file) {
    if (file.size > DRAW_BYTES) return;
    try {
      const context = new OfflineAudioContext(1, 1, 16000);
      const sound = await context.decodeAudioData(await file.arrayBuffer());
      const samples = sound.getChannelData(0);
      const step = Math.max(1, Math.floor(samples.length / POINTS));
      const level = [];
      for (let start = 0; start < samples.length; start += step) {
        const piece = samples.subarray(start, start + step);
        const power = piece.reduce((sum, x) => sum + x * x, 0) / piece.length;
        level.push({ time: start / sound.sampleRate, db: 10 * Math.log10(power + 1e-20) });
      }
      if (this.file === file) this.level = level;
    } catch {
      // Labels need no waveform.
    }
  }

  show({ segments, duration }) {
    const rows = segments.map(({ start, end, label, confidence }) => {
      const row = document.createElement('tr');
      const jump = document.createElement('button');
      jump.textContent = start.toFixed(3);
      jump.title = 'Play from here';
      jump.addEventListener('click', () => this.seek(start));
      row.insertCell().append(jump);
      for (const text of [end.toFixed(3), label, confidence.toFixed(3)]) row.insertCell().textContent = text;
      return row;
    });
    byId('segments').replaceChildren(...rows);
    byId('segments-title').textContent = `${segments.length} segments`;
    const totals = new Map();
    for (const { label, start, end } of segments) totals.set(label, (totals.get(label) || 0) + end - start);
    const shares = [...totals].map(([label, seconds]) => {
      const share = document.createElement('span');
      const dot = document.createElement('i');
      dot.style.background = colour(label);
      share.append(dot, `${label} ${((100 * seconds) / Math.max(duration, 1e-9)).toFixed(1)} %`);
      return share;
    });
    byId('shares').replaceChildren(...shares);
    this.timeline.setAttribute('aria-valuemax', duration.toFixed(1));
  }

  paint() {
    if (!this.file) return;
    const duration = this.report?.duration || this.player.duration || 1;
    const cursor = this.player.currentTime;
    draw(this.canvas, { from: 0, to: duration, segments: this.report?.segments || [], level: this.level, cursor });
    const value = cursor.toFixed(1);
    if (this.timeline.getAttribute('aria-valuenow') !== value) {
      this.timeline.setAttribute('aria-valuenow', value);
      const on = (this.report?.segments || []).filter((s) => s.start <= cursor && cursor < s.end).map((s) => s.label);
      this.timeline.setAttribute('aria-valuetext', `${clock(cursor)}, ${on.join(' and ') || 'nothing'}`);
    }
  }

  seek(seconds) {
    const end = this.report?.duration || this.player.duration || 0;
    this.player.currentTime = Math.min(Math.max(0, seconds), end);
  }

  drag(event) {
    const box = this.timeline.getBoundingClientRect();
    const duration = this.report?.duration || this.player.duration || 0;
    this.seek(((event.clientX - box.left) / box.width) * duration);
  }

  key(event) {
    const step = event.shiftKey ? 10 : 1;
    const moves = {
      ArrowLeft: () => this.seek(this.player.currentTime - step),
      ArrowRight: () => this.seek(this.player.currentTime + step),
      Home: () => this.seek(0),
      End: () => this.seek(Infinity),
      ' ': () => (this.player.paused ? this.play() : this.player.pause()),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }

  async download(format, button) {
    button.disabled = true;
    try {
      const response = await this.ask(this.file, format);
      const name = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') || '');
      const link = document.createElement('a');
      link.href = URL.createObjectURL(await response.blob());
      link.download = name ? name[1] : `${this.file.name}.${format}`;
      link.click();
      // A browser on a busy machine begins to read it when it has the time.
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
      this.say(`${format} is downloaded`);
    } catch (error) {
      this.say(error.message);
    }
    button.disabled = false;
  }
}
