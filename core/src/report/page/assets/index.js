// The recordings of a page or a folder: sorted by any column, searched by name and label.
import { clock } from './lanes.js';
import { byId, counted, make, percent, signed, swatch } from './dom.js';
import { colourOf, page } from './data.js';
import { compareText } from './lists.js';

export class Index {
  // `onOpen` gets a recording of this page.
  constructor(recordings, onOpen) {
    this.recordings = recordings;
    this.onOpen = onOpen;
    this.labels = [...new Set(recordings.flatMap((r) => r.labels))].filter((label) => recordings.some((r) => this.share(r, label) > 0));
    this.columns = [
      { name: 'recording', text: (r) => r.file, compare: (a, b) => compareText(a.file, b.file) },
      { name: 'length', text: (r) => clock(r.duration, r.duration < 60 ? 1 : 0), value: (r) => r.duration },
      ...this.labels.map((label) => ({ name: label, label, text: (r) => percent(this.share(r, label)), value: (r) => this.share(r, label) })),
      { name: 'loudness', unit: 'LUFS', text: (r) => this.known(r.figures.integrated_lufs), value: (r) => r.figures.integrated_lufs },
      { name: 'SNR', unit: 'dB', text: (r) => this.known(r.figures.snr_db), value: (r) => r.figures.snr_db },
      { name: 'segments', text: (r) => String(r.count), value: (r) => r.count },
    ];
    this.order = { column: null, down: false };
    byId('search').addEventListener('input', () => this.draw());
    this.head();
    this.draw();
  }

  known(value) {
    return value === null || value === undefined ? '–' : signed(value);
  }

  share(recording, label) {
    const place = recording.labels.indexOf(label);
    return place < 0 ? 0 : recording.totals[place] / Math.max(recording.duration, 1e-9);
  }

  head() {
    this.heads = this.columns.map((column) => {
      const button = make('button', { type: 'button', on: { click: () => this.sortBy(column) } }, column.label ? swatch(colourOf(column.label)) : null, column.name);
      if (column.unit) button.append(make('small', { textContent: ` ${column.unit}` }));
      return make('th', { scope: 'col' }, button);
    });
    byId('index-head').replaceChildren(make('tr', {}, ...this.heads));
    byId('index-caption').textContent = counted(this.recordings.length, 'recording');
  }

  // Names from A on, figures from the largest; again, and it is the other way round.
  sortBy(column) {
    const again = this.order.column === column;
    this.order = { column, down: again ? !this.order.down : Boolean(column.value) };
    this.draw();
  }

  draw() {
    const words = byId('search').value.toLowerCase().split(/\s+/).filter(Boolean);
    const has = (r, word) => r.file.toLowerCase().includes(word) || r.labels.some((label) => label.toLowerCase() === word && this.share(r, label) > 0);
    const rows = this.recordings.filter((r) => words.every((word) => has(r, word)));
    const { column, down } = this.order;
    if (column) {
      const value = (r) => column.value(r) ?? -Infinity;
      rows.sort(column.compare ?? ((a, b) => value(a) - value(b)));
      if (down) rows.reverse();
    }
    this.heads.forEach((head, k) => head.setAttribute('aria-sort', this.columns[k] !== column ? 'none' : down ? 'descending' : 'ascending'));
    byId('index-body').replaceChildren(...rows.map((r) => this.row(r)));
    byId('index-count').textContent = rows.length === this.recordings.length ? '' : `${rows.length} found`;
  }

  row(recording) {
    const link = make('a', { textContent: recording.file, href: recording.page ?? `#${recording.place}` });
    const cells = this.columns.slice(1).map((column) => {
      const cell = make('td', { textContent: column.text(recording), data: { name: column.name } });
      if (column.label) {
        const width = `${Math.min(100, 100 * this.share(recording, column.label))}%`;
        cell.append(make('i', { className: 'share', style: { width, background: colourOf(column.label) } }));
      }
      return cell;
    });
    return make('tr', {}, make('th', { scope: 'row' }, link), ...cells);
  }
}

export const isIndex = page.recordings.length !== 1 || Boolean(page.recordings[0].page);
