// Lists of segments: { file, duration, labels, segments: [{ id, start, end, label, confidence }] }, of one channel also its
// number and the path of the recording. None is ever changed: what changes a list makes another one.
let lastId = 0;

export function segment(start, end, label, confidence) {
  lastId += 1;
  return Object.freeze({ id: lastId, start, end, label, confidence });
}

// As `segment`, with something changed; it stays the same one.
export function changed(old, change) {
  return Object.freeze({ ...old, ...change });
}

// By code points, as UTF-8 sorts.
export function compareText(a, b) {
  const [left, right] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  for (;;) {
    const [x, y] = [left.next(), right.next()];
    if (x.done || y.done) return x.done === y.done ? 0 : x.done ? -1 : 1;
    if (x.value !== y.value) return x.value.codePointAt(0) - y.value.codePointAt(0);
  }
}

// By start, end and label.
export function sorted(segments) {
  return [...segments].sort((a, b) => a.start - b.start || a.end - b.end || compareText(a.label, b.label));
}

// With times to the nearest of `steps` per second; what vanishes is left out.
export function rounded(list, steps) {
  const round = (seconds) => Math.round(seconds * steps) / steps;
  const segments = list.segments.map((s) => ({ ...s, start: round(s.start), end: round(s.end) })).filter((s) => s.end > s.start);
  return { ...list, duration: round(list.duration), segments: sorted(segments) };
}

export function withSegments(list, segments) {
  const inOrder = sorted(segments);
  const labels = [...list.labels];
  for (const { label } of inOrder) if (!labels.includes(label)) labels.push(label);
  return Object.freeze({ ...list, labels, segments: inOrder });
}

export function byLabel(list) {
  const lanes = new Map(list.labels.map((label) => [label, []]));
  for (const one of list.segments) lanes.get(one.label).push(one);
  return lanes;
}

export function totalOf(segments) {
  return segments.reduce((sum, { start, end }) => sum + end - start, 0);
}

// What the segments cover, without overlaps.
export function covered(segments) {
  const out = [];
  for (const { start, end } of segments) {
    const last = out[out.length - 1];
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else out.push({ start, end });
  }
  return out;
}
