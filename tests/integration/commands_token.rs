//! Tokens made and deleted at the shell.

use crate::commands::Shell;
use crate::facts::{count_in, texts_in};
use crate::support::client::whoami;
use crate::support::{House, START, database, ledger};
use tokenhouse::clock::Clock;

#[actix_web::test]
async fn a_token_made_at_the_shell_prints_only_its_secret_and_works_until_it_is_deleted() {
    let shell = Shell::demo();
    let house = House::on(shell.database.clone(), Clock::fixed(START), |_| {});
    let acme = shell.account("Acme");
    let scopes = ["--scope", "zones:example.com,theburritobot.com:write", "billing:*:read"];
    let (said, secret) = shell.token(&acme, &[&["--name", "CI", "--expires", "never"], &scopes[..]].concat());
    assert!(said.err.contains("DNS records of example.com and theburritobot.com"), "{}", said.err);
    let (status, body) = whoami(house.address, &secret).await;
    assert_eq!((status.as_u16(), body["data"]["account"]["name"].as_str()), (200, Some("Acme")));
    let grants = texts_in(&mut shell.conn(), "permission || ' ' || access", "token_grants ORDER BY id");
    assert_eq!(grants, ["zones full", "billing read"]);

    let id = texts_in(&mut shell.conn(), "id", "tokens").remove(0);
    assert!(shell.ok(&["token", "delete", &id]).err.contains("The token is deleted."));
    assert!(shell.ok(&["token", "delete", &id]).err.contains("The token was deleted before."));
    let (status, body) = whoami(house.address, &secret).await;
    assert_eq!((status.as_u16(), body["code"].as_str()), (401, Some("token_deleted")));
    assert_eq!(texts_in(&mut shell.conn(), "deleted_why", "tokens"), ["command_line"]);

    let (_, full) = shell.token(&acme, &["--name", "All", "--expires", "never", "--full"]);
    assert_eq!(whoami(house.address, &full).await.0, 200);
    let recorded = texts_in(
        &mut shell.conn(),
        "action || ' ' || actor_kind",
        "audit_events WHERE object_kind = 'token' ORDER BY id",
    );
    assert_eq!(
        recorded,
        ["token.created command_line", "token.deleted command_line", "token.created command_line"]
    );
}

#[actix_web::test]
async fn after_a_restore_all_tokens_that_the_dump_may_have_revived_end_in_one_step() {
    let shell = Shell::demo();
    let acme = shell.account("Acme");
    let (_, revived) = shell.token(&acme, &["--name", "Revived", "--expires", "never", "--full"]);
    let own = ["token", "create", "--user", "member@example.com", "--full", "--name"];
    let laptop = shell.ok(&[&own, &["Laptop", "--expires", "never"][..]].concat()).out.trim().to_owned();
    let (_, newer) = shell.token(&acme, &["--name", "Newer", "--expires", "never", "--full"]);
    [&laptop, &newer].into_iter().for_each(|secret| ledger::put_down(secret));
    // The dump was taken on the 20th; what it holds was created on the 19th.
    let age = "UPDATE tokens SET created_at = '2026-11-19 12:00Z' WHERE name IN ('Revived', 'Laptop')";
    database::run(&shell.url(), age);
    let house = House::on(shell.database.clone(), Clock::fixed(START), |_| {});
    let delete = ["token", "delete", "--created-before", "2026-11-20T00:00:00Z"];
    for wrong in [&[][..], &["--tokens", "3"]] {
        let said = [&delete, wrong].concat();
        shell.refused(
            &said,
            "2 tokens that work were created before. Nothing was deleted. To delete them, say so",
        );
    }
    for secret in [&revived, &laptop, &newer] {
        assert_eq!(whoami(house.address, secret).await.0, 200);
    }
    let said = shell.ok(&[&delete, &["--tokens", "2"][..]].concat());
    assert_eq!(said.err, "2 tokens are deleted.\n");
    for (secret, status) in [(&revived, 401), (&laptop, 401), (&newer, 200)] {
        assert_eq!(whoami(house.address, secret).await.0, status);
    }
    let recorded = "audit_events WHERE action = 'tokens.revoked' ORDER BY id";
    assert_eq!(
        texts_in(&mut shell.conn(), "object_kind || ' ' || actor_kind || ' ' || (after ->> 'why')", recorded),
        ["account command_line command_line", "user command_line command_line"]
    );
    assert_eq!(shell.ok(&delete).err, "0 tokens are deleted.\n", "again");
    let others: [(&[&str], &str); 5] = [
        (&["--created-before", "soon"], "write a day or an instant"),
        (&["--created-before", "2026-13-01"], "write a day or an instant"),
        (&["--created-before", "0000-01-01"], "write a day or an instant"),
        (&[], "required arguments were not provided"),
        (&["7", "--created-before", "2026-11-20"], "cannot be used with"),
    ];
    for (words, why) in others {
        let said = shell.run(&[&["token", "delete"], words].concat());
        assert!(said.code == 2 && said.err.contains(why), "{words:?}: {}", said.err);
    }
}

