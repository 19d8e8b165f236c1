//! Rows of the API's table: what hangs on the account, and on its domains.

use super::{
    account, certificates, charges, contact_shape, contacts, platform, registrar, registrar_switches,
    research, templates, user, webhooks,
};
use crate::api::routes::{ApiRoute, at};
use crate::api::whoami;

/// The template of a path.
const TEMPLATE: &[(&str, &str)] = &[("template", "Its short name or its number.")];

/// A domain that no registrar is asked about.
const HOSTED_ONLY: &[(&str, &str)] = &[("400", "The domain is hosted only: it is registered elsewhere.")];

/// The account's own.
pub fn of_account() -> Vec<ApiRoute> {
    vec![
        at("GET", "/v2/user", user::show)
            .one::<user::UserDetails>(200, "The user whom the token belongs to."),
        at("PATCH", "/v2/user", user::change)
            .one::<user::UserDetails>(200, "Changes the name of the user. About another e-mail address the user is asked by mail; until then it stays what it is.")
            .takes::<user::UserChange>(),
        at("GET", "/v2/user/memberships", user::memberships)
            .many::<user::Membership>("The user's accounts, with the role in each."),
        at("GET", "/v2/{account}/account", account::show).one::<whoami::Account>(200, "The account."),
        at("PATCH", "/v2/{account}/account", account::change)
            .one::<whoami::Account>(200, "Changes name or e-mail address of the account.")
            .takes::<account::AccountChange>(),
        at("GET", "/v2/{account}/contacts", contacts::list)
            .page::<contact_shape::Contact>("The account's contacts.")
            .asks(&[("sort", "By id, label or email.")]),
        at("POST", "/v2/{account}/contacts", contacts::create)
            .one::<contact_shape::Contact>(201, "Makes a contact.")
            .takes::<contact_shape::NewContact>(),
        at("GET", "/v2/{account}/contacts/{contact}", contacts::show)
            .one::<contact_shape::Contact>(200, "A contact."),
        at("DELETE", "/v2/{account}/contacts/{contact}", contacts::delete)
            .empty("Deletes a contact that no domain and no certificate names.")
            .refuses(&[("400", "A domain or a certificate names it.")]),
        at("GET", "/v2/{account}/templates", templates::list)
            .page::<templates::Template>("The account's templates of records.")
            .asks(&[("sort", "By id, name or sid.")]),
        at("POST", "/v2/{account}/templates", templates::create)
            .one::<templates::Template>(201, "Makes a template.")
            .takes::<templates::NewTemplate>(),
        at("GET", "/v2/{account}/templates/{template}", templates::show)
            .one::<templates::Template>(200, "A template, by its number or short name.")
            .at_places(TEMPLATE),
        at("DELETE", "/v2/{account}/templates/{template}", templates::delete)
            .empty("Deletes a template.")
            .at_places(TEMPLATE),
        at("GET", "/v2/{account}/webhooks", webhooks::list)
            .many::<webhooks::Webhook>("All of the account's webhooks.")
            .asks(&[("sort", "By id.")]),
        at("POST", "/v2/{account}/webhooks", webhooks::create)
            .one::<webhooks::Webhook>(201, "Makes a webhook. Nothing is sent to it.")
            .takes::<webhooks::NewWebhook>(),
        at("GET", "/v2/{account}/webhooks/{webhook}", webhooks::show)
            .one::<webhooks::Webhook>(200, "A webhook."),
        at("DELETE", "/v2/{account}/webhooks/{webhook}", webhooks::delete).empty("Deletes a webhook."),
        at("GET", "/v2/{account}/billing/charges", charges::list)
            .page::<charges::Charge>("What the account was charged.")
            .asks(&[
                ("start_date", "From this day on."),
                ("end_date", "Through this day."),
                ("sort", "By invoiced."),
            ]),
        at("GET", "/v2/{account}/platform/statuses", platform::statuses)
            .page::<platform::PlatformStatus>("How the parts of the platform are."),
        at("GET", "/v2/{account}/platform/messages", platform::messages)
            .page::<platform::PlatformMessage>("The account's messages."),
        at("POST", "/v2/{account}/platform/messages", platform::post)
            .one::<platform::PlatformMessage>(201, "Posts a message.")
            .takes::<platform::NewPlatformMessage>(),
    ]
}

