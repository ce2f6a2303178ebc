// The segments as a table. Only the rows that are seen are in the document, so that ten thousand scroll as ten do.
import { clock } from './lanes.js';
import { byId, counted, make, swatch } from './dom.js';
import { colourOf } from './data.js';

const ROW = 34;
const AROUND = 6;

export class SegmentTable {
  // `onChoose` gets a segment.
  constructor(work, onChoose) {
    this.work = work;
    this.onChoose = onChoose;
    this.scroller = byId('segments-scroll');
    this.body = byId('segments');
    this.rows = [];
    this.scroller.addEventListener('scroll', () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.scroller);
    addEventListener('beforeprint', () => this.draw(true));
    addEventListener('afterprint', () => this.draw());
  }

  arrange() {
    const { work } = this;
    this.rows = work.list.segments.filter((s) => work.isSeen(s));
    const all = work.list.segments.length;
    byId('segments-title').textContent = this.rows.length === all ? counted(all, 'segment') : `${this.rows.length} of ${counted(all, 'segment')}`;
    byId('segments-table').setAttribute('aria-rowcount', this.rows.length + 1);
    this.drawn = null;
    this.draw();
  }

  draw(all = false) {
    const top = Math.max(0, this.scroller.scrollTop);
    const first = all ? 0 : Math.max(0, Math.min(this.rows.length - 1, Math.floor(top / ROW) - AROUND));
    const last = all ? this.rows.length : Math.min(this.rows.length, Math.ceil((top + this.scroller.clientHeight) / ROW) + AROUND);
    const id = this.work.selected?.id;
    const key = `${first} ${last} ${id}`;
    if (this.drawn === key) return;
    this.drawn = key;
    const space = (rows) => make('tr', { className: 'space', 'aria-hidden': 'true', style: { height: `${rows * ROW}px` } });
    this.body.replaceChildren(space(first), ...this.rows.slice(first, last).map((s, k) => this.row(s, first + k, s.id === id)), space(this.rows.length - last));
  }

  row(one, place, isChosen) {
    const jump = make('button', { type: 'button', textContent: clock(one.start, 3), title: 'Select and go there', on: { click: () => this.onChoose(one) } });
    const cells = [clock(one.end, 3), (one.end - one.start).toFixed(3), one.confidence.toFixed(3)].map((text) => make('td', { textContent: text }));
    return make('tr', { 'aria-rowindex': place + 2, 'aria-selected': String(isChosen), data: { id: one.id } },
      make('td', {}, swatch(colourOf(one.label)), one.label), make('td', {}, jump), ...cells);
  }

  reveal(id) {
    const place = this.rows.findIndex((s) => s.id === id);
    if (place >= 0) {
      const top = place * ROW;
      const { scrollTop, clientHeight } = this.scroller;
      if (top < scrollTop || top > scrollTop + clientHeight - 2 * ROW) this.scroller.scrollTop = Math.max(0, top - clientHeight / 2);
    }
    this.draw();
  }
}
