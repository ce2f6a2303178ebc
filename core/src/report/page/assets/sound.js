// The sound of a recording: linked, inside the page, or a file that the user chooses; and its samples, where they can be had.
import { byId } from './dom.js';

// Samples for the finer pictures are mono at this rate, Hz.
export const DETAIL_RATE_HZ = 16000;
// A browser decodes a whole file at once: longer ones would take gigabytes. Of WAV only what is seen is read.
const DECODED_S = 2700;
const HEADER_BYTES = 65536;
// Samples between two looks at the clock.
const PIECE = 8192;

// What can be heard of `file` is asked for piece by piece: PCM in a WAV file.
class WavReader {
  static async open(blob) {
    const bytes = await blob.slice(0, HEADER_BYTES).arrayBuffer();
    const view = new DataView(bytes);
    const word = (at) => String.fromCharCode(...new Uint8Array(bytes, at, 4));
    if (bytes.byteLength < 44 || word(0) !== 'RIFF' || word(8) !== 'WAVE') return null;
    const wav = new WavReader();
    for (let at = 12; at + 8 <= bytes.byteLength; ) {
      const [kind, size] = [word(at), view.getUint32(at + 4, true)];
      if (kind === 'fmt ') {
        wav.coding = view.getUint16(at + 8, true);
        if (wav.coding === 0xfffe) wav.coding = view.getUint16(at + 32, true);
        wav.channels = view.getUint16(at + 10, true);
        wav.rate = view.getUint32(at + 12, true);
        wav.bits = view.getUint16(at + 22, true);
      }
      if (kind === 'data') {
        const known = (wav.coding === 1 && [16, 24, 32].includes(wav.bits)) || (wav.coding === 3 && wav.bits === 32);
        if (!known || !wav.channels || !wav.rate) return null;
        return Object.assign(wav, { blob, first: at + 8, bytes: Math.min(size, blob.size - at - 8) });
      }
      at += 8 + size + (size % 2);
    }
    return null;
  }

  // Mono samples of a stretch, seconds, at the rate of the file; nothing if they are no longer wanted.
  async read(from, to, slices) {
    const frame = (this.bits / 8) * this.channels;
    const frames = Math.floor(this.bytes / frame);
    const [start, end] = [from, to].map((s) => Math.min(frames, Math.max(0, Math.round(s * this.rate))));
    const view = new DataView(await this.blob.slice(this.first + start * frame, this.first + end * frame).arrayBuffer());
    const sample = {
      16: (at) => view.getInt16(at, true) / 32768,
      24: (at) => ((view.getUint16(at, true) << 8) | (view.getUint8(at + 2) << 24)) / 2147483648,
      32: this.coding === 3 ? (at) => view.getFloat32(at, true) : (at) => view.getInt32(at, true) / 2147483648,
    }[this.bits];
    const out = new Float32Array(end - start);
    for (let k = 0; k < out.length; k += 1) {
      if (k % PIECE === 0 && !(await slices.pause())) return null;
      let sum = 0;
      for (let channel = 0; channel < this.channels; channel += 1) sum += sample(k * frame + (channel * this.bits) / 8);
      out[k] = sum / this.channels;
    }
    return { samples: out, rate: this.rate };
  }
}

export class Sound {
  constructor(recording) {
    this.recording = recording;
    this.samples = null;
    this.wav = null;
  }

  // The address that a player takes; null if there is none yet.
  address() {
    const { audio, place } = this.recording;
    if (this.url) return this.url;
    if (audio?.href) return audio.href;
    if (!audio?.embedded) return null;
    const text = byId(`sound-${place}`).textContent;
    const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
    let at = 0;
    // In pieces, so that a long text is not there three times.
    for (let k = 0; k < text.length; k += 1048576) {
      const piece = atob(text.slice(k, k + 1048576));
      for (let j = 0; j < piece.length; j += 1) bytes[at + j] = piece.charCodeAt(j);
      at += piece.length;
    }
    return this.take(new Blob([bytes.subarray(0, at)], { type: audio.embedded }));
  }

  // A file that the user chose, or the one inside.
  take(blob) {
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = URL.createObjectURL(blob);
    this.blob = blob;
    this.samples = null;
    this.wav = null;
    return this.url;
  }

  // Makes samples available, as far as the browser can; tells whether it could.
  async decode() {
    try {
      if (!this.blob && /^http/.test(location.protocol) && this.recording.audio?.href) {
        const response = await fetch(this.recording.audio.href);
        if (response.ok) this.blob = await response.blob();
      }
      if (!this.blob) return false;
      const { blob } = this;
      this.wav = await WavReader.open(blob);
      if (this.wav || this.recording.duration > DECODED_S) return Boolean(this.wav);
      const context = new OfflineAudioContext(1, 1, DETAIL_RATE_HZ);
      const decoded = await context.decodeAudioData(await blob.arrayBuffer());
      if (blob !== this.blob) return false;
      const channels = Array.from({ length: decoded.numberOfChannels }, (_, k) => decoded.getChannelData(k));
      this.samples = channels.length === 1 ? channels[0] : channels[0].map((_, k) => channels.reduce((sum, c) => sum + c[k], 0) / channels.length);
      return true;
    } catch {
      // Without samples there are the pictures that came with the page.
      return false;
    }
  }

  get hasSamples() {
    return Boolean(this.samples || this.wav);
  }

  // Mono samples of a stretch: { samples, rate }; nothing if they are no longer wanted.
  async read(from, to, slices) {
    if (this.wav) return this.wav.read(from, to, slices);
    const [start, end] = [from, to].map((s) => Math.max(0, Math.round(s * DETAIL_RATE_HZ)));
    return { samples: this.samples.subarray(start, end), rate: DETAIL_RATE_HZ };
  }
}
