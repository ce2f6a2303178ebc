// Where two lists of one recording differ.
import { byLabel, covered, totalOf } from './lists.js';

// Shorter differences are those of rounding, seconds.
const LEAST_DIFFERENCE_S = 0.0005;

// What `these` cover and `those` do not.
function without(these, those) {
  const out = [];
  let k = 0;
  for (const { start, end } of these) {
    let from = start;
    while (k < those.length && those[k].end <= from) k += 1;
    for (let j = k; j < those.length && those[j].start < end; j += 1) {
      if (those[j].start > from) out.push({ start: from, end: those[j].start });
      from = Math.max(from, those[j].end);
    }
    if (from < end) out.push({ start: from, end });
  }
  return out.filter((one) => one.end - one.start > LEAST_DIFFERENCE_S);
}

// By label, how well two lists agree over time; and each stretch in which they do not, longest first. `only` says in
// which of them the label is on.
export function compareLists(first, second) {
  const [a, b] = [byLabel(first), byLabel(second)];
  const labels = [...new Set([...a.keys(), ...b.keys()])];
  const differences = [];
  const agreement = labels.map((label) => {
    const [these, those] = [covered(a.get(label) ?? []), covered(b.get(label) ?? [])];
    const [missing, extra] = [without(those, these), without(these, those)];
    for (const one of extra) differences.push({ ...one, label, only: 'first' });
    for (const one of missing) differences.push({ ...one, label, only: 'second' });
    const [onlyFirst, onlySecond] = [totalOf(extra), totalOf(missing)];
    const both = totalOf(these) - onlyFirst;
    const all = 2 * both + onlyFirst + onlySecond;
    return { label, both, onlyFirst, onlySecond, f1: all > 0 ? (2 * both) / all : 1 };
  });
  differences.sort((x, y) => y.end - y.start - (x.end - x.start) || x.start - y.start);
  return { agreement, differences };
}
