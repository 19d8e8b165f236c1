//! Who a client is behind nginx and HAProxy, whatever the client itself claims in `X-Forwarded-For`.

use crate::facts;
use crate::support::client::{Answer, Browser, read};
use crate::support::{House, OWNER, ledger, made};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, RequestBuilder};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use time::Duration;
use tokenhouse::models::token::Owner;
use tokenhouse::policy::{Policy, Rights};

/// The proxy's own machine, which is trusted.
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 1));
/// Two clients on other machines, as far as the proxy sees.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 10));

/// What clients send by themselves: the values of their own lines of the header.
const CLAIMS: [&[&[u8]]; 15] = [
    &[],
    &[b""],
    &[b"\xff"],
    &[b"127.0.0.1"],
    &[b"127.0.0.10"],
    &[b"203.0.113.9:4711"],
    &[b"[2001:db8::1]:99"],
    &[b"[2001:db8::1]"],
    &[b"\"203.0.113.9\""],
    &[b"\"203.0.113.9"],
    &[b"203.0.113.9,"],
    &[b"unknown"],
    &[b"_hidden"],
    &[b"::ffff:203.0.113.9"],
    &[b"203.0.113.9", b"\xff", b"127.0.0.1, ,"],
];

/// How a proxy writes its own hop, and what it's told with; readable ones first.
const READABLE: [&str; 4] = ["plain", "port", "brackets", "quoted"];
const UNREADABLE: [&str; 4] = ["unknown", "_hidden", "comma", "broken-port"];

