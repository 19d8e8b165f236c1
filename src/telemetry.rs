//! The log: one line a request, with its id; never a query, a body, a header with a secret, nor
//! anything that has the shape of a link or of a secret.

mod redact;

use crate::config::LogFormat;
use redact::Redacted;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Starts logging to standard error. `RUST_LOG` says how much.
pub fn start(format: LogFormat) {
    start_to(format, std::io::stderr);
}

/// Starts logging to another place: tests keep and search what was logged. Only the first call
/// of a process counts.
pub fn start_to(format: LogFormat, writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static) {
    let filter = EnvFilter::try_from_default_env()
        // actix-session's own lines say nothing that ours do not.
        .unwrap_or_else(|_| EnvFilter::new("info,actix_session=error,actix_server=warn"));
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(Redacted(writer)).with_ansi(false);
    let _ = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
