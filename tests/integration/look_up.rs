//! What the look-up behind each call reads: one statement, and of hundreds of named resources only what the
//! call is about.

use crate::made;
use crate::program::Program;
use crate::support::{House, OWNER};
use crate::{facts, support};
use diesel::Connection;
use diesel::connection::InstrumentationEvent;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokenhouse::db::Conn;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::models::token::Owner;
use tokenhouse::models::token::lookup::{self, Found, Names, Need, Wanted};
use tokenhouse::models::token::secret::Digest;
use tokenhouse::models::{Resource, User};
use tokenhouse::policy::{Access, AccountId, ResourceRef, Rights, Selection};

/// What a look-up finds, and how many statements it sends.
fn look_up(house: &House, wanted: &[Wanted]) -> (HashMap<Digest, Found>, usize) {
    let mut conn = house.conn();
    let conn: &mut Conn = &mut conn;
    let sent: Arc<Mutex<usize>> = Arc::default();
    let counted = Arc::clone(&sent);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { .. } = event {
            *counted.lock().unwrap() += 1;
        }
    });
    let found = lookup::find(conn, &support::product().catalogue, wanted).unwrap();
    let sent = *sent.lock().unwrap();
    (found.into_iter().map(|(digest, found)| (digest, found.unwrap())).collect(), sent)
}

fn wanted(secret: &str, need: Need, names: &[&str]) -> Wanted {
    let names = match names {
        ["*"] => Names::All,
        names => Names::Only(names.iter().map(|&name| name.to_owned()).collect()),
    };
    Wanted { digest: Digest::of(secret), need, names }
}

fn named(found: &Found) -> Vec<&ResourceRef> {
    let Rights::Grants(grants) = &found.policy.rights else { panic!("{:?}", found.policy) };
    grants.iter().flat_map(|grant| grant.selection.named()).collect()
}

/// New zones of an account, as a selection names them.
fn zones(house: &House, account: AccountId, count: usize) -> Vec<ResourceRef> {
    let names: Vec<String> = (1..=count).map(|number| format!("zone-{number}.test")).collect();
    let mut conn = house.conn();
    Resource::add_domains(&mut conn, account, &names, &house.command_line()).unwrap();
    let mut find = |name| Resource::find(&mut conn, account, ZONE, name).unwrap().unwrap().to_ref();
    names.iter().map(|name| find(name.as_str())).collect()
}

fn reading(selection: Selection) -> [(&'static str, Access, Selection); 1] {
    [("zones", Access::Read, selection)]
}

#[actix_web::test]
async fn a_look_up_is_one_statement_and_one_more_where_it_is_about_users_tokens() {
    let house = House::open();
    let acme = house.account("Acme");
    let one = Selection::Only(zones(&house, acme, 1));
    let of_account = made::granted(&house, Owner::Account(acme), "Account's", &reading(one.clone())).1;
    let user = User::find_by_email(&mut house.conn(), OWNER).unwrap().unwrap().id;
    let of_user = made::granted(&house, Owner::User(user), "User's", &reading(one)).1;
    for (questions, statements) in [
        (vec![wanted(&of_account, Need::Owner, &["*"])], 1),
        (vec![wanted(&of_user, Need::Owner, &["*"])], 1),
        (vec![wanted(&of_account, Need::Rights, &["*"])], 1),
        (vec![wanted(&of_account, Need::Rights, &["*"]), wanted(&of_account, Need::Owner, &["*"])], 1),
        (vec![wanted(&of_user, Need::Rights, &["zone-1.test"])], 2),
        (vec![wanted(&of_user, Need::Rights, &["*"]), wanted(&of_account, Need::Owner, &["*"])], 3),
    ] {
        let (found, sent) = look_up(&house, &questions);
        assert_eq!(sent, statements, "{questions:?}");
        for one in &questions {
            let found = &found[&one.digest];
            let asked_in_full =
                questions.iter().any(|any| any.digest == one.digest && any.need == Need::Rights);
            assert_eq!(named(found).len(), usize::from(asked_in_full), "{found:?}");
            assert_eq!(found.accounts.is_empty(), !asked_in_full, "{found:?}");
        }
    }
}

#[actix_web::test]
async fn of_hundreds_of_named_resources_a_call_loads_the_one_that_it_is_about() {
    let house = House::open();
    house.set_plan("Acme", "enterprise");
    let acme = house.account("Acme");
    let all = zones(&house, acme, 300);
    let (first, last) = (all[0].name.as_str(), all[299].name.as_str());
    let only = Selection::Only(all[..299].to_vec());
    let secret = made::granted(&house, Owner::Account(acme), "Many", &reading(only)).1;
    let loaded = |names: &[&str]| {
        let (found, _) = look_up(&house, &[wanted(&secret, Need::Rights, names)]);
        let found = &found[&Digest::of(&secret)];
        named(found).iter().map(|one| one.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(loaded(&["*"]).len(), 299);
    assert_eq!(loaded(&[]).len(), 1, "where it reaches is known");
    assert!(loaded(&[first]).len() <= 2 && loaded(&[first]).contains(&all[0].name));
    assert_eq!(loaded(&[last]).len(), 1);
    // One question beside another's: each is answered by what both need.
    let both = [wanted(&secret, Need::Rights, &[first]), wanted(&secret, Need::Rights, &["*"])];
    assert_eq!(named(&look_up(&house, &both).0[&Digest::of(&secret)]).len(), 299);
}

#[actix_web::test]
async fn what_is_loaded_by_name_decides_as_all_of_it_would() {
    let house = House::open();
    house.set_plan("Acme", "enterprise");
    let acme = house.account("Acme");
    let all = zones(&house, acme, 300);
    let (first, last) = (&all[0], &all[299]);
    let id = |one: &ResourceRef| one.id.unwrap().to_string();
    let program = |selection| {
        let (token, secret) = made::granted(&house, Owner::Account(acme), "Program", &reading(selection));
        Program::knowing(&house, token, &secret)
    };
    let only = program(Selection::Only(all[..299].to_vec()));
    let but = program(Selection::Account { account: acme, except: all[1..].to_vec() });
    let ask =
        async |program: &Program, named: &str| program.get(&format!("/v2/{acme}/zones/{named}")).await.status;
    for (named, by_only, by_but) in [
        (first.name.clone(), 200, 200),
        (first.name.to_uppercase(), 200, 200),
        (id(first), 200, 200),
        (last.name.clone(), 404, 404),
        (id(last), 404, 404),
        (all[150].name.clone(), 200, 404),
        (id(&all[150]), 200, 404),
        ("example.com".to_owned(), 404, 200),
        ("no-such.test".to_owned(), 404, 404),
    ] {
        assert_eq!((ask(&only, &named).await, ask(&but, &named).await), (by_only, by_but), "{named}");
    }
    // Deleted and created again: another resource, and still the same name that was left out.
    facts::change(&house, &format!("DELETE FROM resources WHERE name = '{}'", all[150].name));
    Resource::add_domains(&mut house.conn(), acme, &[all[150].name.clone()], &house.command_line()).unwrap();
    let again = Resource::find(&mut house.conn(), acme, ZONE, &all[150].name).unwrap().unwrap();
    for named in [again.name.clone(), again.id.to_string()] {
        assert_eq!((ask(&only, &named).await, ask(&but, &named).await), (404, 404), "{named}");
    }
    // When the only one that is left is gone, so is the account.
    facts::change(&house, "DELETE FROM resources WHERE name LIKE 'zone-%'");
    assert_eq!(only.get(&format!("/v2/{acme}/zones/example.com")).await.status, 404);
}
