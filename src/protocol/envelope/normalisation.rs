//! The normalisations of an answer: ignored or repaired parts, as recorded.

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
    /// An older marker: human requirements are fulfilled.
    OlderResolved,
    /// An older marker: human requirements were addressed.
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
    /// Backslashes outside escapes, or half of a surrogate pair.
    Escape,
}

impl Normalisation {
    /// Returns the text in records.
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
            Self::Repetition => "the object appeared twice",
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
