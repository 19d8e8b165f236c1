//! Mail: what is due is written, and sent by whichever node takes it on first.
//!
//! Models put a [`Letter`](crate::models::mail::Letter) down with the change that it tells of. What
//! a link holds is made here, at the moment of sending, so that nothing that works is ever stored.

mod letters;
mod post;

pub use post::{Failed, Post, Postman};

use crate::db::DbError;
use crate::http::AppData;
use crate::models::mail::{self, Due};
use futures_util::StreamExt;
use futures_util::stream;
use lettre::Address;
use std::time::Duration;
use time::OffsetDateTime;

/// So many are taken on in one go: all of them are through long before the lease ends.
const BATCH: i64 = 32;
/// So many are on their way at once, so that a slow one holds nobody else up.
const AT_ONCE: usize = 8;
/// A mail that takes longer has failed, and is tried again.
const LONGEST: Duration = Duration::from_secs(20);

/// A mail as it is sent: plain text, in ASCII where the names in it are.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Number of the mail.
    pub id: i64,
    /// The same for whatever says the same, so that a mail that came twice can be told.
    pub message_id: String,
    /// Whom it is for.
    pub recipient: Address,
    /// One line.
    pub subject: String,
    /// The rest.
    pub text: String,
    /// When it is sent.
    pub at: OffsetDateTime,
}

/// Sends what is due; returns how many mails were taken on, whatever became of them.
pub async fn send_due(app: &AppData, post: &impl Post) -> Result<usize, DbError> {
    let now = app.clock.now();
    let taken = app.db.transaction(move |conn| mail::take(conn, BATCH, now)).await?;
    let count = taken.len();
    let each = |due: Due| async {
        let id = due.id;
        if let Err(error) = deliver(app, post, due).await {
            tracing::warn!(mail = id, %error, "what became of a mail could not be noted: it may come twice");
        }
    };
    stream::iter(taken).for_each_concurrent(AT_ONCE, each).await;
    Ok(count)
}

/// Outside any transaction, but for writing it: what a link holds is stored before it is on its way.
async fn deliver(app: &AppData, post: &impl Post, due: Due) -> Result<(), DbError> {
    let (house, asked, now) = (app.clone(), due.clone(), app.clock.now());
    let written = app.db.transaction(move |conn| letters::write(conn, &house, &asked, now)).await?;
    match written {
        letters::Written::Mail(mail) => {
            let failed = match tokio::time::timeout(LONGEST, post.deliver(&mail)).await {
                Ok(Ok(())) => {
                    return app.db.run(move |conn| due.sent(conn, now)).await;
                }
                Ok(Err(failed)) => failed,
                Err(_) => Failed("it took too long".to_owned()),
            };
            try_again(app, due, &failed.0).await
        }
        letters::Written::NotKnown => try_again(app, due, "another version wrote it").await,
        letters::Written::NoAddress => {
            tracing::warn!(mail = due.id, "a mail is for no address, and was given up");
            app.db.run(move |conn| due.give_up(conn, now)).await
        }
        letters::Written::NotWanted => app.db.run(move |conn| due.give_up(conn, now)).await,
    }
}

async fn try_again(app: &AppData, due: Due, cause: &str) -> Result<(), DbError> {
    let (id, attempt, now) = (due.id, due.attempt, app.clock.now());
    let given_up = app.db.run(move |conn| due.failed(conn, now)).await?;
    if given_up {
        tracing::error!(mail = id, attempt, cause, "a mail could not be sent for a day, and was given up");
    } else {
        tracing::warn!(mail = id, attempt, cause, "a mail could not be sent, and is tried again");
    }
    Ok(())
}
