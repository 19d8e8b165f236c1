use super::*;

const SHA1: &str = "123456789abcdef67890123456789abcdef67890";
const SHA256: &str = "123456789abcdef67890123456789abcdef67890123456789abcdef123456789";

#[test]
fn what_dns_takes_is_kept_in_its_one_spelling() {
    let (sshfp, tlsa) = (format!("4 2 {}", SHA256.to_uppercase()), format!("3 1 1 {SHA256}"));
    let long = "a".repeat(1_000);
    let table = [
        ("A", "192.0.2.1", "192.0.2.1"),
        ("A", " 192.0.2.1 ", "192.0.2.1"),
        ("AAAA", "2001:0DB8:0::1", "2001:db8::1"),
        ("AAAA", "::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("ALIAS", "Example.NET.", "example.net"),
        ("CNAME", "www.example.net", "www.example.net"),
        ("CNAME", "_a.b._domainkey.example.net.", "_a.b._domainkey.example.net"),
        ("CNAME", "bücher.example", "xn--bcher-kva.example"),
        ("NS", "ns1.example.net", "ns1.example.net"),
        ("PTR", "host.example.net", "host.example.net"),
        ("MX", "mail.example.com", "mail.example.com"),
        ("MX", ".", "."),
        ("SRV", "5  443 Sip.example.com.", "5 443 sip.example.com"),
        ("SRV", "0 0 .", "0 0 ."),
        ("CAA", "0 issue \"ca.example.com\"", "0 issue \"ca.example.com\""),
        ("CAA", "0 ISSUE ca.example.com", "0 issue \"ca.example.com\""),
        ("CAA", "128 issuewild \";\"", "128 issuewild \";\""),
        ("CAA", "0 issue \"ca.example; account=1\"", "0 issue \"ca.example; account=1\""),
        ("CAA", "0 iodef \"mailto:a@example.com\"", "0 iodef \"mailto:a@example.com\""),
        ("SSHFP", &format!("1 1 {SHA1}"), &format!("1 1 {SHA1}")),
        ("SSHFP", &sshfp, &sshfp.to_lowercase()),
        ("TLSA", &tlsa, &tlsa),
        ("HINFO", "\"RFC8482\" \"\"", "\"RFC8482\" \"\""),
        (
            "NAPTR",
            r#"100 10 "U" "E2U+sip" "!^.*$!sip:a@example.com!" ."#,
            r#"100 10 "U" "E2U+sip" "!^.*$!sip:a@example.com!" ."#,
        ),
        ("TXT", "v=spf1 include:example.net ~all", "v=spf1 include:example.net ~all"),
        ("TXT", "semi; colon (and) $dollar @ \\ \"in\"", "semi; colon (and) $dollar @ \\ \"in\""),
        ("TXT", "\"one\" \"two \\\" \\065\"", "\"one\" \"two \\\" \\065\""),
        ("TXT", "\"\"", "\"\""),
        ("TXT", "grün", "grün"),
        ("TXT", &long, &long),
    ];
    for (record_type, written, kept) in table {
        assert_eq!(checked(record_type, written).as_deref(), Ok(kept), "{record_type} {written}");
        assert_eq!(checked(record_type, kept).as_deref(), Ok(kept), "{record_type} {kept}, once more");
    }
    let met: Vec<&str> = TYPES.into_iter().filter(|one| table.iter().any(|(of, ..)| of == one)).collect();
    assert_eq!(met, TYPES);
}

#[test]
fn what_dns_does_not_take_is_refused() {
    let (quoted, huge) = (format!("\"{}\"", "a".repeat(256)), "a".repeat(70_000));
    let wrong = [
        (
            "A",
            vec![
                "1.2.3",
                "1.2.3.4.5",
                "256.1.1.1",
                "01.2.3.4",
                "::1",
                "1.2.3.4 junk",
                "1.2.3.4\u{a0}junk",
                "1.2.3.4;x",
                "a.b",
            ],
        ),
        ("AAAA", vec!["192.0.2.1", "2001:db8::g", "::1::2", "fe80::1%eth0", "::1 ::2", "[::1]"]),
        (
            "CNAME",
            vec![".", "192.0.2.1", "a b", "a..b", "-a.b", "https://a.example", "*.example.com", "a.example;"],
        ),
        ("ALIAS", vec![".", "2001:db8::1"]),
        ("NS", vec![".", "192.0.2.1"]),
        ("PTR", vec!["a b"]),
        ("MX", vec!["10 mail.example.com", "192.0.2.1", "mail example"]),
        (
            "SRV",
            vec![
                "443 a.example",
                "0 65536 a.example",
                "-1 1 a.example",
                "10 5 443 a.example",
                "1 1 192.0.2.1",
                "a b c",
            ],
        ),
        (
            "CAA",
            vec![
                "issue \"ca.example\"",
                "256 issue \"a\"",
                "0 is_sue \"a\"",
                "0 \"\" \"a\"",
                "0 issue a; b",
                "0 issue \"a\" b",
                "0 issue \"-a\"",
                "0 iodef \"ftp://a\"",
                "0 iodef \"none\"",
                "0 issue \"a\\\"\"",
                "0 aaaaaaaaaaaaaaaa \"a\"",
            ],
        ),
        ("SSHFP", vec!["1 1 ab", "0 1 ab", "5 2 ab", "1 3 ab", "1 1", "a 1 ab", "1 1 zz"]),
        ("TLSA", vec!["4 0 0 ab", "0 2 0 ab", "0 0 3 ab", "3 1 1 ab", "3 1 1", "0 0 0 zz"]),
        ("HINFO", vec!["one", "one two three", "\"one two"]),
        ("NAPTR", vec!["100 10 \"U\" \"E2U\" \"\"", "x 10 \"\" \"\" \"\" .", "1 1 \"!\" \"\" \"\" ."]),
        ("TXT", vec!["\"open", "\"a\" b", "\"a\"b", "\"\\999\"", "\"\\1\"", &quoted, &huge]),
    ];
    for (record_type, contents) in wrong {
        for content in
            contents.into_iter().chain(["", "  ", "a\u{0}b", "a\nb", "a\r\nb IN A 192.0.2.1", "\u{7f}"])
        {
            assert!(checked(record_type, content).is_err(), "{record_type} {content:?} was taken");
        }
    }
}

#[test]
fn a_content_stands_in_a_file_with_its_priority_its_dots_and_its_quotes() {
    let long = "a".repeat(300);
    for (record_type, content, priority, in_the_file) in [
        ("A", "192.0.2.1", None, "192.0.2.1"),
        ("CNAME", "example.net", None, "example.net."),
        ("MX", "mail.example.com", Some(10), "10 mail.example.com."),
        ("MX", ".", Some(0), "0 ."),
        ("SRV", "5 443 a.example", Some(1), "1 5 443 a.example."),
        ("SRV", "0 0 .", Some(1), "1 0 0 ."),
        ("SOA", "ns1.a.example admin.a.example 1 2 3 4 5", None, "ns1.a.example. admin.a.example. 1 2 3 4 5"),
        ("TXT", "say \"a\\b\"; c", None, r#""say \"a\\b\"; c""#),
        ("TXT", "\"as it\" \"is\"", None, "\"as it\" \"is\""),
        ("TXT", &long, None, &format!("\"{}\" \"{}\"", "a".repeat(255), "a".repeat(45))),
    ] {
        assert_eq!(in_file(record_type, content, priority), in_the_file);
    }
}
