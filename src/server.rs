//! All of it put together: the same for `main` and for tests.

mod check_listener;
mod chores;
mod database;
mod unread;

use crate::api;
use crate::check;
use crate::clock::Clock;
use crate::config::{CheckListen, Config, ConfigError, Database, Support};
use crate::db::private::{DATABASE, PrivateError, PrivatePostgres, Tuning};
use crate::db::{self, Db, DbError, Readiness, Source};
use crate::extension::Product;
use crate::http::{
    App, AppData, AppError, Budgets, Buffers, Endings, Hashing, LargeLists, Sessions, TokenLookup,
    client_address, get, headers, is_well_formed, paced, path_of, remember,
};
use crate::models::password::HashError;
use crate::policy::{Catalogue, ClientAddress, TokenId, UserId, catalogue::CatalogueError};
use crate::proof::webauthn::RelyingParty;
use crate::web;
use actix_session::storage::{LoadError, SaveError};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::cookie::Key;
use actix_web::dev::{Server as ActixServer, ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, VARY};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App as ActixApp, HttpRequest, HttpResponse, HttpServer, ResponseError as _};
use check_listener::{CheckListener, OfCheck, is_of_check};
pub use database::SharedNames;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;
use time::OffsetDateTime;
use tracing::Instrument;

/// How long a request in flight may still take after the signal to end.
const DRAIN_SECONDS: u64 = 25;

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {cause}. Choose another with --listen or PORT.")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// Why not.
        cause: io::Error,
    },
    /// The check has nowhere to listen.
    #[error("the check cannot listen at {at}: {cause}. Choose another place with --check-listen.")]
    Check {
        /// Where it was to listen.
        at: CheckListen,
        /// Why not.
        cause: io::Error,
    },
    /// The database is away or refuses.
    #[error("cannot use the database: {0}. Look at DATABASE_URL, and whether Postgres runs there.")]
    Database(#[from] DbError),
    /// Migrations are missing, or rights that its role needs, or the database is too old.
    #[error(transparent)]
    NotPrepared(DbError),
    /// The catalogue says that names are given once on the site, and some aren't.
    #[error("{0}")]
    Shared(SharedNames),
    /// The key for authenticator apps can't be read.
    #[error(transparent)]
    Key(#[from] ConfigError),
    /// The catalogue lacks what a route needs.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// No password can be hashed.
    #[error(transparent)]
    Hashing(#[from] HashError),
    /// Any other fault of the system.
    #[error("the server cannot start: {0}")]
    Io(#[from] io::Error),
}

/// A server that is about to run.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where the check listens besides, if at an address.
    pub check_address: Option<SocketAddr>,
    /// The house, for tests.
    pub app: AppData,
    server: ActixServer,
}

impl Server {
    /// Brings the database up to date, waiting for it where it isn't there yet, and then listens and
    /// builds the house. `source` is where the database is, also when it is a private one.
    pub async fn build(
        config: &Config,
        source: impl Into<Source>,
        clock: Clock,
        product: Product,
    ) -> Result<Server, StartError> {
        let source = source.into();
        // Before it listens: a caller is refused at once rather than kept waiting for an answer.
        let mut catalogue = Catalogue { user_tokens: config.user_tokens, ..product.catalogue.clone() };
        let given = config.signing_key.as_ref();
        let ready = database::ready(&source, &clock, given, &catalogue, config.database_wait).await?;
        ready.earlier_catalogues.iter().for_each(|text| catalogue.remember(text));
        let listener = listen(config.listen)?;
        let bound = listener.local_addr()?;
        let check = match &config.check_listen {
            Some(at) => {
                Some(CheckListener::open(at).map_err(|cause| StartError::Check { at: at.clone(), cause })?)
            }
            None => None,
        };
        let check_address = check.as_ref().and_then(CheckListener::address);
        api::resolve(&product.api_routes(), &product.catalogue)?;
        let description = product.api_description().map_err(io::Error::other)?;
        let catalogue = Arc::new(catalogue);
        let db = Db::new(&source, config.pool_size);
        let app = AppData::new(App {
            token_lookup: TokenLookup::new(db.clone(), Arc::clone(&catalogue)),
            budgets: Budgets::new(db.clone()),
            large_lists: LargeLists::default(),
            sessions: Sessions::new(db.clone()),
            db,
            clock,
            catalogue,
            extras: product.extras(),
            public: config.public.clone(),
            mail: config.mail.clone(),
            support: config.support.clone().of_site(&product.catalogue.product.name),
            bound,
            trusted_proxies: config.trusted_proxies.clone(),
            unreadable_hop: Once::new(),
            signing_key: Key::from(ready.signing_key.expose_secret()),
            sealing_keys: config.sealing_key.open()?.map(Arc::new),
            relying_party: relying_party(config, bound, &product.catalogue.product.name),
            second_factor: config.second_factor,
            hashing: Hashing::start(config.password_cost)?,
            buffers: Buffers::default(),
            endings: Endings::default(),
            is_ending: AtomicBool::new(false),
        });
        let connections = usize::try_from(config.pool_size).unwrap_or(8);
        let server = serve(listener, check, &app, product, description.into(), connections)?;
        Ok(Server { address: bound, check_address, app, server })
    }

    /// A handle that stops it.
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Runs until it is stopped; what is in flight is finished and what is not written yet written.
    pub async fn run(self) -> io::Result<()> {
        let chores = chores::start(&self.app);
        let result = self.server.await;
        chores.end(&self.app).await;
        result
    }
}

/// What passkeys are created for, where they work.
fn relying_party(config: &Config, bound: SocketAddr, name: &str) -> Option<Arc<RelyingParty>> {
    Some(Arc::new(RelyingParty::new(&config.public.origin(bound)?, name)?))
}

fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let refused = |cause| StartError::Listen { address, cause };
    let listener = TcpListener::bind(address).map_err(refused)?;
    listener.set_nonblocking(true).map_err(refused)?;
    Ok(listener)
}

fn serve(
    listener: TcpListener,
    check: Option<CheckListener>,
    app: &AppData,
    product: Product,
    description: Arc<str>,
    connections: usize,
) -> io::Result<ActixServer> {
    let shared = app.clone();
    let workers = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
    let check_address = check.as_ref().and_then(CheckListener::address);
    let server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(shared.clone())
            .app_data(actix_web::web::QueryConfig::default().error_handler(|_, _| {
                AppError::BadRequest("The address holds something that does not belong there.").into()
            }))
            .wrap(from_fn(finish))
            .configure(check::configure)
            .configure(api::configure(product.api_routes(), Arc::clone(&description)))
            .service(actix_web::web::resource("/healthz").route(get().to(healthz)))
            .service(actix_web::web::resource("/readyz").route(get().to(readyz)))
            .configure(web::configure(&shared, product.pages()))
    })
    .workers(workers)
    // Threads that wait for the database, for each worker: together twice as many as there are
    // connections. What waits longer than it may is turned away when its turn comes.
    .worker_max_blocking_threads((connections * 2).div_ceil(workers).max(2))
    .tcp_nodelay(true)
    .on_connect(move |connection, of_connection| {
        remember(connection, of_connection);
        if is_of_check(connection, check_address) {
            of_connection.insert(OfCheck);
        }
    })
    .client_request_timeout(Duration::from_secs(10))
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(DRAIN_SECONDS)
    .disable_signals()
    .listen(listener)?;
    let server = match check {
        None => server,
        Some(CheckListener::Tcp(listener)) => server.listen(listener)?,
        Some(CheckListener::Unix(listener)) => server.listen_uds(listener)?,
    };
    Ok(server.run())
}