/// What hangs on domains.
pub fn of_domains() -> Vec<ApiRoute> {
    vec![
        at("GET", "/v2/{account}/domains/research/status", research::status)
            .one::<research::DomainResearchStatus>(200, "What is known of a name.")
            .asks(&[("domain", "The name.")]),
        at("GET", "/v2/{account}/domains/{domain}/certificates", certificates::list)
            .page::<certificates::Certificate>("The domain's certificates.")
            .asks(&[("sort", "By id, common_name or expiration.")]),
        at("GET", "/v2/{account}/domains/{domain}/certificates/{certificate}", certificates::show)
            .one::<certificates::Certificate>(200, "A certificate."),
        at(
            "GET",
            "/v2/{account}/domains/{domain}/certificates/{certificate}/download",
            certificates::download,
        )
        .one::<certificates::CertificateBundle>(200, "What a server needs beside the key.")
        .refuses(&[("428", "It is not issued.")]),
        at(
            "GET",
            "/v2/{account}/domains/{domain}/certificates/{certificate}/private_key",
            certificates::private_key,
        )
        .one::<certificates::CertificatePrivateKey>(200, "The private key.")
        .refuses(&[("428", "The key is not here.")]),
        at("GET", "/v2/{account}/registrar/domains/{domain}/check", registrar::check)
            .one::<registrar::DomainCheck>(200, "Whether a name, of whomever, can be registered.")
            .refuses(&[("400", "That is no name of a domain.")]),
        at("GET", "/v2/{account}/registrar/domains/{domain}/delegation", registrar::delegation)
            .many::<String>("The name servers of the domain."),
        at("PUT", "/v2/{account}/registrar/domains/{domain}/delegation", registrar::delegate)
            .many::<String>("Delegates the domain to these name servers.")
            .takes::<registrar::NameServers>(),
        at(
            "PUT",
            "/v2/{account}/registrar/domains/{domain}/auto_renewal",
            registrar_switches::auto_renewal_on,
        )
        .empty("Lets the registration renew itself.")
        .refuses(HOSTED_ONLY),
        at(
            "DELETE",
            "/v2/{account}/registrar/domains/{domain}/auto_renewal",
            registrar_switches::auto_renewal_off,
        )
        .empty("Lets the registration end.")
        .refuses(HOSTED_ONLY),
        at(
            "PUT",
            "/v2/{account}/registrar/domains/{domain}/whois_privacy",
            registrar_switches::whois_privacy_on,
        )
        .one::<registrar_switches::WhoisPrivacy>(200, "Hides the registrant.")
        .also(201, "Hides the registrant for the first time.")
        .refuses(HOSTED_ONLY),
        at(
            "DELETE",
            "/v2/{account}/registrar/domains/{domain}/whois_privacy",
            registrar_switches::whois_privacy_off,
        )
        .one::<registrar_switches::WhoisPrivacy>(200, "Shows the registrant.")
        .refuses(HOSTED_ONLY),
        at(
            "GET",
            "/v2/{account}/registrar/domains/{domain}/transfer_lock",
            registrar_switches::transfer_lock,
        )
        .one::<registrar_switches::TransferLock>(200, "Whether the domain is kept from going elsewhere."),
        at(
            "POST",
            "/v2/{account}/registrar/domains/{domain}/transfer_lock",
            registrar_switches::transfer_lock_on,
        )
        .one::<registrar_switches::TransferLock>(201, "Keeps the domain from going elsewhere.")
        .refuses(HOSTED_ONLY),
        at(
            "DELETE",
            "/v2/{account}/registrar/domains/{domain}/transfer_lock",
            registrar_switches::transfer_lock_off,
        )
        .one::<registrar_switches::TransferLock>(200, "Lets the domain go elsewhere.")
        .refuses(HOSTED_ONLY),
    ]
}
