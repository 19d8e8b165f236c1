//! Bodies of requests, read to their end.

use super::AppError;
use actix_web::dev::Payload;
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::time::Duration;

/// No form and no call of ours is larger: 500 chosen resources are some 15 KB.
const MOST_BYTES: usize = 256 * 1024;
/// A body is sent in one go; whoever takes longer holds a connection for nothing.
const LONGEST: Duration = Duration::from_secs(30);

/// Reads a body: 413 where it is larger than 256 KiB, 400 where it is late or does not come whole.
pub async fn read_body(payload: Payload) -> Result<Bytes, AppError> {
    let late = |_| AppError::BadRequest("What was sent did not arrive in time.");
    tokio::time::timeout(LONGEST, read(payload)).await.map_err(late)?
}

async fn read(mut payload: Payload) -> Result<Bytes, AppError> {
    let mut body = BytesMut::new();
    while let Some(part) = payload.next().await {
        let part = part.map_err(|_| AppError::BadRequest("What was sent did not arrive whole."))?;
        if body.len() + part.len() > MOST_BYTES {
            return Err(AppError::TooLarge);
        }
        body.extend_from_slice(&part);
    }
    Ok(body.freeze())
}
