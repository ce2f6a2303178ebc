//! Wake words for Home Assistant: enrolled phrases over the Wyoming protocol.
//!
//! ```text
//! client ─▶ describe                               ─▶ info (wake: the phrases)
//!        ─▶ detect, audio-start, audio-chunk …     ─▶ detection, as soon as a phrase is over
//!        ─▶ audio-stop                             ─▶ not-detected, if none was
//! ```
//!
//! | file | what |
//! |---|---|
//! | `message.rs` | the framing, with limits on what a client may send |
//! | `session.rs` | one client: what it asks and what it is told |
//!
//! Each client has a thread of its own, on which the network runs; there are at most [`MAX_CLIENTS`].

mod message;
mod session;

use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use earmark_core::model::runtime;
use earmark_core::phrase::Phrases;

use session::Session;

/// Clients at a time; more are turned away.
pub const MAX_CLIENTS: usize = 32;
/// A client that sends nothing for so long, or takes nothing, is left.
const IDLE: Duration = Duration::from_secs(600);
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Listens, and serves every client until the process ends. Gives the address, whose port the system may have chosen.
///
/// # Errors
/// The address cannot be listened on, or there is no thread.
pub fn start(address: SocketAddr, phrases: Arc<Phrases>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let clients = Arc::new(AtomicUsize::new(0));
    let accept = move || {
        for client in listener.incoming() {
            match client {
                Ok(client) => take(client, &phrases, &clients),
                Err(error) => tracing::warn!(%error, "a client of wyoming cannot be accepted"),
            }
        }
    };
    std::thread::Builder::new().name("earmark wyoming".to_owned()).spawn(accept)?;
    Ok(address)
}

/// Gives a client its thread, if there is room.
fn take(client: TcpStream, phrases: &Arc<Phrases>, clients: &Arc<AtomicUsize>) {
    if clients.fetch_add(1, Ordering::AcqRel) >= MAX_CLIENTS {
        clients.fetch_sub(1, Ordering::AcqRel);
        tracing::warn!("too many clients of wyoming: one is turned away");
        return;
    }
    let (phrases, counted) = (Arc::clone(phrases), Arc::clone(clients));
    let serve = move || {
        let served = runtime::enter("earmark wyoming", || serve(&client, &phrases));
        counted.fetch_sub(1, Ordering::AcqRel);
        if let Err(error) = served {
            tracing::info!(%error, "a client of wyoming has gone");
        }
    };
    if let Err(error) = std::thread::Builder::new().name("earmark wyoming".to_owned()).spawn(serve) {
        clients.fetch_sub(1, Ordering::AcqRel);
        tracing::error!(%error, "a client of wyoming cannot be served");
    }
}

fn serve(client: &TcpStream, phrases: &Phrases) -> std::io::Result<()> {
    client.set_read_timeout(Some(IDLE))?;
    client.set_write_timeout(Some(WRITE_TIMEOUT))?;
    client.set_nodelay(true)?;
    let mut reader = BufReader::new(client);
    let mut session = Session::new(phrases);
    while let Some(message) = message::read(&mut reader)? {
        for answer in session.answer(&message) {
            message::write(&answer, &mut &*client)?;
        }
        if session.is_over() {
            break;
        }
    }
    Ok(())
}
