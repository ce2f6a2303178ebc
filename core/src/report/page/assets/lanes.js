// Lanes: a row per label, time from left to right. The page of a report and the monitor of a server draw with it.
const MARK_STEPS_S = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
// A mark of the time axis needs this much room, pixels.
const MARK_ROOM = 72;
// Bars are never narrower, so that a short segment shows on an hour; pixels.
const LEAST_BAR = 1.5;

const COLOURS = ['ink', 'soft', 'line', 'paper', 'card', 'accent', 'bad'];
const rootStyle = getComputedStyle(document.documentElement);
let known = null;

// The colours of the page's style, as they are now.
export function theme() {
  known ??= Object.fromEntries(COLOURS.map((name) => [name, rootStyle.getPropertyValue(`--${name}`).trim()]));
  return known;
}

// Light becomes dark, or the page is printed.
export function forgetTheme() {
  known = null;
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', forgetTheme);

// [h:]m:ss, with decimals if wanted.
export function clock(seconds, digits = 0) {
  const unit = 10 ** digits;
  const steps = Math.max(0, digits ? Math.round(seconds * unit) : Math.floor(seconds));
  const [whole, part] = [Math.floor(steps / unit), steps % unit];
  const two = (n) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, two(whole % 60)];
  const text = h ? `${h}:${two(m)}:${s}` : `${m}:${s}`;
  return digits ? `${text}.${String(part).padStart(digits, '0')}` : text;
}

// The drawing surface of a canvas in units of the page, cleared; nothing while it is not to be seen.
export function surface(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width || !height) return null;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const c = canvas.getContext('2d');
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.globalAlpha = 1;
  c.clearRect(0, 0, width, height);
  c.font = '12px system-ui, sans-serif';
  c.textBaseline = 'middle';
  return { c, width, height };
}

// Seconds to pixels and back; `view` is { from, to, width }.
export function toX(view, seconds) {
  return ((seconds - view.from) / Math.max(1e-6, view.to - view.from)) * view.width;
}

export function toSeconds(view, x) {
  return view.from + (x / view.width) * (view.to - view.from);
}

// The segments { start, end } of one label as bars; one that is still on has no end.
export function drawBars(c, view, top, height, segments, colour) {
  c.fillStyle = colour;
  let reached = -1;
  for (const { start, end } of segments) {
    if (start > view.to || end < view.from) continue;
    const left = Math.max(-4, toX(view, start));
    const right = Math.max(left + LEAST_BAR, Math.min(view.width + 4, toX(view, end ?? view.to)));
    // Many of them in one pixel look like one.
    if (right <= reached) continue;
    c.fillRect(left, top, right - left, height);
    reached = Math.max(reached, right);
  }
}

// The name of a lane on a plate, to be read on any bar.
export function drawPlate(c, text, x, middle) {
  const { card, ink } = theme();
  c.save();
  c.font = '600 11px system-ui, sans-serif';
  c.fillStyle = card;
  c.globalAlpha = 0.8;
  c.fillRect(x, middle - 8, c.measureText(text).width + 8, 16);
  c.globalAlpha = 1;
  c.fillStyle = ink;
  c.fillText(text, x + 4, middle + 0.5);
  c.restore();
}

export function drawLine(c, y, width) {
  c.fillStyle = theme().line;
  c.fillRect(0, y, width, 1);
}

// Marks at round times; `grid` is how far up they reach.
export function drawAxis(c, view, top, height, grid = 0) {
  const { soft, line } = theme();
  const span = Math.max(1e-6, view.to - view.from);
  const step = MARK_STEPS_S.find((s) => (s / span) * view.width >= MARK_ROOM) || 28800;
  const digits = step < 0.1 ? 2 : step < 1 ? 1 : 0;
  for (let k = Math.max(0, Math.ceil(view.from / step - 1e-6)); k * step <= view.to; k += 1) {
    const x = Math.round(toX(view, k * step));
    if (x < 0 || x > view.width - 34) continue;
    if (grid) {
      c.fillStyle = line;
      c.globalAlpha = 0.5;
      c.fillRect(x, top - grid, 1, grid);
      c.globalAlpha = 1;
    }
    c.fillStyle = soft;
    c.fillRect(x, top, 1, 5);
    c.fillText(clock(k * step, digits), x + 4, top + height / 2 + 1);
  }
}

export function drawCursor(c, x, height) {
  c.fillStyle = theme().ink;
  c.fillRect(x - 1, 0, 2, height);
}