/// Alive; touches nothing.
async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// Ready: the process is not about to end, and checks of tokens are answered: asked in their queue. Where
/// the database takes no writes, a second word says so: checks continue, and a balancer leaves the node in.
async fn readyz(app: AppData) -> HttpResponse {
    let readiness = if app.is_ending.load(Ordering::Relaxed) {
        None
    } else {
        match app.token_lookup.answers().await {
            Ok(()) => Some(app.db.run(db::readiness).await),
            Err(error) => Some(Err(error)),
        }
    };
    let (status, text) = match readiness {
        None => (StatusCode::SERVICE_UNAVAILABLE, "about to end\n"),
        Some(Ok(Readiness::Ready)) => (StatusCode::OK, "ready\n"),
        Some(Ok(Readiness::ReadsOnly)) => (StatusCode::OK, "ready, reads only\n"),
        Some(Ok(Readiness::Outdated)) => (StatusCode::SERVICE_UNAVAILABLE, "migrations are missing\n"),
        Some(Err(_)) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    };
    HttpResponse::build(status).content_type("text/plain; charset=utf-8").body(text)
}

/// What the outermost layer keeps of a request. A clone of the request itself would be in the way
/// of actix's routing.
struct Asked {
    id: String,
    path: String,
    takes_gzip: bool,
    https: bool,
    /// Whom people ask for help.
    support: Support,
    /// Whether the process is about to end: the client is to call elsewhere next.
    closes: bool,
    /// Where the caller is, for the log.
    from: Option<ClientAddress>,
    /// Who calls, where it is the API.
    api: Option<api::Finish>,
}

