// Lanes: one row per label, time from left to right, and a level behind it.
const style = getComputedStyle(document.documentElement);
export const labels = style.getPropertyValue('--labels').replace(/["']/g, '').trim().split(' ');

export function colour(label) {
  return style.getPropertyValue(`--label-${label}`).trim() || style.getPropertyValue('--soft').trim();
}

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, '0');
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

const AXIS = 20;
const FLOOR_DB = -60;

// Draws `view` = { from, to, segments: [{label, start, end}], level: [{time, db}], cursor, gaps }.
export function draw(canvas, view) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width || !height) return;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const c = canvas.getContext('2d');
  const [ink, soft, line] = ['--ink', '--soft', '--line'].map((name) => style.getPropertyValue(name).trim());
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  c.clearRect(0, 0, width, height);
  const span = Math.max(1e-6, view.to - view.from);
  const x = (time) => ((time - view.from) / span) * width;
  const rows = height - AXIS;
  const row = rows / labels.length;
  c.font = '12px system-ui, sans-serif';
  c.textBaseline = 'middle';

  for (const gap of view.gaps || []) {
    c.fillStyle = line;
    c.globalAlpha = 0.6;
    c.fillRect(x(gap.start), 0, Math.max(1, x(gap.end ?? view.to) - x(gap.start)), rows);
    c.globalAlpha = 1;
  }
  if (view.level && view.level.length > 1) {
    c.beginPath();
    c.moveTo(x(view.level[0].time), rows);
    for (const { time, db } of view.level) {
      const share = Math.min(1, Math.max(0, (db - FLOOR_DB) / -FLOOR_DB));
      c.lineTo(x(time), rows - share * rows);
    }
    c.lineTo(x(view.level[view.level.length - 1].time), rows);
    c.fillStyle = soft;
    c.globalAlpha = 0.16;
    c.fill();
    c.globalAlpha = 1;
  }
  labels.forEach((label, place) => {
    const top = place * row;
    c.strokeStyle = line;
    c.beginPath();
    c.moveTo(0, top + row - 0.5);
    c.lineTo(width, top + row - 0.5);
    c.stroke();
    c.fillStyle = colour(label);
    for (const segment of view.segments) {
      if (segment.label !== label) continue;
      const [left, right] = [x(segment.start), x(segment.end ?? view.to)];
      if (right < 0 || left > width) continue;
      c.fillRect(left, top + 2, Math.max(1.5, right - left), row - 4);
    }
    // On a plate of the card's colour: to be read on any lane.
    c.font = '600 11px system-ui, sans-serif';
    c.fillStyle = style.getPropertyValue('--card').trim();
    c.globalAlpha = 0.8;
    c.fillRect(4, top + row / 2 - 8, c.measureText(label).width + 8, 16);
    c.globalAlpha = 1;
    c.fillStyle = ink;
    c.fillText(label, 8, top + row / 2 + 0.5);
    c.font = '12px system-ui, sans-serif';
  });

  c.fillStyle = soft;
  const steps = [0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  const step = steps.find((s) => (s / span) * width >= 64) || 7200;
  for (let tick = Math.max(0, Math.ceil(view.from / step) * step); tick <= view.to; tick += step) {
    const at = x(tick);
    if (at < 2 || at > width - 34) continue;
    c.fillRect(at, rows, 1, 4);
    c.fillText(clock(tick), at + 3, rows + AXIS / 2 + 1);
  }
  if (view.cursor !== undefined) {
    c.fillStyle = ink;
    c.fillRect(x(view.cursor) - 1, 0, 2, rows);
  }
}
