use super::*;

fn wanted(name: &str, record_type: &str, content: &str) -> Wanted {
    let text = |text: &str| Some(text.to_owned());
    Wanted { name: text(name), record_type: text(record_type), content: text(content), ..Wanted::default() }
}

fn fields(wanted: &Wanted) -> Vec<&'static str> {
    wanted
        .checked("example.com")
        .map_or_else(|faults| faults.iter().map(|(field, _)| *field).collect(), |_| vec![])
}

#[test]
fn what_is_left_out_is_the_apex_for_an_hour_everywhere_with_priority_0_where_there_is_one() {
    let checked = wanted("WWW", "a", "192.0.2.1").checked("example.com").unwrap();
    assert_eq!((checked.name.as_str(), checked.record_type.as_str()), ("www", "A"));
    assert_eq!((checked.ttl, checked.priority, checked.regions), (3600, None, vec!["global".to_owned()]));
    for (record_type, content) in [("MX", "."), ("SRV", "0 5060 sip.example.net")] {
        let checked =
            Wanted { name: None, ..wanted("", record_type, content) }.checked("example.com").unwrap();
        assert_eq!((checked.name.as_str(), checked.priority), ("", Some(0)), "{record_type}");
    }
}

#[test]
fn a_record_without_a_name_is_decided_about_as_one_at_the_apex() {
    let nameless = Wanted { name: None, ..wanted("", "txt", "x") };
    assert_eq!(nameless.key(), Some((String::new(), "TXT".to_owned())));
    assert_eq!(Wanted { record_type: None, ..nameless }.key(), None);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let all = Wanted {
        name: Some("a..b".to_owned()),
        content: Some("x".to_owned()),
        ttl: Some(-1),
        priority: Some(65_536),
        regions: Some(vec![]),
        ..wanted("", "mx", "")
    };
    assert_eq!(fields(&all), ["name", "ttl", "priority", "regions"]);
    assert_eq!(fields(&Wanted::default()), ["type", "content"]);
}

#[test]
fn a_time_to_live_has_31_bits() {
    for (ttl, fits) in
        [(0, true), (2_147_483_647, true), (2_147_483_648, false), (-1, false), (i64::MAX, false)]
    {
        let wanted = Wanted { ttl: Some(ttl), ..wanted("www", "A", "192.0.2.1") };
        assert_eq!(fields(&wanted).is_empty(), fits, "{ttl}");
    }
}

#[test]
fn a_priority_is_for_mail_and_services_and_ignored_for_other_types() {
    for (record_type, content, priority, fits) in [
        ("MX", "mail.example.com", Some(0), true),
        ("MX", "mail.example.com", Some(65_535), true),
        ("MX", "mail.example.com", Some(65_536), false),
        ("MX", "mail.example.com", Some(-1), false),
        ("MX", "mail.example.com", None, true),
        ("SRV", "1 1 a.example", Some(1), true),
        ("SRV", "1 1 a.example", None, true),
        ("A", "192.0.2.1", None, true),
        ("A", "192.0.2.1", Some(65_536), true),
    ] {
        let wanted = Wanted { priority, ..wanted("www", record_type, content) };
        assert_eq!(fields(&wanted).is_empty(), fits, "{record_type} {priority:?}");
    }
    let ignored = Wanted { priority: Some(1), ..wanted("www", "A", "192.0.2.1") };
    assert_eq!(ignored.checked("example.com").unwrap().priority, None);
}

#[test]
fn the_apex_keeps_its_soa_and_ns_and_takes_no_cname() {
    assert_eq!(fields(&wanted("", "NS", "ns.example.net")), ["name"]);
    assert_eq!(fields(&wanted("", "CNAME", "example.net")), ["name"]);
    assert_eq!(fields(&wanted("www", "SOA", "a b 1 2 3 4 5")), ["type"]);
    assert!(fields(&wanted("", "ALIAS", "example.net")).is_empty());
    assert!(fields(&wanted("dev", "NS", "ns.example.net")).is_empty());
    for unknown in ["CDS", "DNSKEY", "WKS", "", "\u{0}", "A A"] {
        assert_eq!(fields(&wanted("www", unknown, "x")), ["type"], "{unknown}");
    }
}

#[test]
fn regions_are_known_codes_or_the_whole_world() {
    for (regions, fits) in [
        (vec!["global"], true),
        (vec!["SV1", "FRA"], true),
        (vec![], false),
        (vec!["global", "FRA"], false),
        (vec!["FRA", "FRA"], false),
        (vec!["fra"], false),
        (vec!["XYZ"], false),
    ] {
        let regions = Some(regions.into_iter().map(str::to_owned).collect());
        let wanted = Wanted { regions, ..wanted("www", "A", "192.0.2.1") };
        assert_eq!(fields(&wanted).is_empty(), fits, "{wanted:?}");
    }
}
