//! Errors of core as the exceptions of `earmark._errors`, which say path, reason and remedy.

use earmark_core::audio::AudioError;
use earmark_core::decide::TimelineError;
use earmark_core::detect::DetectError;
use earmark_core::gate::GateError;
use earmark_core::model::pack::PackError;
use earmark_core::model::runtime::RuntimeError;
use earmark_core::pipeline::PipelineError;
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
    /// An argument has no use.
    Settings,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Self::Audio => "AudioError",
            Self::Model => "ModelError",
            Self::Output => "OutputError",
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
            Self::Audio(_) | Self::NoSamples { .. } | Self::Metadata(_) => Kind::Audio,
            Self::Detect { .. } => Kind::Model,
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
