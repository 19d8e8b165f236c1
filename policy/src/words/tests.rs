use super::*;
use crate::{Access, AccountId, Grant, KindKey, Parts, PermissionKey, ResourceRef, Role, Selection};
use time::macros::datetime;

const DOMAIN: KindKey = KindKey::literal("domain");
const ZONE: KindKey = KindKey::literal("zone");

fn of_acme() -> Surroundings {
    Surroundings { of_user: false, accounts: vec![around(1, "Acme", None, 40)] }
}

fn of_member(globex: Role) -> Surroundings {
    let accounts = vec![around(1, "Acme", Some(Role::Owner), 40), around(2, "Globex", Some(globex), 12)];
    Surroundings { of_user: true, accounts }
}

fn around(id: i64, name: &str, role: Option<Role>, each: i64) -> Around {
    Around { id: id.into(), name: name.to_owned(), role, resources: vec![(DOMAIN, each), (ZONE, each)] }
}

fn texts(rights: Rights, around: &Surroundings) -> Vec<String> {
    said(&Policy::unconditional(rights), around)
}

fn said(policy: &Policy, around: &Surroundings) -> Vec<String> {
    let catalogue = crate::samples::dns();
    of_policy(&catalogue, policy, around).iter().map(Sentence::text).collect()
}

/// What it names is of the kind that narrows the permission.
fn grant(key: &str, access: Access, mut selection: Selection) -> Grant {
    let catalogue = crate::samples::dns();
    let permission = catalogue.find(key).unwrap();
    let (Selection::Only(named)
    | Selection::Everywhere { except: named }
    | Selection::Account { except: named, .. }) = &mut selection;
    for one in named {
        one.kind = permission.narrowed_by.unwrap();
    }
    Grant { permission: permission.key.clone(), access, selection, parts: Parts::default() }
}

fn zone(name: &str) -> ResourceRef {
    ResourceRef { account: 1.into(), id: Some(1.into()), kind: ZONE, name: name.to_owned() }
}

fn gone(name: &str) -> ResourceRef {
    ResourceRef { id: None, ..zone(name) }
}

fn globex(name: &str) -> ResourceRef {
    ResourceRef { account: 2.into(), ..zone(name) }
}

fn all(except: Vec<ResourceRef>) -> Selection {
    Selection::Account { account: 1.into(), except }
}

fn challenges(selection: Selection) -> Grant {
    let parts = Parts::default()
        .with("name", vec!["_acme-challenge*".to_owned()])
        .with("type", vec!["TXT".to_owned()]);
    Grant { parts, ..grant("zones", Access::Full, selection) }
}

#[test]
fn a_narrowed_grant_names_its_resources_and_says_that_there_are_no_others() {
    let only = Selection::Only(vec![zone("example.com"), zone("theburritobot.com")]);
    let said = texts(Rights::Grants(vec![grant("zones", Access::Full, only)]), &of_acme());
    assert_eq!(
        said[0],
        "Can read, create, change and delete DNS records of example.com and theburritobot.com, and of no other zone."
    );
    assert!(said[1].starts_with("Cannot touch the account's details, billing, certificates"));
    assert_eq!(said[2], "Lists will show only what it reaches.");
    assert_eq!(said[3], "Works from any address.");
}

#[test]
fn a_wide_grant_says_how_many_there_are_and_that_there_will_be_more() {
    let said = texts(Rights::Grants(vec![grant("certificates", Access::Read, all(Vec::new()))]), &of_acme());
    assert_eq!(said[0], "Can read certificates of all domains: 40 now, and those added later.");
}

#[test]
fn domains_are_named_themselves_and_only_all_of_them_can_be_created() {
    let only = Selection::Only(vec![zone("example.com")]);
    let said = texts(Rights::Grants(vec![grant("domains", Access::Full, only)]), &of_acme());
    assert_eq!(said[0], "Can read, change and delete example.com, and no other domain.");
    let said = texts(Rights::Grants(vec![grant("domains", Access::Full, all(Vec::new()))]), &of_acme());
    assert_eq!(said[0], "Can read, create, change and delete all domains: 40 now, and those added later.");
    assert!(said[1].starts_with("This is wide"), "{}", said[1]);
}

