//! Who may call what: over TCP a bearer token decides, over the control socket the file's mode did.
//!
//! The rule looks at the path that routing sees, after the normalisation of slashes and the decoding
//! of escapes, and at the kind of the connection. No header but Authorization says anything.

use std::{any::Any, future::pending, sync::Arc};

use actix_web::{
    Error, HttpRequest,
    body::{EitherBody, MessageBody},
    dev::{Extensions, ServiceRequest, ServiceResponse},
    http::header::{AUTHORIZATION, HeaderMap},
    middleware::Next,
    rt::net::UnixStream,
    web::Data,
};
use tokio::sync::watch::Receiver;

use super::error::ApiError;
use crate::tokens::{Guard, Tokens};

/// What a path asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// Nothing: monitors have no token, and who reads the documents or opens the page has none yet.
    Open,
    /// A token, if there is a file of tokens.
    User,
    /// An admin's token, always.
    Admin,
}

/// The rule. A path that only resembles one of `/admin` needs an admin too.
fn needed(path: &str) -> Access {
    const ADMIN: &[u8] = b"admin";
    let monitored = matches!(path, "/" | "/health" | "/healthz" | "/readyz");
    let documents = matches!(path, "/openapi.json" | "/docs" | "/ui");
    let file = path.strip_prefix("/docs/").or_else(|| path.strip_prefix("/ui/"));
    if monitored || documents || file.is_some_and(|file| !file.contains('/')) {
        return Access::Open;
    }
    let inner = path.trim_start_matches('/').as_bytes();
    let admin = inner.get(..ADMIN.len()).is_some_and(|start| start.eq_ignore_ascii_case(ADMIN));
    if admin { Access::Admin } else { Access::User }
}

/// Whether a caller over TCP passes.
fn judge(needed: Access, guard: &Guard, presented: Option<&[u8]>) -> Result<(), ApiError> {
    let among = |tokens: &Option<Tokens>| {
        tokens.as_ref().zip(presented).is_some_and(|(tokens, token)| tokens.contains(token))
    };
    let (user, admin) = (among(&guard.users), among(&guard.admins));
    match needed {
        Access::Open => Ok(()),
        Access::User if guard.users.is_none() || user || admin => Ok(()),
        Access::Admin if guard.admins.is_none() => Err(ApiError::AdminOverTcp),
        Access::Admin if admin => Ok(()),
        Access::Admin if user => Err(ApiError::NotAdmin),
        Access::User | Access::Admin => Err(ApiError::Unauthorized),
    }
}

/// The token of `Authorization: Bearer TOKEN`.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(b"bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// Who calls, as far as it is known. Nothing of it may be kept after the answer but a keyed hash.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Caller<'a> {
    /// Whoever may open the control socket.
    OverControlSocket,
    /// Anybody over TCP who presents no token.
    Anonymous,
    /// Who presents this token; where tokens are asked for, it is a valid one.
    Token(&'a [u8]),
}

impl<'a> Caller<'a> {
    /// The caller of a request that was let through.
    pub(super) fn of(request: &'a HttpRequest) -> Self {
        if request.conn_data::<OverControlSocket>().is_some() {
            return Self::OverControlSocket;
        }
        bearer(request.headers()).map_or(Self::Anonymous, Self::Token)
    }
}

/// Marks a connection over the control socket.
struct OverControlSocket;

/// Notes at a connection's begin whether it came over the control socket.
pub(super) fn note_control_socket(connection: &dyn Any, data: &mut Extensions) {
    if connection.is::<UnixStream>() {
        data.insert(OverControlSocket);
    }
}

/// The middleware. It stands inside the access log and the normalisation, before any body is read.
pub(super) async fn check<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let refused = if request.conn_data::<OverControlSocket>().is_some() {
        None
    } else if let Some(guard) = request.app_data::<Data<Receiver<Arc<Guard>>>>() {
        let guard = Arc::clone(&guard.borrow());
        // What routing looks at; `path()` would still have its escapes.
        let needed = needed(request.match_info().as_str());
        judge(needed, &guard, bearer(request.headers())).err()
    } else {
        Some(ApiError::Internal)
    };
    match refused {
        None => next.call(request).await.map(ServiceResponse::map_into_left_body),
        Some(error) => Ok(request.error_response(error).map_into_right_body()),
    }
}

