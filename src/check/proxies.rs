//! Configurations of proxies that ask the check: what `tokenhouse proxy-config` prints, the guide shows and
//! the tests run.

use crate::config::CheckListen;
use crate::policy::closed_list;

closed_list! {
    /// A proxy that a configuration is known for.
    pub enum Proxy {
        /// `auth_request`.
        Nginx = "nginx",
        /// `forward_auth`.
        Caddy = "caddy",
        /// `forwardAuth`.
        Traefik = "traefik",
        /// `ext_authz`.
        Envoy = "envoy",
        /// `forward-auth`.
        Apisix = "apisix",
    }
}

/// What a configuration is printed for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where the check listens.
    pub check: CheckListen,
    /// Host and port of the API.
    pub upstream: String,
    /// The name that the API is called by.
    pub name: String,
    /// The headers that a token may stand in, in lower case: the check needs them, the API doesn't.
    pub credentials: Vec<String>,
}

impl Wanted {
    /// A line, or a part of one, for each header of a token.
    fn each_credential(&self, write: impl Fn(&str) -> String) -> String {
        self.credentials.iter().map(|header| write(&in_title_case(header))).collect()
    }
}

/// `X-Anvil-Token` for `x-anvil-token`.
fn in_title_case(header: &str) -> String {
    let mut is_first = true;
    let upper = |letter: char| {
        let letter = if is_first { letter.to_ascii_uppercase() } else { letter };
        is_first = letter == '-';
        letter
    };
    header.chars().map(upper).collect()
}

/// The headers of every yes.
const CONTRACT: [&str; 7] = [
    "X-Token-Id",
    "X-Account-Id",
    "X-Account-Ref",
    "X-User-Id",
    "X-User-Ref",
    "X-Token-Scope",
    "X-Token-Resources",
];

impl Proxy {
    /// Its configuration.
    ///
    /// # Errors
    /// A sentence, where this proxy can't ask over such a socket.
    pub fn config(self, wanted: &Wanted) -> Result<String, String> {
        match (self, &wanted.check) {
            (Proxy::Nginx, _) => Ok(nginx(wanted)),
            (Proxy::Caddy, _) => Ok(caddy(wanted)),
            (Proxy::Envoy, _) => Ok(envoy(wanted)),
            (Proxy::Traefik | Proxy::Apisix, CheckListen::Unix(_)) => {
                Err(format!("{} asks over TCP only: give --check an address.", self.key()))
            }
            (Proxy::Traefik, CheckListen::Tcp(_)) => Ok(traefik(wanted)),
            (Proxy::Apisix, CheckListen::Tcp(_)) => Ok(apisix(wanted)),
        }
    }
}

/// The variable of nginx that holds a header of the contract.
fn variable(header: &str) -> String {
    format!("$th_{}", header.trim_start_matches("X-").to_ascii_lowercase().replace('-', "_"))
}

