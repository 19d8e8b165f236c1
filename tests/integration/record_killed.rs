//! The process is killed at random while people change things: no change is without its line of
//! the record, and no line without its change.

use crate::commands::Shell;
use crate::facts::{count_in, texts_in};
use crate::support::client::Browser;
use crate::support::{OWNER, READER, ledger, soak};
use crate::two_processes::Node;
use actix_web::rt::task::yield_now;
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use tokenhouse::policy::AccountId;

const HANDS: u64 = 4;
/// So many changes of a round are answered before the process is killed, at most.
const MOST_ANSWERED: u64 = 24;

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What goes on until the process is gone.
struct Round<'a> {
    account: AccountId,
    reader: &'a str,
    number: u64,
    node: RefCell<Option<Node>>,
    answered: Cell<u64>,
    /// After so many answers it is killed.
    until: u64,
}

impl Round<'_> {
    /// One of several who change things at once; stops when nobody answers any more.
    async fn change_things(&self, hand: u64, mut browser: Browser) {
        let mut dice = Dice(self.number * 100 + hand);
        let (list, mut own) = (format!("/accounts/{}/tokens", self.account), Vec::new());
        for step in 0.. {
            let name = format!("Round {} hand {hand} step {step}", self.number);
            let which = own.get(usize::try_from(dice.throw(own.len().max(1) as u64)).unwrap()).copied();
            let (path, fields): (String, Vec<(&str, String)>) = match (dice.throw(6), which) {
                (0, Some(token)) => (format!("{list}/{token}/rename"), vec![("name", name)]),
                (1, Some(token)) => (format!("{list}/{token}/delete"), vec![]),
                (2, Some(token)) => (format!("{list}/{token}/disable"), vec![]),
                (3, Some(token)) => (format!("{list}/{token}/enable"), vec![]),
                (4, _) => {
                    let role = ["read_only", "read_write", "admin"][usize::try_from(dice.throw(3)).unwrap()];
                    let path = format!("/accounts/{}/members/{}/role", self.account, self.reader);
                    (path, vec![("role", role.to_owned())])
                }
                _ => {
                    let nonce = uuid::Uuid::new_v4().to_string();
                    let fixed = [("reach", "everything"), ("expires", "90"), ("do", "generate")];
                    let mut fields = vec![("name", name), ("nonce", nonce)];
                    fields.extend(fixed.map(|(key, value)| (key, value.to_owned())));
                    (list.clone(), fields)
                }
            };
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(key, value)| (*key, value.as_str())).collect();
            let sent = browser.form(&path, &fields).send();
            if self.answered.get() >= self.until {
                // Killed while this one is under way, somewhere.
                let sent = actix_web::rt::spawn(sent);
                for _ in 0..dice.throw(400) {
                    yield_now().await;
                }
                self.node.take();
                let _ = sent.await;
                return;
            }
            let Ok(answer) = sent.await else { return };
            let Ok(body) = answer.text().await else { return };
            self.answered.set(self.answered.get() + 1);
            if path == list {
                own.extend(token_of(&body, &list));
            }
            if let Some(csrf) = body.split("name=\"csrf\" value=\"").nth(1) {
                browser.csrf = csrf.split('"').next().unwrap().to_owned();
            }
        }
    }
}

/// The number of the token that a page shows once; its secret is put down.
fn token_of(page: &str, list: &str) -> Option<i64> {
    let text = page.split("id=\"secret\"").nth(1)?.split_once('>')?.1;
    ledger::put_down(text.split('<').next()?.trim());
    let below = format!("{list}/");
    page.split(&below).skip(1).find_map(|rest| rest.split('"').next()?.parse().ok())
}

