//! The summary of a token on its page, with the accounts and the counts of the database.

use crate::facts;
use crate::support::{House, MEMBER, OWNER, made};
use tokenhouse::dns::models::record::narrowed;
use tokenhouse::dns::models::zone::ZONE;
use tokenhouse::models::token::Owner;
use tokenhouse::models::{Resource, membership};
use tokenhouse::policy::{
    Access, AccountId, Grant, PermissionKey, Policy, ResourceRef, Rights, Role, Selection,
};

fn zone(house: &House, account: AccountId, name: &str) -> ResourceRef {
    let found = Resource::find(&mut house.conn(), account, ZONE, name).unwrap();
    found.unwrap().to_ref()
}

#[actix_web::test]
async fn the_page_of_a_user_token_says_how_far_it_goes_in_each_account_now() {
    let house = House::open();
    let rival = house.account("Rival");
    house.join("Rival", MEMBER, Role::ReadOnly);
    // Leaving something out asks for no right to it.
    let except = vec![zone(&house, rival, "rival.example")];
    let all = Selection::Everywhere { except };
    let user = house.user(MEMBER);
    let (token, _) = made::granted(&house, Owner::User(user.id), "Both", &[("zones", Access::Full, all)]);
    let mut member = house.signed_in(MEMBER).await;
    let path = format!("/user/tokens/{token}");
    let mine = "SELECT count(*) FROM resources JOIN accounts ON accounts.id = account_id
        WHERE kind = 'zone' AND accounts.name IN ('Acme', 'Rival')";
    let now = facts::number(&house, mine) - 1;
    let said = member.get(&path).await.all(".sentences li");
    for sentence in [
        &format!(
            "Can read, create, change and delete DNS records of all zones in all your accounts except rival.example in Rival: {now} now, and those added later."
        ),
        "Reaches all your accounts: Acme and Rival now, and those that you join later.",
        "In Rival you are read_only, so for now it only reads DNS records there.",
    ] {
        assert!(said.iter().any(|one| one == sentence), "{sentence}\n{said:#?}");
    }
    house.join("Rival", MEMBER, Role::ReadWrite);
    assert!(!member.get(&path).await.text().contains("In Rival you are"));

    let mut conn = house.conn();
    let (account, _) = membership::find(&mut conn, rival, user.id).unwrap().unwrap();
    membership::remove(&mut conn, &account, &user, &house.command_line()).unwrap();
    let said = member.get(&path).await.all(".sentences li").join(" ");
    assert!(said.contains(&format!("except rival.example in account {rival}: ")), "{said}");
    assert!(said.contains("Reaches all your accounts: Acme now, and those that you join later."), "{said}");
}

#[actix_web::test]
async fn the_page_of_a_token_for_some_records_says_which_and_what_of_the_zone_stays_out() {
    let house = House::open();
    let acme = house.account("Acme");
    let grant = Grant {
        permission: PermissionKey::try_from("zones".to_owned()).unwrap(),
        access: Access::Full,
        selection: Selection::Only(vec![zone(&house, acme, "example.com")]),
        parts: narrowed(&["_acme-challenge*"], &["TXT"]),
    };
    let policy = Policy {
        refused_networks: vec!["192.0.2.7/32".parse().unwrap()],
        ..Policy::unconditional(Rights::Grants(vec![grant]))
    };
    let (token, _) = made::with(&house, Owner::Account(acme), "certbot", policy);
    let mut owner = house.signed_in(OWNER).await;
    let said = owner.get(&format!("/accounts/{acme}/tokens/{token}")).await.all(".sentences li");
    for sentence in [
        "Can read, create, change and delete TXT records named _acme-challenge* of example.com, and no other record.",
        "Can list and read these zones themselves, but not read a zone file, nor activate a zone.",
        "Works from any address but 192.0.2.7.",
    ] {
        assert!(said.iter().any(|one| one == sentence), "{sentence}\n{said:#?}");
    }
    let list = owner.get(&format!("/accounts/{acme}/tokens")).await.all(".cell-may");
    assert!(list[0].starts_with("Zones full for example.com (TXT _acme-challenge*) Made by"), "{list:?}");
}
