//! What Home Assistant takes, by the Wyoming protocol: enrolled phrases as wake words, and a speech recogniser of another
//! program that hears speech alone.
//!
//! ```text
//! client ─▶ describe                               ─▶ info (wake: the phrases; and what the upstream tells of itself)
//!        ─▶ detect, audio-start, audio-chunk …     ─▶ detection, as soon as a phrase is recognised
//!        ─▶ audio-stop                             ─▶ not-detected, if none was
//!        ─▶ transcribe, audio-start, audio-chunk … ─▶ the upstream, but only what is speech
//!        ─▶ audio-stop                             ◀─ the upstream's answer as it is
//! ```
//!
//! | file | what |
//! |---|---|
//! | `message.rs` | the framing, with limits on what either side may send |
//! | `format.rs` | what the sound of a client is |
//! | `wake.rs` | wake words: what a client asks and what it is told |
//! | `filter.rs` | the sound that a speech recogniser gets |
//! | `upstream.rs` | the connection to it, and its answers |
//! | `proxy.rs` | a client's conversation with it |
//!
//! Each client has a thread of its own, on which the network runs; there are at most [`MAX_CLIENTS`].

mod filter;
mod format;
mod message;
mod proxy;
mod upstream;
mod wake;

use std::io::{self, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use earmark_core::detect::Detector;
use earmark_core::gate::GateError;
use earmark_core::model::runtime;
use earmark_core::phrase::Phrases;
use earmark_core::voice::Voices;

use filter::FilterSettings;
use message::Sizes;
use proxy::{Over, Proxy};
use upstream::{Replies, Upstream, error_message};
use wake::Session;

/// Clients at a time; more are turned away.
pub const MAX_CLIENTS: usize = 32;
/// A client that sends nothing for so long is left.
const IDLE: Duration = Duration::from_secs(600);
/// How long a client may take to leave once it has been told that the conversation is over, and what it may still send.
const FAREWELL: Duration = Duration::from_secs(2);
const FAREWELL_BYTES: u64 = 1 << 24;
/// Whoever takes nothing for so long is left, client or upstream.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// What clients are offered.
#[derive(Debug, Clone)]
pub struct Services {
    phrases: Option<Arc<Phrases>>,
    upstream: Option<Arc<Upstream>>,
}

impl Services {
    /// Phrases as wake words, where there are any.
    pub fn new(phrases: Option<Arc<Phrases>>) -> Self {
        Self { phrases, upstream: None }
    }

    /// Whether there is nothing to offer.
    pub fn is_empty(&self) -> bool {
        self.phrases.is_none() && self.upstream.is_none()
    }

    /// With the speech recogniser at `address` (HOST:PORT), which hears speech alone, and of that only what `voices` say where there are
    /// any. The detector must have been loaded for low latency.
    ///
    /// # Errors
    /// [`GateError`] if the detector's pack does not know speech.
    pub fn with_upstream(
        self,
        address: &str,
        detector: Arc<Detector>,
        voices: Option<Voices>,
    ) -> Result<Self, GateError> {
        let upstream = Upstream::new(address, FilterSettings::new(detector, voices)?);
        Ok(Self { upstream: Some(Arc::new(upstream)), ..self })
    }
}

/// Listens, and serves every client until the process ends. Gives the address, whose port the system may have chosen.
///
/// # Errors
/// The address cannot be listened on, is that of the upstream, or there is no thread.
pub fn start(address: SocketAddr, services: Services) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    if let Some(upstream) = &services.upstream {
        if upstream.is_at(address) {
            let text = "--wyoming-upstream is this service itself; name that of the speech recogniser";
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, text));
        }
        tracing::info!(
            upstream = upstream.address(),
            voices = upstream.filter.is_for_voices(),
            "wyoming passes speech on"
        );
    }
    let clients = Arc::new(AtomicUsize::new(0));
    let accept = move || {
        for client in listener.incoming() {
            match client {
                Ok(client) => take(client, &services, &clients),
                Err(error) => tracing::warn!(%error, "a client of wyoming cannot be accepted"),
            }
        }
    };
    std::thread::Builder::new().name("earmark wyoming".to_owned()).spawn(accept)?;
    Ok(address)
}

/// Gives a client its thread, if there is room.
fn take(client: TcpStream, services: &Services, clients: &Arc<AtomicUsize>) {
    if clients.fetch_add(1, Ordering::AcqRel) >= MAX_CLIENTS {
        clients.fetch_sub(1, Ordering::AcqRel);
        tracing::warn!("too many clients of wyoming: one is turned away");
        return;
    }
    let (services, counted) = (services.clone(), Arc::clone(clients));
    let serve = move || {
        let served = runtime::enter("earmark wyoming", || serve(&client, &services));
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

fn serve(client: &TcpStream, services: &Services) -> std::io::Result<()> {
    client.set_read_timeout(Some(IDLE))?;
    client.set_write_timeout(Some(WRITE_TIMEOUT))?;
    client.set_nodelay(true)?;
    let replies = Arc::new(Replies::new(client)?);
    let mut reader = BufReader::new(client);
    converse(&mut reader, &replies, services)?;
    // A connection that is closed over what was not read is reset, and the last answer may be lost with it.
    replies.end();
    client.set_read_timeout(Some(FAREWELL))?;
    io::copy(&mut reader.take(FAREWELL_BYTES), &mut io::sink()).map(drop)
}

/// Answers until the client has gone, or the conversation is over.
fn converse(
    reader: &mut BufReader<&TcpStream>,
    replies: &Arc<Replies>,
    services: &Services,
) -> std::io::Result<()> {
    let mut wake = services.phrases.as_deref().map(Session::new);
    let program = wake.as_ref().map(Session::program);
    let mut proxy =
        services.upstream.as_deref().map(|upstream| Proxy::new(upstream, Arc::clone(replies), program));
    // Whoever asks for neither means the recogniser, where there is one.
    let mut is_for_wake = proxy.is_none();
    loop {
        let received = match message::read(reader, Sizes::CLIENT) {
            Ok(Some(received)) => received,
            Ok(None) => break,
            Err(error) if message::is_no_message(error.kind()) => {
                // Where the next message would begin is not known.
                let text = format!("this is no message of Wyoming: {error}");
                tracing::info!(text, "wyoming");
                replies.send(&error_message(&text))?;
                break;
            }
            Err(error) => return Err(error),
        };
        let kind = received.message.kind.as_str();
        match kind {
            "detect" => is_for_wake = wake.is_some(),
            "transcribe" => is_for_wake = proxy.is_none(),
            _ => {}
        }
        let is_for_wake = proxy.is_none()
            || (is_for_wake && matches!(kind, "detect" | "audio-start" | "audio-chunk" | "audio-stop"));
        match (&mut wake, &mut proxy) {
            (Some(wake), _) if is_for_wake => {
                for answer in wake.answer(&received.message) {
                    replies.send(&answer)?;
                }
                if wake.is_over() {
                    break;
                }
            }
            (_, Some(proxy)) => match proxy.take(received) {
                Ok(()) => {}
                Err(Over::Fault(text)) => {
                    tracing::warn!(text, "wyoming");
                    replies.send(&error_message(&text))?;
                    break;
                }
                Err(Over::Gone) => break,
            },
            (_, None) => {}
        }
    }
    Ok(())
}
