//! systemd's journal: where ticketd's records and the output of its nodes go when it runs as a service.
//!
//! One rule: a node writes to the journal itself, over a stream of its own (`ollama@PORT`), so that no
//! pipe can fill or break, and its lines go on whatever becomes of ticketd.

mod events;
mod read;

use std::{
    io::{self, stderr},
    net::Shutdown,
    os::unix::net::UnixStream,
    path::PathBuf,
    process::Stdio,
};

use rustix::{
    fs::fstat,
    net::{
        AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, send,
        socket_with,
    },
};

pub(crate) use self::events::tell;
pub use self::{
    events::Event,
    read::{Line, Lines, Reader},
};
use crate::config::{Format, Log};

/// The identifier of ticketd's own records.
pub const IDENTIFIER: &str = "ticketd";

/// The journal that this process belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// Where streams are opened.
    socket: PathBuf,
    /// The program that reads.
    journalctl: PathBuf,
    /// The own unit; none if it is none of the system's.
    unit: Option<String>,
    /// The journal's namespace, if it is not the default one.
    namespace: Option<String>,
    /// This host, as the journal calls it.
    machine: Option<String>,
}

impl Journal {
    /// The journal, if the log goes there: standard error is one of its streams, and the configuration asks
    /// for no other form.
    pub fn of(settings: &Log) -> Option<Self> {
        let goes_there = settings.format == Format::Auto && has_stderr();
        goes_there.then(|| Self {
            socket: PathBuf::from("/run/systemd/journal/stdout"),
            journalctl: PathBuf::from("journalctl"),
            unit: std::fs::read_to_string("/proc/self/cgroup").ok().and_then(|text| unit_of(&text)),
            namespace: std::env::var("LOG_NAMESPACE").ok(),
            machine: std::fs::read_to_string("/etc/machine-id").ok(),
        })
    }

    /// Opens a stream whose lines bear an identifier.
    pub fn open(&self, identifier: &str) -> io::Result<Stream> {
        // A journal that hangs and has a full backlog is an error, not a wait.
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        connect(&socket, &SocketAddrUnix::new(&self.socket)?)?;
        let stream = UnixStream::from(socket);
        stream.shutdown(Shutdown::Read)?;
        stream.set_nonblocking(false)?;
        // Identifier, unit, priority, whether `<4>` before a line is its priority, and whether lines go
        // to syslog, to the kernel's log and to the console as well.
        let unit = self.unit.as_deref().unwrap_or_default();
        let header = format!("{identifier}\n{unit}\n6\n1\n0\n0\n0\n");
        let stream = Stream(stream);
        stream.send(&header)?;
        Ok(stream)
    }

    /// Who reads the lines with an identifier.
    pub fn reader(&self, identifier: String) -> Reader {
        Reader::new(self.clone(), identifier)
    }
}

/// A connection to the journal, each line of which becomes a record.
#[derive(Debug)]
pub struct Stream(UnixStream);

impl Stream {
    /// As the output of a child.
    pub fn to_stdio(&self) -> io::Result<Stdio> {
        Ok(Stdio::from(std::os::fd::OwnedFd::from(self.0.try_clone()?)))
    }

    /// Writes at once or not at all: whoever shares the stream may have filled it.
    pub fn send(&self, text: &str) -> io::Result<()> {
        match send(&self.0, text.as_bytes(), SendFlags::DONTWAIT | SendFlags::NOSIGNAL)? {
            sent if sent == text.len() => Ok(()),
            _ => Err(io::ErrorKind::WriteZero.into()),
        }
    }
}

/// Whether standard error is a stream of the journal, as systemd.exec(5) says of `$JOURNAL_STREAM`.
pub fn has_stderr() -> bool {
    let is = |told: String| {
        fstat(stderr()).is_ok_and(|file| told == format!("{}:{}", file.st_dev, file.st_ino))
    };
    std::env::var("JOURNAL_STREAM").is_ok_and(is)
}

/// The system's service that a process belongs to, from its `/proc/PID/cgroup`. Below the service's group
/// may be groups of its own.
fn unit_of(cgroups: &str) -> Option<String> {
    let path = cgroups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let mut parts = path.split('/');
    if parts.clone().any(|part| part.starts_with("user@")) {
        return None;
    }
    parts.rfind(|part| part.ends_with(".service")).map(str::to_owned)
}

#[cfg(test)]
mod tests;
