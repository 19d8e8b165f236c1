//! How a proxy says which call it asks about.

use super::PREFIX;
use crate::policy::{closed_list, path};
use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use std::borrow::Cow;

closed_list! {
    /// A way in which proxies ask.
    pub enum Dialect {
        /// nginx's `auth_request`: method and URI in `X-Original-*`, and it knows no refusals but 401 and 403.
        Nginx = "nginx",
        /// Caddy's `forward_auth`: `X-Forwarded-Method` and `X-Forwarded-Uri`.
        Caddy = "caddy",
        /// Traefik's `forwardAuth`, APISIX's `forward-auth`: the same headers.
        Traefik = "traefik",
        /// Envoy's `ext_authz` and the Gateway API: the call's own method, and its path behind ours.
        Envoy = "envoy",
    }
}

/// The call that is asked about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) method: String,
    /// Path and query, as they were sent.
    pub(super) target: String,
}

closed_list! {
    /// Why a question can't be answered: the code of the refusal.
    pub(super) enum Misread {
        /// The proxy doesn't say which call it asks about, or says it twice.
        Forwarded = "forwarded_missing",
        /// The path isn't in the one spelling that every program reads alike.
        Path = "path_not_normal",
        /// The call asks to be taken for one with another method.
        Method = "method_override",
    }
}

impl Misread {
    pub(super) fn message(self) -> &'static str {
        match self {
            Misread::Forwarded => "The proxy does not say which call it asks about",
            Misread::Path => "This path could be read in several ways",
            Misread::Method => "A call cannot ask to be taken for one with another method",
        }
    }
}

/// Headers by which a framework takes a call for one with another method.
const OVERRIDES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

/// The call that a request asks about, by the headers of its dialect and by no others.
pub(super) fn read(dialect: Dialect, request: &HttpRequest) -> Result<Question, Misread> {
    let headers = request.headers();
    let question = match dialect {
        Dialect::Nginx => both(headers, "x-original-method", "x-original-uri")?,
        Dialect::Caddy | Dialect::Traefik => both(headers, "x-forwarded-method", "x-forwarded-uri")?,
        Dialect::Envoy => {
            // As it was sent: what the router matched is decoded.
            let whole = request.uri().path_and_query().map_or("", |whole| whole.as_str());
            let target = whole.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(dialect.key()));
            let target = target.filter(|target| target.starts_with('/')).ok_or(Misread::Forwarded)?;
            Question { method: request.method().as_str().to_owned(), target: target.to_owned() }
        }
    };
    if OVERRIDES.iter().any(|name| headers.contains_key(*name)) || overrides(&question.target) {
        return Err(Misread::Method);
    }
    Ok(question)
}

fn both(headers: &HeaderMap, method: &str, target: &str) -> Result<Question, Misread> {
    let one = |name: &str| {
        let mut values = headers.get_all(name);
        match (values.next(), values.next()) {
            (Some(value), None) if !value.is_empty() => value.to_str().ok().map(str::to_owned),
            _ => None,
        }
    };
    // A path beyond ASCII is no header's text; it isn't in normal form, either.
    let beyond = headers.get_all(target).next().is_some_and(|value| value.to_str().is_err());
    if beyond {
        return Err(Misread::Path);
    }
    let (method, target) = one(method).zip(one(target)).ok_or(Misread::Forwarded)?;
    Ok(Question { method, target })
}

/// Whether the query asks for another method, as Symfony and Laravel read it.
fn overrides(target: &str) -> bool {
    let Some((_, query)) = target.split_once('?') else { return false };
    let query = &query[..query.len().min(path::LONGEST)];
    form_urlencoded::parse(query.as_bytes())
        .any(|(key, _): (Cow<'_, str>, _)| key.eq_ignore_ascii_case("_method"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn asked(dialect: Dialect, uri: &str, headers: &[(&str, &str)]) -> Result<Question, Misread> {
        let mut request = TestRequest::with_uri(uri);
        for (name, value) in headers {
            request = request.append_header((*name, *value));
        }
        read(dialect, &request.to_http_request())
    }

    fn question(method: &str, target: &str) -> Result<Question, Misread> {
        Ok(Question { method: method.to_owned(), target: target.to_owned() })
    }

    const NGINX: [(&str, &str); 2] = [("x-original-method", "POST"), ("x-original-uri", "/v1/a?b=c")];
    const CADDY: [(&str, &str); 2] = [("x-forwarded-method", "POST"), ("x-forwarded-uri", "/v1/a?b=c")];

    #[test]
    fn each_dialect_reads_its_own_headers_and_no_others() {
        let both = [NGINX, CADDY].concat();
        for dialect in [Dialect::Caddy, Dialect::Traefik] {
            assert_eq!(asked(dialect, "/authorize/caddy?x=y", &CADDY), question("POST", "/v1/a?b=c"));
            assert_eq!(asked(dialect, "/authorize/caddy", &NGINX), Err(Misread::Forwarded));
        }
        assert_eq!(asked(Dialect::Nginx, "/authorize/nginx", &both), question("POST", "/v1/a?b=c"));
        assert_eq!(asked(Dialect::Nginx, "/authorize/nginx", &CADDY), Err(Misread::Forwarded));
        let at = "/authorize/envoy/v1/%61?b=c";
        assert_eq!(asked(Dialect::Envoy, at, &both), question("GET", "/v1/%61?b=c"));
        for wrong in ["/authorize/envoy", "/authorize/envoy?x=/v1", "/authorize/envoyage"] {
            assert_eq!(asked(Dialect::Envoy, wrong, &both), Err(Misread::Forwarded), "{wrong}");
        }
    }

    #[test]
    fn a_header_that_is_missing_empty_or_there_twice_is_no_question() {
        for wrong in [
            vec![NGINX[0]],
            vec![NGINX[1]],
            vec![NGINX[0], NGINX[1], NGINX[1]],
            vec![NGINX[0], NGINX[0], NGINX[1]],
            vec![("x-original-method", ""), NGINX[1]],
            vec![NGINX[0], ("x-original-uri", "")],
        ] {
            assert_eq!(
                asked(Dialect::Nginx, "/authorize/nginx", &wrong),
                Err(Misread::Forwarded),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn a_call_that_asks_for_another_method_is_refused() {
        for name in OVERRIDES {
            let headers = [NGINX[0], NGINX[1], (name, "DELETE")];
            assert_eq!(asked(Dialect::Nginx, "/authorize/nginx", &headers), Err(Misread::Method));
        }
        for query in ["_method=DELETE", "a=b&_METHOD=x", "%5Fmethod=PUT", "_method"] {
            let target = format!("/v1/a?{query}");
            let headers = [NGINX[0], ("x-original-uri", target.as_str())];
            assert_eq!(asked(Dialect::Nginx, "/authorize/nginx", &headers), Err(Misread::Method), "{query}");
        }
        let headers = [NGINX[0], ("x-original-uri", "/v1/_method?method=x")];
        assert!(asked(Dialect::Nginx, "/authorize/nginx", &headers).is_ok());
    }
}
