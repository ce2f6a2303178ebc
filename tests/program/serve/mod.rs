//! `earmark serve` as its clients meet it.

mod files;
mod hostile;
mod http;
mod page;
mod phrases;
mod proxy;
mod refusals;
mod running;
mod sources;
mod streams;
mod voices;
mod wyoming;

/// A port that nobody listens on now.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
