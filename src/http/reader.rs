//! Clients that read slowly. What a client doesn't take stays in memory, so one that takes too little
//! of a long answer is cut off.

use crate::watchdog::{self, Socket, Watch};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use rustix::io::fcntl_dupfd_cloexec;
use std::any::Any;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// An answer is handed on in parts of this length, each when the one before has nearly gone out,
const PART: usize = 64 * 1024;
/// and none may take longer than this: two kilobytes a second, less than any line that people use.
const LONGEST: Duration = Duration::from_secs(30);
/// What the system has taken of an answer, and a client doesn't take of it at all, is given up after
/// this many milliseconds.
#[cfg(target_os = "linux")]
const LONGEST_SILENCE: u32 = 60_000;

/// The connection of a client.
struct Reader(RawFd);

/// Remembers a connection for its requests. For `HttpServer::on_connect`.
pub fn remember(connection: &dyn Any, of_connection: &mut Extensions) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>() {
        #[cfg(target_os = "linux")]
        let _ = rustix::net::sockopt::set_tcp_user_timeout(stream, LONGEST_SILENCE);
        of_connection.insert(Reader(stream.as_raw_fd()));
    }
}

/// The answer, which is cut off when its client reads too slowly. A short one is sent as it is.
pub fn paced(request: &HttpRequest, response: HttpResponse<BoxBody>) -> HttpResponse<BoxBody> {
    let is_short = match response.body().size() {
        BodySize::None => true,
        BodySize::Sized(length) => length <= PART as u64,
        BodySize::Stream => false,
    };
    match request.conn_data::<Reader>().filter(|_| !is_short).and_then(Reader::socket) {
        Some(socket) => response.map_body(|_, body| BoxBody::new(Paced::new(body, socket, LONGEST))),
        None => response,
    }
}

impl Reader {
    #[allow(unsafe_code, reason = "actix lends the connection once, when it begins")]
    fn socket(&self) -> Option<Arc<Socket>> {
        // SAFETY: it's called for a request that is being answered, and the connection is open for as long
        // as one is; the number is duplicated at once, and not used again.
        let own = fcntl_dupfd_cloexec(unsafe { BorrowedFd::borrow_raw(self.0) }, 3).ok()?;
        Some(Arc::new(Socket::new(own, "a client reads too slowly")))
    }
}

/// The body of an answer, in parts.
struct Paced {
    body: BoxBody,
    rest: Bytes,
    socket: Arc<Socket>,
    longest: Duration,
    /// Of the part that is on its way.
    watch: Option<Watch>,
}

impl Paced {
    fn new(body: BoxBody, socket: Arc<Socket>, longest: Duration) -> Paced {
        Paced { body, rest: Bytes::new(), socket, longest, watch: None }
    }
}

impl MessageBody for Paced {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        // Asked for more, so the part before has gone out. What the server itself takes isn't counted.
        this.watch = None;
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_next(context)) {
                Some(Ok(bytes)) => this.rest = bytes,
                end => return Poll::Ready(end),
            }
        }
        let part = this.rest.split_to(this.rest.len().min(PART));
        this.watch = Some(watchdog::watch(&this.socket, this.longest));
        Poll::Ready(Some(Ok(part)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    async fn next(body: &mut Paced) -> Option<usize> {
        let part = poll_fn(|context| Pin::new(&mut *body).poll_next(context)).await;
        part.map(|part| part.unwrap().len())
    }

    #[actix_web::test]
    async fn a_reader_of_part_after_part_gets_all_and_one_who_stops_is_cut_off() {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        let socket = Arc::new(Socket::new(ours.try_clone().unwrap().into(), "a test"));
        let body = BoxBody::new(vec![0; PART * 2 + 1]);
        let mut body = Paced::new(body, Arc::clone(&socket), Duration::from_secs(3_600));
        assert_eq!(body.size(), BodySize::Sized(PART as u64 * 2 + 1));
        let parts = (next(&mut body).await, next(&mut body).await, next(&mut body).await);
        assert_eq!(parts, (Some(PART), Some(PART), Some(1)));
        assert_eq!(next(&mut body).await, None);
        ours.write_all(b"all").unwrap();
        assert!(!socket.is_given_up());
        let mut stopped = Paced::new(BoxBody::new(vec![0; PART * 2]), socket, Duration::ZERO);
        assert_eq!(next(&mut stopped).await, Some(PART));
        let mut said = Vec::new();
        theirs.read_to_end(&mut said).unwrap();
        assert_eq!(said, b"all", "the end comes without another part");
    }
}
