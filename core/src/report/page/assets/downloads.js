// Downloads of the list: a form, for timelines what is kept and how frames are counted, and the file.
import { byId, counted, make, saveAs, tell } from './dom.js';
import { stemOf } from './data.js';
import { pathOfAddress } from './numbers.js';
import { FORMATS, FORMAT_GROUPS } from './write.js';
import { RATES, rateText } from './write/rates.js';

// How a form that counts samples unless told otherwise is chosen.
const SAMPLES = 'samples';

// The recording as timelines name it: where the page finds it, or else what it was called.
function soundOf({ audio, path: named, raw }) {
  const url = audio?.href && new URL(audio.href, document.baseURI);
  const path = url?.protocol === 'file:' ? pathOfAddress(url) : named;
  return { path, rateHz: raw.rate_hz, channels: raw.channels };
}

export class Downloads {
  constructor(work) {
    this.work = work;
    this.kept = new Set(['speech']);
    this.wantedRate = null;
    this.select = byId('download-format');
    this.rate = byId('download-rate');
    const option = ({ name, what }) => make('option', { value: name, textContent: `${name} – ${what}` });
    this.select.replaceChildren(...FORMAT_GROUPS.map(([label, formats]) => make('optgroup', { label }, ...formats.map(option))));
    this.select.addEventListener('change', () => this.arrange());
    this.rate.addEventListener('change', () => {
      this.wantedRate = this.rate.value;
    });
    byId('download').addEventListener('click', () => this.save());
  }

  get format() {
    return FORMATS.find(({ name }) => name === this.select.value);
  }

  arrange() {
    const { isTimeline, rate } = this.format;
    byId('download-keep').hidden = !isTimeline;
    byId('download-rate-field').hidden = rate === undefined;
    this.arrangeKept();
    if (rate === undefined) return;
    const options = [...RATES.values()].map((one) => make('option', { value: one.name, textContent: rateText(one) }));
    if (rate === null) options.unshift(make('option', { value: SAMPLES, textContent: `samples, ${this.work.recording.raw.rate_hz} Hz` }));
    this.rate.replaceChildren(...options);
    // What somebody chose stays chosen, where the form has it.
    this.rate.value = this.wantedRate;
    if (!this.rate.value) this.rate.value = rate ?? SAMPLES;
  }

  arrangeKept() {
    const box = (label) => {
      const take = ({ target }) => (target.checked ? this.kept.add(label) : this.kept.delete(label));
      return make('label', {}, make('input', { type: 'checkbox', value: label, checked: this.kept.has(label), on: { change: take } }), ` ${label}`);
    };
    byId('download-labels').replaceChildren(...this.work.list.labels.map(box));
  }

  // What the choice comes to: a file, how many segments it holds, at which rate, and whether those are all.
  written() {
    const { work, format } = this;
    const { list, recording } = work;
    const isPart = byId('download-part').checked;
    const segments = isPart ? list.segments.filter((s) => work.isSeen(s)) : list.segments;
    const keep = list.labels.filter((label) => this.kept.has(label));
    const rate = format.rate === undefined ? null : (RATES.get(this.rate.value) ?? null);
    const held = format.isTimeline ? keep : format.holdsSpeechOnly ? ['speech'] : list.labels;
    return {
      name: `${stemOf(list.file)}.${format.ending}`,
      text: format.write({ ...list, segments }, { keep, rate, sound: soundOf(recording) }),
      count: segments.filter(({ label }) => held.includes(label)).length,
      rate,
      isWhole: !isPart && held === list.labels,
    };
  }

  save() {
    const { work, format } = this;
    const { name, text, count, rate, isWhole } = this.written();
    saveAs(name, text);
    if (isWhole) work.saved = work.list;
    tell(`${format.name} is downloaded, ${counted(count, 'segment')}${rate ? `, ${rateText(rate)} frames per second` : ''}`);
  }
}
