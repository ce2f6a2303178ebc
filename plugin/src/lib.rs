//! Earmark as a plugin, a face over `earmark-core`: its parameters, wiring and editor go here, each format in a
//! folder of its own. Nothing is exported yet; see the changelog.