impl Asked {
    /// Where the caller of the API is.
    fn caller(&self) -> Option<ClientAddress> {
        self.api.as_ref().map(api::Finish::address)
    }
}

/// The outermost layer: an id and a log line for each request, a body for each error, compression
/// in place, and the headers that stand on every answer.
async fn finish(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let held = unread::Held::of(&mut request);
    let app = request.app_data::<AppData>();
    let asked = Asked {
        api: api::Finish::of(request.request()),
        from: client_address(request.request()).ok(),
        id: app.map(|app| new_id(app.clock.now())).unwrap_or_default(),
        path: path_of(request.request()).to_owned(),
        takes_gzip: web::assets::takes_gzip(request.headers()),
        https: app.is_some_and(|app| app.public.is_https()),
        closes: app.is_some_and(|app| app.is_ending.load(Ordering::Relaxed)),
        support: app.map(|app| app.support.clone()).unwrap_or_default(),
    };
    // As it was sent, so that no line is broken. A query could hold a password by mistake: it's never logged.
    let span =
        tracing::info_span!("request", id = %asked.id, method = %request.method(), path = %request.path());
    let is_asked = check::is_check(request.path());
    let answer = async {
        // A panic is one request's misfortune: it gets its 500, and the worker lives.
        let elsewhere = request.request().conn_data::<OfCheck>().is_some() && !is_asked;
        // The check looks at paths by itself, and says what is wrong.
        let called = if (is_asked || is_well_formed(request.path())) && !elsewhere {
            AssertUnwindSafe(next.call(request)).catch_unwind().await
        } else {
            Ok(Err(AppError::NotFound.into()))
        };
        let error = match called {
            Ok(Ok(response)) => {
                let (request, response) = response.into_parts();
                let response = finished(response.map_into_boxed_body(), &asked, Some(&request));
                let response = paced(&request, response);
                let response = match held {
                    Some(held) => held.until_answered(response),
                    None => response,
                };
                return Ok(ServiceResponse::new(request, response));
            }
            Ok(Err(error)) => as_app_error(&error),
            Err(_) => AppError::Internal("a handler panicked".to_owned()),
        };
        let response = finished(error.error_response(), &asked, None);
        let response = match held {
            Some(held) => held.until_answered(response),
            None => response,
        };
        Err(InternalError::from_response(error, response).into())
    };
    answer.instrument(span).await
}

/// An id that sorts by time. From the thread's own generator: it is no secret, and asking the system
/// each time is felt.
fn new_id(now: OffsetDateTime) -> String {
    let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    #[cfg_attr(not(feature = "screenshots"), allow(unused_mut))]
    let mut bytes: [u8; 10] = rand::random();
    #[cfg(feature = "screenshots")]
    crate::models::example::same_each_time(&mut bytes);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid().to_string()
}

