//! Activity: the record and what was seen, told in words, to those whom it concerns.

use super::facts;
use crate::support::client::{Answer, Browser, whoami};
use crate::support::{ADMIN, House, MEMBER, OWNER, READER, START, STRANGER, database, made};
use time::Duration;
use tokenhouse::models::token::Owner;
use tokenhouse::models::{Account, membership};
use tokenhouse::policy::{Policy, Rights, Role};

async fn flush(house: &House) {
    house.app.buffers.networks.flush(&house.app.db, house.clock.now()).await.unwrap();
    house.app.buffers.sign_ins.flush(&house.app.db, house.clock.now()).await.unwrap();
}

/// The lines of a page, without when and from where.
async fn lines(browser: &mut Browser, path: &str) -> Vec<String> {
    let page = browser.get(path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.text());
    page.all(".activity > li > p:first-child")
}

fn link(page: &Answer, label: &str) -> Option<String> {
    page.all("a").into_iter().zip(page.links()).find(|(text, _)| text == label).map(|(_, href)| href)
}

/// Takes a member out, as the command line does.
fn take_out(house: &House, account: &str, email: &str) {
    let (mut conn, user) = (house.conn(), house.user(email));
    let account = Account::find_by_name(&mut conn, account).unwrap().unwrap();
    membership::remove(&mut conn, &account, &user, &house.command_line()).unwrap();
}

#[actix_web::test]
async fn a_line_says_in_words_who_did_what_when_from_where_and_what_was_before() {
    let house = House::open();
    let acme = house.account("Acme");
    house.clock.advance(Duration::minutes(1));
    let mut owner = house.signed_in(OWNER).await;
    let (token, secret) = owner.make_full_token(acme, "CI <b>").await;
    let list = format!("/accounts/{acme}/tokens");
    owner.post(&format!("{list}/{token}/rename"), &[("name", "Deploy")]).await;
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    let reader = house.user(READER).id;
    owner.post(&format!("/accounts/{acme}/members/{reader}/role"), &[("role", "read_write")]).await;
    owner.delete_token(acme, token).await;
    flush(&house).await;
    house.clock.advance(Duration::hours(2));

    let here = format!("/accounts/{acme}/activity");
    let mut admin = house.signed_in(ADMIN).await;
    let page = admin.get(&here).await;
    let said = page.all(".activity > li > p:first-child");
    let expected = [
        "owner@example.com deleted the token “Deploy”",
        "owner@example.com set the role of reader@example.com",
        "owner@example.com renamed the token “CI <b>”",
        "owner@example.com created the token “CI <b>”",
        "The token “Deploy” was used for the first time",
    ];
    assert_eq!(said[..5], expected);
    let when = page.all(".line-when");
    assert_eq!(when[0], "2 hours ago, from 127.0.0.1 · All of this token");
    assert_eq!(page.attributes(".line-when time", "datetime")[0], "2026-11-22T12:01:00Z");
    assert_eq!(page.all(".activity > li:nth-child(2) .changed div"), ["Role read_only → read_write"]);
    assert_eq!(page.all(".activity > li:nth-child(3) .changed div"), ["Name CI <b> → Deploy"]);
    assert_eq!(link(&page, "“Deploy”"), Some(format!("{list}/{token}")));
    assert_eq!(link(&page, READER), Some(format!("/accounts/{acme}/members/{reader}")));
    assert_eq!(page.all("nav.nav [aria-current]"), ["Activity"]);
    // The one of whom a line speaks sees what was done to them, and not from where.
    let mut of_reader = house.signed_in(READER).await;
    let own = of_reader.get("/user/activity").await;
    let line = own.all(".activity > li:first-child").remove(0);
    assert!(line.starts_with("owner@example.com set the role of you in Acme 2 hours ago Before"), "{line}");
    assert_eq!(own.all("nav.section [aria-current]"), ["Activity"]);
    // What no longer is there is named, and leads nowhere.
    take_out(&house, "Acme", READER);
    assert_eq!(link(&admin.get(&here).await, READER), None);
}

