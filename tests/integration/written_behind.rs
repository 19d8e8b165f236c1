//! What is written apart from the calls: by one statement, however much there is of it.

use crate::support::{House, OWNER, START};
use diesel::Connection;
use diesel::connection::InstrumentationEvent;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokenhouse::db::Conn;
use tokenhouse::models::budget::{self, Payer};
use tokenhouse::models::sighting::{self, SightingKind, SignIn};
use tokenhouse::models::token::networks::{self, Seen};
use tokenhouse::models::token::refusals::{self, Kind, Span};
use tokenhouse::models::token::usage::{self, Use};
use tokenhouse::policy::budget::Hour;
use tokenhouse::policy::{ClientAddress, RefusalCode, SecretId, TokenId};

/// The texts of all that is inserted, with how often each was sent.
fn inserts(conn: &mut Conn, mut work: impl FnMut(&mut Conn, usize)) -> BTreeMap<String, usize> {
    let seen: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let noted = Arc::clone(&seen);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let text = text.split(" -- binds").next().unwrap().to_owned();
            if text.starts_with("INSERT") {
                *noted.lock().unwrap().entry(text).or_default() += 1;
            }
        }
    });
    for count in 1..=3 {
        work(conn, count);
    }
    let seen = seen.lock().unwrap();
    seen.clone()
}

#[actix_web::test]
async fn what_is_written_behind_the_calls_is_one_statement_however_many_there_are() {
    let house = House::open();
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    let mut tokens = Vec::new();
    for name in ["One", "Two", "Three"] {
        tokens.push(owner.make_full_token(acme, name).await.0);
    }
    let mut conn = house.conn();
    let conn: &mut Conn = &mut conn;
    let (address, client) = (ClientAddress::Unknown, "test".to_owned());
    let secrets: Vec<SecretId> = super::facts::texts_in(conn, "id", "token_secrets ORDER BY id")
        .iter()
        .map(|id| id.parse().unwrap())
        .collect();
    let uses = inserts(conn, |conn, count| {
        let one = |secret: &SecretId| Use {
            secret: *secret,
            account: acme,
            at: START,
            address,
            client: client.clone(),
        };
        usage::write(conn, &secrets[..count].iter().map(one).collect::<Vec<_>>()).unwrap();
    });
    let sign_ins = inserts(conn, |conn, count| {
        let email = OWNER.to_owned();
        let one = SignIn {
            user: 1.into(),
            email,
            kind: SightingKind::SignedIn,
            at: START,
            address,
            client: client.clone(),
        };
        sighting::put_down(conn, &vec![one; count]).unwrap();
    });
    let refused = inserts(conn, |conn, count| {
        let span = Span { first_at: START, last_at: START, calls: 1 };
        let one = |token: &TokenId| {
            (Kind { token: *token, needs: None, reason: RefusalCode::PermissionDenied }, span)
        };
        refusals::write(conn, &tokens[..count].iter().map(one).collect::<Vec<_>>()).unwrap();
    });
    let spent = inserts(conn, |conn, count| {
        let calls: Vec<(Payer, i64)> =
            (0..count).map(|user| (Payer::User((user as i64).into()), 1)).collect();
        assert_eq!(budget::add(conn, Hour::of(START), &calls).unwrap().len(), count);
    });
    let mut network = 0;
    let networks = inserts(conn, |conn, count| {
        let mut one = |token: &TokenId| {
            network += 1;
            let network = Some(format!("198.51.{network}.0/24").parse().unwrap());
            Seen { token: *token, network, at: START, address, client: client.clone() }
        };
        networks::write(conn, &tokens[..count].iter().map(&mut one).collect::<Vec<_>>()).unwrap();
    });
    for (statements, texts) in [(uses, 1), (sign_ins, 1), (refused, 1), (spent, 1), (networks, 2)] {
        assert_eq!(statements.len(), texts, "{statements:#?}");
        assert!(statements.values().all(|sent| *sent == 3), "{statements:#?}");
    }
}