/// A proxy in front of a house, on a free port.
struct Proxy {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Proxy {
    /// The proxy takes the listening socket over as its standard input: no port is lost to another
    /// process in between, and a call that comes before the proxy is ready waits for it.
    fn start(
        program: &str,
        house: &House,
        settings: &str,
        arguments: impl Fn(&Path) -> Vec<String>,
    ) -> Proxy {
        let folder = tempfile::Builder::new().prefix("proxy").tempdir_in(ledger::run_folder()).unwrap();
        let listener = TcpListener::bind((PROXY, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let settings = settings
            .replace("LISTEN", &address.to_string())
            .replace("SERVER", &house.address.to_string())
            .replace("FOLDER", folder.path().to_str().unwrap());
        let file = folder.path().join("settings");
        std::fs::write(&file, settings).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new(found(program))
            .args(arguments(&file))
            .env("NGINX", "0;")
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .stdout(Stdio::from(log.try_clone().unwrap()))
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        Proxy { child, address, _folder: folder }
    }

    fn nginx(house: &House) -> Proxy {
        let settings = r#"
            daemon off;
            pid FOLDER/pid;
            error_log stderr;
            events {}
            http {
                access_log off;
                client_body_temp_path FOLDER/body;
                proxy_temp_path FOLDER/proxy;
                fastcgi_temp_path FOLDER/fastcgi;
                uwsgi_temp_path FOLDER/uwsgi;
                scgi_temp_path FOLDER/scgi;
                map $http_x_forwarded_for $before { "" ""; default "$http_x_forwarded_for, "; }
                map $http_appends $hops {
                    default $proxy_add_x_forwarded_for;
                    port $proxy_add_x_forwarded_for:$remote_port;
                    brackets $before[::ffff:$remote_addr]:$remote_port;
                    quoted '$before"$remote_addr:$remote_port"';
                    comma $proxy_add_x_forwarded_for,;
                    unknown $before$http_appends;
                    _hidden $before$http_appends;
                    broken-port $proxy_add_x_forwarded_for:99999;
                }
                server {
                    listen LISTEN;
                    location / {
                        proxy_pass http://SERVER;
                        proxy_set_header X-Forwarded-For $hops;
                    }
                }
            }"#;
        let arguments = |file: &Path| {
            let folder = file.parent().unwrap().to_str().unwrap();
            ["-p", folder, "-c", file.to_str().unwrap(), "-e", "stderr"].map(str::to_owned).to_vec()
        };
        Proxy::start("nginx", house, settings, arguments)
    }

    fn haproxy(house: &House) -> Proxy {
        // It adds a line of its own, behind those of the client.
        let settings = r#"
defaults
    mode http
    timeout connect 10s
    timeout client 60s
    timeout server 60s
frontend in
    bind fd@0
    http-request set-var(req.way) req.hdr(appends)
    http-request add-header X-Forwarded-For %[src] if { var(req.way) -m str plain }
    http-request add-header X-Forwarded-For %[src]:%[src_port] if { var(req.way) -m str port }
    http-request add-header X-Forwarded-For [::ffff:%[src]]:%[src_port] if { var(req.way) -m str brackets }
    http-request add-header X-Forwarded-For "\"%[src]:%[src_port]\"" if { var(req.way) -m str quoted }
    http-request add-header X-Forwarded-For %[src], if { var(req.way) -m str comma }
    http-request add-header X-Forwarded-For %[var(req.way)] if { var(req.way) -m str unknown _hidden }
    http-request add-header X-Forwarded-For %[src]:99999 if { var(req.way) -m str broken-port }
    default_backend out
backend out
    server house SERVER
"#;
        let arguments = |file: &Path| ["-db", "-f", file.to_str().unwrap()].map(str::to_owned).to_vec();
        Proxy::start("haproxy", house, settings, arguments)
    }

    /// A call that the proxy passes on, with its own hop in this form and the client's claim before.
    fn asked(&self, client: &Client, method: &str, path: &str, way: &str, claim: &[&[u8]]) -> RequestBuilder {
        let url = format!("http://{}{path}", self.address);
        let mut request = client.request(method.parse().unwrap(), url).header("appends", way);
        for line in claim {
            request = request.header("x-forwarded-for", HeaderValue::from_bytes(line).unwrap());
        }
        request
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx takes its worker along only when it's asked to end.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// Debian keeps both where only root's PATH leads.
fn found(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let mut programs = folders.map(|folder| folder.join(program)).filter(|file| file.is_file());
    programs.next().unwrap_or_else(|| panic!("{program} isn't installed; script/test installs it"))
}

fn behind_one_proxy() -> House {
    House::with(|config| config.trusted_proxies = vec![PROXY.into()])
}

/// A client that calls from one of this machine's addresses.
fn at(address: IpAddr) -> Client {
    Client::builder().no_proxy().cookie_store(true).local_address(address).build().unwrap()
}

/// Three tokens: without a condition, for `HERE` alone, and for everywhere but there.
fn tokens(house: &House) -> [String; 3] {
    let owner = Owner::Account(house.account("Acme"));
    let free = Policy::unconditional(Rights::Everything);
    let allowed = Policy { allowed_networks: vec![HERE.into()], ..free.clone() };
    let refused = Policy { refused_networks: vec![HERE.into()], ..free.clone() };
    [("Free", free), ("Allowed", allowed), ("Refused", refused)]
        .map(|(name, policy)| made::with(house, owner, name, policy).1)
}

fn left(answer: &Answer) -> i64 {
    answer.header("x-ratelimit-remaining").parse().unwrap()
}

/// Where each token that was used was last used.
async fn last_used(house: &House) -> Vec<String> {
    house.app.buffers.last_uses.flush_all(&house.app.db, house.clock.now()).await.unwrap();
    // A token's uses are kept by account: whoami names none.
    let last = "SELECT DISTINCT ON (tokens.id) tokens.id, name, address
        FROM token_use JOIN token_secrets ON token_secrets.id = secret_id JOIN tokens ON tokens.id = token_id
        ORDER BY tokens.id, last_used_at DESC";
    facts::texts(house, "name || ' ' || coalesce(host(address), 'unknown')", &format!("({last}) AS last"))
}

/// Every network that any token was used from.
async fn networks(house: &House) -> Vec<String> {
    house.app.buffers.networks.flush(&house.app.db, house.clock.now()).await.unwrap();
    facts::texts(house, "coalesce(network::text, 'unknown')", "token_networks GROUP BY network")
}

/// Whatever the client claims and however the proxy writes its hop: networks, last use, the record,
/// budgets and throttles go by the address that the proxy saw.
async fn every_form_names_the_same_client(house: &House, proxy: &Proxy) {
    let [free, allowed, refused] = tokens(house);
    let (here, elsewhere) = (at(HERE), at(ELSEWHERE));
    let records = format!("/v2/{}/zones/example.com/records", house.account("Acme"));
    for way in READABLE {
        // Each has the budget of an hour.
        house.clock.advance(Duration::HOUR);
        let mut budget = left(&read(proxy.asked(&here, "GET", "/v2/whoami", way, &[])).await);
        for (number, claim) in CLAIMS.into_iter().enumerate() {
            let told = format!("{way} behind “{}”", claim.join(&b" + "[..]).escape_ascii());
            for (client, secret, status) in [
                (&here, &allowed, 200),
                (&here, &refused, 403),
                (&elsewhere, &allowed, 403),
                (&elsewhere, &refused, 200),
            ] {
                house.clock.advance(Duration::SECOND);
                let call = proxy.asked(client, "GET", "/v2/whoami", way, claim).bearer_auth(secret);
                assert_eq!(read(call).await.status, status, "{told}");
            }
            let unnamed = left(&read(proxy.asked(&here, "GET", "/v2/whoami", way, claim)).await);
            assert_eq!(unnamed, budget - 1, "{told}: counted as another client");
            budget = unnamed;
            let record =
                serde_json::json!({ "name": format!("{way}{number}"), "type": "TXT", "content": "x" });
            let made = proxy.asked(&here, "POST", &records, way, claim).bearer_auth(&free).json(&record);
            assert_eq!(read(made).await.status, 201, "{told}");
            let last = ["Free 127.0.0.9", "Allowed 127.0.0.10", "Refused 127.0.0.10"];
            assert_eq!(last_used(house).await, last, "{told}");
        }
    }
    let by_tokens = "audit_events WHERE actor_kind = 'token' GROUP BY address";
    assert_eq!(facts::texts(house, "host(address)", by_tokens), [HERE.to_string()]);
    assert_eq!(networks(house).await, ["127.0.0.0/24"]);

    let sign_in = async |client: &Client, way: &str, claim: &[&[u8]]| {
        let csrf = read(proxy.asked(client, "GET", "/sign-in", way, claim)).await.value_of("csrf");
        let fields = [("csrf", csrf.as_str()), ("email", OWNER), ("password", "not the right one")];
        let form = proxy.asked(client, "POST", "/sign-in", way, claim);
        read(form.header("sec-fetch-site", "same-origin").form(&fields)).await.status.as_u16()
    };
    for (attempt, claim) in CLAIMS.into_iter().take(10).enumerate() {
        assert_eq!(sign_in(&here, READABLE[attempt % 4], claim).await, 401, "attempt {attempt}");
    }
    assert_eq!(sign_in(&here, "plain", CLAIMS[10]).await, 429, "the eleventh, with another claim");
    assert_eq!(sign_in(&elsewhere, "plain", CLAIMS[10]).await, 401, "another client");
}

/// A client whose address the proxy doesn't write readably: refused by every network condition,
/// counted with all others like it, and told as unknown.
async fn an_unreadable_hop_is_nobody(house: &House, proxy: &Proxy) {
    let [free, allowed, refused] = tokens(house);
    let (here, elsewhere, on_the_proxy) = (at(HERE), at(ELSEWHERE), at(PROXY));
    // On the proxy's own machine the client's claim is the hop that counts.
    let forged = [(&on_the_proxy, "plain", CLAIMS[2]), (&on_the_proxy, "plain", CLAIMS[10])];
    let unreadable =
        UNREADABLE.into_iter().flat_map(|way| [(&here, way, CLAIMS[0]), (&elsewhere, way, CLAIMS[3])]);
    let mut budget = None;
    for (client, way, claim) in unreadable.chain(forged) {
        for (secret, status) in [(&free, 200), (&allowed, 403), (&refused, 403)] {
            let call = proxy.asked(client, "GET", "/v2/whoami", way, claim).bearer_auth(secret);
            let answer = read(call).await;
            assert_eq!(answer.status, status, "{way}");
            assert!(status == 200 || answer.body.contains("\"address_refused\""), "{}", answer.body);
        }
        let unnamed = left(&read(proxy.asked(client, "GET", "/v2/whoami", way, claim)).await);
        assert_eq!(unnamed, budget.map_or(unnamed, |before: i64| before - 1), "{way}: another bucket");
        budget = Some(unnamed);
    }
    assert_eq!(last_used(house).await, ["Free unknown", "Allowed unknown", "Refused unknown"]);
    assert_eq!(networks(house).await, ["unknown"]);
    let seen =
        facts::texts(house, "kind || ' ' || name", "sightings WHERE address IS NULL ORDER BY token_id");
    assert_eq!(seen, ["first_use Free", "first_use Allowed", "first_use Refused"]);
    // A client on the proxy's own machine that claims nothing is that machine.
    let plain = proxy.asked(&on_the_proxy, "GET", "/v2/whoami", "plain", &[]).bearer_auth(&refused);
    assert_eq!(read(plain).await.status, 200);
}

#[actix_web::test]
async fn behind_nginx_every_form_of_the_header_names_the_same_client() {
    let house = behind_one_proxy();
    let proxy = Proxy::nginx(&house);
    every_form_names_the_same_client(&house, &proxy).await;
}

#[actix_web::test]
async fn behind_haproxy_every_form_of_the_header_names_the_same_client() {
    let house = behind_one_proxy();
    let proxy = Proxy::haproxy(&house);
    every_form_names_the_same_client(&house, &proxy).await;
}

#[actix_web::test]
async fn behind_nginx_a_hop_that_cannot_be_read_is_an_unknown_client() {
    let house = behind_one_proxy();
    let proxy = Proxy::nginx(&house);
    an_unreadable_hop_is_nobody(&house, &proxy).await;
}

#[actix_web::test]
async fn behind_haproxy_a_hop_that_cannot_be_read_is_an_unknown_client() {
    let house = behind_one_proxy();
    let proxy = Proxy::haproxy(&house);
    an_unreadable_hop_is_nobody(&house, &proxy).await;
}

#[actix_web::test]
async fn what_is_done_from_an_unknown_address_is_told_as_that_and_logged_once() {
    let house = behind_one_proxy();
    let acme = house.account("Acme");
    house.clock.advance(Duration::minutes(1));
    let marks: Vec<String> = (0..3).map(|_| format!("_{}", uuid::Uuid::new_v4())).collect();
    let mut headers = HeaderMap::new();
    headers.insert("x-forwarded-for", HeaderValue::from_str(&marks[0]).unwrap());
    let mut owner = Browser::sending(house.address, headers);
    owner.sign_in(OWNER, &ledger::password()).await;
    let (_, secret) = owner.make_full_token(acme, "From nowhere").await;
    for mark in &marks {
        let call =
            at(PROXY).get(house.url("/v2/whoami")).bearer_auth(&secret).header("x-forwarded-for", mark);
        assert_eq!(read(call).await.status, 200);
    }
    last_used(&house).await;
    networks(&house).await;
    house.app.buffers.sign_ins.flush(&house.app.db, house.clock.now()).await.unwrap();

    let tokens = owner.get(&format!("/accounts/{acme}/tokens")).await;
    assert!(tokens.text().contains("just now an unknown address"), "{}", tokens.text());
    assert!(owner.get("/user/security").await.text().contains("Address an unknown address"));
    let activity = owner.get(&format!("/accounts/{acme}/activity")).await.text();
    assert!(activity.contains("From nowhere") && activity.contains("from an unknown address"), "{activity}");
    let lines = owner.get(&format!("/accounts/{acme}/activity.jsonl")).await.body;
    let line = lines.lines().find(|line| line.contains("token.created")).unwrap_or_else(|| panic!("{lines}"));
    assert_eq!(serde_json::from_str::<serde_json::Value>(line).unwrap()["address"], "unknown");
    let mails = house.mails().await;
    assert!(mails.iter().any(|(.., text)| text.contains("From: an unknown address")), "{mails:?}");
    let builder = owner.get(&format!("/accounts/{acme}/tokens/build")).await;
    assert!(!builder.text().contains("Use my current address"), "there is none to use");

    let log = std::fs::read_to_string(ledger::run_folder().join("log.txt")).unwrap();
    let told: Vec<&str> = log.lines().filter(|line| marks.iter().any(|mark| line.contains(mark))).collect();
    assert!(told.len() == 1 && told[0].contains("can't be read") && told[0].contains(&marks[0]), "{told:?}");
}