#[test]
fn what_is_left_out_is_not_counted_and_stays_left_out_when_it_is_deleted() {
    let except = all(vec![zone("theburritobot.com"), gone("old.example")]);
    let said = texts(Rights::Grants(vec![grant("zones", Access::Read, except)]), &of_acme());
    assert_eq!(
        said[0],
        "Can read DNS records of all zones except theburritobot.com and old.example (deleted since, and still left out): 39 now, and those added later."
    );
}

#[test]
fn what_was_deleted_is_said_to_be_and_with_the_last_one_the_line_reaches_nothing() {
    let only = |list| Rights::Grants(vec![grant("zones", Access::Read, Selection::Only(list))]);
    assert_eq!(
        texts(only(vec![gone("a.example"), zone("b.example")]), &of_acme())[0],
        "Can read DNS records of a.example (deleted since) and b.example, and of no other zone."
    );
    assert_eq!(
        texts(only(vec![gone("a.example"), gone("b.example")]), &of_acme())[0],
        "The line about DNS records reaches nothing any more: a.example and b.example were deleted."
    );
    assert_eq!(texts(Rights::Grants(Vec::new()), &of_acme())[0], "Can do nothing.");
}

#[test]
fn rows_of_one_permission_add_up_and_what_one_brings_back_is_warned_of() {
    let rows = vec![
        grant("zones", Access::Read, all(vec![zone("example.com")])),
        grant("zones", Access::Full, Selection::Only(vec![zone("example.com")])),
    ];
    let said = texts(Rights::Grants(rows), &of_acme());
    assert_eq!(
        said[..4],
        [
            "Can read DNS records of all zones except example.com: 39 now, and those added later.",
            "Can read, create, change and delete DNS records of example.com.",
            "These 2 lines about DNS records add up: what one of them allows is allowed, and nothing else of it is.",
            "example.com is left out of one line, but another line reaches it.",
        ]
    );
}

#[test]
fn records_are_named_and_the_zone_around_them_is_not_forgotten() {
    let said =
        texts(Rights::Grants(vec![challenges(Selection::Only(vec![zone("example.com")]))]), &of_acme());
    assert_eq!(
        said[..3],
        [
            "Can read, create, change and delete TXT records named _acme-challenge* of example.com, and no other record.",
            "In a name, a * at the end stands for any ending, also for none.",
            "Can list and read these zones themselves, but not read a zone file, nor activate a zone.",
        ]
    );
    let parts = Parts::default()
        .with("name", vec!["home".to_owned(), String::new()])
        .with("type", vec!["A".to_owned(), "AAAA".to_owned()]);
    let home = Grant { parts, ..grant("zones", Access::Full, all(Vec::new())) };
    assert_eq!(
        texts(Rights::Grants(vec![home]), &of_acme())[0],
        "Can read, create, change and delete A and AAAA records named home or @ (the zone's own name) of all zones: 40 now, and those added later; and no other record."
    );
}

