// Spectrograms: that of the whole as it came with the page, and a finer one of what is seen, from the samples.
import { theme } from './lanes.js';
import { Slices } from './dom.js';

const WINDOW_S = 0.025;
// A finer picture has at most so many columns.
const MOST_COLUMNS = 2400;

// Colours from quiet to loud, for paper and for a dark screen.
const LIGHT = [[243, 245, 247], [198, 208, 224], [120, 146, 186], [62, 84, 138], [28, 30, 66]];
const DARK = [[20, 24, 31], [38, 44, 84], [104, 62, 122], [206, 104, 94], [250, 214, 140]];

function palette() {
  const stops = parseInt(theme().card.slice(1, 3), 16) > 127 ? LIGHT : DARK;
  const table = new Uint8ClampedArray(256 * 4);
  for (let k = 0; k < 256; k += 1) {
    const at = (k / 255) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(at));
    for (let c = 0; c < 3; c += 1) table[4 * k + c] = stops[low][c] + (stops[low + 1][c] - stops[low][c]) * (at - low);
    table[4 * k + 3] = 255;
  }
  return table;
}

// A picture of columns of bytes, the lowest band at the bottom.
export function spectrumPicture(values, bands) {
  const columns = Math.max(1, values.length / bands);
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = bands;
  const c = canvas.getContext('2d');
  const image = c.createImageData(columns, bands);
  const colours = new Uint32Array(palette().buffer);
  const pixels = new Uint32Array(image.data.buffer);
  for (let column = 0; column < columns; column += 1) {
    for (let band = 0; band < bands; band += 1) {
      pixels[(bands - 1 - band) * columns + column] = colours[values[column * bands + band] || 0];
    }
  }
  c.putImageData(image, 0, 0);
  return canvas;
}

// Power of the first half of a transform of `re`, in place; the length is a power of two.
class Transform {
  constructor(size) {
    this.size = size;
    this.re = new Float64Array(size);
    this.im = new Float64Array(size);
    this.cos = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.sin = Float64Array.from({ length: size / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
    const bits = Math.log2(size);
    this.order = Uint32Array.from({ length: size }, (_, k) => {
      let reversed = 0;
      for (let bit = 0; bit < bits; bit += 1) reversed |= ((k >> bit) & 1) << (bits - 1 - bit);
      return reversed;
    });
  }

  power(samples, out) {
    const { size, re, im, cos, sin, order } = this;
    for (let k = 0; k < size; k += 1) re[order[k]] = k < samples.length ? samples[k] : 0;
    im.fill(0);
    for (let half = 1; half < size; half *= 2) {
      const step = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half) {
        for (let k = 0; k < half; k += 1) {
          const [a, b] = [start + k, start + k + half];
          const r = re[b] * cos[k * step] - im[b] * sin[k * step];
          const i = re[b] * sin[k * step] + im[b] * cos[k * step];
          re[b] = re[a] - r;
          im[b] = im[a] - i;
          re[a] += r;
          im[a] += i;
        }
      }
    }
    for (let k = 0; k < out.length; k += 1) out[k] = re[k] * re[k] + im[k] * im[k];
  }
}

// Triangles over the bins, evenly spaced in mel: [first bin, weights] for each band.
function melBands(bands, [low, high], size, rate) {
  const mel = (hz) => 2595 * Math.log10(1 + hz / 700);
  const hz = (m) => 700 * (10 ** (m / 2595) - 1);
  const edge = (k) => hz(mel(low) + ((mel(high) - mel(low)) * k) / (bands + 1));
  return Array.from({ length: bands }, (_, band) => {
    const [left, middle, right] = [edge(band), edge(band + 1), edge(band + 2)];
    const first = Math.ceil((left * size) / rate);
    const weights = [];
    for (let bin = first; (bin * rate) / size < right && bin <= size / 2; bin += 1) {
      const f = (bin * rate) / size;
      weights.push(Math.max(0, Math.min((f - left) / (middle - left), (right - f) / (right - middle))));
    }
    return [first, weights];
  });
}

// The lowest and highest of some samples.
function extremes(samples, from, to) {
  let [low, high] = [Infinity, -Infinity];
  for (let k = from; k < Math.max(to, from + 1); k += 1) {
    const sample = samples[k] || 0;
    if (sample < low) low = sample;
    if (sample > high) high = sample;
  }
  return [low, high];
}

// The finer picture of a stretch: { from, to, picture, wave }. Stops as soon as `isWanted` says no.
export async function fineSpectrum(sound, overview, from, to, isWanted) {
  const slices = new Slices(isWanted);
  const heard = await sound.read(Math.max(0, from - WINDOW_S), to + WINDOW_S, slices);
  if (!heard) return null;
  const { samples, rate } = heard;
  const first = Math.min(from, WINDOW_S);
  const length = Math.round(WINDOW_S * rate);
  const size = 2 ** Math.ceil(Math.log2(length));
  const { bands } = overview.spectrogram;
  const columns = Math.min(MOST_COLUMNS, Math.max(1, Math.ceil((to - from) / 0.002)));
  const transform = new Transform(size);
  const filters = melBands(bands, overview.rangeHz, size, rate);
  const hann = Float64Array.from({ length }, (_, k) => 0.5 - 0.5 * Math.cos((2 * Math.PI * k) / length));
  const power = new Float64Array(size / 2 + 1);
  const windowed = new Float64Array(length);
  const values = new Uint8Array(columns * bands);
  const wave = new Float32Array(2 * columns);
  const place = (column) => (first + (column / columns) * (to - from)) * rate;
  const [top, bottom] = overview.levelsDb;
  // A window of another length or rate has another gain than that of 16 kHz.
  const gain = (400 / length) ** 2 * (rate / 16000) * (512 / size);
  for (let column = 0; column < columns; column += 1) {
    if (!(await slices.pause())) return null;
    wave.set(extremes(samples, Math.round(place(column)), Math.round(place(column + 1))), 2 * column);
    const start = Math.round(place(column + 0.5) - length / 2);
    for (let k = 0; k < length; k += 1) windowed[k] = (samples[start + k] || 0) * hann[k];
    transform.power(windowed, power);
    filters.forEach(([bin, weights], band) => {
      let sum = 0;
      for (let k = 0; k < weights.length; k += 1) sum += weights[k] * (power[bin + k] || 0);
      const db = 10 * Math.log10(sum * gain + 1e-10);
      values[column * bands + band] = Math.round(255 * Math.min(1, Math.max(0, (db - bottom) / (top - bottom))));
    });
  }
  return { from, to, picture: spectrumPicture(values, bands), wave };
}
