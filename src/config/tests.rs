use super::*;
use clap::{CommandFactory, Parser};
use secrecy::ExposeSecret;
use std::ffi::OsString;
use std::path::Path;

#[derive(Parser)]
struct Serve {
    #[command(flatten)]
    args: ServeArgs,
}

fn args() -> ServeArgs {
    ServeArgs {
        database: DatabaseArgs { data: Some("/srv/data".into()), ..DatabaseArgs::default() },
        ..ServeArgs::default()
    }
}

fn with(change: impl FnOnce(&mut ServeArgs)) -> Result<Config, ConfigError> {
    let mut args = args();
    change(&mut args);
    args.resolve_with(None)
}

fn sentence(result: Result<Config, ConfigError>) -> String {
    result.unwrap_err().to_string()
}

fn file(text: &str) -> (tempfile::NamedTempFile, Option<OsString>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let path = file.path().as_os_str().to_owned();
    (file, Some(path))
}

fn bound(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn told_nothing_it_serves_this_machine_on_port_8080() {
    let config = with(|_| {}).unwrap();
    assert_eq!(config.listen, bound("127.0.0.1:8080"));
    assert_eq!(config.public, PublicUrl::loopback());
    assert_eq!(config.pool_size, 8);
    assert!(config.trusted_proxies.is_empty() && !config.demo);
    assert!(matches!(config.database, Database::Private { data } if data == Path::new("/srv/data")));
}

#[test]
fn the_variable_port_changes_only_the_port_and_yields_to_listen() {
    let config = args().resolve_with(Some("9000".to_string())).unwrap();
    assert_eq!(config.listen, bound("127.0.0.1:9000"));
    let mut told = args();
    told.listen = Some("[::1]:7000".to_string());
    let config = told.resolve_with(Some("9000".to_string())).unwrap();
    assert_eq!(config.listen, bound("[::1]:7000"));
    assert!(args().resolve_with(Some("many".to_string())).is_err());
}

#[test]
fn listening_elsewhere_than_on_loopback_needs_a_public_url() {
    for elsewhere in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:80", "[::ffff:192.0.2.1]:80"] {
        let refused = with(|args| args.listen = Some(elsewhere.to_string()));
        assert!(sentence(refused).contains("--public-url"), "{elsewhere}");
        let told = with(|args| {
            args.listen = Some(elsewhere.to_string());
            args.public_url = Some("https://tokens.example.com".to_string());
        });
        assert_eq!(told.unwrap().listen, bound(elsewhere));
    }
    for here in ["127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "localhost:1"] {
        assert!(with(|args| args.listen = Some(here.to_string())).is_ok(), "{here}");
    }
}