#[actix_web::test]
async fn lines_of_other_accounts_are_seen_by_nobody_and_what_one_did_elsewhere_stays_without_names() {
    let house = House::open();
    let (acme, rival) = (house.account("Acme"), house.account("Rival"));
    house.join("Rival", ADMIN, Role::Admin);
    let mut admin = house.signed_in(ADMIN).await;
    let (here, _) = admin.make_full_token(acme, "Of Acme").await;
    let (there, _) = admin.make_full_token(rival, "Secret plan").await;
    house.signed_in(STRANGER).await.make_full_token(rival, "By a stranger").await;
    let (of_acme, of_rival) = (format!("/accounts/{acme}/activity"), format!("/accounts/{rival}/activity"));
    for (path, there, absent) in [(&of_acme, "Of Acme", "Secret plan"), (&of_rival, "Secret plan", "Of Acme")]
    {
        let page = admin.get(path).await;
        assert!(page.body.contains(there) && !page.body.contains(absent), "{path}");
        for ending in ["csv", "jsonl"] {
            let file = admin.get(&format!("{path}.{ending}")).await;
            assert!(file.body.contains(there) && !file.body.contains(absent), "{path}.{ending}");
        }
    }
    // Whatever is asked for, the account of the page bounds it.
    let stranger = house.user(STRANGER).id;
    for query in [format!("person={stranger}"), format!("token=%23{there}"), "token=secret+plan".to_owned()] {
        let page = admin.get(&format!("{of_acme}?{query}")).await;
        assert_eq!((page.status.as_u16(), page.all(".activity > li").len()), (200, 0), "{query}");
    }
    let own = admin.get("/user/activity?kind=tokens").await;
    let said = ["You created the token “Secret plan” in Rival", "You created the token “Of Acme” in Acme"];
    assert_eq!(own.all(".activity > li > p:first-child"), said);
    assert!(!own.body.contains("By a stranger"));

    take_out(&house, "Rival", ADMIN);
    assert_eq!(admin.get(&of_rival).await.status, 404);
    for ending in ["", ".csv", ".jsonl"] {
        let own = admin.get(&format!("/user/activity{ending}")).await;
        assert!(own.body.contains("Of Acme") && !own.body.contains("Secret plan"), "{ending}: {}", own.body);
        assert!(!own.body.contains("hint\":\"tkh_a") || own.body.contains("Of Acme"), "{ending}");
    }
    let own = admin.get("/user/activity?kind=tokens").await;
    let left = "You created the token in an account that you are no member of";
    assert_eq!(own.all(".activity > li > p:first-child"), [left, "You created the token “Of Acme” in Acme"]);
    assert_eq!(own.all(".activity > li:first-child details"), Vec::<String>::new());
    let token = format!("/accounts/{acme}/tokens/{here}");
    assert_eq!(link(&own, "“Of Acme”"), Some(token));
    // A line about oneself stays, also about what another account did.
    let member = own_lines(&house, ADMIN).await;
    assert!(member.iter().any(|line| line.starts_with("The command line removed you from the account")));
}

async fn own_lines(house: &House, email: &str) -> Vec<String> {
    lines(&mut house.signed_in(email).await, "/user/activity").await
}

#[actix_web::test]
async fn a_person_sees_their_own_sign_ins_and_tokens_and_nobody_elses() {
    let house = House::open();
    let own = |email: &str, name: &str| {
        made::with(&house, Owner::User(house.user(email).id), name, Policy::unconditional(Rights::Everything))
    };
    let ((_, mine), (_, theirs)) = (own(MEMBER, "My laptop"), own(ADMIN, "Their laptop"));
    for secret in [&mine, &theirs] {
        assert_eq!(whoami(house.address, secret).await.0, 200);
    }
    let mut member = house.signed_in(MEMBER).await;
    house.signed_in(ADMIN).await;
    flush(&house).await;
    let said = lines(&mut member, "/user/activity").await;
    for line in ["You signed in", "The token “My laptop” was used for the first time"] {
        assert_eq!(said.iter().filter(|one| *one == line).count(), 1, "{line}: {said:?}");
    }
    assert!(!said.iter().any(|line| line.contains("Their") || line.contains(ADMIN)), "{said:?}");
    assert_eq!(lines(&mut member, "/user/activity?kind=sign-ins").await, ["You signed in"]);
    // The account sees neither: both are the person's.
    let acme = house.account("Acme");
    let mut owner = house.signed_in(OWNER).await;
    assert!(!owner.get(&format!("/accounts/{acme}/activity")).await.body.contains("laptop"));
}

