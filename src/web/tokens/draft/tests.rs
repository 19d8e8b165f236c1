use super::*;
use crate::policy::ResourceKind;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

fn check(body: &str, scoped: bool) -> Result<(TokenName, Policy), Problems> {
    let catalogue = Catalogue::embedded().unwrap();
    let zone =
        |id: i64| Resource { id, account_id: 1, kind: "zone".to_owned(), name: format!("z{id}.example") };
    let there = HashMap::from([(7, zone(7)), (8, zone(8))]);
    let draft = Draft::parse(&Fields::parse(body.as_bytes()).unwrap(), &catalogue);
    draft.check(&catalogue, scoped, 1, &there, NOW)
}

fn problem_at(body: &str, place: &str) -> String {
    let problems = check(body, true).unwrap_err();
    problems.into_iter().find(|(at, _)| at == place).unwrap_or_else(|| panic!("no problem at {place}")).1
}

fn grant(key: &str, selection: Selection) -> Grant {
    let permission = Catalogue::embedded().unwrap().find(key).unwrap().key.clone();
    Grant { permission, access: Access::Full, selection, records: RecordFilter::default() }
}

#[test]
fn what_the_form_cannot_say_of_another_token_is_left_out_and_never_widened() {
    let catalogue = Catalogue::embedded().unwrap();
    let zone = |id| crate::policy::ResourceRef {
        account: 1,
        id: Some(id),
        kind: ResourceKind::Zone,
        name: format!("z{id}.example"),
    };
    let all = Selection::Account { account: 1, except: Vec::new() };
    let rights = Rights::Grants(vec![
        grant("zones", Selection::Account { account: 1, except: vec![zone(7)] }),
        grant("certificates", Selection::Only(vec![zone(7)])),
        grant("certificates", Selection::Only(vec![zone(8)])),
        grant("billing", all),
    ]);
    let (draft, unsaid) = Draft::like("CI", &rights, false, &catalogue);
    assert_eq!(unsaid, ["Certificates", "Zones"]);
    assert_eq!(draft.rows.len(), 1);
    assert!(draft.chosen().is_empty() && !draft.everything);
}

#[test]
fn a_filled_in_form_becomes_a_policy() {
    let body = "name=+CI+&reach=choose&expires=30&zones.access=full&zones.where=named&zones.id=7&zones.id=8\
                &zones.id=7&billing.access=read&domains.access=none&domains.where=all";
    let (name, policy) = check(body, true).unwrap();
    assert_eq!(name.as_str(), "CI");
    assert_eq!(policy.expires_at, Some(datetime!(2026-12-23 0:00 UTC)));
    let Rights::Grants(grants) = policy.rights else { panic!("not everything") };
    assert_eq!(grants.len(), 2);
    assert_eq!(grants[0].permission.as_str(), "billing");
    let Selection::Only(only) = &grants[1].selection else { panic!("only these") };
    assert_eq!(
        only.iter().map(|one| (one.id, one.kind)).collect::<Vec<_>>(),
        [(Some(7), ResourceKind::Zone), (Some(8), ResourceKind::Zone)]
    );
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
    let (_, policy) = check("name=CI&expires=never&zones.access=read&zones.where=all", false).unwrap();
    assert_eq!(policy.rights, Rights::Everything);
    assert_eq!(policy.expires_at, None);
}

#[test]
fn an_expiry_that_was_not_chosen_is_asked_for_and_never_means_never() {
    assert!(problem_at("name=CI&reach=everything", "expires").starts_with("Choose until when"));
    assert!(problem_at("name=CI&reach=everything&expires=date", "expires_on").starts_with("Write the day"));
}

#[test]
fn more_than_five_hundred_named_resources_are_refused() {
    let ids: String = (0..501).map(|id| format!("&zones.id={id}")).collect();
    let problems =
        check(&format!("name=CI&expires=90&zones.access=read&zones.where=named{ids}"), true).unwrap_err();
    assert!(!problems.is_empty());
}
