//! What a running server does beside answering.

use crate::db::{self, DbError};
use crate::http::{AppData, Endings, FLUSH_EVERY, SHARE_EVERY};
use crate::mail::{self, Postman};
use crate::models::{
    self, Origin, account_state, begun, budget, factor_demand, leak, notice, sighting, throttle,
};
use crate::policy::budget::Hour;
use crate::policy::{AccountId, TokenId};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often a node looks for reports of leaked secrets.
const LOOK_FOR_LEAKS_EVERY: Duration = Duration::from_secs(1);
/// How often a node asks every server of the database whether another has become the primary. Where the
/// old one goes away, that's noticed at once; this is for one that was replaced and still answers.
const LOOK_FOR_PRIMARY_EVERY: Duration = Duration::from_secs(5);
/// The lock of the chore that takes accounts away.
const ACCOUNTS: i64 = 1;
/// The lock of the chore that tells of tokens that expire.
const EXPIRING: i64 = 2;

/// Says that the server ends.
type End = watch::Receiver<()>;

/// The chores of a running server.
pub(super) struct Chores {
    ended: watch::Sender<()>,
    running: Vec<JoinHandle<()>>,
}

/// Begins with them.
pub(super) fn start(app: &AppData) -> Chores {
    let (ended, end) = watch::channel(());
    let running = vec![
        tokio::spawn(every_now_and_then(app.clone(), end.clone())),
        tokio::spawn(share_now_and_then(app.clone(), end.clone())),
        tokio::spawn(end_what_leaked(app.clone(), end.clone())),
        tokio::spawn(once_an_hour(app.clone(), end.clone())),
        tokio::spawn(look_for_primary(app.clone(), end.clone())),
        tokio::spawn(send_mail(app.clone(), end)),
    ];
    Chores { ended, running }
}

impl Chores {
    /// Ends them, and writes what is not written yet. A flush that is under way is finished: its
    /// uses are in no other place.
    pub(super) async fn end(self, app: &AppData) {
        drop(self.ended);
        for chore in self.running {
            let _ = chore.await;
        }
        let now = app.clock.now();
        app.buffers.flush_all(&app.db, now).await;
        if let Err(error) = app.endings.write(&app.db).await {
            tracing::error!(%error, "ends of tokens are not in the audit log: the log of the process has them");
        }
        if let Err(error) = app.budgets.share(now).await {
            tracing::error!(%error, "what was spent of budgets could not be shared");
        }
    }
}

/// What is due by the day: at the start and once an hour, by one node at a time.
async fn once_an_hour(app: AppData, mut end: End) {
    let mut ticks = tokio::time::interval(Duration::from_secs(3_600));
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = end.changed() => return,
        }
        if let Err(error) = Endings::write_orphaned(&app.db, app.clock.now()).await {
            tracing::warn!(%error, "ends of tokens wait for the database");
        }
        if let Err(error) = sweep_mail(&app).await {
            tracing::warn!(%error, "mail that nobody needs waits for the database");
        }
        if let Err(error) = tell_of_expiring(&app, &end).await {
            tracing::warn!(%error, "word of tokens that expire waits for the database");
        }
        if let Err(error) = remind_of_factors(&app).await {
            tracing::warn!(%error, "word of accounts that ask for a second factor waits for the database");
        }
        if let Err(error) = take_accounts_away(&app, &end).await {
            tracing::warn!(%error, "accounts that are to go wait for the database");
        }
    }
}

/// Tokens that expire soon, a part at a time. A part that cannot be told of now is left for the next
/// hour, and those behind it are told of.
async fn tell_of_expiring(app: &AppData, end: &End) -> Result<(), DbError> {
    let mut behind = Some((app.clock.now(), TokenId::from(0)));
    while let Some(from) = behind.filter(|_| end.has_changed().is_ok()) {
        let now = app.clock.now();
        let part = app.db.transaction(move |conn| {
            if !db::alone(conn, EXPIRING)? {
                return Ok(None);
            }
            notice::tell_of_expiring(conn, from, now)
        });
        behind = match part.await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "some tokens that expire are left for now");
                app.db.run(move |conn| notice::behind_expiring(conn, from, now)).await?
            }
        };
    }
    Ok(())
}

/// Members without a second factor, whose accounts ask for one soon.
async fn remind_of_factors(app: &AppData) -> Result<(), DbError> {
    let now = app.clock.now();
    app.db.transaction(move |conn| factor_demand::remind(conn, now)).await
}

