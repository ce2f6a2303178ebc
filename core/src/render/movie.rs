//! A picture with its sound replaced: the system's ffmpeg copies what is seen, bit for bit, and encodes what is heard.
//!
//! The sound comes through a pipe while it is rendered, as a WAV; nothing is kept. ffmpeg ends with the pipe.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::JoinHandle;

use crate::audio::{Ffmpeg, ffmpeg_command, ffmpeg_demuxer, ffmpeg_file};
use crate::output::{OutputError, SafeFile, create_folder_of};

/// Containers of moving pictures that sound is written into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MovieContainer {
    /// MPEG-4; its sound becomes AAC.
    Mp4,
    /// `QuickTime`; its sound becomes PCM of 24 bits.
    QuickTime,
    /// Matroska; its sound becomes FLAC.
    Matroska,
    /// `WebM`; its sound becomes Opus.
    WebM,
}

impl MovieContainer {
    /// By the ending of a file name: `.mp4` or `.m4v`, `.mov`, `.mkv`, `.webm`.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_ascii_lowercase().to_str()? {
            "mp4" | "m4v" => Some(Self::Mp4),
            "mov" => Some(Self::QuickTime),
            "mkv" => Some(Self::Matroska),
            "webm" => Some(Self::WebM),
            _ => None,
        }
    }

    /// What ffmpeg calls it.
    fn muxer(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::QuickTime => "mov",
            Self::Matroska => "matroska",
            Self::WebM => "webm",
        }
    }

    fn encoder(self, channels: u16) -> Vec<String> {
        let (codec, kbit_per_s_and_channel) = match self {
            Self::Mp4 => ("aac", Some(128)),
            Self::QuickTime => ("pcm_s24le", None),
            Self::Matroska => ("flac", None),
            Self::WebM => ("libopus", Some(96)),
        };
        let mut arguments = vec!["-c:a".to_owned(), codec.to_owned()];
        if let Some(rate) = kbit_per_s_and_channel {
            arguments.extend(["-b:a".to_owned(), format!("{}k", rate * u32::from(channels))]);
        }
        arguments
    }

    /// Whether streams of texts can be copied from what this demuxer reads.
    fn takes_texts_of(self, demuxer: &str) -> bool {
        let of_mpeg_4 = matches!(self, Self::Mp4 | Self::QuickTime);
        demuxer == if of_mpeg_4 { "mov" } else { "matroska" }
    }
}

/// Why a picture does not get other sound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MovieError {
    /// Nobody can write it.
    #[error("{}: a picture is copied by ffmpeg, which cannot be started ({source}); install it or name it by --ffmpeg, or write the sound alone into a FILE.wav or FILE.flac", path.display())]
    NoFfmpeg {
        /// The output.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is nothing to see in the recording.
    #[error("{}: {} has no picture to copy; write the sound into a FILE.wav or FILE.flac", path.display(), input.display())]
    NoPicture {
        /// The output.
        path: PathBuf,
        /// The recording.
        input: PathBuf,
    },
    /// The sound would no longer fit.
    #[error("{}: a picture is copied whole, so nothing can be cut out of its sound; gate, duck or mute, or write an edit list (--list) beside a FILE.wav", path.display())]
    Cut {
        /// The output.
        path: PathBuf,
    },
    /// ffmpeg failed.
    #[error("{}: ffmpeg cannot write it: {said}", path.display())]
    Failed {
        /// The output.
        path: PathBuf,
        /// Its words.
        said: String,
    },
    /// The file cannot be made or completed.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// A picture that waits for its sound.
#[derive(Debug)]
pub struct Movie<'a> {
    path: &'a Path,
    container: MovieContainer,
    input: &'a Path,
    demuxer: &'static str,
    ffmpeg: &'a Ffmpeg,
}

impl<'a> Movie<'a> {
    /// For an output that is named as a movie; nothing for others. Looks whether there is an ffmpeg, and a picture in `input`.
    ///
    /// # Errors
    /// [`MovieError::NoFfmpeg`] and [`MovieError::NoPicture`].
    pub fn plan(path: &'a Path, input: &'a Path, ffmpeg: &'a Ffmpeg) -> Result<Option<Self>, MovieError> {
        let Some(container) = MovieContainer::of_path(path) else { return Ok(None) };
        let no_picture = || MovieError::NoPicture { path: path.to_owned(), input: input.to_owned() };
        let demuxer = ffmpeg_demuxer(input).ok_or_else(no_picture)?;
        let movie = Self { path, container, input, demuxer, ffmpeg };
        let mut command = movie.command()?;
        // Without an output it says what there is, and ends.
        let said = command.stdout(Stdio::null()).stderr(Stdio::piped()).stdin(Stdio::null()).output();
        let said = said.map_err(|source| movie.no_ffmpeg(source))?.stderr;
        let pictures = String::from_utf8_lossy(&said)
            .lines()
            .any(|line| line.contains(": Video: ") && !line.contains("(attached pic)"));
        if pictures { Ok(Some(movie)) } else { Err(no_picture()) }
    }

