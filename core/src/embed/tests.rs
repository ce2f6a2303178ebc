//! Embedding by the networks of `tests/fixtures/embed`.

use std::path::Path;

use super::*;
use crate::model::pack;

fn pack_of(task: &str) -> Pack {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/embed").join(task);
    Pack::open(&dir).unwrap()
}

fn embedder(task: &str, pace: DetectorMode) -> Embedder {
    Embedder::load(&Runtime::embedded().unwrap(), pack_of(task), pace).unwrap()
}

/// Stereo tones that change ten times a second.
fn tones(samples: u16) -> Vec<f32> {
    let tone = |i: u16| (f32::from(i) * (0.02 + 0.013 * f32::from(i / 4_410 % 7))).sin() * 0.3;
    (0..samples).flat_map(|i| [tone(i), 0.5 * tone(i)]).collect()
}

#[test]
fn blocks_do_not_matter_and_every_frame_has_its_row() {
    for task in ["phrase", "voice"] {
        let embedder = embedder(task, DetectorMode::LowLatency);
        for samples in [0_u16, 1, 1_764, 1_765, 40_001] {
            let heard = tones(samples);
            let whole = embedder.embed(&heard, 44_100, 2).unwrap();
            assert_eq!(whole.len(), usize::from(samples).div_ceil(441).div_ceil(4), "{samples} samples");
            let mut stream = embedder.stream(44_100, 2).unwrap();
            for block in [2, 882, 4_000] {
                let mut rows = stream.vectors();
                for piece in heard.chunks(block) {
                    stream.push(piece, &mut rows).unwrap();
                }
                stream.finish(&mut rows).unwrap();
                assert!(rows == whole, "{task}: blocks of {block}, {samples} samples");
            }
        }
    }
}

#[test]
fn many_frames_a_call_give_the_rows_of_few() {
    let heard = tones(60_000);
    for task in ["phrase", "voice"] {
        let [few, many] = [DetectorMode::LowLatency, DetectorMode::Throughput]
            .map(|pace| embedder(task, pace).embed(&heard, 44_100, 2).unwrap());
        assert_eq!(few.len(), many.len());
        let worst = few.rows.iter().zip(&many.rows).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-4, "{task}: {worst}");
        // Rows differ where the tone does.
        let [start, change] = [few.row(10), few.row(14)];
        assert!(start.iter().zip(change).any(|(a, b)| (a - b).abs() > 0.1), "{task}");
    }
}

/// Rows are about the frames of their number: a click shows where it is, and no later than the look-ahead tells.
#[test]
fn a_row_is_about_its_frames() {
    let embedder = embedder("phrase", DetectorMode::LowLatency);
    let mut samples = vec![0.0; 16_000];
    let silent = embedder.embed(&samples, 16_000, 1).unwrap();
    samples[8_000..8_160].fill(0.5);
    let click = embedder.embed(&samples, 16_000, 1).unwrap();
    let differs = |row: &usize| silent.row(*row) != click.row(*row);
    // Frame 50 is in row 12. The rows of this network see their own chunk and the next one.
    let changed: Vec<usize> = (0..click.len()).filter(differs).collect();
    assert_eq!(changed, [11, 12]);
}

#[test]
fn a_reset_forgets() {
    let embedder = embedder("voice", DetectorMode::LowLatency);
    let heard = tones(20_000);
    let expected = embedder.embed(&heard, 48_000, 2).unwrap();
    let mut stream = embedder.stream(48_000, 2).unwrap();
    stream.push(&tones(7_777), &mut stream.vectors()).unwrap();
    stream.reset();
    let mut rows = stream.vectors();
    stream.push(&heard, &mut rows).unwrap();
    stream.finish(&mut rows).unwrap();
    assert!(rows == expected);
}

#[test]
fn a_pack_of_another_task_is_refused_with_what_it_is() {
    let runtime = Runtime::embedded().unwrap();
    let live = Pack::find(pack::LIVE).unwrap();
    let error = Embedder::load(&runtime, live, DetectorMode::LowLatency).unwrap_err().to_string();
    assert!(error.contains("for the task \"activity\"") && error.contains("\"phrase\""), "{error}");
    let error = pack_of("phrase").for_task(Task::Voice).unwrap_err().to_string();
    assert!(error.contains("for the task \"phrase\"") && error.contains("\"voice\""), "{error}");
    // And a pack of vectors is none that scores.
    for task in [Task::Activity, Task::Phrase] {
        let load =
            crate::detect::Detector::load_for(task, &runtime, pack_of("phrase"), DetectorMode::LowLatency);
        let error = load.unwrap_err().to_string();
        assert!(error.contains("for the task \"phrase\"") && error.contains("\"activity\""), "{error}");
    }
}

/// What is no number or is not of the stated shape is found when the pack is loaded.
#[test]
fn a_network_of_another_shape_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/embed/phrase");
    std::fs::copy(from.join("model.onnx"), dir.path().join("model.onnx")).unwrap();
    let manifest = std::fs::read_to_string(from.join(pack::MANIFEST_FILE)).unwrap();
    for (field, other) in [("\"dim\": 24", "\"dim\": 25"), ("\"hop_frames\": 4", "\"hop_frames\": 2")] {
        assert!(manifest.contains(field));
        std::fs::write(dir.path().join(pack::MANIFEST_FILE), manifest.replace(field, other)).unwrap();
        let pack = Pack::open(dir.path()).unwrap();
        let error =
            Embedder::load(&Runtime::embedded().unwrap(), pack, DetectorMode::LowLatency).unwrap_err();
        assert!(matches!(error, PackError::Network { .. }), "{other}: {error}");
    }
}
