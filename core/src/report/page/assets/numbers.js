// Numbers and free text as the command writes them into label files.

// With that many decimals; a tie goes to the even digit.
export function fixed(value, digits) {
  const unit = 10 ** digits;
  const below = Math.floor(value * unit);
  if (value * unit - below === 0.5 && below % 2 === 0) return (below / unit).toFixed(digits);
  return value.toFixed(digits);
}

// As JSON has a real number: never without a point or an exponent.
export function jsonReal(value) {
  if (Number.isInteger(value)) return `${value}.0`;
  return value < 1e-5 ? value.toExponential() : String(value);
}

const NEVER = /[\p{Cc}%\u2028\u2029\ufffe\uffff]/u;
const BLANK = /[\s\ufeff]/u;

function percentOf(character) {
  return [...new TextEncoder().encode(character)].map((b) => `%${b.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

// On one line and without `hard` characters: those become %XX, as do a blank at either end and % itself; nothing is a lone %.
export function escaped(text, hard = /[]/) {
  if (!text) return '%';
  const all = [...text];
  const isHard = (c, k) => NEVER.test(c) || hard.test(c) || ((k === 0 || k === all.length - 1) && BLANK.test(c));
  return all.map((c, k) => (isHard(c, k) ? percentOf(c) : c)).join('');
}

export function unescaped(text) {
  if (text === '%') return '';
  const bytes = new TextEncoder().encode(text);
  const out = [];
  for (let k = 0; k < bytes.length; k += 1) {
    const code = bytes[k] === 37 ? String.fromCharCode(bytes[k + 1], bytes[k + 2]) : '';
    if (/^[0-9a-fA-F]{2}$/.test(code)) {
      out.push(parseInt(code, 16));
      k += 2;
    } else out.push(bytes[k]);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(new Uint8Array(out));
  } catch {
    return text;
  }
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

// Inside XML; characters that it does not allow are dropped.
export function xmlText(text) {
  return text.replace(/[\t\n\r]/g, ' ').replace(/[\u0000-\u001f\ufffe\uffff]/g, '').replace(/[&<>"]/g, (c) => ENTITIES[c]);
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
