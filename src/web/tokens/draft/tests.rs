use super::*;
use crate::models::Resource;
use crate::models::token::TokenName;
use crate::policy::{Access, Grant, KindKey, Parts, Policy, ResourceId, Rights, Role, Selection};
use std::collections::HashMap;
use time::macros::datetime;

const DOMAIN: KindKey = KindKey::literal("domain");
const ZONE: KindKey = KindKey::literal("zone");
const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

fn of_account() -> Whose {
    Whose { of_user: false, scoped: true, accounts: vec![(1.into(), "Acme".to_owned(), Role::Owner)] }
}

fn of_user() -> Whose {
    let account = |id: i64, name: &str, role| (id.into(), name.to_owned(), role);
    Whose {
        of_user: true,
        scoped: true,
        accounts: vec![account(1, "Acme", Role::Admin), account(2, "Globex", Role::ReadOnly)],
    }
}

fn there() -> HashMap<ResourceId, Resource> {
    let one = |(id, account, kind): (i64, i64, KindKey)| {
        let name = format!("z{}.example", id % 10);
        (id.into(), Resource { id: id.into(), account_id: account.into(), kind, name, title: None })
    };
    HashMap::from([(7, 1, ZONE), (8, 1, ZONE), (9, 2, ZONE), (17, 1, DOMAIN)].map(one))
}

fn fields(body: &str) -> Fields {
    Fields::parse(body.as_bytes()).unwrap()
}

fn checked(body: &str, shape: Shape, whose: &Whose) -> Result<(TokenName, Policy), Problems> {
    let catalogue = crate::dns::catalogue().unwrap();
    Draft::parse(&fields(body), shape, &catalogue).check(&catalogue, whose, &there(), NOW)
}

fn check(body: &str) -> Result<(TokenName, Policy), Problems> {
    checked(body, Shape::Simple, &of_account())
}

fn built(body: &str, whose: &Whose) -> Result<Policy, Problems> {
    let body = format!("name=CI&expires=90&{body}");
    checked(&body, Shape::Builder, whose).map(|(_, policy)| policy)
}

fn at(problems: Problems, place: &str) -> String {
    let said = format!("no problem at {place}: {problems:?}");
    problems.into_iter().find(|(at, _)| at == place).expect(&said).1
}

fn problem_at(body: &str, place: &str) -> String {
    at(check(body).unwrap_err(), place)
}

fn grants(policy: Policy) -> Vec<Grant> {
    let Rights::Grants(grants) = policy.rights else { panic!("not everything") };
    grants
}

fn ids(selection: &Selection) -> Vec<i64> {
    selection.named().iter().filter_map(|one| one.id.map(ResourceId::get)).collect()
}

#[test]
fn a_filled_in_form_becomes_a_policy() {
    let body = "name=+CI+&reach=choose&expires=30&zones.access=full&zones.where=named&zones.id=7&zones.id=8\
                &zones.id=7&billing.access=read&domains.access=none&domains.where=all";
    let (name, policy) = check(body).unwrap();
    assert_eq!(name.as_str(), "CI");
    assert_eq!(policy.expires_at, Some(datetime!(2026-12-23 0:00 UTC)));
    let grants = grants(policy);
    assert_eq!(grants.len(), 2);
    assert_eq!(grants[0].permission.as_str(), "billing");
    assert!(matches!(&grants[1].selection, Selection::Only(only) if only.len() == 2));
    assert_eq!(ids(&grants[1].selection), [7, 8]);
}

#[test]
fn a_form_without_any_permission_is_refused_and_never_means_everything() {
    assert!(problem_at("name=CI&expires=90", "reach").starts_with("Choose at least one"));
    assert!(
        problem_at("name=CI&expires=90&reach=nonsense&zones.access=admin", "reach").starts_with("Choose")
    );
}

