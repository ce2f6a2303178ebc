//! The form of a profile's file.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::seal::{Closed, Sealed};
use super::{ModelId, Passphrase, Profile, ProfileError, ProfileKind, ProfileName};

/// The format that this version writes and reads.
const FORMAT: u32 = 1;

/// All of a file. Either `body` or `sealed` is there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    format: u32,
    pub(super) kind: ProfileKind,
    pub(super) name: ProfileName,
    /// Seconds since 1970 in UTC.
    pub(super) created_unix_s: u64,
    pub(super) model: ModelId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<Sealed>,
}

impl ProfileFile {
    pub(super) fn new<P: Profile>(
        name: &ProfileName,
        model: &ModelId,
        profile: &P,
        seal: Option<&Passphrase>,
    ) -> Result<Self, ProfileError> {
        let invalid =
            |reason: String| ProfileError::Invalid { path: name.to_string(), kind: P::KIND, reason };
        profile.check().map_err(invalid)?;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let mut file = Self {
            format: FORMAT,
            kind: P::KIND,
            name: name.clone(),
            created_unix_s: now.map_or(0, |since| since.as_secs()),
            model: model.clone(),
            body: None,
            sealed: None,
        };
        match seal {
            None => file.body = Some(serde_json::to_value(profile).map_err(|e| invalid(e.to_string()))?),
            Some(passphrase) => {
                let plain = serde_json::to_vec(profile).map_err(|e| invalid(e.to_string()))?;
                file.sealed = Some(Sealed::new(&plain, &file.header(), passphrase)?);
            }
        }
        Ok(file)
    }

    /// Reads and checks all but the body.
    pub(super) fn parse(bytes: &[u8], kind: ProfileKind, path: &str) -> Result<Self, ProfileError> {
        let invalid = |reason: String| ProfileError::Invalid { path: path.to_owned(), kind, reason };
        // A newer form may have other fields: its version is looked at first.
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let version: Version = serde_json::from_slice(bytes).map_err(|e| invalid(e.to_string()))?;
        if version.format != FORMAT {
            let format = version.format;
            return Err(invalid(format!("its format is {format}, this Earmark reads {FORMAT}")));
        }
        let file: Self = serde_json::from_slice(bytes).map_err(|e| invalid(e.to_string()))?;
        if file.kind != kind {
            return Err(invalid(format!("it is that of a {}", file.kind)));
        }
        if file.body.is_some() == file.sealed.is_some() {
            return Err(invalid("it must have either a body or a seal".to_owned()));
        }
        Ok(file)
    }

    /// The file, if it has no more than `limit` bytes.
    pub(super) fn to_bytes(&self, path: &str, limit: u64) -> Result<Vec<u8>, ProfileError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|e| ProfileError::Invalid {
            path: path.to_owned(),
            kind: self.kind,
            reason: e.to_string(),
        })?;
        bytes.push(b'\n');
        if bytes.len() as u64 > limit {
            return Err(ProfileError::TooLarge { path: path.to_owned(), kind: self.kind, limit });
        }
        Ok(bytes)
    }

    pub(super) fn is_sealed(&self) -> bool {
        self.sealed.is_some()
    }

    /// What was enrolled.
    pub(super) fn open<P: Profile>(
        &self,
        path: &str,
        passphrase: Option<&Passphrase>,
    ) -> Result<P, ProfileError> {
        let invalid = |reason: String| ProfileError::Invalid { path: path.to_owned(), kind: P::KIND, reason };
        let (kind, name) = (P::KIND, self.name.to_string());
        let profile: P = match (&self.sealed, passphrase, &self.body) {
            (Some(_), None, _) => return Err(ProfileError::Sealed { kind, name }),
            (Some(sealed), Some(passphrase), _) => {
                let plain = sealed.open(&self.header(), passphrase).map_err(|closed| match closed {
                    Closed::Invalid(reason) => invalid(reason.to_owned()),
                    Closed::Refused => ProfileError::WrongPassphrase { kind, name },
                    Closed::Failed(reason) => ProfileError::Seal(reason),
                })?;
                serde_json::from_slice(&plain).map_err(|e| invalid(e.to_string()))?
            }
            (None, _, Some(body)) => P::deserialize(body).map_err(|e| invalid(e.to_string()))?,
            (None, _, None) => return Err(invalid("it is empty".to_owned())),
        };
        profile.check().map_err(invalid)?;
        Ok(profile)
    }

    /// What a seal holds together with the body. Not the name: an import may give another.
    fn header(&self) -> Vec<u8> {
        format!("earmark profile {} {} {}", self.format, self.kind, self.model.sha256).into_bytes()
    }
}
