//! The control socket's file: made without a moment in which others could open it, taken over only
//! when nobody serves it, removed when its server is gone.
//!
//! It is bound inside a fresh folder that is closed to others, gets its mode there, and is renamed
//! to its place, which also replaces a socket that a dead ticketd left, at once.

use std::{
    fs::{self, Metadata, Permissions},
    io::{self, ErrorKind},
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt},
        net::UnixListener,
    },
    path::{Path, PathBuf},
};

use actix_web::rt::net::UnixStream;
use tracing::warn;

/// Owner and group may call; whoever may, may do everything.
const MODE: u32 = 0o660;

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum BadSocket {
    /// Somebody accepts connections there.
    #[error(
        "server.control_socket: {0:?} is served by a running process, likely another ticketd; stop \
         it or choose another path"
    )]
    Served(PathBuf),
    /// A file of another kind, which is left as it is.
    #[error(
        "server.control_socket: {0:?} is there and is no socket; move it away or choose another path"
    )]
    NoSocket(PathBuf),
    /// The folder is missing.
    #[error(
        "server.control_socket: the folder {0:?} does not exist; create it or choose another path"
    )]
    NoFolder(PathBuf),
    /// The system refuses.
    #[error("server.control_socket: {0:?} cannot be made; check the path and the permissions")]
    Refused(PathBuf, #[source] io::Error),
}

/// The socket's file; it goes with this value, unless another has taken its place.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    identity: Identity,
}

/// Device, inode and the time of making: an inode's number may come again.
type Identity = (u64, u64, i64, i64);

/// Makes the socket, with mode 0660.
pub(super) async fn open(path: &Path) -> Result<(UnixListener, SocketFile), BadSocket> {
    let refused = |error| BadSocket::Refused(path.to_owned(), error);
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(BadSocket::NoSocket(path.to_owned()));
        }
        Ok(_) => unserved(path).await?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(refused(error)),
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(BadSocket::NoFolder(folder.to_owned()));
    }
    make(path, folder).map_err(refused)
}

/// Makes sure that nobody accepts connections on a socket.
async fn unserved(path: &Path) -> Result<(), BadSocket> {
    match UnixStream::connect(path).await {
        // A backlog that is full is somebody's too.
        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
        Err(error)
            if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound) =>
        {
            return Ok(());
        }
        Err(error) => return Err(BadSocket::Refused(path.to_owned(), error)),
        Ok(_) => {}
    }
    Err(BadSocket::Served(path.to_owned()))
}

fn make(path: &Path, folder: &Path) -> io::Result<(UnixListener, SocketFile)> {
    let closed = tempfile::Builder::new()
        .prefix(".")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(folder)?;
    let inside = closed.path().join("s");
    let listener = UnixListener::bind(&inside)?;
    fs::set_permissions(&inside, Permissions::from_mode(MODE))?;
    let identity = identity(&fs::symlink_metadata(&inside)?);
    fs::rename(&inside, path)?;
    Ok((listener, SocketFile { path: path.to_owned(), identity }))
}

fn identity(file: &Metadata) -> Identity {
    (file.dev(), file.ino(), file.mtime(), file.mtime_nsec())
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let ours =
            fs::symlink_metadata(&self.path).is_ok_and(|file| identity(&file) == self.identity);
        if ours && let Err(error) = fs::remove_file(&self.path) {
            warn!(file = %self.path.display(), %error, "the control socket's file cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(folder: &Path) -> Vec<String> {
        let entry = |entry: io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let names = folder.read_dir().expect("a folder").map(entry);
        names.map(|name| name.into_string().expect("UTF-8")).collect()
    }

    #[actix_web::test]
    async fn the_file_has_its_mode_and_goes_with_its_guard_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("control.sock");
        let (listener, file) = open(&path).await.expect("a socket");
        let mode = path.symlink_metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o7777, MODE);
        assert_eq!(entries(folder.path()), ["control.sock"]);
        assert!(matches!(open(&path).await, Err(BadSocket::Served(_))));
        drop((listener, file));
        assert!(entries(folder.path()).is_empty());
    }

    #[actix_web::test]
    async fn a_file_that_another_put_in_its_place_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("control.sock");
        let (listener, first) = open(&path).await.expect("a socket");
        drop(listener);
        let (_listener, second) = open(&path).await.expect("a stale one is replaced");
        drop(first);
        assert!(UnixStream::connect(&path).await.is_ok(), "the second one is served");
        drop(second);
        assert!(entries(folder.path()).is_empty());
    }

    #[actix_web::test]
    async fn what_is_no_socket_is_left_and_the_remedy_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "precious").expect("written");
        fs::create_dir(at("folder")).expect("made");
        std::os::unix::fs::symlink("/no/such", at("link")).expect("made");
        for name in ["file", "folder", "link"] {
            let error = open(&at(name)).await.expect_err(name).to_string();
            assert!(error.contains("is no socket; move it away"), "{error}");
        }
        assert_eq!(fs::read_to_string(at("file")).expect("it is there"), "precious");
        let error = open(&at("none/control.sock")).await.expect_err("no folder").to_string();
        assert!(error.contains("none\" does not exist; create it"), "{error}");
        assert_eq!(entries(folder.path()).len(), 3);
    }
}
