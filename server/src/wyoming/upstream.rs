//! The server that is asked on behalf of clients.

use std::io::{BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use super::WRITE_TIMEOUT;
use super::filter::FilterSettings;
use super::message::{self, Message, Received, Sizes};

/// How long each of its addresses may take to answer at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A speech recogniser that speaks Wyoming, and what it is to hear.
#[derive(Debug)]
pub struct Upstream {
    address: String,
    pub(super) filter: FilterSettings,
}

impl Upstream {
    /// The one at `address`, HOST:PORT.
    pub(super) fn new(address: &str, filter: FilterSettings) -> Self {
        Self { address: address.to_owned(), filter }
    }

    /// HOST:PORT.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Whether `own` is among its addresses: it would ask itself for ever.
    pub(super) fn is_at(&self, own: SocketAddr) -> bool {
        let mut addresses = self.address.to_socket_addrs().into_iter().flatten();
        addresses.any(|address| {
            let same_host =
                address.ip() == own.ip() || (own.ip().is_unspecified() && address.ip().is_loopback());
            same_host && address.port() == own.port()
        })
    }

    fn connect(&self) -> Result<TcpStream, String> {
        let unreachable = |error: std::io::Error| {
            format!(
                "the speech recogniser {} cannot be reached: {error}; start it, or correct --wyoming-upstream",
                self.address
            )
        };
        let mut last = std::io::ErrorKind::NotFound.into();
        for address in self.address.to_socket_addrs().map_err(unreachable)? {
            match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
                Ok(socket) => {
                    socket.set_write_timeout(Some(WRITE_TIMEOUT)).map_err(unreachable)?;
                    socket.set_nodelay(true).map_err(unreachable)?;
                    return Ok(socket);
                }
                Err(error) => last = error,
            }
        }
        Err(unreachable(last))
    }
}

/// The way back to a client. Several threads answer it, each with whole messages.
#[derive(Debug)]
pub(super) struct Replies {
    socket: Mutex<TcpStream>,
}

impl Replies {
    pub(super) fn new(client: &TcpStream) -> std::io::Result<Self> {
        Ok(Self { socket: Mutex::new(client.try_clone()?) })
    }

    pub(super) fn send(&self, message: &Message) -> std::io::Result<()> {
        self.pass(&message.bytes())
    }

    fn pass(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        socket.write_all(bytes)
    }

    /// Nothing more is said. What the client still sends is read by whoever reads from it.
    pub(super) fn end(&self) {
        self.shut(Shutdown::Write);
    }

    /// The client is left: whoever reads from it finds its end.
    fn abandon(&self) {
        self.shut(Shutdown::Both);
    }

    fn shut(&self, how: Shutdown) {
        // It may be gone.
        let _ = self.socket.lock().unwrap_or_else(PoisonError::into_inner).shutdown(how);
    }
}

/// A connection to the upstream; a thread takes its answers to the client as they are.
#[derive(Debug)]
pub(super) struct Link {
    address: String,
    socket: TcpStream,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

/// What both sides know of a connection.
#[derive(Debug, Default)]
struct State {
    /// Something was asked, and nothing has come back since.
    asked: AtomicBool,
    /// The upstream has closed it.
    closed: AtomicBool,
    /// Its end is expected, or has been told.
    settled: AtomicBool,
}

impl Link {
    /// Connects for a client. `wake` is told among the upstream's own programs wherever it tells these.
    ///
    /// # Errors
    /// A sentence for the client.
    pub(super) fn open(
        upstream: &Upstream,
        replies: &Arc<Replies>,
        wake: Option<Value>,
    ) -> Result<Self, String> {
        let socket = upstream.connect()?;
        let failed = |error: std::io::Error| format!("the speech recogniser cannot be asked: {error}");
        let reading = socket.try_clone().map_err(failed)?;
        let state = Arc::new(State::default());
        let (shared, replies, address) = (Arc::clone(&state), Arc::clone(replies), upstream.address.clone());
        let relay = move || relay(&reading, &address, &replies, wake.as_ref(), &shared);
        let thread = std::thread::Builder::new().name("earmark wyoming".to_owned()).spawn(relay);
        let thread = Some(thread.map_err(failed)?);
        Ok(Self { address: upstream.address.clone(), socket, state, thread })
    }

    /// Whether the upstream has closed it.
    pub(super) fn is_closed(&self) -> bool {
        self.state.closed.load(Ordering::Acquire)
    }

    /// Nothing is expected to come back of what was asked.
    pub(super) fn expects_nothing(&self) {
        self.state.asked.store(false, Ordering::Release);
    }

    /// Sends bytes that are whole messages.
    ///
    /// # Errors
    /// A sentence for the client, unless it has been told one.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Option<String>> {
        self.state.asked.store(true, Ordering::Release);
        self.socket.write_all(bytes).map_err(|error| {
            let untold = !self.state.settled.swap(true, Ordering::AcqRel);
            let slow = matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut);
            untold.then(|| match slow {
                true => format!("the speech recogniser {} takes nothing any more", self.address),
                false => format!("the speech recogniser {} has gone: {error}", self.address),
            })
        })
    }
}

impl Drop for Link {
    /// Ends the connection, and the thread with it.
    fn drop(&mut self) {
        self.state.settled.store(true, Ordering::Release);
        // It may be closed.
        let _ = self.socket.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            // A panic was told where it happened.
            let _ = thread.join();
        }
    }
}

/// Takes answers to the client until either of them leaves.
fn relay(upstream: &TcpStream, address: &str, replies: &Replies, wake: Option<&Value>, state: &State) {
    let mut reader = BufReader::new(upstream);
    let fault = loop {
        match message::read(&mut reader, Sizes::UPSTREAM) {
            Ok(Some(received)) => {
                state.asked.store(false, Ordering::Release);
                let passed = match wake {
                    Some(wake) if received.message.kind == "info" => replies.send(&with_wake(received, wake)),
                    _ => replies.pass(&received.bytes),
                };
                if let Err(error) = passed {
                    tracing::info!(%error, "a client of wyoming takes no answers");
                    replies.abandon();
                    return;
                }
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    state.closed.store(true, Ordering::Release);
    let waits = state.asked.load(Ordering::Acquire);
    if (fault.is_none() && !waits) || state.settled.swap(true, Ordering::AcqRel) {
        return;
    }
    let text = match fault {
        Some(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            format!("the speech recogniser {address} does not speak Wyoming: it sent {error}")
        }
        Some(error) => format!("the speech recogniser {address} broke off: {error}"),
        None => format!("the speech recogniser {address} closed the connection before it answered"),
    };
    tracing::warn!(text, "wyoming");
    // The client may be gone, too.
    let _ = replies.send(&error_message(&text));
    replies.end();
}

/// The message that tells a client what is wrong.
pub(super) fn error_message(text: &str) -> Message {
    Message::new("error", json!({ "text": text }))
}

/// The upstream's programs, and one that knows wake words.
fn with_wake(received: Received, wake: &Value) -> Message {
    let mut message = received.message;
    let programs = message.data.entry("wake").or_insert_with(|| json!([]));
    match programs {
        Value::Array(programs) => programs.push(wake.clone()),
        other => *other = json!([wake]),
    }
    message
}
