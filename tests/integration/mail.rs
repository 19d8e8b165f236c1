//! Mail: put down with a change, sent once, by whichever node.

use crate::facts::{change, count, number, text, texts};
use crate::support::smtp::SmtpServer;
use crate::support::{House, OWNER, START, database, public};
use secrecy::SecretString;
use time::Duration;
use tokenhouse::clock::Clock;
use tokenhouse::config::{Config, MailWay};
use tokenhouse::mail::{Postman, send_due};
use tokenhouse::models::mail::{self, Letter};

/// A server whose mail goes to this one.
fn house(server: &SmtpServer) -> House {
    House::with(by(server))
}

fn by(server: &SmtpServer) -> impl FnOnce(&mut Config) + use<> {
    let url = SecretString::from(server.url());
    |config| config.mail.way = MailWay::Smtp(url)
}

/// Puts down an invitation for this address, and its mail.
fn put_down(house: &House, address: &str) -> i64 {
    let (account, by) = (house.account("Acme"), house.user(OWNER).id);
    change(
        house,
        &format!(
            "INSERT INTO invitations (account_id, email, role, copied_digest, invited_by, created_at, expires_at)
             VALUES ({account}, '{address}', 'read_only', sha256('{address}'), {by}, '2026-11-22', '2026-12-22')"
        ),
    );
    let id = number(house, &format!("SELECT id FROM invitations WHERE email = '{address}'"));
    let letter = Letter::Invitation { invitation: id };
    mail::queue(&mut house.conn(), &format!("link/{id}"), address, &letter, house.clock.now()).unwrap();
    id
}

/// Sends what is due, as a node does.
async fn send(house: &House) -> usize {
    let postman = Postman::of(&house.app.mail, house.app.support.site_name()).unwrap();
    let mut all = 0;
    loop {
        match send_due(&house.app, &postman).await.unwrap() {
            0 => return all,
            some => all += some,
        }
    }
}

fn header(mail: &str, name: &str) -> String {
    let line = mail.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name}: {mail}")).to_owned()
}

#[tokio::test]
async fn each_of_a_hundred_mails_is_sent_once_by_two_nodes_at_once() {
    let server = SmtpServer::open().await;
    let here = house(&server);
    let there = House::on(here.database.clone(), here.clock.clone(), by(&server));
    for one in 0..100 {
        put_down(&here, &format!("person-{one}@example.com"));
    }
    let (some, others) = tokio::join!(send(&here), send(&there));
    assert_eq!(some + others, 100);
    let taken = server.taken();
    let each = |name: &str| {
        let mut all: Vec<String> = taken.iter().map(|mail| header(mail, name)).collect();
        all.sort();
        all.dedup();
        all.len()
    };
    assert_eq!((taken.len(), each("To"), each("Message-ID")), (100, 100, 100));
    assert_eq!(count(&here, "mails WHERE sent_at IS NOT NULL AND tries = 1"), 100);
    assert_eq!(send(&here).await, 0);
}

#[tokio::test]
async fn a_mail_waits_for_a_server_that_is_away_by_the_clock() {
    let server = SmtpServer::open().await;
    let house = house(&server);
    server.away(true);
    put_down(&house, "reader@example.com");
    for wait in [1, 5, 30, 120] {
        assert_eq!(send(&house).await, 1, "before a wait of {wait} min");
        house.clock.advance(Duration::minutes(wait) - Duration::seconds(1));
        assert_eq!(send(&house).await, 0, "within a wait of {wait} min");
        house.clock.advance(Duration::seconds(1));
    }
    server.away(false);
    assert_eq!(send(&house).await, 1);
    assert_eq!(server.taken().len(), 1);
    assert_eq!(texts(&house, "tries", "mails WHERE sent_at IS NOT NULL"), ["5"]);
}

#[tokio::test]
async fn a_mail_is_given_up_after_a_day_and_forgotten_after_thirty() {
    let server = SmtpServer::open().await;
    let house = house(&server);
    server.away(true);
    put_down(&house, "reader@example.com");
    for _ in 0..30 {
        send(&house).await;
        house.clock.advance(Duration::hours(1));
    }
    assert_eq!(texts(&house, "tries", "mails WHERE given_up_at IS NOT NULL"), ["7"]);
    server.away(false);
    house.clock.advance(Duration::days(28));
    mail::sweep(&mut house.conn(), house.clock.now()).unwrap();
    assert_eq!((send(&house).await, count(&house, "mails")), (0, 1));
    house.clock.advance(Duration::days(1));
    mail::sweep(&mut house.conn(), house.clock.now()).unwrap();
    assert_eq!(count(&house, "mails"), 0);
}

