use super::catalogue;
use super::models::record::TYPES;
use crate::extension::Product;
use crate::policy::catalogue::Reach;
use crate::policy::{Access, Catalogue, Form, Needs, Parts, Template};

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

#[test]
fn the_routes_of_the_catalogue_are_those_of_the_api_with_what_each_needs() {
    let catalogue = catalogue().unwrap();
    let shape = |path: &str| -> String {
        let place = |segment: &str| segment.starts_with('{') && segment != "{account}";
        let segments = path.split('/').map(|segment| if place(segment) { "{}" } else { segment });
        segments.collect::<Vec<_>>().join("/")
    };
    let mut listed = Vec::new();
    for route in catalogue.routes.iter() {
        let needs = match &route.needs {
            Needs::Scope(key, access) => Some((key.to_string(), *access)),
            Needs::AnyToken | Needs::Open => None,
        };
        let rows = route.methods.iter().map(|method| (method.clone(), shape(&route.written), needs.clone()));
        listed.extend(rows);
    }
    let product = Product::choose(None, Some(super::EXTENSION)).unwrap();
    let mut own: Vec<_> = product
        .api_routes()
        .into_iter()
        .map(|row| {
            let needs = row.needs.map(|(key, access)| (key.to_owned(), access));
            (row.method.to_owned(), shape(row.path), needs)
        })
        .collect();
    listed.sort();
    own.sort();
    assert_eq!(listed, own);
}
