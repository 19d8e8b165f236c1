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
        // White space in digits (RFC 6698, section 2.2), in a fingerprint's and a digest's, too.
        ("TLSA", &format!("3 1 1 {}  {}", &SHA256[..40], &SHA256[40..]), &tlsa),
        ("SSHFP", &format!("4 2 {} {}", &SHA256[..9], &SHA256[9..]), &sshfp.to_lowercase()),
        (
            "DS",
            &format!("12345 13 2 {} {}", &SHA256[..30], &SHA256[30..]),
            &format!("12345 13 2 {}", SHA256.to_uppercase()),
        ),
        ("CNAME", "1.0/26.2.0.192.in-addr.arpa.", "1.0/26.2.0.192.in-addr.arpa"),
        ("DNAME", "Example.NET.", "example.net"),
        ("POOL", "a.example.net", "a.example.net"),
        ("SPF", "v=spf1 -all", "v=spf1 -all"),
        ("URL", "https://example.net/a?b=c", "https://example.net/a?b=c"),
        ("HTTPS", "1 . alpn=h3,h2", "1 . alpn=h3,h2"),
        ("HTTPS", "0  Example.net", "0 example.net."),
        ("SVCB", "1 svc.example.net. alpn=h2 port=8443", "1 svc.example.net. alpn=h2 port=8443"),
        ("LOC", "31 58 52.1 S 115 49 11.7 E 20m 10m 10m 2m", "31 58 52.1 S 115 49 11.7 E 20m 10m 10m 2m"),
        ("LOC", "52 N  4 E -2.00m", "52 N 4 E -2.00m"),
        ("RP", "admin.example.com .", "admin.example.com. ."),
        ("OPENPGPKEY", "mQ INBFit2jsB EAD2", "mQINBFit2jsBEAD2"),
        ("URI", "10 1 \"https://example.com/?a=b\"", "10 1 \"https://example.com/?a=b\""),
        (
            "NAPTR",
            r#"100 10 "U" "E2U+sip" "!^.*$!sip:a@example.com!" ."#,
            r#"100 10 "U" "E2U+sip" "!^.*$!sip:a@example.com!" ."#,
        ),
        // One string of 300 and none of 255, cut as a server must.
        (
            "TXT",
            &format!("\"{}\\\"ü\" \"\"", "a".repeat(254)),
            &format!("\"{}\\\"\" \"\\195\\188\" \"\"", "a".repeat(254)),
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
    let huge = "a".repeat(70_000);
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
        ("CNAME", vec![".", "192.0.2.1", "a b", "a..b", "https://a.example", "*.example.com", "a.example;"]),
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
        (
            "HTTPS",
            vec![
                "1",
                "x .",
                "65536 .",
                "1 a..b",
                "1 . alpn",
                "1 . alpn=h2 alpn=h2",
                "1 . (alpn=h2)",
                "1 . \"open",
            ],
        ),
        ("SVCB", vec!["1", "1 192.0.2.1", "-1 ."]),
        (
            "LOC",
            vec![
                "52 N 4 E",
                "91 N 4 E 0m",
                "52 E 4 N 0m",
                "52 60 N 4 E 0m",
                "52 N 181 E 0m",
                "90 0 0.001 N 4 E 0m",
                "52 N 4 E x",
                "52 N 4 E 0m 1m 1m 1m 1m",
                "52 N 4 E 0m -1m",
            ],
        ),
        ("RP", vec!["a.example", "a.example b.example c.example", "a..b ."]),
        ("DS", vec!["1 2 3", "65536 8 2 ab", "1 8 2 ab", "1 8 1 zz", "1 256 1 ab", "1 8 5 abc"]),
        ("OPENPGPKEY", vec!["!", "mQINBFit2jsBEAD2="]),
        (
            "URI",
            vec![
                "10 1 https://a.example/",
                "10 1 \"\"",
                "10 \"https://a.example/\"",
                "x 1 \"https://a.example/\"",
            ],
        ),
        ("URL", vec!["example.net", "ftp://example.net/", "https://", "https://a b/"]),
        ("DNAME", vec!["192.0.2.1", "a b"]),
        ("TXT", vec!["\"open", "\"a\" b", "\"a\"b", "\"\\999\"", "\"\\1\"", &huge]),
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