#[test]
fn a_token_made_at_the_shell_can_be_narrowed_to_records() {
    let shell = Shell::demo();
    let acme = shell.account("Acme");
    let scopes =
        ["--scope", "zones:example.com/_ACME-challenge*/txt:write", "zones:*,!example.com/@,home/*:read"];
    let (said, _) = shell.token(&acme, &[&["--name", "certbot", "--expires", "never"], &scopes[..]].concat());
    for sentence in [
        "Can read, create, change and delete TXT records named _acme-challenge* of example.com.",
        "Can read records named @ (the zone's own name) or home of all zones except example.com: 39 now,",
        "These 2 lines about DNS records add up",
        "example.com is left out of one line, but another line reaches it.",
    ] {
        assert!(said.err.contains(sentence), "{sentence}\n{}", said.err);
    }
    let kept = "parts::text";
    assert_eq!(
        texts_in(&mut shell.conn(), kept, "token_grants ORDER BY id"),
        [r#"{"name": ["_acme-challenge*"], "type": ["TXT"]}"#, r#"{"name": ["", "home"]}"#]
    );
    let listed = shell.ok(&["token", "list", "--account", &acme]).out;
    assert!(
        listed.contains("zones:example.com/_acme-challenge*/TXT:write zones:*,!example.com/@,home/*:read"),
        "{listed}"
    );
}

#[test]
fn a_token_that_makes_no_sense_is_refused_in_one_sentence_and_not_made() {
    let shell = Shell::demo();
    let (acme, hobby) = (shell.account("Acme"), shell.account("Hobby"));
    let cases: [(&str, &[&str], &str); 11] = [
        (&acme, &["--name", " ", "--expires", "never", "--full"], "Give the token a name."),
        (&acme, &["--name", "CI", "--expires", "soon", "--full"], "Write the day as year-month-day"),
        (&acme, &["--name", "CI", "--expires", "2001-01-01", "--full"], "This day has passed."),
        (&acme, &["--name", "CI", "--expires", "never", "--scope", "zones"], "“zones” is not a scope"),
        (
            &acme,
            &["--name", "CI", "--expires", "never", "--scope", "none:*:read"],
            "There is no permission “none”",
        ),
        (
            &acme,
            &["--name", "CI", "--expires", "never", "--scope", "zones:rival.example:read"],
            "Acme has no zone rival.example.",
        ),
        (
            &acme,
            &["--name", "CI", "--expires", "never", "--scope", "zones:example.com/www/FOO:write"],
            "“FOO” is none of the types; there are A, AAAA,",
        ),
        (
            &acme,
            &["--name", "CI", "--expires", "never", "--scope", "domains:example.com/www/A:write"],
            "“domains” can't be narrowed to anything inside domains.",
        ),
        (
            &acme,
            &["--name", "CI", "--expires", "never", "--scope", "user_details:*:read"],
            "“user_details” is for user tokens only.",
        ),
        (
            &hobby,
            &["--name", "CI", "--expires", "never", "--scope", "zones:*:read"],
            "The plan of this account has no scoped tokens: use --full.",
        ),
        ("1", &["--name", "CI", "--expires", "never", "--full"], "There is no account 1."),
    ];
    for (account, words, why) in cases {
        shell.refused(&[&["token", "create", "--account", account], words].concat(), why);
    }
    // What the shell itself can tell is clap's to say.
    for words in [&["--name", "CI", "--expires", "never"][..], &["--name", "CI", "--full"]] {
        assert_eq!(shell.run(&[&["token", "create", "--account", &acme], words].concat()).code, 2);
    }
    shell.refused(&["token", "delete", "999"], "There is no token 999.");
    assert_eq!(count_in(&mut shell.conn(), "tokens"), 0);
}

#[actix_web::test]
async fn a_user_token_made_at_the_shell_is_the_users_own_and_reaches_no_further_than_a_role_could() {
    let shell = Shell::demo();
    let house = House::on(shell.database.clone(), Clock::fixed(START), |_| {});
    let (acme, rival) = (shell.account("Acme"), shell.account("Rival"));
    let make = |words: &[&str]| {
        let start =
            ["token", "create", "--user", "member@example.com", "--name", "Mine", "--expires", "never"];
        let said = shell.ok(&[&start, words].concat());
        crate::support::ledger::put_down(said.out.trim());
        said
    };
    let wide = make(&["--scope", "zones:*:write", "user_details:*:read", "memberships:*:read"]);
    assert!(wide.out.trim().starts_with("tkh_u_") && wide.out.trim().len() == "tkh_u_".len() + 36);
    assert!(wide.err.contains("zones:*:write in every account of the user"), "{}", wide.err);
    let (status, body) = whoami(house.address, wide.out.trim()).await;
    assert_eq!((status.as_u16(), body["data"]["user"]["email"].as_str()), (200, Some("member@example.com")));
    make(&[
        "--account",
        &acme,
        "--scope",
        "zones:*,!example.com:read",
        "domains:example.com:read",
        "user_details:*:read",
    ]);
    make(&["--full"]);
    let line = "concat_ws(' ', permission, access, reach, account_id)";
    assert_eq!(
        texts_in(&mut shell.conn(), line, "token_grants ORDER BY id"),
        [
            "zones full everything",
            "user_details read everything",
            "memberships read everything",
            &format!("zones read account {acme}"),
            "domains read named",
            "user_details read everything",
        ]
    );
    let owners =
        "tokens AS t JOIN users AS u ON u.id = t.user_id WHERE t.kind = 'user' AND t.account_id IS NULL";
    assert_eq!(count_in(&mut shell.conn(), &format!("{owners} AND u.email = 'member@example.com'")), 3);

    let refused = |words: &[&str], why: &str| {
        let start =
            ["token", "create", "--user", "member@example.com", "--name", "Mine", "--expires", "never"];
        shell.refused(&[&start, words].concat(), why);
    };
    // A read_write member can hold neither of these, in any account.
    refused(&["--scope", "billing:*:read"], "No role of member@example.com could hold billing:*:read.");
    refused(&["--scope", "zones:*:read", "account:*:write"], "could hold account:*:write.");
    refused(&["--account", &rival, "--scope", "zones:*:read"], "could hold zones:*:read.");
    refused(
        &["--account", &rival, "--scope", "zones:rival.example:read"],
        "could hold zones:rival.example:read.",
    );
    refused(&["--scope", "zones:rival.example:read"], "Acme has no zone rival.example.");
    refused(&["--account", &acme, "--full"], "leave out --account");
    refused(&["--scope", "user_details:*:read", "none:*:read"], "There is no permission “none”");
    shell.ok(&["user", "deactivate", "--email", "member@example.com"]);
    refused(&["--full"], "member@example.com is deactivated.");
    shell.refused(
        &["token", "create", "--user", "nobody@example.com", "--name", "X", "--expires", "never", "--full"],
        "There is no user nobody@example.com.",
    );
    assert_eq!(count_in(&mut shell.conn(), "tokens"), 3);
}

#[test]
fn the_list_at_the_shell_has_every_token_of_its_owner_on_a_line_and_nobody_elses() {
    let shell = Shell::demo();
    let (acme, hobby) = (shell.account("Acme"), shell.account("Hobby"));
    let (_, secret) = shell.token(
        &acme,
        &["--name", "DNS für CI", "--expires", "2099-12-31", "--scope", "zones:*,!example.com:write"],
    );
    shell.token(&acme, &["--name", "All", "--expires", "never", "--full"]);
    shell.token(&hobby, &["--name", "Other", "--expires", "never", "--full"]);
    let start =
        ["token", "create", "--user", "owner@example.com", "--name", "Own", "--expires", "never", "--full"];
    let own = shell.ok(&start).out;
    crate::support::ledger::put_down(own.trim());

    let ids = texts_in(&mut shell.conn(), "id", "tokens ORDER BY id");
    let said = shell.ok(&["token", "list", "--account", &acme]);
    assert_eq!(said.err, "number\thint\tstate\tlast used\texpires\tname\tscopes\n");
    let hint = |secret: &str| format!("{}…{}", &secret[..6], &secret[38..]);
    let lines: Vec<Vec<&str>> = said.out.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((lines[0][0], lines[0][5], lines[0][6]), (ids[1].as_str(), "All", "everything"));
    assert_eq!(
        lines[1],
        [
            &ids[0],
            hint(&secret).as_str(),
            "active",
            "never",
            "2099-12-31",
            "DNS für CI",
            "zones:*,!example.com:write"
        ]
    );
    let said = shell.ok(&["token", "list", "--user", "OWNER@example.com"]);
    assert!(said.out.contains(&format!("{}\t{}\tactive\t", ids[3], hint(own.trim()))), "{}", said.out);
    assert_eq!(said.out.lines().count(), 1);
    shell.ok(&["token", "delete", &ids[3]]);
    assert_eq!(shell.ok(&["token", "list", "--user", "owner@example.com"]).out, "");
    let ended = shell.ok(&["token", "list", "--user", "owner@example.com", "--ended"]).out;
    assert!(ended.contains("\tdeleted\t"), "{ended}");
    assert!(!said.out.contains(own.trim()) && !ended.contains(own.trim()));
    shell.refused(&["token", "list", "--account", "1"], "There is no account 1.");
    shell.refused(&["token", "list", "--user", "nobody@example.com"], "There is no user nobody@example.com.");
    assert_eq!(shell.run(&["token", "list"]).code, 2);
}
