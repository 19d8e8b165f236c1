//! What systemd is told of a server that it started with `Type=notify`; without it nobody is told anything.

use crate::http::AppData;
use sd_notify::NotifyState;
use std::sync::mpsc::{SyncSender, sync_channel};

/// The most that waits to be told; what comes after that is left out.
const WAITING: usize = 8;

/// Tells systemd, from a thread of its own: telling waits for systemd to listen, and a server must not.
#[derive(Clone)]
pub(super) struct Supervisor(SyncSender<NotifyState<'static>>);

impl Supervisor {
    pub(super) fn start() -> Supervisor {
        let (tell, told) = sync_channel(WAITING);
        std::thread::spawn(move || {
            for state in told {
                if let Err(error) = sd_notify::notify(&[state]) {
                    tracing::warn!(%error, "systemd could not be told");
                }
            }
        });
        Supervisor(tell)
    }

    pub(super) fn tell(&self, state: NotifyState<'static>) {
        let _ = self.0.try_send(state);
    }

    /// A sign of life, three times as often as systemd waits for one (`WatchdogSec`): whenever a round through
    /// the event loop and the queue of the look-ups ends, with an answer or given up. A database that is away
    /// ends no server.
    pub(super) async fn keep_alive(self, app: AppData) {
        let Some(longest) = sd_notify::watchdog_enabled() else { return };
        loop {
            let _ = app.token_lookup.answers().await;
            self.tell(NotifyState::Watchdog);
            actix_web::rt::time::sleep(longest / 3).await;
        }
    }
}