#[actix_web::test]
async fn the_activity_is_narrowed_down_by_person_token_kind_and_day() {
    let house = House::open();
    let acme = house.account("Acme");
    let (mut owner, mut admin) = (house.signed_in(OWNER).await, house.signed_in(ADMIN).await);
    let (first, secret) = owner.make_full_token(acme, "Deploy DNS").await;
    let (_, other) = admin.make_full_token(acme, "Backup").await;
    assert_eq!(whoami(house.address, &secret).await.0, 200);
    flush(&house).await;
    house.clock.advance(Duration::days(1));
    admin.get("/accounts").await;
    let mut admin = house.signed_in(ADMIN).await;
    admin.post(&format!("/accounts/{acme}/tokens/revoke"), &[("confirm", "Acme")]).await;
    house.clock.advance(Duration::days(1));
    let mut owner = house.signed_in(OWNER).await;
    let here = format!("/accounts/{acme}/activity");
    let (by_owner, by_admin) = (house.user(OWNER).id, house.user(ADMIN).id);
    let (made, used) = (
        "owner@example.com created the token “Deploy DNS”",
        "The token “Deploy DNS” was used for the first time",
    );
    let (backup, revoked) =
        ("admin@example.com created the token “Backup”", "admin@example.com revoked all tokens of Acme");
    for (query, expected) in [
        (format!("person={by_owner}&kind=tokens"), vec![made]),
        (format!("person={by_admin}&kind=tokens"), vec![revoked, backup]),
        ("token=deploy".to_owned(), vec![revoked, made, used]),
        (format!("token=%23{first}"), vec![revoked, made, used]),
        (format!("token={}", &secret[38..]), vec![revoked, made, used]),
        (format!("token=deploy&person={by_owner}"), vec![made]),
        ("kind=uses".to_owned(), vec![used]),
        ("kind=tokens&from=2026-11-23".to_owned(), vec![revoked]),
        ("kind=tokens&from=2026-11-22&to=2026-11-22".to_owned(), vec![backup, made]),
        ("kind=tokens&to=2026-11-21".to_owned(), vec![]),
        ("kind=resources&person=cli&from=2026-11-23".to_owned(), vec![]),
        ("token=nothing".to_owned(), vec![]),
    ] {
        assert_eq!(lines(&mut owner, &format!("{here}?{query}")).await, expected, "{query}");
        // The files hold the same.
        let file = owner.get(&format!("{here}.jsonl?{query}")).await.body;
        assert_eq!(file.lines().count(), expected.len(), "{query}: {file}");
    }
    let page = owner.get(&format!("{here}?person={by_admin}&kind=tokens&token=deploy&from=2026-11-01")).await;
    assert_eq!(page.all("option[selected]"), [ADMIN, "Tokens"]);
    assert_eq!(
        (page.value_of("token"), page.value_of("from")),
        ("deploy".to_owned(), "2026-11-01".to_owned())
    );
    assert!(link(&page, "CSV").unwrap().ends_with("kind=tokens&from=2026-11-01"));
    assert_eq!(link(&page, "Show everything"), Some(here.clone()));
    // A whole secret that was typed leaves the address at once.
    for typed in [other.clone(), format!("Authorization:+Bearer+{other}%22")] {
        for path in [here.clone(), format!("{here}.csv"), format!("{here}.jsonl")] {
            let away = owner.get(&format!("{path}?token={typed}&kind=tokens")).await;
            assert_eq!(
                (away.status.as_u16(), away.location()),
                (303, format!("{path}?token={}&kind=tokens", &other[38..]).as_str())
            );
        }
    }
}