#[test]
fn a_level_with_nothing_selected_is_refused_beside_its_row() {
    assert!(problem_at("name=CI&expires=90&zones.access=read", "zones.where").starts_with("Choose where"));
    let body = "name=CI&expires=90&zones.access=read&zones.where=named";
    assert!(problem_at(body, "zones.where").starts_with("Select at least one zone"));
}

#[test]
fn an_id_that_is_gone_foreign_or_of_another_kind_is_refused() {
    let body = "name=CI&expires=90&zones.access=read&zones.where=named&zones.id=7&zones.id=99";
    assert!(problem_at(body, "zones.where").contains("deleted meanwhile"));
    let body = "name=CI&expires=90&domains.access=read&domains.where=named&domains.id=7";
    assert!(problem_at(body, "domains.where").contains("deleted meanwhile"));
}

#[test]
fn a_level_that_is_not_offered_is_refused() {
    assert!(
        problem_at("name=CI&expires=90&domain_research.access=full", "domain_research.access")
            .contains("read only")
    );
}

#[test]
fn without_scopes_on_the_plan_the_token_has_everything_whatever_the_form_says() {
    let unscoped = Whose { scoped: false, ..of_account() };
    let body = "name=CI&expires=never&zones.access=read&zones.where=all";
    let (_, policy) = checked(body, Shape::Simple, &unscoped).unwrap();
    assert_eq!(policy.rights, Rights::Everything);
    assert_eq!(policy.expires_at, None);
    // The builder is not offered there; what comes from one that was left open is refused.
    let body = "row=r1&r1.permission=zones&r1.access=read&r1.where=all";
    assert!(at(built(body, &unscoped).unwrap_err(), "reach").contains("no scoped tokens any more"));
}

#[test]
fn an_expiry_that_was_not_chosen_is_asked_for_and_never_means_never() {
    assert!(problem_at("name=CI&reach=everything", "expires").starts_with("Choose until when"));
    assert!(problem_at("name=CI&reach=everything&expires=date", "expires_on").starts_with("Write the day"));
}

#[test]
fn rows_of_the_builder_become_grants_in_their_order_and_the_same_merge() {
    let body = "row=r2&row=r1&row=r2&row=nonsense&row=r&row=r12345678\
                &r1.permission=zones&r1.access=read&r1.where=named&r1.id=7\
                &r2.permission=zones&r2.access=read&r2.where=named&r2.id=8\
                &r3.permission=billing&r3.access=full";
    let grants = grants(built(body, &of_account()).unwrap());
    assert_eq!(grants.len(), 1, "one permission, and no row that the form does not list: {grants:?}");
    let mut both = ids(&grants[0].selection);
    both.sort_unstable();
    assert_eq!(both, [7, 8]);
}

#[test]
fn a_row_that_is_not_finished_is_asked_about_beside_it_and_no_access_is_nothing() {
    let no_permission = built("row=r1&r1.access=read", &of_account()).unwrap_err();
    assert_eq!(at(no_permission, "r1.permission"), "Choose a permission.");
    let no_access = built("row=r1&r1.permission=zones&r1.where=all", &of_account()).unwrap_err();
    assert_eq!(at(no_access, "r1.access"), "Choose how much of Zones it may do.");
    // What says where is no blank row, also when its permission was lost on the way.
    for rest in [
        "r1.access=none&r1.where=all",
        "r1.account=1",
        "r1.id=7",
        "r1.part.name=www",
        "r1.part.type=TXT",
        "r1.permission=nonsense&r1.where=named",
    ] {
        let zones = "row=r2&r2.permission=zones&r2.access=read&r2.where=all";
        let lost = built(&format!("{zones}&row=r1&{rest}"), &of_account()).unwrap_err();
        assert_eq!(lost, [("r1.permission".to_owned(), "Choose a permission.".to_owned())], "{rest}");
    }
    for nothing in ["row=r1", "row=r1&r1.permission=zones&r1.access=none&r1.where=all", ""] {
        assert!(at(built(nothing, &of_account()).unwrap_err(), "reach").starts_with("Choose at least one"));
    }
}

