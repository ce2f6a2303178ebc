//! A source, heard to its end: as the file that it is, or as a live gate hears it.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::preprocess::{Block, Preprocessor};
use super::{DetectError, Detector, DetectorStream};
use crate::audio::Source;
use crate::model::runtime;
use crate::signal::{BlockSender, for_detector, recycling};
use crate::{FrameGrid, FrameScores};

/// Blocks of a source on their way from the decoder to the network: a few, so that memory stays flat.
const BLOCKS: usize = 8;
/// Samples of silence that are heard at a time after the end.
const SILENCE: usize = 1_024;

/// Seconds in which one channel was heard alone because the channels cancelled each other, and which one it was last,
/// counted from 1.
pub(crate) type Alone = Option<(f64, usize)>;

impl Detector {
    /// Hears a source to its end. `observe` sees each block of interleaved samples before it is heard, and may stop the
    /// work by an error of its own.
    ///
    /// Decoding and resampling are done on this thread, features and network on another: one file uses two processors.
    /// What is heard is what a [`DetectorStream`] hears, bit for bit.
    ///
    /// # Errors
    /// [`DetectError`] if the source cannot be read or the network fails, or whatever `observe` returns.
    pub fn detect<E: From<DetectError>>(
        &self,
        source: &mut Source,
        observe: impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<FrameScores, E> {
        Ok(self.detect_telling(source, observe)?.0)
    }

    /// As [`Detector::detect`], and says which channel was heard alone, and how long.
    pub(crate) fn detect_telling<E: From<DetectError>>(
        &self,
        source: &mut Source,
        observe: impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<(FrameScores, Alone), E> {
        self.on_two_threads(source, observe, |_| {})
    }

    /// The same, keeping nothing: `take` gets the frames as they come, each once and in order, so that memory does not
    /// grow with the length of the source. It runs on the network's thread.
    ///
    /// The [`FrameScores`] that it gets hold the new frames only; their `samples` are those heard so far, and at the end
    /// all of the source. Gives that number.
    ///
    /// # Errors
    /// As for [`Detector::detect`].
    pub fn detect_each<E: From<DetectError>>(
        &self,
        source: &mut Source,
        observe: impl FnMut(&[f32]) -> Result<(), E>,
        take: impl FnMut(&FrameScores) + Send,
    ) -> Result<u64, E> {
        Ok(self.detect_each_telling(source, observe, take)?.0)
    }

    /// As [`Detector::detect_each`], and says which channel was heard alone, and how long.
    pub(crate) fn detect_each_telling<E: From<DetectError>>(
        &self,
        source: &mut Source,
        observe: impl FnMut(&[f32]) -> Result<(), E>,
        mut take: impl FnMut(&FrameScores) + Send,
    ) -> Result<(u64, Alone), E> {
        let (heard, alone) = self.on_two_threads(source, observe, |scores| {
            take(scores);
            scores.probabilities.clear();
            scores.mean_square.clear();
        })?;
        Ok((heard.samples, alone))
    }

    /// `each` is called with what was heard after every block.
    fn on_two_threads<E: From<DetectError>>(
        &self,
        source: &mut Source,
        mut observe: impl FnMut(&[f32]) -> Result<(), E>,
        mut each: impl FnMut(&mut FrameScores) + Send,
    ) -> Result<(FrameScores, Alone), E> {
        let stream = self.stream(source.info().rate_hz, source.info().channels)?;
        let go_on = |heard: &mut FrameScores| {
            each(heard);
            true
        };
        let feed = |feed: &mut Feed| {
            while let Some(block) = source.next_block().map_err(DetectError::from)? {
                observe(block)?;
                if !feed.push(block) {
                    return Ok(());
                }
            }
            feed.finish();
            Ok(())
        };
        score_beside(stream, feed, go_on)
    }

    /// Hears a source as a live gate hears it, and then silence until all of its frames have come. `observe` is as for
    /// [`Detector::detect`], and so are the threads.
    ///
    /// A host's stream has no end: after the last sample of a recording it plays silence, and the last frames are about
    /// both. A file that is heard by [`Detector::detect`] is instead closed off at its last sample. `earmark render --live`
    /// must give what the plugin gives, and so hears through this.
    ///
    /// # Errors
    /// As for [`Detector::detect`].
    pub fn detect_as_live<E: From<DetectError>>(
        &self,
        source: &mut Source,
        observe: impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<FrameScores, E> {
        Ok(self.detect_as_live_telling(source, observe)?.0)
    }

    /// As [`Detector::detect_as_live`], and says which channel was heard alone, and how long.
    pub(crate) fn detect_as_live_telling<E: From<DetectError>>(
        &self,
        source: &mut Source,
        mut observe: impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<(FrameScores, Alone), E> {
        let (rate_hz, channels) = (source.info().rate_hz, source.info().channels);
        let stream = self.stream(rate_hz, channels)?;
        let mut samples = 0;
        // Frames of the source; while it is read nobody knows how many there will be.
        let frames = AtomicUsize::new(usize::MAX);
        let feed = |feed: &mut Feed| {
            let mut cleaned = Vec::new();
            while let Some(block) = source.next_block().map_err(DetectError::from)? {
                observe(block)?;
                cleaned.clear();
                cleaned.extend(block.iter().map(|sample| for_detector(*sample)));
                if !feed.push(&cleaned) {
                    return Ok(());
                }
                samples += (block.len() / usize::from(channels.max(1))) as u64;
            }
            let all = usize::try_from(FrameGrid::new(rate_hz).frames(samples)).unwrap_or(usize::MAX);
            // Known before the piece of silence that goes after it.
            frames.store(all, Ordering::Release);
            let silence = vec![0.0; SILENCE * usize::from(channels)];
            while feed.push(&silence) {}
            Ok::<(), E>(())
        };
        let lacks_frames = |heard: &mut FrameScores| heard.frames() < frames.load(Ordering::Acquire);
        let (mut heard, alone) = score_beside(stream, feed, lacks_frames)?;
        let frames = frames.into_inner();
        heard.mean_square.truncate(frames);
        heard.probabilities.truncate(frames.saturating_mul(heard.labels.len()));
        heard.samples = samples;
        Ok((heard, alone))
    }
}

/// The first half of a stream, and the way to the second.
struct Feed {
    preprocess: Preprocessor,
    pieces: BlockSender<Block, Block>,
}

impl Feed {
    /// Hands samples on; false when nobody takes them any more: the network has failed, or has heard enough.
    fn push(&mut self, interleaved: &[f32]) -> bool {
        let mut piece = self.pieces.buffer();
        self.preprocess.push(interleaved, &mut piece);
        self.pieces.send(piece)
    }

    /// Nothing follows.
    fn finish(&mut self) {
        let mut piece = Block::default();
        self.preprocess.finish(&mut piece);
        self.pieces.send(piece);
    }
}

/// `feed` hands samples on from this thread; features and network are on another, which says after every piece, by
/// `goes_on`, whether it wants another. An error of `feed` is the one that counts.
fn score_beside<E: From<DetectError>>(
    stream: DetectorStream,
    feed: impl FnOnce(&mut Feed) -> Result<(), E>,
    mut goes_on: impl FnMut(&mut FrameScores) -> bool + Send,
) -> Result<(FrameScores, Alone), E> {
    let mut heard = stream.scores();
    let DetectorStream { preprocess, mut score, .. } = stream;
    let (pieces, receiver) = recycling::<Block, Block>(BLOCKS);
    std::thread::scope(|scope| {
        let detect = move || {
            while let Some(piece) = receiver.receive() {
                score.push(&piece, &mut heard)?;
                if !goes_on(&mut heard) {
                    break;
                }
                receiver.give_back(piece);
            }
            Ok::<_, DetectError>(heard)
        };
        let network = scope.spawn(move || runtime::enter("earmark network", detect));
        let mut way = Feed { preprocess, pieces };
        let fed = feed(&mut way);
        let alone = way.preprocess.alone();
        drop(way);
        let heard = network.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        fed?;
        Ok((heard?, alone))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::DetectorMode;
    use crate::model::pack::{self, Pack};
    use crate::model::runtime::Runtime;

    const RATE_HZ: u32 = 44_100;

    fn detector() -> Detector {
        Detector::load(
            &Runtime::embedded().unwrap(),
            Pack::find(pack::LIVE).unwrap(),
            DetectorMode::LowLatency,
        )
        .unwrap()
    }

    /// A stereo file of noise, as samples and as a file.
    fn noise(dir: &tempfile::TempDir, samples: usize) -> (Vec<f32>, Source) {
        let mut state = 1_u32;
        let samples: Vec<f32> = (0..2 * samples)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                f32::from(i16::from_be_bytes([state.to_be_bytes()[0], state.to_be_bytes()[1]])) / 65_536.0
            })
            .collect();
        let path = dir.path().join("noise.wav");
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: RATE_HZ,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        samples.iter().for_each(|&sample| writer.write_sample(sample).unwrap());
        writer.finalize().unwrap();
        (samples, Source::open(&path).unwrap())
    }

    #[test]
    fn two_threads_hear_what_one_listener_hears() {
        let dir = tempfile::tempdir().unwrap();
        let (samples, mut source) = noise(&dir, 7 * 44_100 + 222);
        let detector = detector();
        let mut observed = Vec::new();
        let heard = detector
            .detect::<DetectError>(&mut source, |block| {
                observed.extend_from_slice(block);
                Ok(())
            })
            .unwrap();
        assert!(observed == samples);
        assert_eq!(heard.frames(), 701);
        for block in [882, 2 * 160, samples.len()] {
            let mut stream = detector.stream(RATE_HZ, 2).unwrap();
            let mut alone = stream.scores();
            samples.chunks(block).for_each(|block| stream.push(block, &mut alone).unwrap());
            stream.finish(&mut alone).unwrap();
            assert!(alone == heard, "blocks of {block}");
        }
        assert!(detector.detect_samples(&samples, RATE_HZ, 2).unwrap() == heard);
        let (_, mut source) = noise(&dir, 7 * 44_100 + 222);
        let mut taken = heard.clone();
        taken.probabilities.clear();
        taken.mean_square.clear();
        let take = |new: &FrameScores| {
            taken.probabilities.extend(&new.probabilities);
            taken.mean_square.extend(&new.mean_square);
        };
        let all = detector.detect_each::<DetectError>(&mut source, |_| Ok(()), take).unwrap();
        assert!(all == heard.samples && taken == heard, "frames that are taken as they come");
    }

    /// What a live gate hears, one block after the other, of recordings of any length.
    #[test]
    fn a_source_as_live_is_its_stream_and_silence() {
        let dir = tempfile::tempdir().unwrap();
        let detector = detector();
        for samples in [1, 440, 441, 3 * 44_100 + 7] {
            let (samples, mut source) = noise(&dir, samples);
            let heard = detector.detect_as_live::<DetectError>(&mut source, |_| Ok(())).unwrap();
            let frames = (samples.len() / 2).div_ceil(441);
            assert_eq!((heard.frames(), heard.samples), (frames, samples.len() as u64 / 2));
            let mut stream = detector.stream(RATE_HZ, 2).unwrap();
            let mut alone = stream.scores();
            stream.push(&samples, &mut alone).unwrap();
            while alone.frames() < frames {
                stream.push(&[0.0; 34], &mut alone).unwrap();
            }
            assert!(alone.mean_square[..frames] == heard.mean_square[..]);
            let values = frames * heard.labels.len();
            assert!(alone.probabilities[..values] == heard.probabilities[..], "{} samples", samples.len());
        }
    }

    #[test]
    fn an_observer_may_stop_the_work() {
        #[derive(Debug, PartialEq)]
        struct Stop;
        impl From<DetectError> for Stop {
            fn from(error: DetectError) -> Self {
                panic!("{error}");
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let (_, mut source) = noise(&dir, 100_000);
        let mut blocks = 0;
        let stopped = detector().detect(&mut source, |_| {
            blocks += 1;
            if blocks == 3 { Err(Stop) } else { Ok(()) }
        });
        assert_eq!(stopped, Err(Stop));
    }
}
