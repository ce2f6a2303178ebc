// Small helpers for the document.
export function byId(id) {
  return document.getElementById(id);
}

// An element with properties and children; text is only ever text.
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === 'on') for (const [kind, call] of Object.entries(value)) element.addEventListener(kind, call);
    else if (key === 'style') Object.assign(element.style, value);
    else if (key === 'data') Object.assign(element.dataset, value);
    else if (key.includes('-') || key === 'role') element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function swatch(colour) {
  return make('i', { className: 'swatch', style: { background: colour } });
}

// Tells whoever listens to the page what has happened.
export function tell(text) {
  byId('status').textContent = text;
}

// Whether keys belong to the element that has the focus.
export function isTyping(element) {
  return Boolean(element.closest('input:not([type=checkbox]):not([type=range]), select, textarea'));
}

// Lets the page do something else after each few milliseconds of long work; `isWanted` says whether it goes on.
const SLICE_MS = 4;

export class Slices {
  constructor(isWanted) {
    this.isWanted = isWanted;
    this.begun = performance.now();
  }

  async pause() {
    if (performance.now() - this.begun < SLICE_MS) return true;
    await new Promise((done) => setTimeout(done));
    this.begun = performance.now();
    return this.isWanted();
  }
}

export function saveAs(name, text) {
  const link = make('a', { href: URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' })), download: name });
  link.click();
  // A browser on a busy machine begins to read it when it has the time.
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// A number with a real minus.
export function signed(value, digits = 1) {
  return value.toFixed(digits).replace(/^-(0\.?0*)$/, '$1').replace('-', '−');
}

export function counted(count, name) {
  return `${count} ${name}${count === 1 ? '' : 's'}`;
}

export function percent(share) {
  if (share > 0 && share < 0.001) return '<0.1 %';
  return `${(100 * share).toFixed(1)} %`;
}
