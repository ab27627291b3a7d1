//! Passwords and tokens: where they are kept, how they are read, and that they are never shown.

use std::{
    env, fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// A file with a secret is not longer than this.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// The folder in which systemd puts a unit's credentials.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// Text that is for its receiver alone: neither form of printing shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text from being shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for where it is sent.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file.
    File(PathBuf),
    /// A credential of the systemd unit.
    Credential(String),
}

/// Why there is no secret to send, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not there.
    #[error(
        "environment variable `{name}` is not set to text; set it for the process, or keep \
             the secret in a file and write {{ file = \"/path\" }}"
    )]
    Env {
        /// Its name.
        name: String,
    },
    /// The file cannot be read.
    #[error("cannot read the secret in `{}`: {reason}; let the process's user read it", .path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// There are no credentials, or the name is none of one.
    #[error(
        "no credential `{name}`; give it to the unit with LoadCredential={name}:/path and \
             start vigia by systemd"
    )]
    Credential {
        /// Its name.
        name: String,
    },
    /// A header cannot carry it.
    #[error(
        "the value for header `{header}` has characters that no header can carry, such as a \
             line break; write it on one line"
    )]
    Unsendable {
        /// The header's name.
        header: String,
    },
}

impl SecretSource {
    /// Reads the secret, without the line break that editors leave at the end.
    pub fn read(&self) -> Result<Secret, SecretError> {
        match self {
            Self::Env(name) => env::var(name)
                .map(Secret::new)
                .map_err(|_| SecretError::Env { name: name.clone() }),
            Self::File(path) => read_file(path).map_err(|error| SecretError::File {
                path: path.clone(),
                reason: error.to_string(),
            }),
            Self::Credential(name) => {
                let folder = env::var_os(CREDENTIALS_DIRECTORY);
                read_credential(folder.as_ref().map(Path::new), name)
            }
        }
    }
}

fn read_credential(folder: Option<&Path>, name: &str) -> Result<Secret, SecretError> {
    let missing = || SecretError::Credential {
        name: name.to_owned(),
    };
    let plain = !name.is_empty() && !name.contains('/') && !matches!(name, "." | "..");
    let folder = folder.filter(|_| plain).ok_or_else(missing)?;
    read_file(&folder.join(name)).map_err(|_| missing())
}

fn read_file(path: &Path) -> io::Result<Secret> {
    let mut text = String::new();
    File::open(path)?
        .take(FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(io::Error::other("too long for a secret"));
    }
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "[secret] [secret]");
        assert_eq!(secret.reveal(), "hunter2");
    }

    #[test]
    fn a_secret_is_read_from_where_it_is_kept() {
        let folder = env::temp_dir().join(format!("vigia-secret-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("token");
        std::fs::write(&path, "s3cret\r\n").unwrap();
        let from_file = SecretSource::File(path.clone()).read().unwrap();
        assert_eq!(from_file.reveal(), "s3cret");
        let credential = read_credential(Some(&folder), "token").unwrap();
        assert_eq!(credential.reveal(), "s3cret");
        assert!(read_credential(Some(&folder), "../token").is_err());
        assert!(read_credential(None, "token").is_err());
        std::fs::write(&path, vec![b'x'; 1 << 17]).unwrap();
        assert!(SecretSource::File(path).read().is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_secret_that_is_missing_is_told_with_the_remedy() {
        let missing = SecretSource::Env("VIGIA_TEST_NO_SUCH".to_owned()).read();
        let said = missing.unwrap_err().to_string();
        assert!(said.contains("`VIGIA_TEST_NO_SUCH` is not set"), "{said}");
        let missing = SecretSource::File("/nonexistent/token".into()).read();
        let said = missing.unwrap_err().to_string();
        assert!(said.contains("`/nonexistent/token`"), "{said}");
        let said = read_credential(None, "token").unwrap_err().to_string();
        assert!(said.contains("LoadCredential=token"), "{said}");
    }
}
