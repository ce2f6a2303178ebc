// The panels around the lanes: summary and comparison.
import { clock } from './lanes.js';
import { byId, counted, make, percent, signed, swatch } from './dom.js';
import { colourOf } from './data.js';

// Most differences that are listed.
const LISTED = 200;

function figure(name, value, unit, note) {
  return make('div', {}, make('dt', { textContent: name }), make('dd', {}, make('strong', { textContent: value }), unit ? ` ${unit}` : '', note ? make('small', { textContent: note }) : null));
}

export function drawSummary(work) {
  const { figures } = work.recording;
  const { length } = work.list.segments;
  const some = (value) => value !== null && value !== undefined;
  const peak = some(figures.sample_peak_dbfs) ? `peak ${signed(figures.sample_peak_dbfs)} dBFS` : '';
  const noise = [some(figures.noise_floor_dbfs) ? `noise ${signed(figures.noise_floor_dbfs)} dBFS` : '', figures.noise_kind ?? ''];
  byId('figures').replaceChildren(
    figure('length', clock(work.duration, 1), '', counted(length, 'segment')),
    figure('loudness', some(figures.integrated_lufs) ? signed(figures.integrated_lufs) : '–', some(figures.integrated_lufs) ? 'LUFS' : '', peak),
    figure('speech over noise', some(figures.snr_db) ? signed(figures.snr_db) : '–', some(figures.snr_db) ? 'dB' : '', noise.filter(Boolean).join(', ')),
  );
  const shares = work.list.labels.map((label) => {
    const share = work.total(label) / Math.max(work.duration, 1e-9);
    const bar = make('span', { className: 'track' }, make('i', { style: { width: `${Math.min(100, 100 * share)}%`, background: colourOf(label) } }));
    return make('li', {}, make('span', { className: 'what' }, swatch(colourOf(label)), label), bar, make('b', { textContent: percent(share) }), make('small', { textContent: clock(work.total(label), 1) }));
  });
  byId('shares').replaceChildren(...shares);
}

// `onGo` gets a difference.
export function drawComparison(work, onGo) {
  const { comparison, other } = work;
  byId('compare-none').hidden = Boolean(other);
  byId('compare-some').hidden = !other;
  if (!other) return;
  byId('compare-name').textContent = other.file;
  const seen = comparison.differences.filter(({ label }) => !work.hidden.has(label));
  byId('agreement').replaceChildren(...comparison.agreement.map(({ label, f1, onlyFirst, onlySecond }) =>
    make('tr', { data: { label } }, make('th', { scope: 'row' }, swatch(colourOf(label)), label), ...[percent(f1), `${onlyFirst.toFixed(1)} s`, `${onlySecond.toFixed(1)} s`].map((text) => make('td', { textContent: text })))));
  byId('differences-title').textContent = `${counted(seen.length, 'difference')}, longest first`;
  byId('differences').replaceChildren(...seen.slice(0, LISTED).map((one) => {
    const text = `${clock(one.start, 3)}  ${(one.end - one.start).toFixed(3)} s  ${one.label} only in the ${one.only}`;
    return make('li', {}, make('button', { type: 'button', textContent: text, on: { click: () => onGo(one) } }));
  }));
}
