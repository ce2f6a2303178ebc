// The lanes of a stream or a file with its level behind them, by the drawing that the pages of reports have.
import { drawAxis, drawBars, drawCursor, drawLine, drawPlate, surface, theme, toX } from './lanes.js';

const style = getComputedStyle(document.documentElement);
export const labels = style.getPropertyValue('--labels').replace(/["']/g, '').trim().split(' ');

export function colour(label) {
  return style.getPropertyValue(`--label-${label}`).trim() || style.getPropertyValue('--soft').trim();
}

const AXIS = 20;
const FLOOR_DB = -60;

function drawLevel(c, view, level, rows) {
  c.beginPath();
  c.moveTo(toX(view, level[0].time), rows);
  for (const { time, db } of level) {
    const share = Math.min(1, Math.max(0, (db - FLOOR_DB) / -FLOOR_DB));
    c.lineTo(toX(view, time), rows - share * rows);
  }
  c.lineTo(toX(view, level[level.length - 1].time), rows);
  c.fillStyle = theme().soft;
  c.globalAlpha = 0.16;
  c.fill();
  c.globalAlpha = 1;
}

// Draws `shown` = { from, to, segments: [{label, start, end}], level: [{time, db}], cursor, gaps }.
export function draw(canvas, shown) {
  const on = surface(canvas);
  if (!on) return;
  const { c, width, height } = on;
  const view = { from: shown.from, to: shown.to, width };
  const rows = height - AXIS;
  const row = rows / labels.length;
  c.globalAlpha = 0.6;
  drawBars(c, view, 0, rows, shown.gaps || [], theme().line);
  c.globalAlpha = 1;
  if (shown.level && shown.level.length > 1) drawLevel(c, view, shown.level, rows);
  labels.forEach((label, place) => {
    const top = place * row;
    drawLine(c, top + row - 1, width);
    drawBars(c, view, top + 2, row - 4, shown.segments.filter((segment) => segment.label === label), colour(label));
    drawPlate(c, label, 4, top + row / 2);
  });
  drawAxis(c, view, rows, AXIS);
  if (shown.cursor !== undefined) drawCursor(c, toX(view, shown.cursor), rows);
}
