// For speech research: RTTM, Praat and ELAN.
import { escaped, percentExcept, three, xmlText } from '../numbers.js';

function rttmKind(label) {
  if (label === 'speech' || label.startsWith('voice:')) return ['SPEAKER', '<NA>'];
  if (label === 'music' || label === 'singing') return ['NON-SPEECH', 'music'];
  return ['NON-SPEECH', label === 'noise' ? 'noise' : 'other'];
}

export function rttmOf(list) {
  const hard = /[\s\u0085<>;]/u;
  const line = (s) => {
    const [kind, subtype] = rttmKind(s.label);
    return `${kind} ${escaped(list.path ?? list.file, hard)} ${list.channel ?? 1} ${three(s.start)} ${three(s.end - s.start)} <NA> ${subtype} ${escaped(s.label, hard)} ${three(s.confidence)} <NA>\n`;
  };
  return list.segments.map(line).join('');
}

// A row per label; segments of one label that overlap come to lie in further rows of the same name.
function tiersOf(list) {
  const tiers = list.labels.map((label) => ({ label, segments: [] }));
  for (const s of list.segments) {
    const fits = ({ label, segments }) => label === s.label && (!segments.length || segments[segments.length - 1].end <= s.start);
    const tier = tiers.find(fits);
    if (tier) tier.segments.push(s);
    else tiers.push({ label: s.label, segments: [s] });
  }
  return tiers;
}

function intervalsOf(segments, text, end) {
  const intervals = [];
  let reached = 0;
  for (const s of segments) {
    if (s.start > reached) intervals.push([reached, s.start, '']);
    intervals.push([s.start, s.end, text]);
    reached = s.end;
  }
  if (end > reached) intervals.push([reached, end, '']);
  return intervals;
}

export function textGridOf(list) {
  const end = list.segments.reduce((last, s) => Math.max(last, s.end), list.duration);
  const tiers = end > 0 ? tiersOf(list) : [];
  const head = `File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = ${end}\n`;
  const items = tiers.map(({ label, segments }, place) => {
    const name = escaped(label).replaceAll('"', '""');
    const intervals = intervalsOf(segments, name, end);
    const texts = intervals.map(([from, to, text], k) =>
      `        intervals [${k + 1}]:\n            xmin = ${from}\n            xmax = ${to}\n            text = "${text}"\n`);
    return `    item [${place + 1}]:\n        class = "IntervalTier"\n        name = "${name}"\n        xmin = 0\n        xmax = ${end}\n` +
      `        intervals: size = ${intervals.length}\n${texts.join('')}`;
  });
  return `${head}tiers? <exists>\nsize = ${tiers.length}\nitem []:\n${items.join('')}`;
}

const EAF_SCHEMA = 'http://www.mpi.nl/tools/elan/EAFv3.0.xsd';
const EAF_XSI = 'http://www.w3.org/2001/XMLSchema-instance';

export function eafOf(list) {
  const ms = (seconds) => Math.round(seconds * 1000);
  const safe = (text) => xmlText(escaped(text));
  const tiers = tiersOf(list);
  const all = tiers.flatMap(({ segments }) => segments);
  const slots = all.flatMap((s, k) => [[ms(s.start), 2 * k + 1], [ms(s.end), 2 * k + 2]]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const names = [];
  let k = 0;
  const tier = ({ label, segments }) => {
    let name = safe(label);
    while (names.includes(name)) name += "'";
    names.push(name);
    const notes = segments.map((s) => {
      k += 1;
      return `        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a${k}" TIME_SLOT_REF1="ts${2 * k - 1}" TIME_SLOT_REF2="ts${2 * k}">` +
        `<ANNOTATION_VALUE>${safe(s.label)}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>\n`;
    });
    return `    <TIER LINGUISTIC_TYPE_REF="activity" TIER_ID="${name}">\n${notes.join('')}    </TIER>\n`;
  };
  return '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<ANNOTATION_DOCUMENT AUTHOR="Earmark" DATE="1970-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0" ' +
    `xmlns:xsi="${EAF_XSI}" xsi:noNamespaceSchemaLocation="${EAF_SCHEMA}">\n` +
    '    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">\n' +
    `        <MEDIA_DESCRIPTOR MEDIA_URL="${percentExcept(list.path ?? list.file, /[A-Za-z0-9/\-._~]/)}" MIME_TYPE="audio/*"/>\n` +
    `        <PROPERTY NAME="duration">${ms(list.duration)}</PROPERTY>\n    </HEADER>\n    <TIME_ORDER>\n` +
    slots.map(([time, id]) => `        <TIME_SLOT TIME_SLOT_ID="ts${id}" TIME_VALUE="${time}"/>\n`).join('') +
    `    </TIME_ORDER>\n${tiers.map(tier).join('')}` +
    '    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="activity" TIME_ALIGNABLE="true"/>\n</ANNOTATION_DOCUMENT>\n';
}
