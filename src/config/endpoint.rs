//! The URL of an Ollama server, as the original's `DEEPSEEK_ENDPOINTS` and `nodes.endpoints` give it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use url::{Host, Url};

use crate::ollama::GENERATE_PATH;

/// Where an Ollama server answers: `http://host:port`, perhaps with a path in front of `/api`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    base: String,
    host: String,
    port: u16,
}

/// Why a text is no usable endpoint; each message holds the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    /// Not a URL, or one without a scheme.
    #[error("`{0}` is no URL; write it as http://127.0.0.1:11434")]
    NoUrl(String),
    /// Another scheme than http.
    #[error("`{0}://` is not supported yet; use http://, for https through a local TLS proxy")]
    Scheme(String),
    /// A user name or password in the URL: it would end up in logs.
    #[error("user name and password are not supported in an endpoint; remove them")]
    Credentials,
    /// A query or fragment.
    #[error("an endpoint has no query and no fragment; remove what follows the path")]
    Query,
}

impl Endpoint {
    /// The endpoint of a node on this host's loopback address.
    pub fn loopback(port: u16) -> Self {
        Self { base: format!("http://127.0.0.1:{port}"), host: "127.0.0.1".to_owned(), port }
    }

    /// The URL up to, and without, `/api`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// `host:port`, and a path if there is one: the id of an unmanaged node.
    pub fn id(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port, if the host is this machine's loopback address.
    pub fn loopback_port(&self) -> Option<u16> {
        let local = matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
        local.then_some(self.port)
    }
}

impl FromStr for Endpoint {
    type Err = BadEndpoint;

    fn from_str(text: &str) -> Result<Self, BadEndpoint> {
        let text = text.trim();
        if text.contains('@') {
            return Err(BadEndpoint::Credentials);
        }
        let no_url = || BadEndpoint::NoUrl(text.to_owned());
        if !text.contains("://") {
            return Err(no_url());
        }
        let url = Url::parse(text).map_err(|_| no_url())?;
        if url.scheme() != "http" {
            return Err(BadEndpoint::Scheme(url.scheme().to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BadEndpoint::Query);
        }
        let host = match url.host() {
            Some(host @ (Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_))) => host.to_string(),
            None => return Err(no_url()),
        };
        let path = url.path().trim_end_matches('/');
        let prefix = path.strip_suffix(GENERATE_PATH).unwrap_or(path);
        let port = url.port_or_known_default().unwrap_or(80);
        Ok(Self { base: format!("http://{host}:{port}{prefix}"), host, port })
    }
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A visitor, because only what it reports keeps its line in a file.
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Endpoint;
            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a URL in quotes such as \"http://127.0.0.1:11434\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Endpoint, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl Serialize for Endpoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.base)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generate_path_may_be_given_or_left_out() {
        let table = [
            ("http://127.0.0.1:11434", "http://127.0.0.1:11434"),
            ("http://127.0.0.1:11434/", "http://127.0.0.1:11434"),
            ("http://127.0.0.1:11434/api/generate", "http://127.0.0.1:11434"),
            ("  http://gpu-2.lan:11435/api/generate/ ", "http://gpu-2.lan:11435"),
            ("http://gateway/ollama/api/generate", "http://gateway:80/ollama"),
            ("http://[::1]:11434", "http://[::1]:11434"),
        ];
        for (text, base) in table {
            let endpoint: Endpoint = text.parse().expect(text);
            assert_eq!(endpoint.base(), base, "{text}");
            assert_eq!(endpoint.id(), &base[7..]);
        }
    }

    #[test]
    fn what_cannot_be_called_is_refused_with_the_reason() {
        let table = [
            ("127.0.0.1:11434", "is no URL"),
            ("http://", "is no URL"),
            ("https://host:11434", "`https://` is not supported yet"),
            ("http://user:secret@host:1", "user name and password"),
            ("http://user:secret@host:99999", "user name and password"),
            ("http://host:1/?a=b", "no query"),
        ];
        for (text, part) in table {
            let message = text.parse::<Endpoint>().expect_err(text).to_string();
            assert!(message.contains(part), "{text}: {message}");
            assert!(!message.contains("secret"));
        }
    }
}
