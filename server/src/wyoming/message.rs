//! Messages: a line of JSON, perhaps more JSON, perhaps bytes.

use std::io::{self, BufRead, Read};

use serde_json::{Map, Value, json};

/// What a message may have at most, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// Of its line.
    pub(super) line: u64,
    /// Of the data after it, and of the payload.
    pub(super) part: usize,
}

impl Sizes {
    /// What anybody may send: half a minute of sound at once.
    pub(super) const CLIENT: Self = Self { line: 1 << 16, part: 1 << 20 };
    /// What a server that the user named may answer: a list of many models.
    pub(super) const UPSTREAM: Self = Self { line: 1 << 24, part: 1 << 24 };
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Message {
    pub(super) kind: String,
    pub(super) data: Map<String, Value>,
    pub(super) payload: Vec<u8>,
}

/// A message with the very bytes in which it came.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Received {
    pub(super) message: Message,
    pub(super) bytes: Vec<u8>,
}

impl Message {
    pub(super) fn new(kind: &str, data: Value) -> Self {
        let data = if let Value::Object(data) = data { data } else { Map::new() };
        Self { kind: kind.to_owned(), data, payload: Vec::new() }
    }

    /// A number among its data.
    pub(super) fn number(&self, key: &str) -> Option<u64> {
        self.data.get(key).and_then(Value::as_u64)
    }

    /// As it is sent.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut head = json!({ "type": self.kind, "data": self.data });
        if !self.payload.is_empty() {
            head["payload_length"] = self.payload.len().into();
        }
        let mut bytes = head.to_string().into_bytes();
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.payload);
        bytes
    }
}

/// Reads the next message; nothing at the end. What is no message is told by [`io::ErrorKind::InvalidData`], one that breaks off by
/// [`io::ErrorKind::UnexpectedEof`].
pub(super) fn read(from: &mut impl BufRead, sizes: Sizes) -> io::Result<Option<Received>> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut bytes = Vec::new();
    from.by_ref().take(sizes.line).read_until(b'\n', &mut bytes)?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.last() != Some(&b'\n') {
        return Err(wrong("a line that does not end"));
    }
    let head: Value = serde_json::from_slice(&bytes).map_err(|_| wrong("a line that is no JSON"))?;
    let kind = head.get("type").and_then(Value::as_str).ok_or_else(|| wrong("a message without a type"))?;
    let length = |key: &str| match head.get(key) {
        None | Some(Value::Null) => Ok(0),
        Some(length) => {
            let bytes = length.as_u64().ok_or_else(|| wrong("a length that is no number of bytes"))?;
            let bytes = usize::try_from(bytes).ok().filter(|bytes| *bytes <= sizes.part);
            bytes.ok_or_else(|| wrong(&format!("a part that is longer than {} bytes", sizes.part)))
        }
    };
    let (data_length, payload_length) = (length("data_length")?, length("payload_length")?);
    let mut data = match head.get("data") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(data)) => data.clone(),
        Some(_) => return Err(wrong("data that are no JSON object")),
    };
    if data_length > 0 {
        let more = part(from, data_length, &mut bytes)?;
        let more: Map<String, Value> =
            serde_json::from_slice(more).map_err(|_| wrong("data that are no JSON object"))?;
        data.extend(more);
    }
    let payload = part(from, payload_length, &mut bytes)?.to_vec();
    Ok(Some(Received { message: Message { kind: kind.to_owned(), data, payload }, bytes }))
}

/// Whether an error of [`read`] says that somebody sent what is no message, and not that the connection failed.
pub(super) fn is_no_message(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}

/// Reads so many bytes and appends them. Memory is taken as they come, not as they are announced.
fn part<'a>(from: &mut impl BufRead, length: usize, bytes: &'a mut Vec<u8>) -> io::Result<&'a [u8]> {
    let start = bytes.len();
    from.by_ref().take(length as u64).read_to_end(bytes)?;
    if bytes.len() < start + length {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a message that breaks off"));
    }
    Ok(&bytes[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_may_stand_in_the_line_or_after_it() {
        let all: &[u8] = b"{\"type\":\"detect\",\"data\":{\"a\":1},\"data_length\":11}\n{\"b\":[\"x\"]}\
            {\"type\":\"audio-chunk\",\"data\":{\"rate\":16000},\"payload_length\":3}\nxyz";
        let mut bytes = all;
        let first = read(&mut bytes, Sizes::CLIENT).unwrap().unwrap();
        assert_eq!((first.message.kind.as_str(), first.message.number("a")), ("detect", Some(1)));
        assert_eq!(first.message.data["b"], json!(["x"]));
        let second = read(&mut bytes, Sizes::CLIENT).unwrap().unwrap();
        assert_eq!(
            (second.message.number("rate"), second.message.payload.as_slice()),
            (Some(16_000), &b"xyz"[..])
        );
        assert_eq!([first.bytes, second.bytes.clone()].concat(), all, "byte for byte");
        assert_eq!(read(&mut bytes, Sizes::CLIENT).unwrap(), None);
        for message in [first.message, second.message] {
            let written = message.bytes();
            assert_eq!(read(&mut written.as_slice(), Sizes::CLIENT).unwrap().unwrap().message, message);
        }
    }

    #[test]
    fn what_is_no_message_ends_the_conversation() {
        for bytes in [
            &b"no json\n"[..],
            b"{}\n",
            b"{\"type\":\"x\"}",
            b"{\"type\":\"x\",\"payload_length\":99999999}\n",
            b"{\"type\":\"x\",\"payload_length\":-1}\n",
            b"{\"type\":\"x\",\"payload_length\":\"1\"}\n1",
            b"{\"type\":\"x\",\"payload_length\":5}\nabc",
            b"{\"type\":\"x\",\"data\":5}\n",
            b"[]\n",
            b"{\"type\":\"x\",\"data_length\":2}\n[]",
        ] {
            // By this kind of error it is told from a connection that fails.
            let kind = read(&mut &*bytes, Sizes::CLIENT).unwrap_err().kind();
            assert!(is_no_message(kind), "{kind:?}: {}", String::from_utf8_lossy(bytes));
        }
        let endless = vec![b' '; 1 << 17];
        assert!(read(&mut endless.as_slice(), Sizes::CLIENT).is_err());
    }
}