#[test]
fn a_public_url_is_http_or_https_with_a_host_and_nothing_else() {
    for good in ["https://a.example", "https://a.example:8443/", "http://a.example"] {
        assert!(PublicUrl::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "ftp://a.example",
        "a.example",
        "https://a.example/path",
        "https://a.example/?q",
        "https://a.example/#f",
        "https://user@a.example",
        "https://",
    ] {
        assert!(PublicUrl::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn without_a_public_url_every_name_of_this_machine_is_a_good_origin_at_the_bound_port_only() {
    let public = PublicUrl::loopback();
    let here = bound("127.0.0.1:8080");
    for good in ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080"] {
        assert!(public.origin_allowed(good, here), "{good}");
    }
    for bad in [
        "https://127.0.0.1:8080",
        "http://127.0.0.1",
        "http://127.0.0.1:80800",
        "http://127.0.0.1:8081",
        "http://localhost.evil.example:8080",
        "http://evil.example:8080",
        "http://evil.example/http://localhost:8080",
        "null",
        "",
    ] {
        assert!(!public.origin_allowed(bad, here), "{bad}");
    }
    assert!(public.origin_allowed("http://localhost", bound("127.0.0.1:80")));
    assert!(public.origin_allowed("http://127.8.8.8:1", bound("127.8.8.8:1")));
    assert!(!public.is_https());
}

#[test]
fn with_a_public_url_exactly_its_origin_is_good() {
    let public = PublicUrl::parse("https://Tokens.Example.com:443/").unwrap();
    let here = bound("127.0.0.1:8080");
    assert!(public.origin_allowed("https://tokens.example.com", here));
    for bad in [
        "http://tokens.example.com",
        "https://tokens.example.com:8443",
        "https://tokens.example.com.evil.example",
        "https://evil.example",
        "http://127.0.0.1:8080",
        "null",
    ] {
        assert!(!public.origin_allowed(bad, here), "{bad}");
    }
    assert!(public.is_https());
}

#[test]
fn links_follow_the_public_url_and_else_where_the_server_listens() {
    let here = bound("[::1]:8080");
    let public = PublicUrl::parse("https://tokens.example.com:8443").unwrap();
    assert_eq!(public.link(here, "/a"), "https://tokens.example.com:8443/a");
    assert_eq!(PublicUrl::loopback().link(here, "/a"), "http://[::1]:8080/a");
}

#[test]
fn a_trusted_proxy_is_an_address_or_a_network_without_stray_bits() {
    let config = with(|args| args.trusted_proxy = vec!["10.0.0.0/8".into(), "::1".into()]);
    let networks = config.unwrap().trusted_proxies;
    assert_eq!(networks, ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
    let stray = with(|args| args.trusted_proxy = vec!["10.0.0.1/8".into()]);
    assert!(sentence(stray).contains("10.0.0.0/8"));
    assert!(with(|args| args.trusted_proxy = vec!["proxy.example".into()]).is_err());
    // Callers are looked at without the mapping: with it, no proxy would be trusted.
    let config =
        with(|args| args.trusted_proxy = vec!["::ffff:10.0.0.1".into(), "::ffff:10.1.0.0/112".into()]);
    let networks = config.unwrap().trusted_proxies;
    assert_eq!(networks, ["10.0.0.1/32".parse().unwrap(), "10.1.0.0/16".parse().unwrap()]);
}

#[test]
fn what_was_told_beats_the_file_and_the_file_beats_the_defaults() {
    let text = "listen = \"127.0.0.1:1\"\nlog-format = \"json\"\npool-size = 3\ndemo = true\n\
                trusted-proxy = [\"10.0.0.0/8\"]\ndatabase-url = \"postgres://h/d\"\n";
    let (_kept, path) = file(text);
    let config = with(|args| {
        args.database.config = path.clone();
        args.log_format = Some("text".to_string());
    })
    .unwrap();
    assert_eq!(config.log_format, LogFormat::Text);
    assert_eq!((config.listen, config.pool_size), (bound("127.0.0.1:1"), 3));
    assert!(config.demo && config.trusted_proxies.len() == 1);
    assert!(matches!(config.database, Database::Private { .. }));

    let other = DatabaseArgs { config: path, ..DatabaseArgs::default() };
    assert!(matches!(other.resolve().unwrap(), Database::Url { .. }));
}

#[test]
fn the_signing_key_comes_from_a_file_that_any_setting_may_name() {
    use std::os::unix::fs::PermissionsExt;
    let (kept, key) = file(&"0123456789abcdef".repeat(4));
    std::fs::set_permissions(kept.path(), std::fs::Permissions::from_mode(0o600)).unwrap();
    let told = with(|args| args.signing_key_file = key.clone()).unwrap().signing_key.unwrap();
    let (_kept, settings) = file(&format!("signing-key-file = {:?}", kept.path()));
    let named = with(|args| args.database.config = settings).unwrap().signing_key.unwrap();
    assert_eq!((told.expose_secret().len(), told.expose_secret()), (64, named.expose_secret()));
    assert!(with(|_| {}).unwrap().signing_key.is_none());
    let gone = with(|args| args.signing_key_file = Some("/nowhere/key".into()));
    assert!(sentence(gone).starts_with("the key in /nowhere/key can't be used: "));
}

#[test]
fn a_mistake_in_the_file_is_named_by_its_line_and_never_quotes_it() {
    let (_kept, path) = file("demo = true\ndatabase-url = postgres://u:hunter2@h/d\n");
    let said = sentence(with(|args| args.database.config = path));
    assert!(said.contains("line 2") && !said.contains("hunter2"), "{said}");
    let (_kept, path) = file("listen = \"127.0.0.1:1\"\npool-size = \"hunter2, or so\"\n");
    let said = sentence(with(|args| args.database.config = path));
    assert!(said.ends_with("line 2: expected u32"), "{said}");
    let (_kept, path) = file("listne = \"127.0.0.1:1\"\n");
    assert!(sentence(with(|args| args.database.config = path)).contains("listne"));
    let gone = with(|args| args.database.config = Some("/nowhere/settings.toml".into()));
    assert!(sentence(gone).contains("/nowhere/settings.toml"));
}

#[test]
fn a_database_url_beats_a_data_folder_and_is_shown_nowhere() {
    let url = "postgres://u:hunter2@h/d";
    let mut told = args();
    told.database.database_url = Some(SecretString::from(url));
    assert!(!format!("{:?}", told.database).contains("hunter2"));
    let config = told.resolve_with(None).unwrap();
    assert!(matches!(&config.database, Database::Url { url: kept, .. } if kept.expose_secret() == url));
    assert!(!format!("{config:?}").contains("hunter2"));

    let mut wrong = args();
    wrong.database.database_url = Some(SecretString::from("mysql://u:hunter2@h/d"));
    let said = sentence(wrong.resolve_with(None));
    assert!(said.contains("postgres://") && !said.contains("hunter2"));
}

#[test]
fn an_empty_setting_counts_as_not_set() {
    let config = with(|args| {
        args.listen = Some(String::new());
        args.public_url = Some(String::new());
        args.trusted_proxy = vec![String::new()];
        args.pool_size = Some(String::new());
        args.user_tokens = Some(String::new());
        args.log_format = Some(String::new());
        args.smtp = Some(SecretString::from(String::new()));
        args.mail_from = Some(String::new());
        args.mail_folder = Some(OsString::new());
        args.database.database_url = Some(SecretString::from(String::new()));
        args.database.config = Some(OsString::new());
    });
    assert_eq!(config.unwrap().listen, bound("127.0.0.1:8080"));
}

#[test]
fn white_space_around_a_setting_is_left_out_wherever_it_was_said() {
    let (_kept, path) = file(
        "listen = ' 127.0.0.1:1 '\npublic-url = ' https://tokens.example.com '\n\
         trusted-proxy = [' 10.0.0.0/8 ', ' ']\nlog-format = ' json '\nsmtp = ' smtp://mail.example.com '\n\
         mail-from = ' a@example.com '\nsupport-email = ' help@example.com '\n\
         support-url = ' https://example.com/help '\ndatabase-url = ' postgres://host/database '\n",
    );
    let from_file = ServeArgs {
        database: DatabaseArgs { config: path, ..DatabaseArgs::default() },
        ..ServeArgs::default()
    };
    let text = |text: &str| Some(format!("\t{text}\r\n"));
    let told = ServeArgs {
        listen: text("127.0.0.1:1"),
        public_url: text("https://tokens.example.com"),
        trusted_proxy: vec![" 10.0.0.0/8\n".to_owned(), "\n".to_owned()],
        log_format: text("json"),
        smtp: text("smtp://mail.example.com").map(SecretString::from),
        mail_from: text("a@example.com"),
        support_email: text("help@example.com"),
        support_url: text("https://example.com/help"),
        pool_size: text("8"),
        database: DatabaseArgs {
            database_url: text("postgres://host/database").map(SecretString::from),
            ..DatabaseArgs::default()
        },
        ..ServeArgs::default()
    };
    for args in [from_file, told] {
        let config = args.resolve_with(None).unwrap();
        assert_eq!(config.listen, bound("127.0.0.1:1"));
        assert_eq!(config.public, PublicUrl::parse("https://tokens.example.com").unwrap());
        assert_eq!(config.trusted_proxies, ["10.0.0.0/8".parse().unwrap()]);
        assert_eq!((config.log_format, config.pool_size), (LogFormat::Json, 8));
        assert_eq!(config.mail.from.to_string(), "a@example.com");
        assert!(
            matches!(&config.mail.way, MailWay::Smtp(url) if url.expose_secret() == "smtp://mail.example.com")
        );
        let ways: Vec<&str> = config.support.ways().iter().map(|way| way.text.as_str()).collect();
        assert_eq!(ways, ["help@example.com", "example.com/help"]);
        assert!(
            matches!(&config.database, Database::Url { url, .. } if url.expose_secret() == "postgres://host/database")
        );
    }
    assert_eq!(args().resolve_with(text("9000")).unwrap().listen, bound("127.0.0.1:9000"));
    let folders = with(|args| {
        args.database.data = text("/srv/data").map(OsString::from);
        args.mail_folder = text("/srv/mail").map(OsString::from);
        args.database.config = text("").map(OsString::from);
    });
    let folders = folders.unwrap();
    assert!(matches!(folders.database, Database::Private { data } if data == Path::new("/srv/data")));
    assert!(matches!(folders.mail.way, MailWay::Folder(folder) if folder == Path::new("/srv/mail")));
    assert_eq!(" yes\n".parse(), Ok(Switch(true)));
}

#[test]
fn demo_is_a_flag_on_the_command_line_and_a_word_in_the_environment() {
    assert_eq!("no".parse(), Ok(Switch(false)));
    assert_eq!("1".parse(), Ok(Switch(true)));
    let told = Serve::try_parse_from(["serve", "--demo"]).map(|serve| serve.args.demo);
    assert_eq!(told.ok(), Some(Some(Switch(true))));
}

#[test]
fn every_option_explains_itself_in_the_help() {
    let command = Serve::command();
    let silent: Vec<_> = command
        .get_arguments()
        .filter(|option| option.get_long().is_some_and(|name| name != "help"))
        .filter(|option| option.get_long_help().is_none() || option.get_env().is_none())
        .map(clap::Arg::get_id)
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn the_catalogue_is_that_of_the_build_unless_a_file_is_named() {
    assert_eq!(with(|_| {}).unwrap().catalogue, None);
    let (_kept, path) = file("catalogue = \"shop.toml\"\n");
    let in_file = |told: Option<&str>| {
        let (path, told) = (path.clone(), told.map(OsString::from));
        with(|args| (args.database.config, args.catalogue.catalogue) = (path, told)).unwrap().catalogue
    };
    assert_eq!(in_file(None), Some("shop.toml".into()));
    assert_eq!(in_file(Some(" ")), Some("shop.toml".into()));
    assert_eq!(in_file(Some("ci.toml")), Some("ci.toml".into()));
    let database = DatabaseArgs { config: path.clone(), ..DatabaseArgs::default() };
    assert_eq!(database.resolve_catalogue(CatalogueArgs::default()).unwrap(), Some("shop.toml".into()));
}

#[test]
fn the_number_of_user_tokens_is_one_or_more_and_any_without_it() {
    assert_eq!(with(|_| {}).unwrap().user_tokens, None);
    assert_eq!(with(|args| args.user_tokens = Some("1".to_owned())).unwrap().user_tokens, Some(1));
    for wrong in ["0", "-1", "many"] {
        let said = sentence(with(|args| args.user_tokens = Some(wrong.to_owned())));
        assert_eq!(said, "the number of user tokens must be 1 or more");
    }
}

#[test]
fn mail_goes_to_a_folder_beside_the_data_unless_a_server_is_named() {
    let folder = |config: Config| match config.mail.way {
        MailWay::Folder(folder) => folder,
        MailWay::Smtp(_) => panic!("it would be sent"),
    };
    let config = with(|_| {}).unwrap();
    assert!(!config.mail.is_sent());
    assert_eq!(folder(config), Path::new("/srv/data/mail"));
    let told = with(|args| args.mail_folder = Some("/srv/mail".into()));
    assert_eq!(folder(told.unwrap()), Path::new("/srv/mail"));
    let (_kept, path) = file("mail-folder = \"/srv/post\"\nmail-from = \"a@example.com\"\n");
    let config = with(|args| args.database.config = path).unwrap();
    assert_eq!(config.mail.from.to_string(), "a@example.com");
    assert_eq!(folder(config), Path::new("/srv/post"));

    let sent = with(|args| {
        args.smtp = Some(SecretString::from("smtp://mail.example.com"));
        args.mail_from = Some("Tokens of Acme <tokens@example.com>".to_owned());
    });
    let mail = sent.unwrap().mail;
    assert!(mail.is_sent());
    assert_eq!(mail.from.to_string(), "Tokens of Acme <tokens@example.com>");
}

#[test]
fn an_smtp_url_that_is_wrong_is_named_without_its_password() {
    let smtp = |url: &str| {
        with(|args| {
            args.smtp = Some(SecretString::from(url.to_owned()));
            args.mail_from = Some("tokens@example.com".to_owned());
        })
    };
    for good in [
        "smtp://mail.example.com",
        "smtps://u:hunter2@mail.example.com",
        "smtp://u:hunter2@mail.example.com:587?tls=required",
        "smtp://u:hunter2@127.0.0.1:2525",
        "smtp://u:hunter2@[::1]:2525",
    ] {
        let config = smtp(good).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"), "{good}");
    }
    for (bad, why) in [
        ("mail.example.com", "the SMTP URL must be"),
        ("smtps://u:12/hunter2@mail.example.com", "the SMTP URL must be"),
        ("smtp://u:12?hunter2@mail.example.com", "the SMTP URL must be"),
        ("https://u:hunter2@mail.example.com", "the SMTP URL must be"),
        ("smtp://u:hunter2@mail.example.com?tls=perhaps", "the SMTP URL must be"),
        ("smtp://u:hunter2@mail.example.com", "in the open"),
        ("smtp://u:hunter2@mail.example.com?tls=opportunistic", "in the open"),
        ("smtp://u:hunter2@mail.example.com?tls=opportunistic&tls=required", "in the open"),
    ] {
        let said = sentence(smtp(bad));
        assert!(said.contains(why) && !said.contains("hunter2"), "{bad}: {said}");
    }
    let nobody = with(|args| args.smtp = Some(SecretString::from("smtp://mail.example.com")));
    assert!(sentence(nobody).contains("--mail-from"));
    for bad in ["tokens", "a@b@c", "a@example.com\r\nBcc: b@example.com", "a@example.com, b@example.com"] {
        let said = sentence(with(|args| args.mail_from = Some(bad.to_owned())));
        assert!(said.contains("not an address for mail"), "{bad:?}: {said}");
    }
}
