// Rates of pictures, and the time code that counts them.

// A name as `--fps` takes it, frames and the milliseconds that they take, and whether time code skips numbers to stay with the clock.
export const RATES = new Map([
  ['23.976', 24, 1001, false],
  ['24', 24, 1000, false],
  ['25', 25, 1000, false],
  ['29.97', 30, 1001, true],
  ['29.97ndf', 30, 1001, false],
  ['30', 30, 1000, false],
  ['48', 48, 1000, false],
  ['50', 50, 1000, false],
  ['59.94', 60, 1001, true],
  ['59.94ndf', 60, 1001, false],
  ['60', 60, 1000, false],
].map(([name, frames, ms, drops]) => [name, { name, frames, drops, fraction: ms === 1000 ? [frames, 1] : [1000 * frames, ms] }]));

// As people say it.
export function rateText({ name, drops }) {
  if (drops) return `${name} drop-frame`;
  return name.replace('ndf', ' non-drop');
}

// The frame whose beginning is nearest to a sample. Exact while the product is below 2^53: for 18 days of 192 kHz.
export function nearestFrame(rate, sample, rateHz) {
  const [frames, seconds] = rate.fraction;
  const perFrame = rateHz * seconds;
  return Math.floor((sample * frames + Math.floor(perFrame / 2)) / perFrame);
}

// How many whole frames so many samples hold.
export function wholeFrames(rate, samples, rateHz) {
  const [frames, seconds] = rate.fraction;
  return Math.floor((samples * frames) / (rateHz * seconds));
}

export function timecode({ frames, drops }, frame) {
  const dropped = drops ? frames / 15 : 0;
  const [minute, ten] = [60 * frames - dropped, 600 * frames - 9 * dropped];
  const [tens, rest] = [Math.floor(frame / ten), frame % ten];
  const number = frame + 9 * dropped * tens + dropped * Math.floor(Math.max(0, rest - dropped) / minute);
  const second = Math.floor(number / frames);
  const two = (n) => String(n).padStart(2, '0');
  return `${[second / 3600, second / 60 % 60, second % 60].map((n) => two(Math.floor(n))).join(':')}${drops ? ';' : ':'}${two(number % frames)}`;
}