#[actix_web::test]
async fn a_process_that_is_killed_at_random_leaves_no_change_without_its_line_and_no_line_without_its_change()
{
    let shell = Shell::demo();
    let acme = shell.account("Acme");
    shell.ok(&["account", "plan", "--account", &acme, "--plan", "enterprise"]);
    let reader = texts_in(&mut shell.conn(), "id", &format!("users WHERE email = '{READER}'")).remove(0);
    let mut dice = Dice(2026);
    let mut answered = 0;
    let rounds = soak::size(10, 200);
    for number in 0..rounds {
        let node = Node::start(&shell);
        let mut owner = Browser::new(node.address);
        owner.sign_in(OWNER, &ledger::password()).await;
        let round = Round {
            account: acme.parse().unwrap(),
            reader: &reader,
            number,
            node: RefCell::new(Some(node)),
            answered: Cell::new(0),
            until: 16 + dice.throw(MOST_ANSWERED - 16),
        };
        join_all((0..HANDS).map(|hand| round.change_things(hand, owner.clone()))).await;
        assert!(round.node.borrow().is_none(), "it was killed");
        answered += round.answered.get();
        assert_agree(&shell, &acme, &reader);
    }
    assert!(answered >= 16 * rounds, "{answered}");
    println!("{answered} changes answered");
    soak::row("servers killed while people change things", rounds);
}

/// The record and what it speaks of say the same.
fn assert_agree(shell: &Shell, acme: &str, reader: &str) {
    let mut conn = shell.conn();
    // What the dead process had begun, its servers end by themselves.
    let others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    while count_in(&mut conn, others) > 0 {
        texts_in(&mut conn, "pg_sleep(0.01) IS NULL", "(SELECT 1) AS nothing");
    }
    let lines = |action: &str| {
        format!("SELECT object_id FROM audit_events WHERE account_id = {acme} AND action = '{action}'")
    };
    let tokens = |condition: &str| format!("SELECT id FROM tokens WHERE account_id = {acme} AND {condition}");
    for (changed, line) in
        [(tokens("true"), lines("token.created")), (tokens("deleted_at IS NOT NULL"), lines("token.deleted"))]
    {
        for (one, other) in [(&changed, &line), (&line, &changed)] {
            let left = texts_in(&mut conn, "id", &format!("({one} EXCEPT ALL {other}) AS left_over (id)"));
            assert_eq!(left, Vec::<String>::new(), "{one} without {other}");
        }
    }
    // What the last line of each token says is how it is now.
    let last = |what: &str, actions: &str| {
        format!(
            "(SELECT {what} FROM audit_events AS line WHERE line.account_id = {acme} AND object_id = tokens.id
              AND action IN ({actions}) ORDER BY line.id DESC LIMIT 1)"
        )
    };
    let name = last("coalesce(after ->> 'name', object_name)", "'token.created', 'token.renamed'");
    let disabled = last("action = 'token.disabled'", "'token.disabled', 'token.enabled'");
    for (condition, says) in [
        (format!("name <> {name}"), "the name"),
        (format!("(disabled_at IS NOT NULL) <> coalesce({disabled}, false)"), "whether it is disabled"),
    ] {
        let wrong = texts_in(&mut conn, "id", &format!("tokens WHERE account_id = {acme} AND {condition}"));
        assert_eq!(wrong, Vec::<String>::new(), "{says} is another than the record says");
    }
    // Each line goes on where the one before it ended.
    let gaps = "(SELECT before ->> 'name' AS was, lag(coalesce(after ->> 'name', object_name)) OVER of_token AS is_now
                 FROM audit_events WHERE action IN ('token.created', 'token.renamed')
                 WINDOW of_token AS (PARTITION BY object_id ORDER BY id)) AS lines WHERE was IS NOT NULL AND was <> is_now";
    assert_eq!(count_in(&mut conn, gaps), 0);
    let role = format!(
        "memberships WHERE account_id = {acme} AND user_id = {reader} AND role =
         (SELECT after ->> 'role' FROM audit_events WHERE account_id = {acme} AND object_id = {reader}
          AND action = 'member.set' ORDER BY id DESC LIMIT 1)"
    );
    assert_eq!(count_in(&mut conn, &role), 1, "the role is another than the record says");
}
