// What a pointer does in lanes and overview: seek, select, drag borders, draw segments, pan, zoom.
import { toSeconds, toX } from './lanes.js';
import { byId } from './dom.js';

// A border is caught within this many pixels; less movement than this is a click.
const CATCH = { mouse: 6, pen: 8, touch: 14 };
const CLICK = 4;
const WHEEL_ZOOM = 1.0015;

export class Pointer {
  // `acts` has seek, select, move, add and draft.
  constructor(view, acts) {
    this.view = view;
    this.acts = acts;
    this.box = byId('lanes');
    this.touches = new Map();
    const on = (element, kind, call, options) => element.addEventListener(kind, call, options);
    on(this.box, 'pointerdown', (event) => this.down(event));
    on(this.box, 'pointermove', (event) => this.moved(event));
    on(this.box, 'pointerup', (event) => this.up(event));
    on(this.box, 'pointercancel', (event) => this.cancel(event));
    on(this.box, 'dblclick', (event) => this.doubled(event));
    on(this.box, 'wheel', (event) => this.wheel(event), { passive: false });
    const whole = byId('overview');
    const centre = (event) => {
      const box = whole.getBoundingClientRect();
      const at = ((event.clientX - box.left) / box.width) * view.work.duration;
      view.show(at - view.span / 2, at + view.span / 2);
      return at;
    };
    on(whole, 'pointerdown', (event) => {
      whole.setPointerCapture(event.pointerId);
      acts.seek(centre(event), false);
    });
    on(whole, 'pointermove', (event) => event.buttons && centre(event));
  }

  place(event) {
    const box = this.box.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const row = this.view.rows.find(({ top, height }) => y >= top && y < top + height);
    return { x, row, seconds: toSeconds(this.view.view, x) };
  }

  segmentAt({ row, seconds }) {
    if (row?.kind !== 'lane') return null;
    const lane = this.view.lanes.get(row.label) ?? [];
    return lane.find((s) => s.start <= seconds && seconds < s.end) ?? null;
  }

  // The border under the pointer; that of the selected segment first.
  borderAt({ row, x }, kind) {
    if (row?.kind !== 'lane' || this.view.work.hidden.has(row.label)) return null;
    const chosen = this.view.work.selected;
    let best = null;
    for (const one of this.view.lanes.get(row.label) ?? []) {
      for (const side of ['start', 'end']) {
        const far = Math.abs(toX(this.view.view, one[side]) - x) - (one.id === chosen?.id ? 3 : 0);
        if (far <= (CATCH[kind] ?? CATCH.mouse) && (!best || far < best.far)) best = { id: one.id, side, far };
      }
    }
    return best;
  }

  down(event) {
    if (event.button) return;
    this.box.setPointerCapture(event.pointerId);
    this.touches.set(event.pointerId, event);
    const place = this.place(event);
    if (this.touches.size === 2) {
      this.drag = { kind: 'pinch', ...this.pinch() };
      return;
    }
    const border = this.borderAt(place, event.pointerType);
    if (border && !event.shiftKey) {
      this.acts.select(border.id, false);
      this.drag = { kind: 'border', ...border, begun: place };
    } else if (event.shiftKey && place.row?.kind === 'lane') {
      this.drag = { kind: 'draw', begun: place };
    } else {
      this.drag = { kind: 'pan', begun: place, from: this.view.from, to: this.view.to };
    }
  }

  pinch() {
    const [a, b] = [...this.touches.values()];
    const box = this.box.getBoundingClientRect();
    return { gap: Math.max(8, Math.abs(a.clientX - b.clientX)), middle: (a.clientX + b.clientX) / 2 - box.left };
  }

  moved(event) {
    const place = this.place(event);
    if (!this.drag) {
      this.box.style.cursor = this.borderAt(place, 'mouse') ? 'ew-resize' : 'crosshair';
      return;
    }
    if (this.touches.has(event.pointerId)) this.touches.set(event.pointerId, event);
    const { drag, view } = this;
    if (drag.kind === 'pinch') {
      const { gap, middle } = this.pinch();
      view.zoom(drag.gap / gap, toSeconds(view.view, middle));
      drag.gap = gap;
      return;
    }
    if (Math.abs(place.x - drag.begun.x) > CLICK) drag.isDrag = true;
    if (!drag.isDrag) return;
    if (drag.kind === 'border') this.acts.draft(drag.id, drag.side, place.seconds);
    else if (drag.kind === 'draw') this.acts.drawn(drag.begun.row.label, drag.begun.seconds, place.seconds, false);
    else {
      const moved = ((drag.begun.x - place.x) / view.view.width) * (drag.to - drag.from);
      view.show(drag.from + moved, drag.to + moved);
      this.box.style.cursor = 'grabbing';
    }
  }

  up(event) {
    this.touches.delete(event.pointerId);
    const { drag } = this;
    if (!drag) return;
    if (drag.kind === 'pinch') {
      if (!this.touches.size) this.drag = null;
      return;
    }
    this.drag = null;
    this.box.style.cursor = 'crosshair';
    const place = this.place(event);
    if (drag.kind === 'border' && drag.isDrag) this.acts.move(drag.id, drag.side, place.seconds);
    else if (drag.kind === 'draw' && drag.isDrag) this.acts.drawn(drag.begun.row.label, drag.begun.seconds, place.seconds, true);
    else if (!drag.isDrag) {
      const under = this.segmentAt(place);
      this.acts.select(under ? under.id : drag.kind === 'border' ? drag.id : null);
      this.acts.seek(place.seconds, false);
    }
  }

  cancel(event) {
    this.touches.delete(event.pointerId);
    this.drag = null;
    this.acts.draft(null);
  }

  // Shows a segment with a little around it.
  doubled(event) {
    const under = this.segmentAt(this.place(event));
    if (!under) return;
    const room = 0.25 * (under.end - under.start);
    this.view.show(under.start - room, under.end + room);
  }

  wheel(event) {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.shiftKey ? event.deltaY : 0;
    if (event.ctrlKey || event.metaKey) this.view.zoom(WHEEL_ZOOM ** event.deltaY, this.place(event).seconds);
    else if (sideways) this.view.pan((sideways / this.view.view.width) * this.view.span);
    else return;
    event.preventDefault();
  }
}
