//! A person's browser as tests drive it over HTTP: one method a request, no redirect followed.

use super::{description, ledger};
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};
use scraper::{Html, Selector};
use std::net::SocketAddr;
use tokenhouse::policy::{AccountId, TokenId};

/// A browser without scripting, with cookies of its own.
#[derive(Clone)]
pub struct Browser {
    base: String,
    http: Client,
    /// The form token of the page that was seen last.
    pub csrf: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Browser {
        Browser::sending(address, HeaderMap::new())
    }

    /// One that knows the server by its name, as passkeys want it.
    pub fn at_localhost(address: SocketAddr) -> Browser {
        let base = format!("http://localhost:{}", address.port());
        Browser { base, ..Browser::new(address) }
    }

    /// Scheme, host and port of the server.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// One that sends these headers along each time.
    pub fn sending(address: SocketAddr, headers: HeaderMap) -> Browser {
        let http = Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy();
        let http = http.default_headers(headers).build().unwrap();
        Browser { base: format!("http://{address}"), http, csrf: String::new() }
    }

    /// The same browser with the same cookies, at another node.
    pub fn at(&self, address: SocketAddr) -> Browser {
        Browser { base: format!("http://{address}"), http: self.http.clone(), csrf: self.csrf.clone() }
    }

    /// A request to be filled in further; nothing is remembered of its answer.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.http.request(method.parse().unwrap(), format!("{}{path}", self.base))
    }

    /// Opens a page, and remembers its form token.
    pub async fn get(&mut self, path: &str) -> Answer {
        let answer = read(self.request("GET", path)).await;
        self.remember(&answer);
        answer
    }

    /// Sends a form as its page would, with the form token of the page that was seen last.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = read(self.form(path, fields)).await;
        self.remember(&answer);
        answer
    }

    /// The request that [`Browser::post`] sends.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let all: Vec<(&str, &str)> =
            [("csrf", self.csrf.as_str())].into_iter().chain(fields.iter().copied()).collect();
        self.request("POST", path).header("origin", &self.base).form(&all)
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) {
        self.get("/sign-in").await;
        let answer = self.post("/sign-in", &[("email", email), ("password", password)]).await;
        assert_eq!(answer.status, 303, "{email} signs in: {}", answer.text());
        // A page with the forms of the session, whichever the person may see.
        self.get("/accounts").await;
    }

    /// Gives the password of someone with a second factor; the number of the sign-in that began.
    pub async fn begin_sign_in(&mut self, email: &str, password: &str) -> String {
        self.get("/sign-in").await;
        let answer = self.post("/sign-in", &[("email", email), ("password", password)]).await;
        let number = answer.location().strip_prefix("/sign-in/second?begun=");
        let number = number.unwrap_or_else(|| panic!("{}: {}", answer.status, answer.location())).to_owned();
        ledger::put_down(&number);
        self.get(answer.location()).await;
        number
    }

    /// Gives a code as the second step.
    pub async fn finish_sign_in(&mut self, begun: &str, code: &str) -> Answer {
        let answer = self.post("/sign-in/second", &[("begun", begun), ("code", code)]).await;
        if answer.status == 303 {
            self.get("/accounts").await;
        }
        answer
    }

    /// Makes a token on the account's form; returns its number and its secret.
    pub async fn make_token(&mut self, account: AccountId, fields: &[(&str, &str)]) -> (TokenId, String) {
        let nonce = self.new_form(account).await;
        let mut all = vec![("nonce", nonce.as_str()), ("do", "generate")];
        all.extend_from_slice(fields);
        let answer = self.post(&format!("/accounts/{account}/tokens"), &all).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let secret = answer.secret();
        let id = answer
            .links()
            .iter()
            .find_map(|href| href.strip_prefix(&format!("/accounts/{account}/tokens/"))?.parse().ok());
        (id.expect("a link to the token"), secret)
    }

    /// Makes a token with Everything that expires in 90 days.
    pub async fn make_full_token(&mut self, account: AccountId, name: &str) -> (TokenId, String) {
        self.make_token(account, &[("name", name), ("reach", "everything"), ("expires", "90")]).await
    }

    /// Opens the form for a new token; returns its nonce.
    pub async fn new_form(&mut self, account: AccountId) -> String {
        let form = self.get(&format!("/accounts/{account}/tokens/new")).await;
        form.value_of("nonce")
    }

    /// Opens the confirmation page and presses *Yes, delete*.
    pub async fn delete_token(&mut self, account: AccountId, token: TokenId) -> Answer {
        let path = format!("/accounts/{account}/tokens/{token}/delete");
        self.get(&path).await;
        self.post(&path, &[]).await
    }

    fn remember(&mut self, answer: &Answer) {
        let csrf = answer.value_of("csrf");
        if !csrf.is_empty() {
            self.csrf = csrf;
        }
    }
}