    /// For a render that would cut something out.
    pub fn refuse_cut(&self) -> MovieError {
        MovieError::Cut { path: self.path.to_owned() }
    }

    fn no_ffmpeg(&self, source: std::io::Error) -> MovieError {
        MovieError::NoFfmpeg { path: self.path.to_owned(), source }
    }

    /// ffmpeg with the picture as its first input.
    fn command(&self) -> Result<Command, MovieError> {
        let mut command = ffmpeg_command(self.ffmpeg).map_err(|source| self.no_ffmpeg(source))?;
        command.args(["-hide_banner", "-y", "-nostats"]);
        if matches!(self.demuxer, "mov" | "matroska") {
            // The sound is on the container's clock; in other formats that begins with what comes first.
            command.arg("-copyts");
        }
        command.args(["-protocol_whitelist", "file", "-f", self.demuxer, "-i"]).arg(ffmpeg_file(self.input));
        Ok(command)
    }

    /// Starts ffmpeg. What is returned first takes a WAV of `channels` channels.
    ///
    /// # Errors
    /// [`MovieError::NoFfmpeg`], and [`MovieError::Output`] if the file cannot be made.
    pub fn begin(&self, channels: u16) -> Result<(ChildStdin, MovieFile), MovieError> {
        create_folder_of(self.path)?;
        let file = SafeFile::create(self.path)?;
        let failed = |said: &str| MovieError::Failed { path: self.path.to_owned(), said: said.to_owned() };
        let into = file.temporary_path().ok_or_else(|| failed("it is no file"))?;
        let mut command = self.command()?;
        command.args([
            "-loglevel",
            "error",
            "-protocol_whitelist",
            "pipe",
            "-ignore_length",
            "1",
            "-f",
            "wav",
            "-i",
            "pipe:0",
        ]);
        command.args(["-map", "0:v", "-map", "1:a:0"]);
        if self.container.takes_texts_of(self.demuxer) {
            command.args(["-map", "0:s?"]);
        }
        command.args(["-map_metadata", "0", "-map_chapters", "0", "-c", "copy"]);
        command
            .args(self.container.encoder(channels))
            .args(["-f", self.container.muxer()])
            .arg(ffmpeg_file(into));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|source| self.no_ffmpeg(source))?;
        let sound = child.stdin.take().ok_or_else(|| failed("it takes no sound"))?;
        let said = child.stderr.take().map(|said| std::thread::spawn(move || last_line(said)));
        Ok((sound, MovieFile { path: self.path.to_owned(), file: Some(file), child, said }))
    }
}

/// A movie that is being written. Dropped without [`MovieFile::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct MovieFile {
    path: PathBuf,
    file: Option<SafeFile>,
    child: Child,
    said: Option<JoinHandle<String>>,
}

impl MovieFile {
    /// Waits until ffmpeg has written all, and gives the file its name.
    ///
    /// # Errors
    /// [`MovieError::Failed`] with ffmpeg's words, or [`MovieError::Output`].
    pub fn commit(mut self) -> Result<(), MovieError> {
        match self.failure() {
            Some(failure) => Err(failure),
            None => self.file.take().map_or(Ok(()), |file| Ok(file.commit()?)),
        }
    }

    /// Why ffmpeg has ended, or will, if that is its failure. The pipe with the sound must be closed.
    pub fn failure(&mut self) -> Option<MovieError> {
        let said = self.said.take().map(|said| said.join().unwrap_or_default());
        let failed = |said: String| Some(MovieError::Failed { path: self.path.clone(), said });
        match self.child.wait() {
            Ok(status) if status.success() => None,
            Ok(status) => failed(said.filter(|said| !said.is_empty()).unwrap_or_else(|| status.to_string())),
            Err(error) => failed(error.to_string()),
        }
    }
}

impl Drop for MovieFile {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last thing that ffmpeg says.
fn last_line(said: impl Read) -> String {
    let lines = BufReader::new(said).split(b'\n').map_while(Result::ok);
    let lines = lines.map(|line| String::from_utf8_lossy(&line).trim().to_owned());
    lines.filter(|line| !line.is_empty()).last().unwrap_or_default()
}
