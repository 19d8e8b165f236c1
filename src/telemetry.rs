//! The log: one line a request, with its id; never a query, a body, a header with a secret, nor
//! anything that has the shape of a link or of a secret.

mod queue;
mod redact;

use crate::config::LogFormat;
use queue::Queue;
use redact::Redacted;
use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// How long the end of the process waits for the reader of its log.
const LONGEST_FLUSH: Duration = Duration::from_secs(2);

/// How much is logged without `RUST_LOG`. actix-session's own lines say nothing that ours do not, and actix-http's
/// would let anyone fill the log with errors, by requests that aren't HTTP.
const USUAL: &str = "info,actix_session=error,actix_server=warn,actix_http=off";

/// A server's way to standard error, for its log and for notes to the person who started it. Neither
/// waits for the reader or fails with it. Dropping it waits for what isn't written yet, for two
/// seconds at most.
pub struct Log(Arc<Queue>);

/// Starts logging to standard error, including panics. `RUST_LOG` says how much.
///
/// # Errors
/// When the system has no thread for it.
pub fn start(format: LogFormat) -> io::Result<Log> {
    let report = |lines| tracing::warn!(lines, "lines of the log were lost: they could not be written");
    let queue = Queue::start(io::stderr(), report)?;
    start_to(format, Arc::clone(&queue));
    // The default hook writes to standard error itself, and would wait for its reader.
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, cause = panic.payload_as_str(), "panicked");
    }));
    Ok(Log(queue))
}

/// Starts logging to another place: tests keep and search what was logged. Only the first call
/// of a process counts.
pub fn start_to(format: LogFormat, writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static) {
    let directives = std::env::var(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let usual = || EnvFilter::new(USUAL);
    let filter = match directives.trim() {
        "" => Ok(usual()),
        directives => EnvFilter::try_new(directives),
    };
    let is_wrong = filter.is_err();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| usual()))
        .with_writer(Redacted(writer))
        .with_ansi(false)
        // Where a line can't be written, a complaint about it can't either, and would panic.
        .log_internal_errors(false);
    let _ = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    if is_wrong {
        tracing::warn!("RUST_LOG cannot be read, and counts as not set");
    }
}

impl Log {
    /// A line for the person who started the server. It is no event of the log, and may hold what is
    /// shown once.
    pub fn note(&self, line: impl Display) {
        self.0.push(format!("{line}\n").as_bytes());
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.0.flush(LONGEST_FLUSH);
    }
}
