//! Bodies that came in parts and were not read to their end. Once nobody holds such a body any
//! more, actix goes on taking parts and throws them away, without an end; while somebody does, it
//! closes the connection after the answer. So the answer holds it.

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::web::Bytes;
use actix_web::{HttpMessage as _, HttpResponse};
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

    /// The answer with this, which goes when the answer has gone out.
    pub(super) fn until_answered(self, response: HttpResponse<BoxBody>) -> HttpResponse<BoxBody> {
        let mut response = response.map_body(|_, body| BoxBody::new(Holding { body, _held: self.clone() }));
        // An answer without a body is sent with its head.
        response.extensions_mut().insert(self);
        response
    }
}

/// The body of an answer that holds the body of its request.
struct Holding {
    body: BoxBody,
    _held: Held,
}

impl MessageBody for Holding {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(context)
    }
}

impl Stream for Held {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.borrow_mut().poll_next_unpin(context)
    }
}