#[tokio::test]
async fn nobodys_mail_waits_behind_a_broken_address() {
    let server = SmtpServer::open().await;
    let house = house(&server);
    for broken in ["nobody@example.com", "not an address", "a@example.com\r\nBcc: all@example.com"] {
        put_down(&house, broken);
    }
    put_down(&house, "reader@example.com");
    assert_eq!(send(&house).await, 4);
    let taken = server.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(header(&taken[0], "To"), "reader@example.com");
    // What is no address is given up at once; what was refused may be let in another time.
    assert_eq!(count(&house, "mails WHERE given_up_at IS NOT NULL"), 2);
    assert_eq!(
        count(&house, "mails WHERE recipient = 'nobody@example.com' AND due_at > '2026-11-22 12:00'"),
        1
    );
}

#[tokio::test]
async fn a_node_that_dies_while_it_sends_leaves_its_mail_to_another() {
    let house = House::open();
    put_down(&house, "reader@example.com");
    let taken = mail::take(&mut house.conn(), 10, house.clock.now()).unwrap();
    assert_eq!(taken.len(), 1);
    house.clock.advance(Duration::minutes(2) - Duration::seconds(1));
    assert_eq!(house.mails().await, []);
    house.clock.advance(Duration::seconds(1));
    assert_eq!(house.mails().await.len(), 1);
    // It was not dead, only slow: nothing comes a third time.
    assert!(!taken[0].failed(&mut house.conn(), house.clock.now()).unwrap());
    house.clock.advance(Duration::hours(1));
    assert_eq!(house.mails().await, []);
}

#[tokio::test]
async fn the_link_in_a_mail_has_the_public_url_and_is_stored_nowhere() {
    let house = House::on(database::fresh(), Clock::fixed(START), |config| {
        config.public = public("https://tokens.example.com");
    });
    let id = put_down(&house, "reader@example.com");
    let mails = house.mails().await;
    let [(to, subject, said)] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!((to.as_str(), subject.as_str()), ("reader@example.com", "You are invited to Acme"));
    let link = said.split_whitespace().find(|word| word.contains("/invitations/")).unwrap();
    let secret = link.strip_prefix("https://tokens.example.com/invitations/").unwrap();
    let stored = format!("SELECT mailed_digest = sha256('{secret}') FROM invitations WHERE id = {id}");
    assert_eq!(text(&house, &stored), "true");
    let kept = format!(
        "(SELECT mails::text FROM mails UNION ALL SELECT invitations::text FROM invitations) AS kept(line) WHERE line LIKE '%{secret}%'"
    );
    assert_eq!(count(&house, &kept), 0);
}

#[tokio::test]
async fn the_same_is_put_down_once_and_what_another_version_wrote_waits_for_it() {
    let house = House::open();
    let id = put_down(&house, "reader@example.com");
    let letter = Letter::Invitation { invitation: id };
    mail::queue(&mut house.conn(), &format!("link/{id}"), "x@example.com", &letter, START).unwrap();
    assert_eq!(count(&house, "mails"), 1);
    change(&house, r#"UPDATE mails SET letter = '{"letter": "of_tomorrow"}'"#);
    assert_eq!(house.mails().await, []);
    assert_eq!(count(&house, "mails WHERE sent_at IS NULL AND given_up_at IS NULL"), 1);
}

#[tokio::test]
async fn a_long_name_and_foreign_letters_reach_the_subject_and_the_text() {
    let server = SmtpServer::open().await;
    let house = house(&server);
    let name = "Ä".repeat(100);
    change(
        &house,
        &format!("UPDATE accounts SET name = E'{name}\\nBcc: all@example.com' WHERE name = 'Acme'"),
    );
    change(
        &house,
        "INSERT INTO invitations (account_id, email, role, copied_digest, invited_by, created_at, expires_at)
         SELECT a.id, 'reader@example.com', 'read_only', sha256('1'), u.id, '2026-11-22', '2026-12-22'
         FROM accounts a, users u WHERE a.name LIKE 'ÄÄ%' AND u.email = 'owner@example.com'",
    );
    let letter = Letter::Invitation { invitation: number(&house, "SELECT id FROM invitations") };
    mail::queue(&mut house.conn(), "link/1", "reader@example.com", &letter, START).unwrap();
    assert_eq!(send(&house).await, 1);
    let taken = server.taken();
    let (headers, _) = taken[0].split_once("\n\n").unwrap();
    assert!(!headers.lines().any(|line| line.starts_with("Bcc") || line.len() > 200), "{headers}");
}