/// Ends when a reload would refuse the request's caller. The token stays with the request until then.
pub(super) fn turned_away(request: &HttpRequest) -> impl Future<Output = ()> + use<> {
    let over_tcp = request.conn_data::<OverControlSocket>().is_none();
    let guard = request.app_data::<Data<Receiver<Arc<Guard>>>>().filter(|_| over_tcp);
    let guard = guard.map(|guard| guard.get_ref().clone());
    let needed = needed(request.match_info().as_str());
    let presented = bearer(request.headers()).map(<[u8]>::to_vec);
    async move {
        let Some(mut guard) = guard else { return pending().await };
        // What changed since the request was let through counts as well.
        let refuses = |guard: &Arc<Guard>| judge(needed, guard, presented.as_deref()).is_err();
        if guard.wait_for(refuses).await.is_err() {
            pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{
        App, HttpResponse, ResponseError,
        http::header::HeaderValue,
        middleware::{NormalizePath, from_fn},
        test::{TestRequest, call_service, init_service},
        web,
    };
    use tokio::sync::watch;

    use super::*;

    const USER: &str = "user-token-0123456789";
    const ADMIN: &str = "admin-token-0123456789";

    fn tokens(token: &str) -> Tokens {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), token).expect("written");
        Tokens::read(file.path()).expect("a token")
    }

    #[test]
    fn monitors_and_documents_need_nothing_admin_paths_an_admin_and_all_else_a_user() {
        let table: [(_, &[&str]); 9] = [
            (Access::Open, &["/", "/health", "/healthz", "/readyz"]),
            (Access::Open, &["/openapi.json", "/docs", "/docs/page.css", "/docs/.."]),
            (Access::Open, &["/ui", "/ui/app.js", "/ui/nope"]),
            (Access::User, &["/ui2", "/UI", "/ui/x/y", "/ui/../admin", "/x/ui"]),
            (
                Access::User,
                &["/docs2", "/Docs", "/openapi.json/x", "/openapi", "/docs/../admin", "/docs/x/y"],
            ),
            (
                Access::User,
                &[
                    "/summarize",
                    "/lb-stats",
                    "/live",
                    "/v1/ticket/check",
                    "/metrics",
                    "/nope",
                    "",
                    "*",
                    "/health/x",
                    "/Health",
                ],
            ),
            (Access::User, &["/health/../admin", "/%61dmin", "/adm", "/x/admin", "/.", "/health%"]),
            (Access::Admin, &["/admin", "/admin/nodes", "/admin/", "//admin", "admin", "/ADMIN/x"]),
            (Access::Admin, &["/admin%2Fnodes", "/admin;x", "/admin.json", "/administrator"]),
        ];
        for (access, paths) in table {
            for path in paths {
                assert_eq!(needed(path), access, "{path}");
            }
        }
    }

    #[test]
    fn a_caller_passes_with_a_token_of_the_right_file() {
        let (user, admin) = (tokens(USER), tokens(ADMIN));
        let guard = |users: bool, admins: bool| Guard {
            users: users.then(|| user.clone()),
            admins: admins.then(|| admin.clone()),
        };
        let callers = [None, Some("wrong-token-012345678"), Some(USER), Some(ADMIN)];
        // For each caller the status, 200 where it passes.
        let table = [
            (Access::Open, guard(true, true), [200, 200, 200, 200]),
            (Access::User, guard(false, false), [200, 200, 200, 200]),
            (Access::User, guard(false, true), [200, 200, 200, 200]),
            (Access::User, guard(true, false), [401, 401, 200, 401]),
            (Access::User, guard(true, true), [401, 401, 200, 200]),
            (Access::Admin, guard(false, false), [403, 403, 403, 403]),
            (Access::Admin, guard(true, false), [403, 403, 403, 403]),
            (Access::Admin, guard(false, true), [401, 401, 401, 200]),
            (Access::Admin, guard(true, true), [401, 401, 403, 200]),
        ];
        for (needed, guard, expected) in table {
            let status = callers.map(|token| {
                let judged = judge(needed, &guard, token.map(str::as_bytes));
                judged.map_or_else(|error| error.status_code().as_u16(), |()| 200)
            });
            assert_eq!(status, expected, "{needed:?} {guard:?}");
        }
    }

    #[test]
    fn a_bearer_token_is_read_whatever_the_case_of_its_scheme() {
        let table: [(&[u8], Option<&[u8]>); 8] = [
            (b"Bearer abc", Some(b"abc")),
            (b"bearer abc", Some(b"abc")),
            (b"BEARER   abc", Some(b"abc")),
            (b"Bearer ", Some(b"")),
            (b"Bearer", None),
            (b"Bearerabc", None),
            (b"Basic abc", None),
            (b"Bearer \xff", Some(b"\xff")),
        ];
        for (value, token) in table {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_bytes(value).expect("a value"));
            assert_eq!(bearer(&headers), token, "{}", String::from_utf8_lossy(value));
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }

    #[actix_web::test]
    async fn no_spelling_of_an_admin_path_is_routed_without_an_admin_and_tokens_can_be_swapped() {
        let (swap, receiver) = watch::channel(Arc::new(Guard::default()));
        let app = App::new()
            .app_data(Data::new(receiver))
            .wrap(from_fn(check))
            .wrap(NormalizePath::trim())
            .service(web::scope("/admin").default_service(web::to(HttpResponse::ImATeapot)))
            .default_service(web::to(HttpResponse::NotFound));
        let app = init_service(app).await;
        let status = async |path: &str, token: &str| {
            let request = TestRequest::with_uri(path);
            let request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
            call_service(&app, request.to_request()).await.status().as_u16()
        };
        let routed = [
            "/admin",
            "/admin/",
            "/admin/nodes",
            "//admin/nodes",
            "/admin//nodes///",
            "/%61dmin/nodes",
            "/%61%64%6D%69%6e",
            "//%61dmin/%2e%2E",
            "/admin?x=/health",
            "http://other/admin/nodes",
        ];
        let closed = ["/admin%2Fnodes", "/ADMIN", "/Admin/nodes", "/admin%20", "/%41dmin"];
        for path in routed.iter().chain(&closed) {
            assert_eq!(status(path, ADMIN).await, 403, "{path}");
        }
        let _ = swap.send(Arc::new(Guard { users: None, admins: Some(tokens(ADMIN)) }));
        for path in routed {
            assert_eq!((status(path, USER).await, status(path, ADMIN).await), (401, 418), "{path}");
        }
        for path in closed {
            assert_eq!((status(path, USER).await, status(path, ADMIN).await), (401, 404), "{path}");
        }
        // These look like an admin's path to a person, but not to the routes.
        for path in ["/health/../admin", "/%2Fadmin", "/%2561dmin", "/./admin", "/x/admin"] {
            assert_eq!(status(path, USER).await, 404, "{path}");
        }
        let _ = swap.send(Arc::new(Guard { users: None, admins: Some(tokens(USER)) }));
        assert_eq!((status("/admin", USER).await, status("/admin", ADMIN).await), (418, 401));
    }
}