#[actix_web::test]
async fn a_day_that_is_none_is_refused_beside_its_field_and_nonsense_is_no_fault_of_the_house() {
    let house = House::open();
    let here = format!("/accounts/{}/activity", house.account("Acme"));
    let mut owner = house.signed_in(OWNER).await;
    for (query, field) in [
        ("from=21.11.2026&kind=tokens", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-11-22&to=2026-11-21", "to"),
        ("from=%00", "from"),
    ] {
        let page = owner.get(&format!("{here}?{query}")).await;
        assert_eq!((page.status.as_u16(), page.all(&format!("#{field}-error")).len()), (422, 1), "{query}");
        assert_eq!(owner.get(&format!("{here}.csv?{query}")).await.status, 400, "{query}");
    }
    let page = owner.get(&format!("{here}?from=soon&to=2026-11-21")).await;
    assert_eq!((page.value_of("from"), page.value_of("to")), ("soon".to_owned(), "2026-11-21".to_owned()));
    // A browser would show nothing of it in a field for dates.
    assert_eq!(page.attributes("#from, #to", "type"), ["text", "date"]);
    for odd in [
        "person=x",
        "person=99999999999999999999",
        "token=%2399999999999999999999",
        "token=%25_%00",
        "kind=nothing",
        "before=x",
        "before=99999999999999999999-c-1",
        "from=0000-01-01&to=9999-12-31",
    ] {
        assert_eq!(owner.get(&format!("{here}?{odd}")).await.status, 200, "{odd}");
    }
}

#[actix_web::test]
async fn both_kinds_of_lines_stand_in_one_order_each_once_whatever_is_added_meanwhile() {
    let house = House::open();
    let acme = house.account("Acme");
    facts::change(&house, "DELETE FROM audit_events; DELETE FROM sightings");
    // Many at the same moment, so that pages end between equals.
    let add = |from: i32, to: i32| {
        facts::change(
            &house,
            &format!(
                "INSERT INTO audit_events (at, account_id, actor_kind, actor_name, action, object_kind, object_id, object_name)
                 SELECT timestamptz '2026-11-20Z' + n / 25 * interval '1 second', {acme}, 'command_line', '', 'token.created', 'token', n, 'c' || n
                 FROM generate_series({from}, {to}) AS n;
                 INSERT INTO sightings (at, kind, account_id, token_id, name, client)
                 SELECT timestamptz '2026-11-20Z' + n / 25 * interval '1 second', 'new_network', {acme}, n, 's' || n, ''
                 FROM generate_series({from}, {to}, 2) AS n"
            ),
        );
    };
    add(1, 100);
    let mut owner = house.signed_in(OWNER).await;
    let mut path = Some(format!("/accounts/{acme}/activity"));
    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    while let Some(here) = path {
        let page = owner.get(&here).await;
        let said = page.all(".activity > li > p:first-child");
        sizes.push(said.len());
        seen.extend(said);
        path = link(&page, "Older");
        add(1_000, 1_010);
    }
    assert_eq!(sizes, [50, 50, 50]);
    let stored = facts::texts(
        &house,
        "said",
        "(SELECT at, 1 AS source, id, 'The command line created the token “' || object_name || '”' AS said FROM audit_events WHERE object_id <= 100
          UNION ALL SELECT at, 0, id, 'The token “' || name || '” was used from a new network' FROM sightings WHERE token_id <= 100) AS all_of_it
         ORDER BY at DESC, source DESC, id DESC",
    );
    assert_eq!(seen, stored);
}

/// Lines of the record in Acme, each with a cell that a spreadsheet would take for a formula.
fn fill(house: &House, count: i32) {
    let acme = house.account("Acme");
    facts::change(
        house,
        &format!(
            "INSERT INTO audit_events (at, account_id, actor_kind, actor_id, actor_name, action, object_kind, object_id, object_name, after)
             SELECT timestamptz '2026-11-01Z' + n * interval '1 second', {acme}, 'user', 1, 'owner@example.com', 'record.created',
                    'record', n, '=cmd,\"' || n, '{{\"name\": \"www\"}}'
             FROM generate_series(1, {count}) AS n;
             ANALYZE audit_events"
        ),
    );
}

#[actix_web::test]
async fn all_of_it_is_had_as_csv_and_json_lines_which_no_spreadsheet_runs() {
    let house = House::open();
    let acme = house.account("Acme");
    fill(&house, 3);
    let mut owner = house.signed_in(OWNER).await;
    let (made, _) = owner.make_full_token(acme, "-2+3").await;
    let path = format!("/accounts/{acme}/activity");
    let csv = owner.get(&format!("{path}.csv?kind=resources&from=2026-11-01&to=2026-11-01")).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
    let name = format!("attachment; filename=\"activity-{acme}-2026-11-22.csv\"");
    assert_eq!((csv.header("content-disposition"), csv.header("cache-control")), (name.as_str(), "no-store"));
    let rows: Vec<&str> = csv.body.split_terminator("\r\n").collect();
    assert_eq!(rows.len(), 4);
    assert!(rows[0].starts_with("at,who_kind,who_id,who,action,said,"), "{}", rows[0]);
    assert_eq!(
        rows[1],
        format!(
            "2026-11-01T00:00:03Z,user,1,owner@example.com,record.created,\
             \"owner@example.com created the record =cmd,\"\"3\",record,3,\"'=cmd,\"\"3\",,\"{{\"\"name\"\":\"\"www\"\"}}\",unknown,,{acme}"
        )
    );
    let file = owner.get(&format!("{path}.csv?token=%23{made}")).await.body;
    assert!(file.contains(",'-2+3,"), "{file}");
    let json = owner.get(&format!("{path}.jsonl?kind=resources&from=2026-11-01&to=2026-11-01")).await;
    assert_eq!(json.header("content-type"), "application/jsonl; charset=utf-8");
    let values: Vec<serde_json::Value> =
        json.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(values.len(), 3);
    assert_eq!((&values[0]["object"], &values[0]["after"]["name"]), (&"=cmd,\"3".into(), &"www".into()));
    assert_eq!(values[0]["account"], acme.get());
}

