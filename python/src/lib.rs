//! Earmark as a Python module: `earmark._earmark`, which the package `earmark` (folder `python/`) dresses.
//!
//! Here stands only what crosses the border between the languages: what Python gives becomes a recording or samples
//! (`source`), settings come as JSON and are read by core, results become Python objects, errors become exceptions
//! (`errors`). The interpreter's lock is released while anything is heard.

mod command;
mod detector;
mod errors;
mod noise;
mod observer;
mod phrase;
mod profiles;
mod render;
mod source;
mod stream;
mod timeline;
mod voice;

use earmark_core::gate::preset_names;
use earmark_core::model::pack::Pack;
use earmark_core::report::Format;
use pyo3::prelude::*;

/// What the package is made of.
#[pymodule]
mod _earmark {
    use super::{Bound, PyModule, PyResult};
    use super::{Format, Pack, preset_names};
    use pyo3::types::PyModuleMethods;

    #[pymodule_export]
    use super::command::command;
    #[pymodule_export]
    use super::detector::Detector;
    #[pymodule_export]
    use super::noise::NoiseEstimator;
    #[pymodule_export]
    use super::phrase::PhraseEmbedder;
    #[pymodule_export]
    use super::profiles::Profiles;
    #[pymodule_export]
    use super::render::render;
    #[pymodule_export]
    use super::source::decode;
    #[pymodule_export]
    use super::stream::StreamTagger;
    #[pymodule_export]
    use super::timeline::{TimelineData, format_of, parse};
    #[pymodule_export]
    use super::voice::VoiceListener;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("FORMATS", Format::ALL.map(Format::name).to_vec())?;
        module.add("PRESETS", preset_names().collect::<Vec<_>>())?;
        module.add("PACKS", Pack::embedded_names().collect::<Vec<_>>())
    }
}