fn finished(
    mut response: HttpResponse<BoxBody>,
    asked: &Asked,
    request: Option<&HttpRequest>,
) -> HttpResponse<BoxBody> {
    let error = response.extensions().get::<AppError>().cloned().or_else(|| bare_error(&response));
    match &error {
        Some(AppError::Internal(cause)) => tracing::error!(%cause, "fault"),
        Some(AppError::Unavailable(cause) | AppError::NoSpace(cause)) => {
            tracing::warn!(%cause, "unavailable")
        }
        _ => {}
    }
    let status = response.status().as_u16();
    let from = asked.from.as_ref().map(tracing::field::display);
    let user = request.and_then(web::signed_in_user).map(UserId::get);
    let token = request.and_then(api::presented_token).map(TokenId::get);
    // A yes of the check is one for each call of another API, which has a log of its own.
    if status == 200 && check::is_check(&asked.path) {
        tracing::debug!(status, from, token, "answered");
    } else {
        tracing::info!(status, from, user, token, "answered");
    }
    if let Some(error) = &error {
        let (kind, body) = if api::is_api(&asked.path) {
            ("application/json", api::error_body(&asked.path, error, asked.caller()))
        } else {
            let csrf = request.and_then(web::csrf_secret);
            let told = web::errors::Told {
                status: response.status().as_u16(),
                csrf: csrf.as_deref(),
                request_id: &asked.id,
                support: &asked.support,
            };
            let page = web::errors::page(error, &told);
            ("text/html; charset=utf-8", page)
        };
        if let Some(body) = body {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            response = response.set_body(BoxBody::new(body));
        }
    }
    let mut response = compressed(response, asked.takes_gzip);
    if let Ok(id) = HeaderValue::from_str(&asked.id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    // Who isn't a proxy gets the page for what isn't there.
    if check::is_check(&asked.path) && error.is_none() {
        headers::keep_private(response.headers_mut());
    } else {
        headers::harden(response.headers_mut(), asked.https);
    }
    if asked.closes {
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
    if let Some(api) = &asked.api {
        api.tell(request, response.headers_mut(), error.as_ref());
    }
    response
}

/// What actix answers by itself, without a body: taken for the error that it is.
fn bare_error(response: &HttpResponse<BoxBody>) -> Option<AppError> {
    let is_bare = response.headers().get(CONTENT_TYPE).is_none();
    match response.status() {
        StatusCode::NOT_FOUND if is_bare => Some(AppError::NotFound),
        StatusCode::METHOD_NOT_ALLOWED if is_bare => Some(AppError::MethodNotAllowed(String::new())),
        status if status.is_client_error() && is_bare => {
            Some(AppError::BadRequest("The request makes no sense."))
        }
        status if status.is_server_error() && is_bare => Some(AppError::Internal(format!("bare {status}"))),
        _ => None,
    }
}

/// An error that came as one: of ours, of the session's store, or of actix.
fn as_app_error(error: &actix_web::Error) -> AppError {
    if let Some(error) = error.as_error::<AppError>() {
        return error.clone();
    }
    let of_sessions = error.as_error::<InternalError<LoadError>>().is_some()
        || error.as_error::<InternalError<SaveError>>().is_some()
        || error.as_error::<InternalError<anyhow::Error>>().is_some();
    if of_sessions {
        // The store hardly does more than ask the database, and only what it says in full holds its error.
        // A backtrace may stand below.
        let full = format!("sessions: {error:?}");
        let cause = full.lines().next().unwrap_or_default().to_owned();
        let is_full = cause.contains(&DbError::Full(String::new()).to_string());
        return if is_full { AppError::NoSpace(cause) } else { AppError::Unavailable(cause) };
    }
    if error.as_response_error().status_code().is_client_error() {
        return AppError::BadRequest("The request makes no sense.");
    }
    AppError::Internal(error.to_string())
}

/// Answers from this length on are compressed,
const LEAST_COMPRESSED: u64 = 1_024;
/// and none that is longer than this: compressing takes an async thread 6 ms a megabyte, in which it
/// answers nobody else. The largest page that people fill in is 0.7 MB.
const MOST_COMPRESSED: u64 = 1_024 * 1_024;

/// A page in one piece, compressed here and now at the quickest level: streaming it through the
/// blocking pool would take the database's threads and stall on small packets.
fn compressed(response: HttpResponse<BoxBody>, takes_gzip: bool) -> HttpResponse<BoxBody> {
    let is_text = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/html") || kind.starts_with("application/json"));
    let is_worth_it = matches!(
        response.body().size(),
        BodySize::Sized(length) if (LEAST_COMPRESSED..=MOST_COMPRESSED).contains(&length)
    );
    if !is_text || !is_worth_it || !takes_gzip || response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    let (mut response, body) = response.into_parts();
    let plain = match body.try_into_bytes() {
        Ok(plain) => plain,
        Err(body) => return response.set_body(body),
    };
    let mut gzip = GzEncoder::new(Vec::with_capacity(plain.len() / 3), Compression::fast());
    match gzip.write_all(&plain).and_then(|()| gzip.finish()) {
        Ok(small) => {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
            response.set_body(BoxBody::new(small))
        }
        Err(_) => response.set_body(BoxBody::new(plain)),
    }
}

/// Starts a private Postgres where there is to be one, and says where the database is.
pub fn open_database(database: &Database) -> Result<(Source, Option<PrivatePostgres>), PrivateError> {
    match database {
        Database::Url { url, primary_file } => {
            if primary_file.is_none() {
                tracing::warn!(
                    "an old primary won't be recognized after a restart: there is no home folder to remember the present one in, so name a file with --primary-file"
                );
            }
            Ok((Source::new(url.clone(), primary_file.clone()), None))
        }
        Database::Private { data } => {
            let postgres = PrivatePostgres::start(data, Tuning { durable: true })?;
            Ok((Source::from(&SecretString::from(postgres.url(DATABASE))), Some(postgres)))
        }
    }
}
