//! Messages: a line of JSON, perhaps more JSON, perhaps bytes.

use std::io::{self, BufRead, Read, Write};

use serde_json::{Map, Value, json};

/// Most bytes of each part: a second of sound and more.
const LINE_LIMIT: u64 = 1 << 16;
const PART_LIMIT: usize = 1 << 20;

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Message {
    pub(super) kind: String,
    pub(super) data: Map<String, Value>,
    pub(super) payload: Vec<u8>,
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
}

/// Reads the next message; nothing at the end.
pub(super) fn read(from: &mut impl BufRead) -> io::Result<Option<Message>> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut line = Vec::new();
    from.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        return Err(wrong("a line that does not end"));
    }
    let head: Value = serde_json::from_slice(&line).map_err(|_| wrong("a line that is no JSON"))?;
    let kind = head.get("type").and_then(Value::as_str).ok_or_else(|| wrong("a message without a type"))?;
    let length = |key: &str| match head.get(key) {
        None | Some(Value::Null) => Ok(0),
        Some(length) => {
            let length = length.as_u64().and_then(|length| usize::try_from(length).ok());
            length.filter(|length| *length <= PART_LIMIT).ok_or_else(|| wrong("a part that is too long"))
        }
    };
    let (data_length, payload_length) = (length("data_length")?, length("payload_length")?);
    let mut data = head.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
    if data_length > 0 {
        let mut more = vec![0; data_length];
        from.read_exact(&mut more)?;
        let more: Map<String, Value> =
            serde_json::from_slice(&more).map_err(|_| wrong("data that are no JSON object"))?;
        data.extend(more);
    }
    let mut payload = vec![0; payload_length];
    from.read_exact(&mut payload)?;
    Ok(Some(Message { kind: kind.to_owned(), data, payload }))
}

/// Writes a message without bytes.
pub(super) fn write(message: &Message, out: &mut impl Write) -> io::Result<()> {
    let mut line = json!({ "type": message.kind, "data": message.data }).to_string();
    line.push('\n');
    out.write_all(line.as_bytes())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_may_stand_in_the_line_or_after_it() {
        let mut bytes: &[u8] =
            b"{\"type\":\"detect\",\"data\":{\"a\":1},\"data_length\":11}\n{\"b\":[\"x\"]}\
            {\"type\":\"audio-chunk\",\"data\":{\"rate\":16000},\"payload_length\":3}\nxyz";
        let first = read(&mut bytes).unwrap().unwrap();
        assert_eq!((first.kind.as_str(), first.number("a")), ("detect", Some(1)));
        assert_eq!(first.data["b"], json!(["x"]));
        let second = read(&mut bytes).unwrap().unwrap();
        assert_eq!((second.number("rate"), second.payload.as_slice()), (Some(16_000), &b"xyz"[..]));
        assert_eq!(read(&mut bytes).unwrap(), None);
        let mut written = Vec::new();
        write(&first, &mut written).unwrap();
        assert_eq!(read(&mut written.as_slice()).unwrap().unwrap(), first);
    }

    #[test]
    fn what_is_no_message_ends_the_conversation() {
        for bytes in [
            &b"no json\n"[..],
            b"{}\n",
            b"{\"type\":\"x\"}",
            b"{\"type\":\"x\",\"payload_length\":99999999}\n",
            b"{\"type\":\"x\",\"payload_length\":-1}\n",
            b"{\"type\":\"x\",\"payload_length\":5}\nabc",
            b"{\"type\":\"x\",\"data_length\":2}\n[]",
        ] {
            assert!(read(&mut &*bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
        let endless = vec![b' '; 1 << 17];
        assert!(read(&mut endless.as_slice()).is_err());
    }
}
