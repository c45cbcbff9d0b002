//! Bytes that need not be text: what was typed, and names of files.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Bytes as they are. In JSON a string where they are UTF-8, else a list of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Raw(pub Vec<u8>);

impl Raw {
    /// The bytes as text, with what is no text replaced: for people only.
    pub fn to_text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

impl From<&str> for Raw {
    fn from(text: &str) -> Raw {
        Raw(text.as_bytes().to_vec())
    }
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => out.serialize_str(text),
            Err(_) => out.collect_seq(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Raw, D::Error> {
        from.deserialize_any(Visitor)
    }
}

struct Visitor;

impl<'de> serde::de::Visitor<'de> for Visitor {
    type Value = Raw;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a string, or a list of bytes")
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(text.into())
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = items.next_element()? {
            bytes.push(byte);
        }
        Ok(Raw(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_were() {
        for bytes in [&b""[..], b"a b", "ä\n\"".as_bytes(), b"\xff\x00a", b"\x80"] {
            let json = serde_json::to_string(&Raw(bytes.to_vec())).expect("plain data");
            assert_eq!(serde_json::from_str::<Raw>(&json).expect("what was written").0, bytes, "{json}");
        }
        assert!(serde_json::from_str::<Raw>("[256]").is_err() && serde_json::from_str::<Raw>("3").is_err());
    }
}