#[test]
fn all_except_leaves_out_what_is_chosen_and_nothing_chosen_is_never_taken_for_all() {
    let body = "row=r1&r1.permission=zones&r1.access=read&r1.where=except";
    let simple = "name=CI&expires=90&zones.access=read&zones.where=except";
    for nothing in [built(body, &of_account()).unwrap_err(), check(simple).unwrap_err()] {
        let [(place, why)] = nothing.as_slice() else { panic!("{nothing:?}") };
        assert!(place.ends_with(".where"), "{place}");
        assert_eq!(why, "Select what to leave out, or choose All zones, including future ones.");
    }
    for (rest, which) in [("&r1.account=1", "of one account"), ("_everywhere", "in all accounts")] {
        let body = match rest.strip_prefix('_') {
            Some(_) => body.replace("where=except", "where=everywhere_except"),
            None => format!("{body}{rest}"),
        };
        assert_eq!(
            at(built(&body, &of_user()).unwrap_err(), "r1.where"),
            format!("Select what to leave out, or choose All zones {which}, including future ones.")
        );
    }
    let except = grants(built(&format!("{body}&r1.id=7"), &of_account()).unwrap());
    assert!(matches!(&except[0].selection, Selection::Account { account, .. } if account.get() == 1));
    assert_eq!(ids(&except[0].selection), [7]);
    // What stands in another account is not left out of this one.
    let other = format!("{body}&r1.id=9&r1.account=1");
    assert_eq!(
        at(built(&other, &of_user()).unwrap_err(), "r1.where"),
        "z9.example is in Globex, and not among what Acme has: take it out of the selection."
    );
}

#[test]
fn a_user_token_reaches_one_account_or_all_and_no_further_than_the_roles_there() {
    let row = |rest: &str| format!("row=r1&r1.permission=zones&{rest}");
    let wide = grants(built(&row("r1.access=full&r1.where=everywhere_except&r1.id=9"), &of_user()).unwrap());
    assert!(matches!(&wide[0].selection, Selection::Everywhere { .. }));
    assert_eq!(ids(&wide[0].selection), [9]);
    let of_one = grants(built(&row("r1.access=read&r1.where=all&r1.account=2"), &of_user()).unwrap());
    assert_eq!(of_one[0].selection, Selection::Account { account: 2.into(), except: Vec::new() });
    for (rest, why) in [
        ("r1.access=read&r1.where=all", "Choose an account."),
        ("r1.access=read&r1.where=all&r1.account=3", "You are not a member of that account."),
        (
            "r1.access=full&r1.where=all&r1.account=2",
            "In Globex you are read_only, and Zones with Full access needs read_write there.",
        ),
        ("r1.access=full&r1.where=named&r1.id=7&r1.id=9", "In Globex you are read_only"),
    ] {
        let said = at(built(&row(rest), &of_user()).unwrap_err(), "r1.where");
        assert!(said.starts_with(why), "{rest}: {said}");
    }
    // An account's token is of its account, whatever the form says.
    let own = grants(built(&row("r1.access=read&r1.where=all&r1.account=2"), &of_account()).unwrap());
    assert_eq!(own[0].selection, Selection::Account { account: 1.into(), except: Vec::new() });
    assert!(built(&row("r1.access=read&r1.where=everywhere"), &of_account()).is_err());
}

#[test]
fn an_account_that_was_not_chosen_is_never_filled_in() {
    let mut alone = of_user();
    alone.accounts.truncate(1);
    for rest in [
        "r1.permission=zones&r1.where=all",
        "r1.permission=zones&r1.where=except&r1.id=7",
        "r1.permission=billing&r1.where=all",
    ] {
        let body = format!("row=r1&r1.access=read&{rest}");
        for none in ["", "&r1.account="] {
            let said = at(built(&format!("{body}{none}"), &alone).unwrap_err(), "r1.where");
            assert_eq!(said, "Choose an account.", "{rest}");
        }
        assert!(built(&format!("{body}&r1.account=1"), &alone).is_ok(), "{rest}");
    }
}

