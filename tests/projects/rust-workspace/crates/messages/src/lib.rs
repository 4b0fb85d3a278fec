use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub struct Resize {
    pub url: String,
    pub width: u32,
}

impl Resize {
    pub fn to_bytes(&self) -> Vec<u8> {
        format!("{}\n{}", self.width, self.url).into_bytes()
    }

    pub fn from_bytes(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (width, url) = text.split_once('\n').unwrap_or(("0", ""));
        Self { url: url.into(), width: width.parse().unwrap_or(0) }
    }
}