#[test]
fn a_user_token_says_which_account_and_how_far_the_role_goes_there_now() {
    let rows = vec![
        grant("zones", Access::Full, Selection::Everywhere { except: vec![globex("c.example")] }),
        grant("certificates", Access::Read, Selection::Only(vec![zone("a.example"), globex("b.example")])),
        grant("billing", Access::Read, Selection::Account { account: 2.into(), except: Vec::new() }),
        grant("user_details", Access::Read, Selection::Everywhere { except: Vec::new() }),
        grant("contacts", Access::Read, Selection::Account { account: 3.into(), except: Vec::new() }),
    ];
    let said = texts(Rights::Grants(rows), &of_member(Role::ReadOnly));
    let expected = [
        "Can read, create, change and delete DNS records of all zones in all your accounts except c.example in Globex: 51 now, and those added later.",
        "Can read certificates of a.example in Acme, of b.example in Globex, and of no other domain.",
        "Can read billing in Globex.",
        "Can read the user's own details.",
        "Can read contacts in account 3.",
        "Reaches all your accounts: Acme and Globex now, and those that you join later.",
        "In each account it does no more than your role there allows at that moment, and nothing once you are no member there.",
        "In Globex you are read_only, so for now it only reads DNS records there, and cannot touch billing.",
        "You are no member of account 3, so for now it can do nothing there.",
    ];
    let found: Vec<&str> =
        expected.into_iter().filter(|sentence| said.iter().any(|text| text == sentence)).collect();
    assert_eq!(found, expected, "{said:#?}");
}

#[test]
fn a_permission_that_the_role_does_not_hold_counts_nothing_and_is_nothing_there_for_now() {
    let keys = grant("certificate_private_keys", Access::Read, Selection::Everywhere { except: Vec::new() });
    let said = texts(Rights::Grants(vec![keys]), &of_member(Role::ReadWrite));
    assert!(said[0].ends_with("in all your accounts: 40 now, and those added later."), "{}", said[0]);
    assert!(
        said.contains(&"In Globex you are read_write, so for now it can do nothing there.".to_owned()),
        "{said:?}"
    );
}

#[test]
fn accounts_that_a_name_does_not_tell_apart_are_called_with_their_number() {
    let mut around = of_member(Role::Owner);
    around.accounts[1].name = "Acme".to_owned();
    around.accounts.push(super::Around {
        id: 3.into(),
        name: "Sales in Acme".to_owned(),
        ..around.accounts[0].clone()
    });
    around.accounts.push(super::Around {
        id: 4.into(),
        name: "Acme (1)".to_owned(),
        ..around.accounts[0].clone()
    });
    let called: Vec<String> = (1..=5).map(|id| around.called(id.into())).collect();
    assert_eq!(called, ["Acme (1)", "Acme (2)", "“Sales in Acme” (3)", "“Acme (1)” (4)", "account 5"]);
}

#[test]
fn everything_is_said_loudly() {
    let said = texts(Rights::Everything, &of_acme());
    assert!(said[0].contains("everything in Acme") && said[0].contains("private keys"));
    let said = texts(Rights::Everything, &of_member(Role::ReadWrite));
    assert_eq!(
        said[0],
        "Can do everything that you may do, in all your accounts, also with what is added later; private keys of certificates, billing and your own details are included."
    );
    assert!(said[4].starts_with(
        "In Globex you are read_write, so for now it only reads the account's details, contacts"
    ));
    assert!(said[4].ends_with("there, and cannot touch billing, private keys of certificates and webhooks."));
}

#[test]
fn networks_and_moments_are_said_to_the_second() {
    let nets = |list: &[&str]| list.iter().map(|net| net.parse().unwrap()).collect::<Vec<_>>();
    let mut policy = Policy {
        allowed_networks: nets(&["192.0.2.0/24", "2001:db8::1/128"]),
        refused_networks: nets(&["192.0.2.7/32"]),
        not_before: Some(datetime!(2026-12-01 0:00 UTC)),
        expires_at: Some(datetime!(2027-02-20 0:00 UTC)),
        ..Policy::unconditional(Rights::Everything)
    };
    assert_eq!(
        said(&policy, &of_acme())[2..],
        [
            "Works only from 192.0.2.0/24 and 2001:db8::1, but never from 192.0.2.7.",
            "Does not work before 1 December 2026 (UTC).",
            "Works through 19 February 2027 (UTC).",
        ]
    );
    policy.allowed_networks.clear();
    policy.expires_at = Some(datetime!(2027-02-20 14:30 UTC));
    let said = said(&policy, &of_acme());
    assert_eq!(said[2], "Works from any address but 192.0.2.7.");
    assert_eq!(said[4], "Works until 20 February 2027, 14:30:00 (UTC).");
    assert_eq!(works_through(datetime!(2027-02-20 0:00 UTC)), "Works through 19 February 2027 (UTC).");
}

