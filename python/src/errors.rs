//! Errors of core as the exceptions of `earmark._errors`, which say path, reason and remedy.

use earmark_core::audio::AudioError;
use earmark_core::decide::TimelineError;
use earmark_core::detect::DetectError;
use earmark_core::gate::GateError;
use earmark_core::model::pack::PackError;
use earmark_core::model::runtime::RuntimeError;
use earmark_core::pipeline::PipelineError;
use earmark_core::profile::ProfileError;
use earmark_core::report::ReportError;
use earmark_core::signal::ResampleError;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;

/// The classes of exceptions.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// What should be heard cannot be.
    Audio,
    /// A pack or a runtime cannot be used, or fails.
    Model,
    /// The output cannot be written.
    Output,
    /// A profile is not there, cannot be used here, or must stay.
    Profile,
    /// An argument has no use.
    Settings,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Self::Audio => "AudioError",
            Self::Model => "ModelError",
            Self::Output => "OutputError",
            Self::Profile => "ProfileError",
            Self::Settings => "SettingsError",
        }
    }
}

/// An exception with a message of core, about `path` if it is about a file.
pub fn exception(kind: Kind, message: &str, path: Option<&str>) -> PyErr {
    Python::attach(|py| {
        let made = py
            .import("earmark._errors")
            .and_then(|module| module.getattr(kind.class()))
            .and_then(|class| class.call1((message, path)));
        match made {
            Ok(exception) => PyErr::from_value(exception),
            Err(error) => error,
        }
    })
}

/// Turns errors of core into exceptions; `name` is the recording's, for those that are about it.
pub trait OrRaise<T> {
    /// The value, or the exception.
    fn or_raise(self, name: Option<&str>) -> PyResult<T>;
}

impl<T, E: Raise> OrRaise<T> for Result<T, E> {
    fn or_raise(self, name: Option<&str>) -> PyResult<T> {
        self.map_err(|error| error.raise(name))
    }
}

/// An error of core that has a class of exceptions.
pub trait Raise: std::fmt::Display {
    /// Its class.
    fn kind(&self) -> Kind;

    /// It, as an exception.
    fn raise(&self, name: Option<&str>) -> PyErr {
        exception(self.kind(), &self.to_string(), name)
    }
}

macro_rules! raise_as {
    ($($error:ty => $kind:ident),*) => {
        $(impl Raise for $error {
            fn kind(&self) -> Kind {
                Kind::$kind
            }
        })*
    };
}

raise_as! {
    AudioError => Audio,
    DetectError => Audio,
    GateError => Settings,
    PackError => Model,
    ReportError => Settings,
    ResampleError => Settings,
    RuntimeError => Model,
    TimelineError => Settings,
    serde_json::Error => Settings
}

impl Raise for PipelineError {
    fn kind(&self) -> Kind {
        match self {
            Self::Audio(_)
            | Self::NoSamples { .. }
            | Self::NoSound { .. }
            | Self::TooLong { .. }
            | Self::ClipTooLong { .. }
            | Self::Metadata(_) => Kind::Audio,
            Self::Detect { .. } | Self::Voice { .. } => Kind::Model,
            _ => Kind::Output,
        }
    }

    fn raise(&self, name: Option<&str>) -> PyErr {
        match self {
            Self::Interrupted => PyKeyboardInterrupt::new_err(()),
            _ => exception(self.kind(), &self.to_string(), name),
        }
    }
}

impl Raise for ProfileError {
    fn kind(&self) -> Kind {
        match self {
            Self::Name { .. } | Self::EmptyPassphrase => Kind::Settings,
            Self::Output(_) => Kind::Output,
            _ => Kind::Profile,
        }
    }

    /// The remedies of core are flags of the command; here they are arguments.
    fn raise(&self, name: Option<&str>) -> PyErr {
        let message = match self {
            Self::Exists { kind, name } => {
                format!(
                    "there is a {kind} called {name} already; give replace=True to put the new one in its place"
                )
            }
            Self::NoHome => {
                "no folder for profiles: neither XDG_DATA_HOME nor a home folder is set; give profiles="
                    .to_owned()
            }
            Self::Sealed { kind, name } => {
                format!("the {kind} {name} is sealed; give passphrase=, or set EARMARK_PASSPHRASE")
            }
            Self::Model { kind, name, made_with, .. } => format!(
                "the {kind} {name} was enrolled with the network {made_with}, which is not the one here; enrol it again \
                 with earmark.{kind}.enrol and replace=True"
            ),
            other => other.to_string(),
        };
        let path = match self {
            Self::Io { path, .. } => Some(path.display().to_string()),
            Self::Invalid { path, .. } | Self::TooLarge { path, .. } => Some(path.clone()),
            _ => name.map(str::to_owned),
        };
        exception(self.kind(), &message, path.as_deref())
    }
}
