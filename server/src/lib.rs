//! Earmark on streams: what feeds a stream (`sources`), what follows from it (`rules`, `sinks`), and the service that
//! offers both over HTTP.