/// `GET /v2/whoami` with a token.
pub async fn whoami(address: SocketAddr, secret: &str) -> (StatusCode, serde_json::Value) {
    let http = Client::builder().no_proxy().build().unwrap();
    let request = http.get(format!("http://{address}/v2/whoami")).bearer_auth(secret);
    let answer = read(request).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

/// Sends a request and reads its answer to the end.
pub async fn read(request: RequestBuilder) -> Answer {
    let (http, request) = request.build_split();
    let request = request.unwrap();
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let answer = http.execute(request).await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let answer = Answer { status, headers, body: answer.text().await.unwrap() };
    description::check(method.as_str(), &path, status, &answer.body);
    let secret = answer.field("#secret");
    if !secret.is_empty() {
        ledger::put_down(&secret);
    }
    // Numbers of sign-ins, and challenges of passkeys.
    if answer.body.contains("begun\"") {
        let begun = ["begun", "passkey_begun"].map(|name| answer.value_of(name));
        begun.iter().filter(|number| !number.is_empty()).for_each(|number| ledger::put_down(number));
    }
    answer
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// What it says of the cookie of this name; empty where it sets none.
    pub fn cookie(&self, name: &str) -> &str {
        let all = self.headers.get_all("set-cookie").iter().map(|one| one.to_str().unwrap());
        all.into_iter().find(|one| one.starts_with(&format!("{name}="))).unwrap_or_default()
    }

    /// Where it sends the browser.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// What a person reads, white space folded.
    pub fn text(&self) -> String {
        let html = Html::parse_document(&self.body);
        let body = Selector::parse("body").unwrap();
        let text: String = html.select(&body).flat_map(|body| body.text()).collect::<Vec<_>>().join(" ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The page's heading.
    pub fn heading(&self) -> String {
        self.all("h1").join(" ")
    }

    /// The text of each element that a CSS selector finds.
    pub fn all(&self, selector: &str) -> Vec<String> {
        let html = Html::parse_document(&self.body);
        let selector = Selector::parse(selector).unwrap();
        let text = |element: scraper::ElementRef<'_>| {
            element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        html.select(&selector).map(text).collect()
    }

    /// An attribute of each element that a CSS selector finds.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let html = Html::parse_document(&self.body);
        let selector = Selector::parse(selector).unwrap();
        html.select(&selector).filter_map(|element| element.attr(name)).map(str::to_owned).collect()
    }

    /// Every address that the page links to.
    pub fn links(&self) -> Vec<String> {
        self.attributes("a", "href")
    }

    /// The value of the first field of this name.
    pub fn value_of(&self, name: &str) -> String {
        self.attributes(&format!("input[name='{name}']"), "value").into_iter().next().unwrap_or_default()
    }

    /// What a browser would send of the form that a CSS selector finds: without its buttons.
    pub fn filled(&self, form: &str) -> Vec<(String, String)> {
        let html = Html::parse_document(&self.body);
        let selector = |text: &str| Selector::parse(text).unwrap();
        let form = html.select(&selector(form)).next().expect("a form");
        let mut fields = Vec::new();
        for one in form.select(&selector("input[name], select[name], textarea[name]")) {
            let kind = one.attr("type").unwrap_or_default();
            let boxed = matches!(kind, "radio" | "checkbox");
            if one.attr("disabled").is_some() || boxed && one.attr("checked").is_none() {
                continue;
            }
            let chosen = one.select(&selector("option[selected]")).next();
            // As browsers do: a choice that is disabled is not sent.
            if chosen.is_some_and(|option| option.attr("disabled").is_some()) {
                continue;
            }
            let value = match one.value().name() {
                "select" => chosen.and_then(|option| option.attr("value")).unwrap_or_default().to_owned(),
                "textarea" => one.text().collect(),
                _ => one.attr("value").unwrap_or_default().to_owned(),
            };
            fields.push((one.attr("name").unwrap().to_owned(), value));
        }
        fields
    }

    /// The secret that a page shows once; empty where there is none.
    pub fn secret(&self) -> String {
        self.field("#secret")
    }

    fn field(&self, selector: &str) -> String {
        if !self.body.contains("<textarea") {
            return String::new();
        }
        self.all(selector).into_iter().next().unwrap_or_default()
    }
}
