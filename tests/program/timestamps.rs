//! Times are those of the source, at any rate, for hours.

use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};

use earmark_core::Label;
use earmark_core::model::pack::Pack;

use crate::support::{earmark, noise, ok, rows, stderr, write_wav};

/// Writes a mono 16-bit WAV whose length is not known beforehand, as a recorder on a pipe does.
fn stream_wav(out: impl Write, rate_hz: u32, samples: impl Iterator<Item = i16>) -> std::io::Result<()> {
    let mut out = BufWriter::new(out);
    out.write_all(b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0")?;
    out.write_all(&rate_hz.to_le_bytes())?;
    out.write_all(&(rate_hz * 2).to_le_bytes())?;
    out.write_all(b"\x02\0\x10\0data\xff\xff\xff\xff")?;
    for sample in samples {
        out.write_all(&sample.to_le_bytes())?;
    }
    out.flush()
}

/// Feeds a process and collects its output.
fn fed(mut command: Command, feed: impl FnOnce(std::process::ChildStdin) + Send) -> String {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(|| feed(stdin));
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Impulses every `period_s`; the times of the frames in which one is heard must be theirs.
fn impulses_come_back(rate_hz: u32, duration_s: u64, period_s: u64) {
    let period = u64::from(rate_hz) * period_s;
    // Off the frame grid, and not where a frame begins.
    let offset = u64::from(rate_hz) / 3;
    let total = u64::from(rate_hz) * duration_s;
    let impulses: Vec<u64> = (0..).map(|i| i * period + offset).take_while(|i| *i < total).collect();
    let samples = (0..total).map(|i| if i % period == offset { 30_000 } else { 0 });
    let csv =
        fed(earmark(["frames", "-", "--pack", "live"]), |stdin| stream_wav(stdin, rate_hz, samples).unwrap());
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let pack = Pack::find("live").unwrap();
    let labels = pack.manifest().labels.iter().map(Label::as_str);
    let expected: Vec<&str> = ["time"].into_iter().chain(labels).chain(["level_dbfs"]).collect();
    assert_eq!(headers.iter().collect::<Vec<_>>(), expected);
    let level = expected.len() - 1;
    let mut heard = Vec::new();
    let mut count = 0_u64;
    for record in reader.records() {
        let record = record.unwrap();
        count += 1;
        if record[level].parse::<f64>().unwrap() > -100.0 {
            heard.push(record[0].parse::<f64>().unwrap());
        }
    }
    assert_eq!(count, duration_s * 100);
    assert_eq!(heard.len(), impulses.len());
    for (time_s, sample) in heard.iter().zip(&impulses) {
        let truth_s = u32::try_from(*sample).map(f64::from).unwrap() / f64::from(rate_hz);
        let late_s = truth_s - time_s;
        assert!(
            (-0.000_1..0.010_1).contains(&late_s),
            "{rate_hz} Hz: {truth_s} came back in the frame at {time_s}"
        );
    }
}

#[test]
fn three_hours_do_not_drift() {
    impulses_come_back(8_000, 3 * 3_600, 97);
}

#[test]
fn impulses_keep_their_times_at_every_usual_rate() {
    for rate_hz in [8_000, 16_000, 22_050, 44_100, 48_000, 96_000] {
        impulses_come_back(rate_hz, 60, 7);
    }
}

#[test]
fn what_the_network_hears_keeps_its_time_too() {
    // Thirty seconds of silence, two of loud noise, again and again: the borders that come back are the network's and
    // the level's, at rates with and without a remainder per frame.
    for rate_hz in [11_025_u32, 44_100, 48_000] {
        let rate = usize::try_from(rate_hz).unwrap();
        let mut samples = vec![0.0; rate * 130];
        for burst in [30_usize, 62, 94, 126] {
            samples[burst * rate..(burst + 2) * rate].copy_from_slice(&noise(2 * rate, 5));
        }
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("bursts.wav");
        write_wav(&file, rate_hz, 1, &samples);
        let rows = rows(&ok(["tag", file.to_str().unwrap()]));
        let silences: Vec<_> = rows.iter().filter(|r| r.label == "silence").collect();
        let starts: Vec<f64> = silences.iter().map(|r| r.start_s).collect();
        assert_eq!(starts, [0.0, 32.0, 64.0, 96.0, 128.0], "{rate_hz} Hz: {rows:?}");
    }
}
