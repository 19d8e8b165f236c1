use super::*;
use crate::samples;

fn faults(text: &str) -> Vec<String> {
    Catalogue::check(text, &[]).1.iter().map(Fault::to_string).collect()
}

/// The shop with one text in place of another.
fn shop_with(text: &str, other: &str) -> Vec<String> {
    let shop = include_str!("../../../docs/examples/shop.toml");
    assert!(shop.contains(text), "{text}");
    faults(&shop.replacen(text, other, 1))
}

#[test]
fn the_examples_have_neither_faults_nor_warnings() {
    assert_eq!(samples::shop().permissions.len(), 4);
    assert_eq!(samples::ci().kinds[0].parts.len(), 1);
    assert_eq!(samples::dns().plans.len(), 3);
}

#[test]
fn every_kind_of_mistake_is_named_with_its_line_and_column() {
    let text = include_str!("mistakes.toml");
    let found = faults(text);
    let expected: Vec<&str> = include_str!("mistakes.txt").lines().collect();
    assert_eq!(found, expected, "{}", found.join("\n"));
}

#[test]
fn a_mistake_is_named_where_it_is_and_what_would_be_right_beside_it() {
    for (text, other, said) in [
        (
            "narrowed_by = \"store\"\nlevels = [\"read\", \"write\"]\nverbs",
            "narrowed_by = \"shop\"\nlevels = [\"read\", \"write\"]\nverbs",
            "permission “orders” is narrowed by “shop”, and there is no such kind; there are: store",
        ),
        ("format = 2", "format = 3", "“format” has to be 2"),
        (
            "prefix = \"shop\"",
            "prefix = \"my shop\"",
            "“prefix” has 2 to 10 lower-case letters and digits, a letter first",
        ),
        ("path = \"/v1/payouts\"", "path = \"/v1//payouts\"", "a path has no empty segments"),
        ("path = \"/v1/payouts\"", "path = \"/v1/%70ayouts\"", "isn't spelled as paths"),
        (
            "methods = [\"GET\"]\npath = \"/health\"",
            "methods = [\"get\"]\npath = \"/health\"",
            "“get” is no method",
        ),
        ("target = \"new\"", "target = \"other\"", "“target” has to be “new”, “all” or “filtered”"),
    ] {
        let found = shop_with(text, other);
        assert!(found.iter().any(|fault| fault.contains(said)), "{said}: {found:#?}");
    }
}

#[test]
fn a_prefix_is_two_to_ten_lower_case_letters_and_digits_and_a_letter_first() {
    for (prefix, fits) in [
        ("tkh", true),
        ("a1", true),
        ("abcdefghij", true),
        ("a", false),
        ("abcdefghijk", false),
        ("1a", false),
        ("Tkh", false),
        ("t_k", false),
    ] {
        let found = shop_with("prefix = \"shop\"", &format!("prefix = \"{prefix}\""));
        assert_eq!(found.is_empty(), fits, "{prefix}: {found:?}");
    }
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let found = faults(&"#".repeat(1_000_001));
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_level_that_is_offered_no_more_gives_the_next_lower_one_and_a_grant_never_more_than_it_named() {
    use crate::{Grant, KindKey, Parts, ResourceRef, Selection};
    let catalogue = samples::ci();
    let pipelines = catalogue.find("pipelines").unwrap();
    let only = |kind: &'static str| {
        let one = ResourceRef {
            account: 1.into(),
            id: Some(1.into()),
            kind: KindKey::literal(kind),
            name: "a".to_owned(),
        };
        Selection::Only(vec![one])
    };
    let grant = |selection, parts| Grant {
        permission: pipelines.key.clone(),
        access: Access::Full,
        selection,
        parts,
    };
    let main = || vec!["main".to_owned()];
    let within = grant(only("project"), Parts::default().with("branch", main()));
    assert_eq!(within.gives(pipelines), Some(Access::Full));
    let read_only = Permission { access: vec![Access::Read], ..pipelines.clone() };
    assert_eq!(within.gives(&read_only), Some(Access::Read));
    let write_only = Permission { access: vec![Access::Full], ..pipelines.clone() };
    assert_eq!(Grant { access: Access::Read, ..within.clone() }.gives(&write_only), None);
    // Of another kind, and narrowed by a part that isn't there: nothing, rather than all.
    assert_eq!(grant(only("zone"), Parts::default()).gives(pipelines), None);
    let by_tag = grant(only("project"), Parts::default().with("tag", main()));
    assert_eq!(by_tag.gives(pipelines), None);
    let wide = Permission { narrowed_by: None, parts: Vec::new(), ..pipelines.clone() };
    assert_eq!(within.gives(&wide), None);
}

/// What a slip of the hand does to a file.
fn mutated(text: &str, at: usize, length: usize, put: &str) -> String {
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = boundary(at % text.len());
    let end = boundary((start + length).min(text.len()));
    format!("{}{put}{}", &text[..start], &text[end.max(start)..])
}

/// Routes that take a call without a token, of a catalogue.
fn open(catalogue: &Catalogue) -> usize {
    catalogue.routes.iter().filter(|route| route.needs == crate::Needs::Open).count()
}

proptest::proptest! {
    #[test]
    fn a_file_with_a_slip_in_it_is_read_without_a_panic_and_opens_nothing_that_it_does_not_say(
        which in 0..3_usize,
        at in 0..20_000_usize,
        length in 0..40_usize,
        put in proptest::sample::select(vec!["", "\"", "}", "[[routes]]\n", "= ", "é", "true", "\n", "{", "0", "#"]),
    ) {
        let text = [
            include_str!("../../../docs/examples/shop.toml"),
            include_str!("../../../docs/examples/ci.toml"),
            include_str!("../../../src/dns/catalogue.toml"),
        ][which];
        let before = Catalogue::check(text, samples::FORMS).0.map_or(0, |catalogue| open(&catalogue));
        let (catalogue, faults) = Catalogue::check(&mutated(text, at, length, put), samples::FORMS);
        let has_error = faults.iter().any(|fault| fault.severity == Severity::Error);
        proptest::prop_assert_eq!(catalogue.is_none(), has_error);
        if let Some(catalogue) = catalogue {
            proptest::prop_assert!(open(&catalogue) <= before);
        }
    }
}

#[test]
fn what_is_no_longer_offered_is_called_as_it_was_last() {
    let shop = include_str!("../../../docs/examples/shop.toml");
    let text =
        shop.replace("\"orders", "\"sales").replace("\"store\"", "\"shop\"").replace("{store}", "{shop}");
    let mut now = Catalogue::parse("shop.toml", &text, &[]).unwrap();
    let store = KindKey::literal("store");
    assert_eq!((now.title_of("orders"), now.plural(store).as_str()), ("orders", "store"));
    now.remember("not a catalogue");
    now.remember(&shop.replace("title = \"Orders\"", "title = \"Purchases\""));
    now.remember(shop);
    assert_eq!((now.title_of("orders"), now.title_of("sales")), ("Purchases", "Orders"));
    assert_eq!((now.title_of("nothing"), now.plural(store).as_str()), ("nothing", "stores"));
}
