// Numbers and free text as the command writes them into label files.

// With that many decimals; a tie goes to the even digit. It is one where the next binary digit is the last: doubling is exact.
export function fixed(value, digits) {
  const isTie = (value * 2 ** (digits + 1)) % 2 === 1;
  const unit = 10 ** digits;
  const below = Math.floor(value * unit);
  return isTie && below % 2 === 0 ? (below / unit).toFixed(digits) : value.toFixed(digits);
}

export function three(value) {
  return fixed(value, 3);
}

// As JSON has a real number: never without a point or an exponent.
function jsonReal(value) {
  if (Number.isInteger(value)) return `${value}.0`;
  return value < 1e-5 ? value.toExponential() : String(value);
}

class Real {
  constructor(value) {
    this.value = value;
  }
}

// A number that JSON shows as a real one, whole or not.
export function real(value) {
  return new Real(value);
}

// JSON on one line, or indented with a line break as `newline`.
export function json(value, newline = '') {
  if (value instanceof Real) return jsonReal(value.value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const isList = Array.isArray(value);
  const inner = newline && `${newline}  `;
  const member = ([key, one]) => `${JSON.stringify(key)}:${newline && ' '}${json(one, inner)}`;
  const items = isList ? value.map((one) => json(one, inner)) : Object.entries(value).map(member);
  const text = items.length ? `${inner}${items.join(`,${inner}`)}${newline}` : '';
  return isList ? `[${text}]` : `{${text}}`;
}

const NEVER = /[\p{Cc}%\u2028\u2029\ufffe\uffff]/u;
const BLANK = /[\s\ufeff]/u;

function percentOf(character) {
  return [...new TextEncoder().encode(character)].map((b) => `%${b.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

// With %XX for every character but those that `safe` allows.
export function percentExcept(text, safe) {
  return [...text].map((c) => (safe.test(c) ? c : percentOf(c))).join('');
}

// On one line and without `hard` characters: those become %XX, as do a blank at either end and % itself; nothing is a lone %.
export function escaped(text, hard = /[]/) {
  if (!text) return '%';
  const all = [...text];
  const isHard = (c, k) => NEVER.test(c) || hard.test(c) || ((k === 0 || k === all.length - 1) && BLANK.test(c));
  return all.map((c, k) => (isHard(c, k) ? percentOf(c) : c)).join('');
}

function percentDecoded(text) {
  const bytes = new TextEncoder().encode(text);
  const out = [];
  for (let k = 0; k < bytes.length; k += 1) {
    const code = bytes[k] === 37 ? String.fromCharCode(bytes[k + 1], bytes[k + 2]) : '';
    if (/^[0-9a-fA-F]{2}$/.test(code)) {
      out.push(parseInt(code, 16));
      k += 2;
    } else out.push(bytes[k]);
  }
  return new Uint8Array(out);
}

export function unescaped(text) {
  if (text === '%') return '';
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(percentDecoded(text));
  } catch {
    return text;
  }
}

// The path of an address on this machine; bytes that are no text come as U+FFFD.
export function pathOfAddress(url) {
  const path = new TextDecoder('utf-8', { ignoreBOM: true }).decode(percentDecoded(url.pathname));
  return /^\/[A-Za-z]:/.test(path) ? path.slice(1).replaceAll('/', '\\') : path;
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export function xmlEntities(text) {
  return text.replace(/[&<>"]/g, (c) => ENTITIES[c]);
}

// Inside XML; characters that it does not allow are dropped.
export function xmlText(text) {
  return xmlEntities(text.replace(/[\t\n\r]/g, ' ').replace(/[\u0000-\u001f\ufffe\uffff]/g, ''));
}

// A cell of a table, in quotes only where it needs them.
export function cell(text, delimiter) {
  return text === '' || /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function tableRow(cells, delimiter) {
  // Only a row that would be empty needs quotes for nothing.
  const texts = cells.map((text) => (text === '' && cells.length > 1 ? '' : cell(text, delimiter)));
  return `${texts.join(delimiter)}\n`;
}

// h:mm:ss and milliseconds; how many digits the hours have, and the mark before the milliseconds.
export function timeOfDay(seconds, hourDigits, mark) {
  const ms = Math.round(seconds * 1000);
  const two = (n) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(ms / 3600000), Math.floor(ms / 60000) % 60, Math.floor(ms / 1000) % 60];
  return `${String(h).padStart(hourDigits, '0')}:${two(m)}:${two(s)}${mark}${String(ms % 1000).padStart(3, '0')}`;
}
