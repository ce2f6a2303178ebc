//! Streams that can be waited for and given up.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// Bytes that are read at a time.
const BLOCK_BYTES: usize = 1 << 16;
/// Blocks that may wait to be heard.
const BLOCKS: usize = 4;
/// How often a stream that is silent is asked about being stopped.
const POLL: Duration = Duration::from_millis(50);

/// What a stream is read from. Opening a named pipe waits for whoever writes, so that is done where waiting is.
pub(super) enum Origin {
    /// Standard input.
    Stdin,
    /// A named pipe or a device.
    Path(PathBuf),
}

/// A stream that ends when it ends, or when it is stopped, also while nothing comes. The system has no read that another
/// thread can end, so a thread of its own waits; a stopped one is left to the end of the process.
#[derive(Debug)]
pub(super) struct Stoppable {
    blocks: Receiver<io::Result<Vec<u8>>>,
    stop: Arc<AtomicBool>,
    block: Vec<u8>,
    read: usize,
    /// Blocks that are still taken once it is stopped.
    left: usize,
}

impl Stoppable {
    pub(super) fn new(origin: Origin, stop: Arc<AtomicBool>) -> Self {
        let (sender, blocks) = sync_channel(BLOCKS);
        std::thread::spawn(move || {
            let mut input: Box<dyn Read> = match origin {
                Origin::Stdin => Box::new(io::stdin()),
                Origin::Path(path) => match File::open(path) {
                    Ok(file) => Box::new(file),
                    // Nobody may be left to tell.
                    Err(error) => return drop(sender.send(Err(error))),
                },
            };
            loop {
                let mut block = vec![0; BLOCK_BYTES];
                let sent = match input.read(&mut block) {
                    Ok(0) => return,
                    Ok(bytes) => {
                        block.truncate(bytes);
                        sender.send(Ok(block))
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return drop(sender.send(Err(error))),
                };
                if sent.is_err() {
                    return;
                }
            }
        });
        Self { blocks, stop, block: Vec::new(), read: 0, left: BLOCKS }
    }
}

impl Read for Stoppable {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.block.len() {
            let wait = if self.stop.load(Ordering::Relaxed) {
                // What came before is heard, but not what comes for ever.
                if self.left == 0 {
                    return Ok(0);
                }
                self.left -= 1;
                Duration::ZERO
            } else {
                POLL
            };
            match self.blocks.recv_timeout(wait) {
                Ok(block) => (self.block, self.read) = (block?, 0),
                Err(RecvTimeoutError::Timeout) if wait.is_zero() => return Ok(0),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
        }
        let bytes = buffer.len().min(self.block.len() - self.read);
        buffer[..bytes].copy_from_slice(&self.block[self.read..self.read + bytes]);
        self.read += bytes;
        Ok(bytes)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_silent_stream_ends_when_it_is_stopped_and_keeps_what_came() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let stop = Arc::new(AtomicBool::new(false));
        let mut stream = Stoppable::new(Origin::Path(pipe.clone()), Arc::clone(&stop));
        // The writer stays, so nothing but the flag ends the stream.
        let mut writer = File::options().write(true).open(&pipe).unwrap();
        writer.write_all(b"sound").unwrap();
        let mut first = [0; 3];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"sou");
        stop.store(true, Ordering::Relaxed);
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"nd");
    }

    #[test]
    fn a_pipe_that_nobody_writes_can_be_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let stop = Arc::new(AtomicBool::new(true));
        let mut stream = Stoppable::new(Origin::Path(pipe), stop);
        assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
    }
}
