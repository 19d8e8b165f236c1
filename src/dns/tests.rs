use super::catalogue;
use super::models::record::TYPES;
use crate::policy::catalogue::Reach;
use crate::policy::{Access, Catalogue, Form, Parts, Template};

type Right<'a> = (&'a str, Access, Reach, Parts);

fn rights<'a>(catalogue: &'a Catalogue, template: &'a Template, of_user: bool) -> Vec<Right<'a>> {
    let mut rights: Vec<Right<'_>> = template
        .rows(catalogue, of_user)
        .filter_map(|(row, one)| Some((one.key.as_str(), row.access()?, row.reach, row.parts.clone())))
        .collect();
    rights.sort_by_key(|(key, ..)| *key);
    rights
}

#[test]
fn the_catalogue_holds_together_and_knows_every_type_of_record() {
    let catalogue = catalogue().unwrap();
    assert_eq!(catalogue.permissions.len(), 14);
    assert_eq!(catalogue.for_account_tokens().count(), 12);
    assert!(
        catalogue.has_scopes("teams") && catalogue.has_scopes("enterprise") && !catalogue.has_scopes("solo")
    );
    let types = catalogue.kinds.iter().find_map(|kind| kind.part("type")).map(|part| &part.form);
    assert_eq!(types, Some(&Form::OneOf(TYPES.map(str::to_owned).to_vec())));
}
#[test]
fn each_template_gives_other_rights_than_every_other() {
    let catalogue = catalogue().unwrap();
    assert_eq!(catalogue.templates.len(), 9);
    for of_user in [false, true] {
        for (place, one) in catalogue.templates.iter().enumerate() {
            for other in &catalogue.templates[..place] {
                let (left, right) = (rights(&catalogue, one, of_user), rights(&catalogue, other, of_user));
                assert_ne!(left, right, "{} and {}", one.key, other.key);
            }
        }
    }
}

#[test]
fn no_template_brings_a_sensitive_permission_nor_an_account_token_a_user_permission() {
    let catalogue = catalogue().unwrap();
    for template in &catalogue.templates {
        for (row, permission) in template.rows(&catalogue, true) {
            assert!(!permission.sensitive || row.access().is_none(), "{}", template.key);
        }
        for (_, permission) in template.rows(&catalogue, false) {
            assert!(!permission.is_of_user(), "{}", template.key);
        }
    }
}

#[test]
fn reading_all_reads_each_permission_that_is_not_sensitive_and_offers_the_others() {
    let catalogue = catalogue().unwrap();
    let all = catalogue.template("read_all").unwrap();
    for permission in &catalogue.permissions {
        let row = all.rows.iter().find(|row| row.permission == permission.key).unwrap();
        let expected = if permission.sensitive { None } else { Some(Access::Read) };
        assert_eq!(row.access(), expected, "{}", permission.key);
    }
}
