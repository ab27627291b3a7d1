//! What one feed's server wants to see beside the usual headers: a login, a key.
//!
//! It is sent to the origin of the address that the operator wrote and to no other, and read
//! anew for each poll, so that a secret that was changed is used without a restart.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use crate::secret::{Secret, SecretError, SecretSource};

/// Headers that are vigia's own to send, or never sent.
const OWN_HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "if-modified-since",
    "if-none-match",
    "keep-alive",
    "proxy-authorization",
    "range",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// A feed's own headers and login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    headers: Vec<(HeaderName, Given)>,
    auth: Option<Auth>,
}

/// A value as the operator gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// In so many words.
    Plain(Secret),
    /// By the place where it is kept.
    From(SecretSource),
}

/// Ways to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// With a name and a password.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: SecretSource,
    },
    /// With a token.
    Bearer(SecretSource),
}

/// Why a header cannot be one of a feed's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// It is no name.
    #[error("`{name}` is not the name of a header")]
    NotAName {
        /// What was written.
        name: String,
    },
    /// It is sent by vigia itself, or never.
    #[error("header `{name}` is vigia's own to set; leave it out")]
    Own {
        /// Its name.
        name: String,
    },
    /// There is another way to send it.
    #[error(
        "header `authorization` is set by `auth`; write auth = {{ bearer = … }} or \
             auth = {{ username = …, password = … }}"
    )]
    Authorization,
}

impl Access {
    /// Adds a header.
    pub fn add_header(&mut self, name: &str, value: Given) -> Result<(), HeaderError> {
        let parsed = name
            .parse::<HeaderName>()
            .map_err(|_| HeaderError::NotAName {
                name: name.to_owned(),
            })?;
        if parsed == AUTHORIZATION {
            return Err(HeaderError::Authorization);
        }
        if OWN_HEADERS.contains(&parsed.as_str()) {
            return Err(HeaderError::Own {
                name: name.to_owned(),
            });
        }
        self.headers.push((parsed, value));
        Ok(())
    }

    /// Sets the login.
    pub fn set_auth(&mut self, auth: Auth) {
        self.auth = Some(auth);
    }

    /// Whether every secret is there and can be sent.
    pub fn check(&self) -> Result<(), SecretError> {
        self.fields().map(drop)
    }

    /// The headers to send.
    pub(crate) fn fields(&self) -> Result<HeaderMap, SecretError> {
        let mut fields = HeaderMap::with_capacity(self.headers.len() + 1);
        for (name, given) in &self.headers {
            let value = match given {
                Given::Plain(text) => text.clone(),
                Given::From(source) => source.read()?,
            };
            fields.append(name.clone(), sensitive(name, value.reveal())?);
        }
        let auth = match &self.auth {
            None => return Ok(fields),
            Some(Auth::Bearer(token)) => format!("Bearer {}", token.read()?.reveal()),
            Some(Auth::Basic { username, password }) => {
                let pair = format!("{username}:{}", password.read()?.reveal());
                format!("Basic {}", STANDARD.encode(pair))
            }
        };
        fields.insert(AUTHORIZATION, sensitive(&AUTHORIZATION, &auth)?);
        Ok(fields)
    }
}

/// A value that the layers below do not show either.
fn sensitive(name: &HeaderName, text: &str) -> Result<HeaderValue, SecretError> {
    let value = HeaderValue::from_bytes(text.as_bytes());
    let mut value = value.map_err(|_| SecretError::Unsendable {
        header: name.to_string(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Given {
        Given::Plain(Secret::new(text))
    }

    #[test]
    fn own_headers_are_kept_and_not_shown() {
        let mut access = Access::default();
        access.add_header("X-Api-Key", plain("hunter2")).unwrap();
        let fields = access.fields().unwrap();
        assert_eq!(fields["x-api-key"], "hunter2");
        assert!(!format!("{access:?} {fields:?}").contains("hunter2"));
    }

    #[test]
    fn headers_of_vigias_own_are_refused() {
        let mut access = Access::default();
        for name in ["User-Agent", "cookie", "Host", "If-None-Match", "Accept"] {
            let refused = access.add_header(name, plain("x")).unwrap_err();
            assert!(matches!(refused, HeaderError::Own { .. }), "{name}");
        }
        let refused = access.add_header("Authorization", plain("x"));
        assert_eq!(refused, Err(HeaderError::Authorization));
        let refused = access.add_header("two words", plain("x")).unwrap_err();
        assert!(matches!(refused, HeaderError::NotAName { .. }));
    }

    #[test]
    fn a_value_with_a_line_break_is_not_sent() {
        let mut access = Access::default();
        access.add_header("x-key", plain("a\r\nhost: b")).unwrap();
        let said = access.check().unwrap_err().to_string();
        assert!(said.contains("`x-key`") && !said.contains("host"), "{said}");
    }
}
