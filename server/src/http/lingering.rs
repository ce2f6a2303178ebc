//! Answers that reach who is still sending.
//!
//! A connection that is closed while something of a request is unread is reset. On Windows (not on Linux) what the other end has
//! received and not yet taken is lost then: who uploads what is refused would not learn why. So after such an answer the
//! sending side is closed alone, and what still comes is read and thrown away until the other end has closed as well.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// How long the rest of a request is read that was answered already.
const LONGEST: Duration = Duration::from_secs(2);

/// Whether a request of a connection was answered before its end.
#[derive(Debug, Clone, Default)]
pub struct Unread(Arc<AtomicBool>);

/// A request's body that tells when it is dropped before its end.
pub struct Watched {
    body: Incoming,
    ended: bool,
    unread: Unread,
}

impl Watched {
    /// A body, and who is told.
    pub fn new(body: Incoming, unread: Unread) -> Self {
        Self { body, ended: false, unread }
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        self.ended = frame.is_none();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // A body in chunks says that it has ended by giving no more, all others by their length.
        if !self.ended && !self.body.is_end_stream() {
            self.unread.0.store(true, Ordering::Relaxed);
        }
    }
}

/// A connection that is closed in that way.
pub struct Lingering<S> {
    stream: S,
    unread: Unread,
    /// Set once the sending side is closed.
    patience: Option<Pin<Box<Sleep>>>,
}

impl<S> Lingering<S> {
    /// A connection, and what says whether something of it is unread.
    pub fn new(stream: S, unread: Unread) -> Self {
        Self { stream, unread, patience: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let patience = match &mut this.patience {
            Some(patience) => patience,
            closing => {
                ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
                if !this.unread.0.load(Ordering::Relaxed) {
                    return Poll::Ready(Ok(()));
                }
                closing.insert(Box::pin(tokio::time::sleep(LONGEST)))
            }
        };
        let mut thrown_away = [0; 8 << 10];
        loop {
            if patience.as_mut().poll(context).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let mut buffer = ReadBuf::new(&mut thrown_away);
            let read = ready!(Pin::new(&mut this.stream).poll_read(context, &mut buffer));
            // However the other end closes is an end.
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
