//! Bearer tokens: who may call over TCP. Reads their files; knows no HTTP and no runtime.
//!
//! No message, no log line and no `Debug` shows a token: a fault is named by file and line.

use std::{
    fmt, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use subtle::{Choice, ConstantTimeEq};

use crate::journal::tell;

/// The shortest token; 16 random characters cannot be guessed over a network.
const LEAST_BYTES: usize = 16;

/// The tokens of one file, at least one.
#[derive(Clone)]
pub struct Tokens(Vec<Box<[u8]>>);

/// Why a file gives no tokens.
#[derive(Debug, thiserror::Error)]
pub enum BadTokens {
    /// The file cannot be read.
    #[error("{0:?} cannot be read; {hint}", hint = remedy(.0))]
    Unreadable(PathBuf, #[source] io::Error),
    /// Nothing but blank lines and comments.
    #[error("{0:?} has no token; write one a line, made by `openssl rand -hex 32`")]
    Empty(PathBuf),
    /// A line that is no token.
    #[error("{}:{line}: {problem}; write one token a line, made by `openssl rand -hex 32`", .file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong there.
        problem: &'static str,
    },
}

/// What to do about a file that cannot be read.
fn remedy(file: &Path) -> &'static str {
    if file.starts_with("/run/credentials") {
        "systemd passes credentials on when the service starts: restart it"
    } else {
        "check the path, and that the user that ticketd runs as may read it"
    }
}

impl Tokens {
    /// Reads a file: one token a line; blank lines and those that begin with `#` are skipped.
    pub fn read(file: &Path) -> Result<Self, BadTokens> {
        let text =
            std::fs::read(file).map_err(|error| BadTokens::Unreadable(file.into(), error))?;
        Self::parse(file, &text)
    }

    fn parse(file: &Path, text: &[u8]) -> Result<Self, BadTokens> {
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        let mut tokens = Vec::new();
        for (line, token) in (1..).zip(text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii)) {
            if token.is_empty() || token.starts_with(b"#") {
                continue;
            }
            let problem = if !token.iter().all(u8::is_ascii_graphic) {
                "a token has visible ASCII characters only, and no blanks"
            } else if token.len() < LEAST_BYTES {
                "the token is shorter than 16 characters"
            } else {
                tokens.push(token.into());
                continue;
            };
            return Err(BadTokens::Line { file: file.into(), line, problem });
        }
        if tokens.is_empty() { Err(BadTokens::Empty(file.into())) } else { Ok(Self(tokens)) }
    }

    /// The token that a caller sends who has such a file.
    pub fn first(&self) -> &[u8] {
        self.0.first().expect("there is at least one")
    }

    /// Whether this is one of the tokens. The time that it takes tells nothing but lengths: every
    /// token is compared, and to its end.
    pub fn contains(&self, presented: &[u8]) -> bool {
        let none = Choice::from(0);
        self.0.iter().fold(none, |found, token| found | token.ct_eq(presented)).into()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "Tokens({} hidden)", self.0.len())
    }
}

/// Who may call over TCP, swapped as a whole.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// Tokens for user calls; without them user calls need none.
    pub users: Option<Tokens>,
    /// Tokens for admin calls, good for user calls too; without them no admin call passes.
    pub admins: Option<Tokens>,
}

impl Guard {
    /// Reads the files of `server.tokens_file` and `server.admin_tokens_file`, and warns of one
    /// that every user of the host can read.
    pub fn read(users: Option<&Path>, admins: Option<&Path>) -> Result<Self, BadTokens> {
        let files = [("server.tokens_file", users), ("server.admin_tokens_file", admins)];
        for (key, file) in files.into_iter().filter_map(|(key, file)| Some((key, file?))) {
            if file.metadata().is_ok_and(|file| file.permissions().mode() & 0o004 != 0) {
                tell!(warn: AccessOpen, file = %file.display(), "{key}: every user of this host can read it; chmod o-r it");
            }
        }
        let read = |file: Option<&Path>| file.map(Tokens::read).transpose();
        Ok(Self { users: read(users)?, admins: read(admins)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8]) -> Result<Tokens, BadTokens> {
        Tokens::parse(Path::new("/etc/tokens"), text)
    }

    #[test]
    fn a_file_has_one_token_a_line_and_comments_and_blank_lines_are_skipped() {
        let text =
            b"\xef\xbb\xbf# of the hotline\n\nfirst-token-0123456\r\n \tsecond-token-012345 \n";
        let tokens = parse(text).expect("two tokens");
        assert!(tokens.contains(b"first-token-0123456") && tokens.contains(b"second-token-012345"));
        assert_eq!((tokens.0.len(), tokens.first()), (2, &b"first-token-0123456"[..]));
    }

    #[test]
    fn only_a_whole_token_is_contained_whatever_its_length() {
        let tokens = parse(b"first-token-0123456\nsecond-token-012345\n").expect("two tokens");
        let long = [b'x'; 9000];
        let others: [&[u8]; 6] = [
            b"",
            b"first-token-012345",
            b"first-token-01234567",
            b"First-token-0123456",
            b"#",
            &long,
        ];
        for other in others {
            assert!(!tokens.contains(other), "{:?}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn what_is_no_token_is_told_by_its_line_and_never_shown() {
        let table: [(&[u8], &str); 7] = [
            (b"", "\"/etc/tokens\" has no token"),
            (b"\n  \n# secret-secret-secret\n", "\"/etc/tokens\" has no token"),
            (b"# a\nsecret\n", "/etc/tokens:2: the token is shorter than 16"),
            (b"secret-secret-1\n", "/etc/tokens:1: the token is shorter than 16"),
            (b"secret-secret-secret x\n", "/etc/tokens:1: a token has visible ASCII"),
            ("\n\nsecret-secret-令牌\n".as_bytes(), "/etc/tokens:3: a token has visible ASCII"),
            (b"secret-secret-secret\x7f\n", "/etc/tokens:1: a token has visible ASCII"),
        ];
        for (text, part) in table {
            let message = parse(text).expect_err(part).to_string();
            assert!(message.contains(part) && message.contains("openssl rand"), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
        let missing = Tokens::read(Path::new("/no/such")).expect_err("no file").to_string();
        assert!(missing.contains("check the path, and that the user"), "{missing}");
    }

    #[test]
    fn debug_shows_how_many_tokens_there_are_and_none_of_them() {
        let users = Some(parse(b"secret-secret-secret\n").expect("a token"));
        let shown = format!("{:?}", Guard { users, admins: None });
        assert_eq!(shown, "Guard { users: Some(Tokens(1 hidden)), admins: None }");
    }
}
