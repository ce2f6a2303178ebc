//! Earmark as a plugin: a face over `earmark-core`. The formats (CLAP, VST3, standalone) arrive here; nothing is exported yet.