#[actix_web::test]
async fn a_hundred_thousand_lines_are_sent_in_pieces_and_each_is_there_once() {
    let house = House::open();
    let acme = house.account("Acme");
    fill(&house, 100_000);
    let owner = house.signed_in(OWNER).await;
    let request =
        owner.request("GET", &format!("/accounts/{acme}/activity.jsonl?kind=resources&to=2026-11-02"));
    let mut answer = request.header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(answer.headers().get("content-length"), None, "nobody knew how much it would be");
    assert_eq!(answer.headers().get("content-encoding"), None, "nobody waited for all of it");
    let (mut pieces, mut all) = (0, Vec::new());
    while let Some(piece) = answer.chunk().await.unwrap() {
        assert!(piece.len() < 2_000_000, "{} at once", piece.len());
        pieces += 1;
        all.extend_from_slice(&piece);
    }
    let text = String::from_utf8(all).unwrap();
    let mut ids: Vec<i64> = text
        .lines()
        .map(|line| {
            let number = line.split("\"object_id\":").nth(1).unwrap().split(',').next().unwrap();
            number.parse().unwrap()
        })
        .collect();
    assert!(ids.is_sorted_by(|one, next| one > next), "newest first");
    ids.dedup();
    assert_eq!(ids.len(), 100_000);
    assert!(pieces >= 100, "{pieces}");
}

#[actix_web::test]
async fn a_file_that_breaks_off_does_not_look_whole() {
    let house = House::open();
    let acme = house.account("Acme");
    fill(&house, 100_000);
    let mut owner = house.signed_in(OWNER).await;
    let path = format!("/accounts/{acme}/activity.csv");
    let mut answer = owner.request("GET", &path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.chunk().await.unwrap().is_some());
    let url = database::url(&house.database);
    database::run(&url, "ALTER TABLE audit_events RENAME TO away");
    let end = loop {
        match answer.chunk().await {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    assert!(end.is_err(), "the connection ends before the file does: {end:?}");
    // One that cannot begin says so.
    assert!(owner.get(&path).await.status.is_server_error());
    database::run(&url, "ALTER TABLE away RENAME TO audit_events");
    assert_eq!(owner.get(&format!("{path}?to=2026-10-01")).await.status, 200);
    assert_eq!(house.clock.now(), START);
}

#[actix_web::test]
async fn a_file_breaks_off_when_its_reader_may_no_longer_read_it() {
    let house = House::open();
    let acme = house.account("Acme");
    fill(&house, 100_000);
    let owner = house.user(OWNER).id;
    for (stop, back) in [
        (
            format!("UPDATE memberships SET role = 'read_write' WHERE user_id = {owner}"),
            format!("UPDATE memberships SET role = 'owner' WHERE user_id = {owner}"),
        ),
        (
            format!("UPDATE users SET deactivated_at = now() WHERE id = {owner}"),
            format!("UPDATE users SET deactivated_at = NULL WHERE id = {owner}"),
        ),
        ("DELETE FROM sessions".to_owned(), "SELECT 1".to_owned()),
    ] {
        let browser = house.signed_in(OWNER).await;
        let path = format!("/accounts/{acme}/activity.csv");
        let mut answer = browser.request("GET", &path).send().await.unwrap();
        assert!(answer.chunk().await.unwrap().is_some());
        facts::change(&house, &stop);
        let end = loop {
            match answer.chunk().await {
                Ok(Some(_)) => {}
                end => break end,
            }
        };
        assert!(end.is_err(), "{stop}: {end:?}");
        facts::change(&house, &back);
    }
}