#[test]
fn account_permissions_of_a_user_token_need_an_account_and_user_permissions_nothing() {
    let billing = "row=r1&r1.permission=billing&r1.access=read";
    assert_eq!(
        at(built(billing, &of_user()).unwrap_err(), "r1.where"),
        "Choose in which accounts Billing applies."
    );
    let one = grants(built(&format!("{billing}&r1.where=all&r1.account=1"), &of_user()).unwrap());
    assert_eq!(one[0].selection, Selection::Account { account: 1.into(), except: Vec::new() });
    let refused = built(&format!("{billing}&r1.where=all&r1.account=2"), &of_user()).unwrap_err();
    assert!(at(refused, "r1.where").contains("needs admin there"));
    let own = "row=r1&r1.permission=user_details&r1.access=full";
    assert_eq!(grants(built(own, &of_user()).unwrap()).len(), 1);
    assert_eq!(
        at(built(own, &of_account()).unwrap_err(), "r1.permission"),
        "User details is for user tokens only."
    );
    let mut readers = of_user();
    readers.accounts.remove(0);
    let refused = built(&format!("{billing}&r1.where=everywhere"), &readers).unwrap_err();
    assert_eq!(at(refused, "r1.access"), "None of your roles may grant Billing with Read only.");
}

#[test]
fn records_narrow_zones_and_nothing_else() {
    let row = |permission: &str, rest: &str| {
        format!("row=r1&r1.permission={permission}&r1.access=read&r1.where=all&{rest}")
    };
    let narrowed = row("zones", "r1.part.name=_ACME-challenge*%0a@&r1.part.type=txt,+a");
    let parts = grants(built(&narrowed, &of_account()).unwrap()).remove(0).parts;
    assert_eq!(parts.of("name"), ["_acme-challenge*", ""]);
    assert_eq!(parts.of("type"), ["TXT", "A"]);
    let domains = grants(built(&row("domains", "r1.part.name=www"), &of_account()).unwrap());
    assert_eq!(domains[0].parts, Parts::default());
    let problems = built(&row("zones", "r1.part.name=a..b&r1.part.type=TEXT"), &of_account()).unwrap_err();
    assert!(at(problems.clone(), "r1.part.name").contains("a..b"));
    assert!(at(problems, "r1.part.type").contains("TEXT"));
}

#[test]
fn networks_and_days_become_conditions_or_are_refused_beside_their_field() {
    let zones = "row=r1&r1.permission=zones&r1.access=read&r1.where=all";
    let policy = built(
        &format!("{zones}&from=192.0.2.0/24%0d%0a2001:db8::1&not_from=192.0.2.7&starts_on=2026-12-01"),
        &of_account(),
    );
    let policy = policy.unwrap();
    assert_eq!(policy.allowed_networks.len(), 2);
    assert_eq!(policy.refused_networks[0].to_string(), "192.0.2.7/32");
    assert_eq!(policy.not_before, Some(datetime!(2026-12-01 0:00 UTC)));
    assert_eq!(built(&format!("{zones}&starts_on=2026-11-22"), &of_account()).unwrap().not_before, None);
    for (rest, place, why) in [
        ("from=10.0.0.5/8", "from", "Line 1: 10.0.0.5/8 has bits beyond its /8. Did you mean 10.0.0.0/8?"),
        ("not_from=office", "not_from", "Line 1: “office” is neither"),
        ("from=192.0.2.7&not_from=192.0.2.0/24", "not_from", "Every address that it works from is refused"),
        ("starts_on=2026-11-21", "starts_on", "This day has passed. Leave it empty"),
        ("starts_on=tomorrow", "starts_on", "Write the day as year-month-day"),
        (
            "starts_on=2027-06-01",
            "starts_on",
            "It would start on 1 June 2027, after its last day, 20 February 2027.",
        ),
    ] {
        let said = at(built(&format!("{zones}&{rest}"), &of_account()).unwrap_err(), place);
        assert!(said.starts_with(why), "{rest}: {said}");
    }
}