fn nginx(wanted: &Wanted) -> String {
    let Wanted { check, upstream, name, .. } = wanted;
    let withheld = wanted.each_credential(|header| format!("    proxy_set_header {header} \"\";\n"));
    let asked = wanted.each_credential(|header| {
        let lower = header.to_ascii_lowercase().replace('-', "_");
        format!("    proxy_set_header {header} $http_{lower};\n")
    });
    let mut kept = String::new();
    let mut passed = String::new();
    for header in CONTRACT {
        let lower = header.to_ascii_lowercase().replace('-', "_");
        kept.push_str(&format!("  auth_request_set {:<22} $upstream_http_{lower};\n", variable(header)));
        passed.push_str(&format!("    proxy_set_header {header:<18} {};\n", variable(header)));
    }
    format!(
        r#"upstream tokenhouse {{ server {check}; keepalive 32; }}
upstream api        {{ server {upstream}; keepalive 32; }}

server {{
  listen 80;
  server_name {name};

  # At the level of the server, so that no location can be forgotten.
  auth_request /_tokenhouse;
{kept}  auth_request_set $th_status              $upstream_http_x_token_status;
  auth_request_set $th_error               $upstream_http_x_token_error;
  auth_request_set $th_challenge           $upstream_http_www_authenticate;
  auth_request_set $th_retry               $upstream_http_retry_after;
  error_page 401 = @th_401;
  error_page 403 = @th_403;
  error_page 500 = @th_503;

  location / {{
    proxy_pass http://api;                    # No path here: the API gets what was checked.
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    # The API need not see the secret.
{withheld}{passed}    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Original-URI "";
    proxy_set_header X-Original-URL "";
    proxy_set_header X-Rewrite-URL "";
    proxy_set_header X-Forwarded-Uri "";
    proxy_set_header X-Forwarded-Method "";
    proxy_set_header X-HTTP-Method "";
    proxy_set_header X-HTTP-Method-Override "";
    proxy_set_header X-Method-Override "";
  }}

  location = /_tokenhouse {{
    internal;
    auth_request off;
    proxy_pass http://tokenhouse/authorize/nginx;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_connect_timeout 2s;
    proxy_read_timeout 6s;
    proxy_pass_request_headers off;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
{asked}    proxy_set_header User-Agent $http_user_agent;
    proxy_set_header X-Original-URI $request_uri;
    proxy_set_header X-Original-Method $request_method;
    proxy_set_header X-Forwarded-For $remote_addr;
  }}

  location @th_401 {{
    internal;
    default_type application/json;
    return 401 $th_error;
  }}

  # nginx knows no refusals but 401 and 403: the true status comes in a header.
  location @th_403 {{
    internal;
    default_type application/json;
    add_header WWW-Authenticate $th_challenge always;
    add_header Retry-After $th_retry always;
    if ($th_status = 404) {{ return 404 $th_error; }}
    if ($th_status = 429) {{ return 429 $th_error; }}
    return 403 $th_error;
  }}

  location @th_503 {{
    internal;
    default_type application/json;
    add_header Retry-After 1 always;
    return 503 '{{"message":"The token could not be checked","code":"unavailable"}}';
  }}
}}
"#
    )
}

fn caddy(wanted: &Wanted) -> String {
    let Wanted { check, upstream, name, .. } = wanted;
    let withheld = wanted.each_credential(|header| format!("\t\trequest_header -{header}\n"));
    let check = match check {
        CheckListen::Tcp(address) => address.to_string(),
        CheckListen::Unix(path) => format!("unix/{}", path.display()),
    };
    let contract = CONTRACT.join(" ");
    format!(
        r#"{name} {{
	# In this order: what a client could forge goes first.
	route {{
		# Without a hyphen before the star: many a runtime reads X-Token_Id as X-Token-Id.
		request_header -X-Token*
		request_header -X-Account*
		request_header -X-User*
		request_header -X-HTTP-Method*
		request_header -X-HTTP_*
		request_header -X-Method*
		request_header -X-Original*
		request_header -X-Rewrite*
		request_header -X-Forwarded-Method
		request_header -X-Forwarded-Uri
		request_header -X-Forwarded_*
		request_header -X_*
		# A client could name our headers in it, and they'd be dropped; WebSockets need it, and don't work here.
		request_header -Connection
		forward_auth {check} {{
			uri /authorize/caddy
			header_up -Cookie
			copy_headers {contract}
		}}
{withheld}		reverse_proxy {upstream}
	}}
}}
"#
    )
}

fn traefik(wanted: &Wanted) -> String {
    let Wanted { check, upstream, name, .. } = wanted;
    let asked = wanted.each_credential(|header| format!("{header}, "));
    let withheld = wanted.each_credential(|header| format!("          {header}: \"\"\n"));
    let contract: String = CONTRACT.iter().map(|header| format!("          - {header}\n")).collect();
    format!(
        r#"# Not run by our tests. In the static configuration, for the entry point:
#   http: {{ sanitizePath: true, underscoreHeadersStrategy: reject,
#          encodedCharacters: {{ allowEncodedSlash: false, allowEncodedBackSlash: false,
#            allowEncodedNullCharacter: false, allowEncodedSemicolon: false, allowEncodedPercent: false,
#            allowEncodedQuestionMark: false, allowEncodedHash: false }} }}
http:
  routers:
    api:
      rule: Host(`{name}`)
      middlewares: [tokenhouse, without-secret]
      service: api
  middlewares:
    tokenhouse:
      forwardAuth:
        address: http://{check}/authorize/traefik
        trustForwardHeader: false
        authRequestHeaders: [{asked}User-Agent]
        authResponseHeaders:
{contract}    without-secret:
      headers:
        customRequestHeaders:
{withheld}  services:
    api:
      loadBalancer:
        servers:
          - url: http://{upstream}
"#
    )
}

