//! What the reader ignored or repaired, as it is written in a record.

use super::super::healing::Healing;

/// Something that the reader ignored or repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Normalisation {
    /// Text before the line that announces the answer.
    Preamble,
    /// A code fence around the object.
    Fence,
    /// A state footer that agrees with the object.
    Footer,
    /// A marker of an older form: the requirements of people are fulfilled.
    OlderResolved,
    /// A marker of an older form: the requirements of people were taken care of.
    OlderAddressed,
    Signature,
    Prose,
    /// A stray bracket, comma or quote beside the object.
    Stray,
    Repetition,
    /// Commas before a closing bracket.
    TrailingComma,
    /// Raw line breaks or other control characters in a string.
    ControlCharacter,
    /// Backslashes that begin no escape, or half of a surrogate pair.
    Escape,
}

impl Normalisation {
    /// The words for it in a record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preamble => "text before the answer left out",
            Self::Fence => "code fence removed",
            Self::Footer => "state footer removed",
            Self::OlderResolved => "older marker read: requirements resolved",
            Self::OlderAddressed => "older marker removed: requirements addressed",
            Self::Signature => "signature removed",
            Self::Prose => "prose around the object left out",
            Self::Stray => "stray punctuation beside the object left out",
            Self::Repetition => "the object stood twice",
            Self::TrailingComma => "trailing commas removed",
            Self::ControlCharacter => "raw control characters in strings escaped",
            Self::Escape => "bad escapes in strings repaired",
        }
    }
}

impl From<Healing> for Normalisation {
    fn from(healing: Healing) -> Self {
        match healing {
            Healing::TrailingComma => Self::TrailingComma,
            Healing::ControlCharacter => Self::ControlCharacter,
            Healing::Escape => Self::Escape,
        }
    }
}
