//! Headers that stand on every answer, errors included.

use crate::policy::budget::Quota;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// Nothing but our own files, no inline script or style, no frames, forms to ourselves only.
const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                   form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Puts them there. What a handler set itself stays: hashed files may be cached, nothing else is.
pub fn harden(headers: &mut HeaderMap, https: bool) {
    let mut set = |name: HeaderName, value: HeaderValue| {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    };
    // Constants: their text is checked when this is built, not at each answer.
    set(CONTENT_SECURITY_POLICY, const { HeaderValue::from_static(CSP) });
    set(X_CONTENT_TYPE_OPTIONS, const { HeaderValue::from_static("nosniff") });
    set(X_FRAME_OPTIONS, const { HeaderValue::from_static("DENY") });
    // Not no-referrer: browsers would then send `Origin: null` with our own forms.
    set(REFERRER_POLICY, const { HeaderValue::from_static("same-origin") });
    set(
        const { HeaderName::from_static("cross-origin-opener-policy") },
        const { HeaderValue::from_static("same-origin") },
    );
    set(
        const { HeaderName::from_static("cross-origin-resource-policy") },
        const { HeaderValue::from_static("same-origin") },
    );
    set(
        const { HeaderName::from_static("permissions-policy") },
        const { HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=()") },
    );
    set(CACHE_CONTROL, const { HeaderValue::from_static("no-store") });
    if https {
        let value = const { HeaderValue::from_static("max-age=63072000; includeSubDomains") };
        set(STRICT_TRANSPORT_SECURITY, value);
    }
}

/// For an answer to a program that asks on behalf of others, and hands a refusal's headers on to them: what
/// is for pages would be taken for the other API's own.
pub fn keep_private(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// What is left of the budget that the call was charged to, as clients read it.
pub fn tell_quota(headers: &mut HeaderMap, quota: Quota) {
    for (name, value) in [
        (HeaderName::from_static("x-ratelimit-limit"), quota.limit),
        (HeaderName::from_static("x-ratelimit-remaining"), quota.remaining),
        (HeaderName::from_static("x-ratelimit-reset"), quota.reset),
    ] {
        headers.insert(name, HeaderValue::from(value));
    }
}