/// Host and port for an address of Envoy.
fn socket_address(text: &str) -> String {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, "80"));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    format!("socket_address: {{ address: {host}, port_value: {port} }}")
}

fn envoy(wanted: &Wanted) -> String {
    let Wanted { check, upstream, name, credentials } = wanted;
    let asked: String = credentials.iter().map(|one| format!("                - exact: {one}\n")).collect();
    let withheld: String = credentials.iter().map(|one| format!("              - {one}\n")).collect();
    let check = match check {
        CheckListen::Tcp(address) => socket_address(&address.to_string()),
        CheckListen::Unix(path) => format!("pipe: {{ path: {} }}", path.display()),
    };
    let api = socket_address(upstream);
    let contract: String = CONTRACT
        .iter()
        .map(|header| format!("                    - exact: {}\n", header.to_ascii_lowercase()))
        .collect();
    format!(
        r#"static_resources:
  listeners:
  - name: api
    address: {{ socket_address: {{ address: 0.0.0.0, port_value: 80 }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: api
          use_remote_address: true
          normalize_path: true
          merge_slashes: true
          path_with_escaped_slashes_action: REJECT_REQUEST
          common_http_protocol_options: {{ headers_with_underscores_action: REJECT_REQUEST }}
          # Envoy throws away what the check says while the database is away.
          local_reply_config:
            mappers:
            - filter:
                and_filter:
                  filters:
                  - response_flag_filter: {{ flags: [UAEX] }}
                  - status_code_filter:
                      comparison: {{ op: EQ, value: {{ default_value: 503, runtime_key: tokenhouse.away }} }}
              headers_to_add: [{{ header: {{ key: retry-after, value: "1" }} }}]
              body_format_override:
                json_format: {{ message: The token could not be checked, code: unavailable }}
          route_config:
            virtual_hosts:
            - name: api
              domains: ["{name}", "{name}:*"]
              request_headers_to_remove:
{withheld}              - x-original-method
              - x-original-uri
              - x-original-url
              - x-rewrite-url
              - x-forwarded-method
              - x-forwarded-uri
              routes:
              - match: {{ prefix: "/" }}
                route: {{ cluster: api }}
          http_filters:
          - name: envoy.filters.http.ext_authz
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
              failure_mode_allow: false
              status_on_error: {{ code: ServiceUnavailable }}
              allowed_headers:
                patterns:
{asked}                - exact: user-agent
                - exact: x-forwarded-for
                - exact: x-http-method
                - exact: x-http-method-override
                - exact: x-method-override
              http_service:
                server_uri: {{ uri: "http://tokenhouse", cluster: tokenhouse, timeout: 6s }}
                path_prefix: /authorize/envoy
                authorization_response:
                  allowed_upstream_headers:
                    patterns:
{contract}          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
  - name: api
    type: STRICT_DNS
    connect_timeout: 2s
    load_assignment:
      cluster_name: api
      endpoints: [{{ lb_endpoints: [{{ endpoint: {{ address: {{ {api} }} }} }}] }}]
  - name: tokenhouse
    connect_timeout: 2s
    load_assignment:
      cluster_name: tokenhouse
      endpoints: [{{ lb_endpoints: [{{ endpoint: {{ address: {{ {check} }} }} }}] }}]
"#
    )
}

fn apisix(wanted: &Wanted) -> String {
    let Wanted { check, upstream, name, .. } = wanted;
    let asked = wanted.each_credential(|header| format!("\"{header}\", "));
    let withheld: Vec<_> =
        wanted.credentials.iter().map(|one| format!("\"{}\"", in_title_case(one))).collect();
    let withheld = withheld.join(", ");
    let contract = CONTRACT.map(|header| format!("\"{header}\"")).join(", ");
    format!(
        r#"# Not run by our tests.
routes:
  - uri: /*
    host: {name}
    plugins:
      forward-auth:
        uri: http://{check}/authorize/traefik
        request_headers: [{asked}"User-Agent"]
        upstream_headers: [{contract}]
        status_on_error: 503
        allow_degradation: false
        timeout: 6000
      proxy-rewrite:
        headers:
          remove: [{withheld}]
    upstream:
      type: roundrobin
      nodes:
        "{upstream}": 1
#END
"#
    )
}