/// Mail that nobody needs any more.
async fn sweep_mail(app: &AppData) -> Result<(), DbError> {
    let now = app.clock.now();
    app.db.run(move |conn| models::mail::sweep(conn, now)).await
}

/// Accounts whose thirty days are over, a part at a time. One that cannot go now is left for the next
/// hour, and those behind it go.
async fn take_accounts_away(app: &AppData, end: &End) -> Result<(), DbError> {
    let is_ending = || end.has_changed().is_err();
    let mut left: Vec<AccountId> = Vec::new();
    while !is_ending() {
        let (now, skip) = (app.clock.now(), left.clone());
        let due = app.db.run(move |conn| account_state::due(conn, now, &skip)).await?;
        let Some(account) = due.map(|account| account.id) else { return Ok(()) };
        let (origin, hooks) = (Origin::nobody(now), app.extras.hooks);
        let part = app.db.transaction(move |conn| {
            if !db::alone(conn, ACCOUNTS)? {
                return Ok(false);
            }
            account_state::take_apart(conn, account, &hooks, &origin)?;
            Ok::<_, DbError>(true)
        });
        match part.await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => {
                tracing::warn!(%error, account = account.get(), "an account that is to go is left for now");
                left.push(account);
            }
        }
    }
    Ok(())
}

/// What this node owes to the sum of the budgets.
async fn share_now_and_then(app: AppData, mut end: End) {
    let mut ticks = tokio::time::interval(SHARE_EVERY);
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = end.changed() => return,
        }
        if let Err(error) = app.budgets.share(app.clock.now()).await {
            tracing::warn!(%error, "budgets are counted by this node alone");
        }
    }
}

/// Mail that is due. Sending it is finished before the process ends.
async fn send_mail(app: AppData, mut end: End) {
    let Some(every) = app.mail.every else { return };
    let postman = match Postman::of(&app.mail, app.support.site_name()) {
        Ok(postman) => postman,
        Err(error) => return tracing::error!(%error, "no mail is sent"),
    };
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = end.changed() => return,
        }
        if let Err(error) = mail::send_due(&app, &postman).await {
            tracing::warn!(%error, "mail waits for the database");
        }
    }
}

/// What is noted of calls, the clock's offset, and what nobody needs any more.
async fn every_now_and_then(app: AppData, mut end: End) {
    let mut ticks = tokio::time::interval(FLUSH_EVERY);
    ticks.tick().await;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = end.changed() => return,
        }
        let now = app.clock.now();
        if let Err(error) = app.endings.write(&app.db).await {
            tracing::warn!(%error, "what tells of tokens that ended waits for the database");
        }
        app.buffers.flush(&app.db, now).await;
        let housekeeping = app.db.run(move |conn| {
            throttle::sweep(conn, now - time::Duration::days(1))?;
            begun::sweep(conn, now)?;
            budget::sweep(conn, Hour::of(now))?;
            sighting::sweep(conn, now)?;
            db::database_now(conn)
        });
        match housekeeping.await {
            Ok(database_now) => app.clock.correct(database_now),
            Err(error) => tracing::warn!(%error, "housekeeping waits for the database"),
        }
    }
}

/// Reports of leaked secrets, those of other nodes and of before a restart too.
async fn end_what_leaked(app: AppData, mut end: End) {
    let mut ticks = tokio::time::interval(LOOK_FOR_LEAKS_EVERY);
    let mut waits = false;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = end.changed() => return,
        }
        let done = work_off_leaks(&app).await;
        if let (Err(error), false) = (&done, waits) {
            tracing::warn!(%error, "reports of leaked secrets wait for the database");
        }
        waits = done.is_err();
    }
}

/// What can't be asked now is logged by those who need a connection.
async fn look_for_primary(app: AppData, mut end: End) {
    if !app.db.has_several_servers() {
        return;
    }
    let mut ticks = tokio::time::interval(LOOK_FOR_PRIMARY_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = end.changed() => return,
        }
        let _ = app.db.look_for_primary().await;
    }
}

/// Each that waits, once: what fails is tried again in the next round, behind none of the others.
async fn work_off_leaks(app: &AppData) -> Result<(), DbError> {
    let (mut behind, mut failed) = (0, None);
    while let Some(first) = app.db.run(move |conn| leak::next(conn, behind)).await? {
        let now = app.clock.now();
        if let Err(error) = app.db.transaction(move |conn| leak::work_off(conn, first, now)).await {
            if let DbError::Full(_) = error {
                app.db.transaction(move |conn| leak::end_at_once(conn, first, now)).await?;
            }
            failed = Some(error);
        }
        behind = first;
    }
    failed.map_or(Ok(()), Err)
}
