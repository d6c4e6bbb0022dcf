//! What one connection may cost: how long it may be without a request, how long it may leave an
//! answer untaken, and how much it may send ahead.
//!
//! actix-web limits the time of a connection's first head alone. It waits for ever for the rest of a
//! later one, for the end of a chunked body that nobody reads, and for a caller who takes no answer.
//! Of one who sends more than 128 KiB ahead it reads no further, so that it does not see him leave,
//! and looks for room without a pause.

use std::{
    any::Any,
    future::pending,
    os::fd::{AsFd, OwnedFd},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    Error, HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Extensions, ServiceRequest, ServiceResponse},
    middleware::Next,
    rt::{
        self,
        net::{TcpStream, UnixStream},
    },
    web::Bytes,
};
use rustix::{
    io::ioctl_fionread,
    net::{
        Shutdown, shutdown,
        sockopt::{set_tcp_nodelay, set_tcp_user_timeout},
    },
    process::{Resource, getrlimit},
};
use tokio::{
    select,
    sync::watch,
    time::{interval, sleep},
};
use tracing::warn;

use super::stop::Count;

/// How long a connection is kept open for a further request to begin.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// How long a connection whose request was answered early may still send what nobody reads.
pub(super) const LINGER: Duration = Duration::from_secs(2);

/// How often a connection whose request takes long is looked at.
const LOOKS: Duration = Duration::from_secs(1);

/// The limits of every connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How long a head may take.
    pub(super) head: Duration,
    /// How long a caller may take nothing of an answer.
    pub(super) untaken: Duration,
}

/// How many requests of a connection are being served; the connection is watched through it.
#[derive(Clone)]
struct Served(Rc<Requests>);

struct Requests {
    served: watch::Sender<usize>,
    /// Where the connection counts while there is none.
    unasked: Count,
}

impl Drop for Requests {
    /// What is being served holds it, so there is none by now.
    fn drop(&mut self) {
        self.unasked.one_less();
    }
}

/// A connection's socket, to look at and to shut.
struct Socket(Rc<OwnedFd>);

/// A request that is being served, to the last byte of its answer's body.
struct Serving(Served);

impl Served {
    fn begin(&self) -> Serving {
        self.0.served.send_modify(|served| *served += 1);
        if *self.0.served.borrow() == 1 {
            self.0.unasked.one_less();
        }
        Serving(self.clone())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let Served(requests) = &self.0;
        requests.served.send_modify(|served| *served -= 1);
        if *requests.served.borrow() == 0 {
            requests.unasked.one_more();
        }
    }
}

/// So many connections, of two open files each, that a third of the files is left for nodes and calls.
pub(super) fn affordable(most: usize) -> usize {
    let files = getrlimit(Resource::Nofile).current.and_then(|files| usize::try_from(files).ok());
    let affordable = files.map_or(most, |files| most.min(files / 3));
    if affordable < most {
        warn!(
            connections = affordable,
            "fewer connections are served: the limit on open files is too low; raise it \
             (LimitNOFILE=, ulimit -n) to three times server.max_connections"
        );
    }
    affordable
}

/// Limits a connection from its begin to its end.
pub(super) fn limit(connection: &dyn Any, data: &mut Extensions, limits: Limits, unasked: &Count) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>() {
        let milliseconds = u32::try_from(limits.untaken.as_millis()).unwrap_or(u32::MAX);
        // Only a socket that is closed already refuses.
        let _ = set_tcp_user_timeout(stream, milliseconds);
        // An answer goes out at once, and so does each event of a stream.
        let _ = set_tcp_nodelay(stream, true);
        watch(stream, data, limits, unasked);
    } else if let Some(stream) = connection.downcast_ref::<UnixStream>() {
        watch(stream, data, limits, unasked);
    }
}

/// Closes a connection that is without a request for too long, whatever it sends meanwhile.
fn watch(stream: &impl AsFd, data: &mut Extensions, limits: Limits, unasked: &Count) {
    let Ok(socket) = stream.as_fd().try_clone_to_owned() else {
        // There are no more descriptors: what cannot be watched is not served.
        let _ = shutdown(stream, Shutdown::Both);
        return;
    };
    let (served, mut watched) = watch::channel(0);
    let socket = Rc::new(socket);
    data.insert(Socket(Rc::clone(&socket)));
    unasked.one_more();
    data.insert(Served(Rc::new(Requests { served, unasked: unasked.clone() })));
    rt::spawn(async move {
        // An error means that the connection is gone.
        while watched.wait_for(|served| *served == 0).await.is_ok() {
            select! {
                begun = watched.wait_for(|served| *served > 0) => if begun.is_err() { return },
                () = sleep(KEEP_ALIVE + limits.head) => {
                    let _ = shutdown(&socket, Shutdown::Both);
                    return;
                }
            }
        }
    });
}

/// Ends when a caller whose request was read whole has sent so much more that nobody reads it any
/// further; its connection is cut off then.
pub(super) fn overfull(request: &HttpRequest) -> impl Future<Output = ()> + use<> {
    let socket = request.conn_data().map(|Socket(socket)| Rc::clone(socket));
    async move {
        let Some(socket) = socket else { return pending().await };
        let mut looks = interval(LOOKS);
        let mut unread = false;
        loop {
            looks.tick().await;
            let more = ioctl_fionread(&socket).is_ok_and(|bytes| bytes > 0);
            // What came just now may not have been read yet.
            if more && unread {
                let _ = shutdown(&socket, Shutdown::Both);
                return;
            }
            unread = more;
        }
    }
}

/// The middleware, outside all others: it tells the watch when requests begin and end.
pub(super) async fn mark<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Answer>, Error> {
    let serving = request.conn_data::<Served>().map(Served::begin);
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| Answer { body: body.boxed(), _serving: serving }))
}

/// An answer's body; its request is being served until it is dropped.
pub(super) struct Answer {
    body: BoxBody,
    _serving: Option<Serving>,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
