//! Label files that grow: rows as they are known.

use std::io::{self, Write};

use super::{Format, Report, editors, rttm, tables};
use crate::decide::{Segment, Timeline};

/// Writes the rows of one source as they come. All of them together are what [`Format::write`] writes.
#[derive(Debug)]
pub struct RowWriter {
    format: Format,
    /// What it is about, without segments.
    source: Report,
    began: bool,
}

impl RowWriter {
    /// For the source of a report, whose segments do not count; `None` if the format is more than rows.
    pub fn new(format: Format, source: &Report) -> Option<Self> {
        let rows =
            matches!(format, Format::Text | Format::Csv | Format::Tsv | Format::Audacity | Format::Rttm);
        let source = || Report { file: source.file.clone(), channel: source.channel, ..Report::default() };
        rows.then(|| Self { format, source: source(), began: false })
    }

    /// Writes the next segments; the first call also what stands above the rows.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write(&mut self, segments: &[Segment], out: &mut dyn Write) -> io::Result<()> {
        let timeline = Timeline { segments: segments.to_vec(), ..Timeline::default() };
        let timeline = timeline.rounded(self.format.steps_per_s());
        let report = Report { timeline, ..self.source.clone() };
        let heading = !std::mem::replace(&mut self.began, true);
        let reports = std::slice::from_ref(&report);
        match self.format {
            Format::Csv => tables::write_rows(reports, b',', heading, out),
            Format::Tsv => tables::write_rows(reports, b'\t', heading, out),
            Format::Rttm => rttm::write(reports, out),
            Format::Audacity => editors::write_audacity(&report, out),
            _ => tables::write_text(&report, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label;

    #[test]
    fn rows_one_by_one_are_the_file() {
        let segment =
            |label: Label, start_s: f64| Segment { label, start_s, end_s: start_s + 1.5, confidence: 0.75 };
        let segments =
            vec![segment(Label::SPEECH, 0.0), segment(Label::MUSIC, 1.0), segment(Label::new("a b"), 2.0)];
        let timeline = Timeline { segments: segments.clone(), duration_s: 3.5, labels: Vec::new() };
        let report = Report { channel: Some(2), ..Report::new("x,y.wav", timeline) };
        let mut row_formats = 0;
        for format in Format::ALL {
            let Some(mut rows) = RowWriter::new(format, &report) else { continue };
            row_formats += 1;
            let (mut whole, mut grown) = (Vec::new(), Vec::new());
            format.write(&report, &mut whole).unwrap();
            rows.write(&[], &mut grown).unwrap();
            segments
                .iter()
                .for_each(|segment| rows.write(std::slice::from_ref(segment), &mut grown).unwrap());
            assert_eq!(String::from_utf8(grown).unwrap(), String::from_utf8(whole).unwrap(), "{format}");
        }
        assert_eq!(row_formats, 5);
    }
}