#[test]
fn in_a_row_of_the_list_there_are_few_words() {
    let catalogue = crate::samples::dns();
    let called = |id: AccountId| if id.get() == 1 { "Acme".to_owned() } else { "Globex".to_owned() };
    let short = |rights: &Rights, of_user: Option<Called<'_>>| -> String {
        let phrases = in_short(&catalogue, rights, of_user);
        assert!(phrases.iter().all(|phrase| !phrase.text.is_empty()), "{phrases:?}");
        phrases.into_iter().map(|phrase| phrase.text).collect()
    };
    let typed = |rights: &Rights| -> Vec<String> {
        let phrases = in_short(&catalogue, rights, None).into_iter();
        phrases.filter(|phrase| phrase.code).map(|phrase| phrase.text).collect()
    };
    let narrowed = |names: &[&str], types: &[&str]| {
        let own = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
        let parts = Parts::default().with("name", own(names)).with("type", own(types));
        Rights::Grants(vec![Grant {
            parts,
            ..grant("zones", Access::Read, Selection::Only(vec![zone("a")]))
        }])
    };
    let many = narrowed(&["www", "mail", "x", "y"], &["A", "AAAA", "TXT"]);
    assert_eq!(short(&many, None), "Zones read for a (A, AAAA and 1 more www, mail and 2 more)");
    assert_eq!(typed(&many), ["www", "mail"]);
    assert_eq!(short(&narrowed(&[], &["TXT"]), None), "Zones read for a (TXT)");
    assert_eq!(short(&narrowed(&["www"], &[]), None), "Zones read for a (www)");
    let rows = Rights::Grants(vec![
        challenges(Selection::Only(vec![zone("a.example")])),
        grant("certificates", Access::Read, all(vec![zone("b.example")])),
        grant("billing", Access::Read, all(Vec::new())),
    ]);
    assert_eq!(
        short(&rows, None),
        "Zones full for a.example (TXT _acme-challenge*); certificates read, all but b.example; billing read"
    );
    assert_eq!(
        short(&rows, Some(&called)),
        "Zones full for a.example in Acme (TXT _acme-challenge*); certificates read in Acme, all but b.example; billing read in Acme"
    );
    let rows = Rights::Grants(vec![
        grant("zones", Access::Read, Selection::Only(vec![zone("a"), globex("b"), zone("c")])),
        grant("domains", Access::Read, Selection::Everywhere { except: Vec::new() }),
        grant("memberships", Access::Read, Selection::Everywhere { except: Vec::new() }),
        grant("domains", Access::Full, Selection::Only(vec![gone("a")])),
    ]);
    assert_eq!(
        short(&rows, Some(&called)),
        "Zones read for a and 2 more in 2 accounts; domains read in all accounts; memberships read; domains full for nothing any more"
    );
    assert_eq!(short(&Rights::Everything, Some(&called)), "Everything you can reach");
}

#[test]
fn a_grant_of_what_is_no_longer_offered_says_so_and_nothing_else() {
    let zones = grant("zones", Access::Read, Selection::Only(vec![zone("a.example")]));
    let mut other = grant("domains", Access::Full, Selection::Only(vec![zone("a.example")]));
    other.selection = zones.selection.clone();
    let told = texts(Rights::Grants(vec![other]), &of_acme());
    assert_eq!(told[0], "Can do nothing.");
    assert_eq!(told[1], "The line about domains does nothing: narrowing it to zones is no longer offered.");
    let unknown = Grant { permission: PermissionKey::try_from("gone".to_owned()).unwrap(), ..zones };
    let told = texts(Rights::Grants(vec![unknown]), &of_acme());
    assert_eq!(told[1], "“gone” is no longer offered, so the line about it does nothing.");
}
