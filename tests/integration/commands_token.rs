//! Tokens made and deleted at the shell.

use crate::commands::Shell;
use crate::facts::{count_in, texts_in};
use crate::support::client::whoami;
use crate::support::{House, START};
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

#[test]
fn a_token_that_makes_no_sense_is_refused_in_one_sentence_and_not_made() {
    let shell = Shell::demo();
    let (acme, hobby) = (shell.account("Acme"), shell.account("Hobby"));
    let cases: [(&str, &[&str], &str); 9] = [
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
