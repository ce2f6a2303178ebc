// Streams that sound now: those of the server, and the microphone of this browser.
import { call, events, notice, socket } from './service.js';
import { clock } from './lanes.js';
import { draw, labels } from './draw.js';

// What is kept of a stream, seconds.
const KEEP_S = 660;
const ALERTS = 20;
const FRAMES_MS = 100;

class Stream {
  constructor(name) {
    const template = document.getElementById('stream-template');
    this.element = template.content.firstElementChild.cloneNode(true);
    this.element.dataset.stream = name;
    this.element.querySelector('h3').textContent = name;
    this.canvas = this.element.querySelector('canvas');
    this.reset();
  }

  reset() {
    Object.assign(this, { segments: [], open: new Map(), level: [], gaps: [], time: 0, told: performance.now() });
  }

  state(text, bad = false) {
    const chip = this.element.querySelector('.state');
    chip.textContent = text;
    chip.classList.toggle('bad', bad);
  }

  take(event) {
    const at = event.decided ?? event.time ?? event.end ?? event.start ?? 0;
    if (event.type === 'begin') this.reset();
    if (at > this.time) [this.time, this.told] = [at, performance.now()];
    switch (event.type) {
      case 'onset': {
        const segment = { label: event.label, start: event.start, end: null };
        this.open.set(event.id, segment);
        this.segments.push(segment);
        break;
      }
      case 'offset': {
        const segment = this.open.get(event.id);
        if (segment) segment.end = event.end;
        else this.segments.push({ label: event.label, start: event.start, end: event.end });
        this.open.delete(event.id);
        break;
      }
      case 'frame':
        this.level.push({ time: event.time, db: event.level_dbfs });
        this.meter(event.level_dbfs);
        break;
      case 'gap':
        if (event.end === undefined) this.gaps.push({ start: event.start });
        else this.gaps = [...this.gaps.filter((gap) => gap.start !== event.start), { start: event.start, end: event.end }];
        break;
      case 'alert':
        this.alert(event);
        break;
      case 'end':
        this.open.clear();
        break;
    }
    const old = this.time - KEEP_S;
    if (this.segments.length && (this.segments[0].end ?? Infinity) < old) this.segments.shift();
    while (this.level.length && this.level[0].time < old) this.level.shift();
    this.gaps = this.gaps.filter((gap) => (gap.end ?? Infinity) >= old);
  }

  meter(db) {
    const level = this.element.querySelector('.level');
    const share = Math.min(1, Math.max(0, (db + 60) / 60));
    level.querySelector('i').style.transform = `scaleX(${share})`;
    level.querySelector('span').textContent = db <= -200 ? 'digital silence' : `${db.toFixed(1)} dBFS`;
    level.setAttribute('aria-valuenow', Math.max(-60, Math.min(0, db)).toFixed(0));
  }

  alert({ when, state, since }) {
    const list = this.element.querySelector('.alerts');
    const item = document.createElement('li');
    item.className = state;
    item.textContent = `${when} ${state === 'raised' ? 'came true' : 'is over'}, since ${clock(since)}`;
    list.prepend(item);
    while (list.children.length > ALERTS) list.lastChild.remove();
  }

  // Moves on smoothly between two events, but not beyond what was heard.
  paint(span) {
    const ahead = Math.min(0.3, (performance.now() - this.told) / 1000);
    const to = this.time + ahead;
    draw(this.canvas, { from: to - span, to, segments: this.segments, level: this.level, gaps: this.gaps });
    const on = [...this.open.values()].sort((a, b) => labels.indexOf(a.label) - labels.indexOf(b.label));
    const text = on.map((segment) => `${segment.label} for ${clock(to - segment.start)}`).join(', ');
    const now = this.element.querySelector('.now');
    if (now.textContent !== text) now.textContent = text;
  }
}

export class Streams {
  constructor() {
    this.streams = new Map();
    this.list = document.getElementById('streams');
    this.button = document.getElementById('mic');
    this.button.addEventListener('click', () => this.toggleMicrophone());
    const frame = () => {
      const span = Number(document.getElementById('span').value);
      for (const stream of this.streams.values()) stream.paint(span);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  get(name) {
    if (!this.streams.has(name)) {
      const stream = new Stream(name);
      this.streams.set(name, stream);
      this.list.append(stream.element);
      document.getElementById('no-streams').hidden = true;
    }
    return this.streams.get(name);
  }

  // Follows the sources of the server; asked again now and then, for they may change.
  async watch() {
    clearTimeout(this.again);
    try {
      const { streams } = await (await call('v1/streams')).json();
      for (const { name, state } of streams) {
        const stream = this.get(name);
        stream.state(state, state === 'waiting' || state === 'ended');
        if (!stream.follows) this.follow(name, stream);
      }
      this.again = setTimeout(() => this.watch(), 5000);
    } catch (error) {
      notice(error.message);
    }
  }

  async follow(name, stream) {
    stream.follows = true;
    try {
      for await (const event of events(`v1/streams/${encodeURIComponent(name)}/events`)) stream.take(event);
    } catch (error) {
      stream.state(error.message, true);
    }
    stream.follows = false;
  }

  async toggleMicrophone() {
    if (this.microphone) {
      this.microphone.stop();
      return;
    }
    this.button.disabled = true;
    try {
      this.microphone = await listen(this.get('microphone'), () => {
        this.microphone = null;
        this.press(false);
      });
      this.press(true);
      notice('');
    } catch (error) {
      notice(`The microphone cannot be heard: ${error.message}`);
    }
    this.button.disabled = false;
  }

  press(on) {
    this.button.setAttribute('aria-pressed', on);
    this.button.textContent = on ? 'Stop the microphone' : 'Listen to the microphone';
  }
}

// The sound of the microphone as it is, without the browser's own processing.
async function listen(stream, ended) {
  if (!navigator.mediaDevices) throw new Error('browsers give it to pages over https or on localhost only');
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const media = await navigator.mediaDevices.getUserMedia({ audio });
  const context = new AudioContext();
  const close = () => {
    for (const track of media.getTracks()) track.stop();
    context.close();
  };
  try {
    await context.audioWorklet.addModule(new URL('./mic.js', import.meta.url));
    const query = new URLSearchParams({ rate: context.sampleRate, encoding: 'f32le', frames_ms: FRAMES_MS, name: 'microphone' });
    const connection = socket(`v1/stream?${query}`);
    connection.binaryType = 'arraybuffer';
    await new Promise((done, failed) => {
      connection.onopen = done;
      connection.onerror = () => failed(new Error('the server refuses the stream'));
    });
    const node = new AudioWorkletNode(context, 'mic', { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }) => {
      if (connection.readyState === WebSocket.OPEN) connection.send(data);
    };
    context.createMediaStreamSource(media).connect(node);
    connection.onmessage = ({ data }) => stream.take(JSON.parse(data));
    connection.onclose = ({ code, reason }) => {
      close();
      stream.state(code === 1000 ? 'stopped' : reason || 'the connection broke', code !== 1000);
      ended();
    };
    stream.state('listening');
    return {
      stop() {
        node.port.onmessage = null;
        connection.send(JSON.stringify({ type: 'CloseStream' }));
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}