#[test]
fn more_than_five_hundred_named_resources_are_refused_beside_the_row_with_a_way_out() {
    let catalogue = crate::dns::catalogue().unwrap();
    let zone = |id: ResourceId| Resource {
        id,
        account_id: 1.into(),
        kind: ZONE,
        name: format!("z{id}.example"),
        title: None,
    };
    let there: HashMap<ResourceId, Resource> = (0..501).map(|id| (id.into(), zone(id.into()))).collect();
    let ids: String = (0..501).map(|id| format!("&r2.id={id}")).collect();
    let body = format!(
        "name=CI&expires=90&row=r1&r1.permission=billing&r1.access=read\
         &row=r2&r2.permission=zones&r2.access=read&r2.where=named{ids}"
    );
    let draft = Draft::parse(&fields(&body), Shape::Builder, &catalogue);
    let said = at(draft.check(&catalogue, &of_account(), &there, NOW).unwrap_err(), "r2.where");
    assert_eq!(
        said,
        "One token can name 500 resources, this one names 501. Take all zones, or all zones except some, instead; or make a second token."
    );
}

#[test]
fn what_a_draft_puts_down_is_read_back() {
    let catalogue = crate::dns::catalogue().unwrap();
    let body = "nonce=67e55044-10b1-426f-9247-bb680e5fe0c8&name=+a%26b+&reach=everything&from=1.2.3.4%0a::1\
                &not_from=x&starts_on=2026-12-01&expires=date&expires_on=2027-01-01\
                &row=r4&r4.permission=zones&r4.access=full&r4.where=everywhere_except&r4.account=7&r4.id=1&r4.id=3\
                &r4.part.name=www&r4.part.type=A&row=r2&r2.access=none&row=r9&r9.permission=billing&r9.account=";
    let draft = Draft::parse(&fields(body), Shape::Builder, &catalogue);
    let again: Vec<(String, String)> = draft.fields();
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(again).finish();
    assert_eq!(Draft::parse(&fields(&body), Shape::Builder, &catalogue), draft);
    assert_eq!(draft.rows.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), ["r4", "r2", "r9"]);
}

#[test]
fn rows_are_added_and_removed_and_no_key_comes_twice() {
    let mut draft = Draft::blank(Shape::Builder);
    for _ in 0..MOST_ROWS {
        assert!(draft.add_row());
    }
    assert!(!draft.add_row(), "there is no room for more");
    draft.remove_row("r2");
    assert!(draft.add_row());
    assert_eq!(draft.rows.last().unwrap().key, "r51");
    draft.add_address("192.0.2.7");
    draft.add_address("192.0.2.7");
    draft.add_address("2001:db8::1");
    assert_eq!(draft.from, "192.0.2.7\n2001:db8::1");
}

#[test]
fn a_template_fills_the_form_in_with_what_the_roles_allow() {
    let catalogue = crate::dns::catalogue().unwrap();
    let of =
        |key: &str, whose: &Whose| Draft::from_template(catalogue.template(key).unwrap(), &catalogue, whose);
    let (draft, left_out) = of("acme_dns_01", &of_account());
    assert!(left_out.is_empty());
    let row = &draft.rows[0];
    assert_eq!(
        (draft.name.as_str(), row.reach, row.part("name")),
        ("ACME DNS-01", Where::Named, "_acme-challenge*")
    );
    assert_eq!((draft.rows[1].level, draft.rows[1].reach), (Level::Of(Access::Read), Where::Named));
    let problems = draft.check(&catalogue, &of_account(), &there(), NOW).unwrap_err();
    assert!(at(problems, "r1.where").starts_with("Select at least one zone"));

    let (draft, _) = of("read_all", &of_account());
    let policy = draft.check(&catalogue, &of_account(), &there(), NOW).unwrap().1;
    let all = grants(policy);
    assert!(all.iter().all(|one| one.access == Access::Read));
    assert!(!all.iter().any(|one| one.permission.as_str() == "certificate_private_keys"));
    assert_eq!(all.len(), 11);

    let mut reader = of_user();
    reader.accounts = vec![(2.into(), "Globex".to_owned(), Role::ReadWrite)];
    let (draft, left_out) = of("read_all", &reader);
    assert_eq!(left_out, ["Billing", "Webhooks"]);
    assert!(draft.check(&catalogue, &reader, &there(), NOW).is_ok());
}

