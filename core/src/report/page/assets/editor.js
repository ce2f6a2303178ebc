// The selected segment in figures, to be corrected.
import { clock } from './lanes.js';
import { byId, counted, make } from './dom.js';

// [h:][m:]s of what somebody typed, or nothing.
function typedTime(text) {
  const parts = text.trim().replace(',', '.').split(':');
  const isTime = parts.length <= 3 && parts.every((part) => /^\d+(\.\d+)?$/.test(part));
  return isTime ? parts.reduce((sum, part) => sum * 60 + Number(part), 0) : null;
}

export class Editor {
  // `acts` has relabel, move, split, remove, add, undo, redo and reset.
  constructor(work, acts) {
    this.work = work;
    this.label = byId('edit-label');
    this.start = byId('edit-start');
    this.end = byId('edit-end');
    const chosen = (call) => () => this.work.selected && call(this.work.selected);
    this.label.addEventListener('change', chosen((one) => acts.relabel(one.id, this.label.value.trim())));
    for (const side of ['start', 'end']) {
      this[side].addEventListener('change', chosen((one) => {
        const time = typedTime(this[side].value);
        if (time !== null) acts.move(one.id, side, time);
        this.arrange();
      }));
    }
    for (const name of ['split', 'remove', 'add', 'undo', 'redo', 'reset']) byId(name).addEventListener('click', () => acts[name]());
  }

  arrange() {
    const { work } = this;
    const one = work.selected;
    byId('edit-fields').disabled = !one;
    byId('edit-none').hidden = Boolean(one);
    this.label.value = one ? one.label : '';
    this.start.value = one ? clock(one.start, 3) : '';
    this.end.value = one ? clock(one.end, 3) : '';
    byId('edit-length').textContent = one ? `${(one.end - one.start).toFixed(3)} s, confidence ${one.confidence.toFixed(3)}` : '';
    byId('edit-labels').replaceChildren(...work.labels.map((label) => make('option', { value: label })));
    byId('split').disabled = !one;
    byId('remove').disabled = !one;
    byId('undo').disabled = !work.edits.done.length;
    byId('redo').disabled = !work.edits.undone.length;
    byId('reset').disabled = !work.edits.isChanged;
    byId('edit-state').textContent = work.edits.isChanged ? counted(work.edits.done.length, 'correction') : 'as it was heard';
  }
}
