//! Praat's TextGrid: one interval tier per label; gaps are intervals with empty text.
//!
//! The reader takes the long and the short layout alike, since both are the same sequence of free-standing numbers,
//! strings and flags, between which Praat ignores everything.

use std::io::{self, Write};

use super::draft::{ReportBuilder, error, tiers};
use super::escape::{escape, unescape};
use super::{Format, Report, ReportError};

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let timeline = &report.timeline;
    let end = timeline.segments.iter().map(|s| s.end_s).fold(timeline.duration_s, f64::max);
    // Praat accepts no interval without length, so a source of no length has no tiers. It takes a grid that is said to have
    // none (`<absent>`) and then fails over it (6.1.38), so their number is told.
    let tiers = if end > 0.0 { tiers(timeline) } else { Vec::new() };
    let quoted = |text: &str| escape(text, |_| false).replace('"', "\"\"");
    writeln!(out, "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n")?;
    writeln!(out, "xmin = 0\nxmax = {end}")?;
    writeln!(out, "tiers? <exists>\nsize = {}\nitem []:", tiers.len())?;
    for (i, (label, segments)) in (1..).zip(tiers) {
        let label = quoted(label.as_str());
        let mut intervals = Vec::new();
        let mut reached = 0.0;
        for s in segments {
            if s.start_s > reached {
                intervals.push((reached, s.start_s, ""));
            }
            intervals.push((s.start_s, s.end_s, label.as_str()));
            reached = s.end_s;
        }
        if end > reached {
            intervals.push((reached, end, ""));
        }
        writeln!(out, "    item [{i}]:\n        class = \"IntervalTier\"\n        name = \"{label}\"")?;
        writeln!(
            out,
            "        xmin = 0\n        xmax = {end}\n        intervals: size = {}",
            intervals.len()
        )?;
        for (k, (from, to, text)) in (1..).zip(intervals) {
            writeln!(out, "        intervals [{k}]:\n            xmin = {from}\n            xmax = {to}")?;
            writeln!(out, "            text = \"{text}\"")?;
        }
    }
    Ok(())
}

#[derive(Debug, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    Flag(String),
}

/// The tokens of a file with their lines.
fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ReportError> {
    let mut found = Vec::new();
    let mut rest = text.chars().peekable();
    let mut line = 1;
    while let Some(first) = rest.next() {
        let at = line;
        match first {
            '\n' => line += 1,
            c if c.is_whitespace() => {}
            '"' => {
                let mut string = String::new();
                loop {
                    match rest.next() {
                        Some('"') if rest.peek() == Some(&'"') => {
                            rest.next();
                            string.push('"');
                        }
                        Some('"') => break,
                        Some(c) => {
                            line += usize::from(c == '\n');
                            string.push(c);
                        }
                        None => return Err(error(Format::TextGrid, at, "a quoted text does not end")),
                    }
                }
                found.push((at, Token::Text(string)));
            }
            '!' => while rest.next_if(|c| *c != '\n').is_some() {},
            _ => {
                let mut word = String::from(first);
                while let Some(c) = rest.next_if(|c| !c.is_whitespace()) {
                    word.push(c);
                }
                if word.starts_with('<') {
                    found.push((at, Token::Flag(word)));
                } else if let Some(number) = word.parse::<f64>().ok().filter(|n| n.is_finite()) {
                    found.push((at, Token::Number(number)));
                }
            }
        }
    }
    Ok(found)
}

/// Walks over tokens of which each must be of the expected kind.
struct Cursor {
    tokens: std::vec::IntoIter<(usize, Token)>,
    line: usize,
}

impl Cursor {
    fn next(&mut self) -> Option<Token> {
        let (line, token) = self.tokens.next()?;
        self.line = line;
        Some(token)
    }

    fn bad(&self, what: &str) -> ReportError {
        error(Format::TextGrid, self.line, format!("expected {what}"))
    }

    fn number(&mut self) -> Result<f64, ReportError> {
        match self.next() {
            Some(Token::Number(number)) => Ok(number),
            _ => Err(self.bad("a number")),
        }
    }

    fn text(&mut self) -> Result<String, ReportError> {
        match self.next() {
            Some(Token::Text(text)) => Ok(text),
            _ => Err(self.bad("a quoted text")),
        }
    }

    /// A count, which hostile input may make huge: it is only ever counted down.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just before")]
    fn count(&mut self) -> Result<u64, ReportError> {
        let number = self.number()?;
        if (0.0..1e15).contains(&number) { Ok(number as u64) } else { Err(self.bad("a count")) }
    }
}

pub(super) fn parse(text: &str) -> Result<Report, ReportError> {
    let mut cursor = Cursor { tokens: tokens(text)?.into_iter(), line: 1 };
    if cursor.text()? != "ooTextFile" || cursor.text()? != "TextGrid" {
        return Err(cursor.bad("the header of a TextGrid"));
    }
    let mut draft = ReportBuilder::new(Format::TextGrid, "");
    cursor.number()?;
    draft.duration_s = Some(cursor.number()?);
    match cursor.next() {
        Some(Token::Flag(flag)) if flag == "<exists>" => {}
        Some(Token::Flag(_)) | None => return Ok(draft.finish()),
        _ => return Err(cursor.bad("<exists> or <absent>")),
    }
    for _ in 0..cursor.count()? {
        let class = cursor.text()?;
        let name = unescape(&cursor.text()?);
        // The tier's own start and end.
        cursor.number()?;
        cursor.number()?;
        if class == "IntervalTier" {
            draft.name(&name);
        }
        for _ in 0..cursor.count()? {
            let from = cursor.number()?;
            if class != "IntervalTier" {
                cursor.text()?;
                continue;
            }
            let (to, text) = (cursor.number()?, cursor.text()?);
            if !text.trim().is_empty() {
                draft.add(cursor.line, (from, to), &unescape(&text), 1.0)?;
            }
        }
    }
    Ok(draft.finish())
}