#[test]
fn an_address_fills_the_form_in_and_says_what_it_could_not() {
    let catalogue = crate::dns::catalogue().unwrap();
    let mut find = |kind: KindKey, names: &[String]| -> Result<Vec<Resource>, ()> {
        let mut found: Vec<Resource> = there().into_values().collect();
        found.retain(|one| one.kind == kind && names.contains(&one.name));
        Ok(found)
    };
    let query = "name=Nightly&scope=zones:z7.example:write&scope=zones:*,!z8.example:read&scope=none:*:read\
                 &scope=domains:gone.example:read&scope=user_details:*:read&expires=30&from=192.0.2.7\
                 &not_from=192.0.2.8&starts_on=2026-12-01";
    let (draft, said) = Draft::from_query(&fields(query), &catalogue, &of_account(), &mut find).unwrap();
    assert_eq!((draft.name.as_str(), draft.expires.as_str()), ("Nightly", "30"));
    assert_eq!((draft.from.as_str(), draft.not_from.as_str()), ("192.0.2.7", "192.0.2.8"));
    assert_eq!(draft.starts_on, "2026-12-01");
    let rows: Vec<(Where, Vec<i64>)> =
        draft.rows.iter().map(|row| (row.reach, row.chosen.iter().map(|id| id.get()).collect())).collect();
    assert_eq!(rows, [(Where::Named, vec![7]), (Where::Except, vec![8]), (Where::Named, vec![])]);
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].starts_with("There is no permission “none”"));
    assert_eq!(said[1], "There is no domain gone.example here.");
    assert_eq!(said[2], "User details is for user tokens only.");
    let (draft, said) =
        Draft::from_query(&fields("template=nothing"), &catalogue, &of_account(), &mut find).unwrap();
    assert_eq!(said, ["There is no template “nothing”."]);
    assert!(draft.rows.is_empty());
    let many = format!("template={0}{1}", "x".repeat(5000), "&scope=nothing".repeat(30));
    let (_, said) = Draft::from_query(&fields(&many), &catalogue, &of_account(), &mut find).unwrap();
    assert_eq!((said.len(), said[10].as_str()), (11, "And 21 more."));
    assert!(said.iter().all(|one| one.len() < 300), "{said:?}");
    let (draft, _) =
        Draft::from_query(&fields("expires=2027-01-01"), &catalogue, &of_account(), &mut find).unwrap();
    assert_eq!((draft.expires.as_str(), draft.expires_on.as_str()), ("date", "2027-01-01"));
}

#[test]
fn an_id_that_cannot_be_read_never_leaves_less_out() {
    for (reach, whose) in
        [("except", of_account()), ("everywhere_except", of_user()), ("named", of_account())]
    {
        let body = format!("row=r1&r1.permission=zones&r1.access=read&r1.where={reach}&r1.id=7&r1.id=8x");
        let said = at(built(&body, &whose).unwrap_err(), "r1.where");
        assert_eq!(said, "A selected zone can't be read. Look at the selection again.", "{reach}");
        assert!(built(&body.replace("8x", "8"), &whose).is_ok(), "{reach}");
    }
    let body = "row=r1&r1.permission=zones&r1.access=read&r1.where=all&r1.id=8x";
    assert!(built(body, &of_account()).is_ok(), "nothing is selected where that is no question");
}
