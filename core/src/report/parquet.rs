//! Parquet: one row per segment, in the columns that the Python package's tables have.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type as Column;

use super::{Report, ReportError};
use crate::decide::Segment;

/// Which pack heard, for every row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableOrigin {
    /// Name and version of the pack.
    pub pack: String,
    /// SHA-256 of its network, hexadecimal.
    pub pack_sha256: String,
}

/// Writes recordings as one Parquet file with a row per segment: `file`, `duration_s`, `label`, `start_s`, `end_s`,
/// `confidence`, `pack`, `pack_sha256`, `error`. A recording without segments is a row without a label, so that it is known
/// to be done; `error` is for other programs' rows and empty here. Values are stored plainly: every reader knows that.
///
/// # Errors
/// Those of `out`.
pub fn write_parquet(
    reports: &[Report],
    origin: &TableOrigin,
    out: &mut (dyn Write + Send),
) -> Result<(), ReportError> {
    write(reports, origin, out).map_err(|error| ReportError::Io(io::Error::other(error)))
}

/// A row: a recording, and one of its segments if it has any.
type Row<'a> = (&'a Report, Option<&'a Segment>);

fn write(reports: &[Report], origin: &TableOrigin, out: &mut (dyn Write + Send)) -> Result<(), ParquetError> {
    let rows: Vec<Row<'_>> = reports
        .iter()
        .flat_map(|report| {
            let none = report.timeline.segments.is_empty().then_some((report, None));
            report.timeline.segments.iter().map(move |segment| (report, Some(segment))).chain(none)
        })
        .collect();
    let properties = WriterProperties::builder()
        .set_compression(Compression::UNCOMPRESSED)
        .set_created_by(concat!("earmark ", env!("CARGO_PKG_VERSION")).to_owned())
        .build();
    let mut file = SerializedFileWriter::new(out, schema()?, Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    let text = |text: &str| Some(ByteArray::from(text.as_bytes().to_vec()));
    column::<ByteArrayType>(&mut group, rows.iter().map(|(report, _)| text(&report.name())))?;
    column::<DoubleType>(&mut group, rows.iter().map(|(report, _)| Some(report.timeline.duration_s)))?;
    column::<ByteArrayType>(&mut group, rows.iter().map(|(_, s)| s.and_then(|s| text(s.label.as_str()))))?;
    column::<DoubleType>(&mut group, rows.iter().map(|(_, s)| s.map(|s| s.start_s)))?;
    column::<DoubleType>(&mut group, rows.iter().map(|(_, s)| s.map(|s| s.end_s)))?;
    column::<FloatType>(&mut group, rows.iter().map(|(_, s)| s.map(|s| s.confidence)))?;
    column::<ByteArrayType>(&mut group, rows.iter().map(|_| text(&origin.pack)))?;
    column::<ByteArrayType>(&mut group, rows.iter().map(|_| text(&origin.pack_sha256)))?;
    column::<ByteArrayType>(&mut group, rows.iter().map(|_| None))?;
    group.close()?;
    file.close()?;
    Ok(())
}

fn schema() -> Result<Arc<Column>, ParquetError> {
    let column = |name: &str, physical: Type| {
        let is_text = physical == Type::BYTE_ARRAY;
        let column = Column::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        let column = column.with_logical_type(is_text.then_some(LogicalType::String)).build()?;
        Ok::<_, ParquetError>(Arc::new(column))
    };
    let columns = vec![
        column("file", Type::BYTE_ARRAY)?,
        column("duration_s", Type::DOUBLE)?,
        column("label", Type::BYTE_ARRAY)?,
        column("start_s", Type::DOUBLE)?,
        column("end_s", Type::DOUBLE)?,
        column("confidence", Type::FLOAT)?,
        column("pack", Type::BYTE_ARRAY)?,
        column("pack_sha256", Type::BYTE_ARRAY)?,
        column("error", Type::BYTE_ARRAY)?,
    ];
    Ok(Arc::new(Column::group_type_builder("segments").with_fields(columns).build()?))
}

/// Writes the next column; what is `None` is null.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut (dyn Write + Send)>,
    values: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let mut defined = Vec::new();
    let mut present = Vec::new();
    for value in values {
        defined.push(i16::from(value.is_some()));
        present.extend(value);
    }
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    column.typed::<T>().write_batch(&present, Some(&defined), None)?;
    column.close()
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    use super::*;
    use crate::Label;
    use crate::decide::Timeline;

    #[test]
    fn rows_are_read_back() {
        let segment = Segment { label: Label::SPEECH, start_s: 1.5, end_s: 2.25, confidence: 0.875 };
        let timeline = Timeline { segments: vec![segment], duration_s: 9.5, labels: vec![Label::SPEECH] };
        let empty = Report::new("empty.wav", Timeline::default());
        let reports = [Report::new("a \u{fc}.wav", timeline), empty];
        let origin = TableOrigin { pack: "studio 1".into(), pack_sha256: "ab".into() };
        let mut file = tempfile::tempfile().unwrap();
        write_parquet(&reports, &origin, &mut file).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].get_string(0).unwrap(), "a \u{fc}.wav");
        let times = (rows[0].get_double(3).unwrap(), rows[0].get_double(4).unwrap());
        assert_eq!((times, rows[0].get_float(5).unwrap()), ((1.5, 2.25), 0.875));
        assert_eq!(rows[0].get_string(6).unwrap(), "studio 1");
        assert!(rows[1].get_string(2).is_err(), "no label");
    }
}
