//! Bodies that came in parts and were not read to their end. Once nobody holds such a body any
//! more, actix goes on taking parts and throws them away, without an end; while somebody does, it
//! closes the connection after the answer. So the answer holds it.

use actix_web::HttpMessage as _;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt as _};
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// A body, held beside the handler that reads it.
#[derive(Clone)]
pub(super) struct Held(Rc<RefCell<Payload>>);

impl Held {
    /// The body of a request that does not say how long it is; the handler gets it all the same.
    pub(super) fn of(request: &mut ServiceRequest) -> Option<Held> {
        request.headers().get(TRANSFER_ENCODING)?;
        let held = Held(Rc::new(RefCell::new(request.take_payload())));
        request.set_payload(Payload::Stream { payload: Box::pin(held.clone()) });
        Some(held)
    }
}

impl Stream for Held {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.borrow_mut().poll_next_unpin(context)
    }
}
