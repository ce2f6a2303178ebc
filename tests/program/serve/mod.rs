//! `earmark serve` as its clients meet it.

mod files;
mod hostile;
mod http;
mod page;
mod proxy;
mod refusals;
mod running;
mod sources;
mod streams;
mod voices;
