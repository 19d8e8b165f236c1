//! `proxy-config`.

use super::{CliError, output};
use crate::check::proxies::{Proxy, Wanted};
use crate::config::{CatalogueArgs, CheckListen, DatabaseArgs};
use crate::extension::{Extension, NoCatalogue};
use clap::Args;

#[derive(Args)]
pub(super) struct ProxyConfigArgs {
    /// nginx, caddy, traefik, envoy or apisix.
    #[arg(value_parser = proxy)]
    proxy: Proxy,
    /// Where the check listens: what you gave to serve --check-listen.
    #[arg(long, value_name = "ADDRESS|unix:PATH", value_parser = check, default_value = "127.0.0.1:8081")]
    check: CheckListen,
    /// Host and port of your API.
    #[arg(long, value_name = "HOST:PORT", value_parser = upstream, default_value = "127.0.0.1:3000")]
    upstream: String,
    /// The name that your API is called by.
    #[arg(long, value_parser = host, default_value = "api.example.com")]
    name: String,
    #[command(flatten)]
    catalogue: CatalogueArgs,
}

/// Prints the configuration of a proxy that asks the check.
pub(super) fn run(args: ProxyConfigArgs, extension: Option<Extension>) -> Result<(), CliError> {
    let ProxyConfigArgs { proxy, check, upstream, name, catalogue } = args;
    let credentials = match super::product(catalogue, &DatabaseArgs::default(), extension) {
        Ok(product) => product.catalogue.headers,
        Err(CliError::Catalogue(NoCatalogue::NotNamed)) => vec!["authorization".to_owned()],
        Err(error) => return Err(error),
    };
    let wanted = Wanted { check, upstream, name, credentials };
    let text = proxy.config(&wanted).map_err(CliError::Said)?;
    Ok(output::answer(text.trim_end())?)
}

fn proxy(text: &str) -> Result<Proxy, String> {
    let known = || Proxy::ALL.iter().map(|one| one.key()).collect::<Vec<_>>().join(", ");
    Proxy::from_key(text).ok_or_else(|| format!("there are {}", known()))
}

fn check(text: &str) -> Result<CheckListen, String> {
    CheckListen::parse(text).ok_or_else(|| "give an address such as 127.0.0.1:8081, or unix:/path".to_owned())
}

/// What would end a line or a string of a configuration is no name.
fn upstream(text: &str) -> Result<String, String> {
    let port = text.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    host(text).ok().filter(|_| port.is_some()).ok_or_else(|| "give it as host:port".to_owned())
}

fn host(text: &str) -> Result<String, String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    let fits = !text.is_empty() && text.len() <= 253 && text.bytes().all(fits);
    if fits { Ok(text.to_owned()) } else { Err("give a name such as api.example.com".to_owned()) }
}
