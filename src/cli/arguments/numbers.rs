//! Numbers of the command line. What is allowed is said in the same words for every flag.

use std::num::{NonZeroU32, NonZeroU64};

/// The largest number that settings can hold: TOML's integers have a sign.
const MOST: u64 = i64::MAX.unsigned_abs();

/// A kind of whole number that flags take.
pub trait Whole: Sized {
    /// The smallest that is allowed.
    const LEAST: u64;
    /// The largest that is allowed.
    const MOST: u64;

    /// That number, if it is allowed.
    fn of(number: u64) -> Option<Self>;
}

impl Whole for u32 {
    const LEAST: u64 = 0;
    const MOST: u64 = 4_294_967_295;

    fn of(number: u64) -> Option<Self> {
        Self::try_from(number).ok()
    }
}

impl Whole for NonZeroU32 {
    const LEAST: u64 = 1;
    const MOST: u64 = u32::MOST;

    fn of(number: u64) -> Option<Self> {
        u32::of(number).and_then(Self::new)
    }
}

impl Whole for u64 {
    const LEAST: Self = 0;
    const MOST: Self = MOST;

    fn of(number: u64) -> Option<Self> {
        Some(number)
    }
}

impl Whole for NonZeroU64 {
    const LEAST: u64 = 1;
    const MOST: u64 = MOST;

    fn of(number: u64) -> Option<Self> {
        Self::new(number)
    }
}

impl Whole for i64 {
    const LEAST: u64 = 0;
    const MOST: u64 = MOST;

    fn of(number: u64) -> Option<Self> {
        Self::try_from(number).ok()
    }
}

/// The number that was typed.
///
/// # Errors
/// When it is none, or not allowed; the text says what is.
pub fn whole<T: Whole>(text: &str) -> Result<T, String> {
    let (least, most) = (T::LEAST, T::MOST);
    let digits = text.trim_start_matches(['-', '+']);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("type a whole number, at least {least}"));
    }
    let number = text.parse::<i128>().unwrap_or(if text.starts_with('-') { -1 } else { i128::MAX });
    match u64::try_from(number).ok().filter(|number| *number <= most) {
        _ if number < i128::from(least) => Err(format!("{text} is not allowed: at least {least}")),
        Some(allowed) => T::of(allowed).ok_or_else(|| format!("{text} is not allowed: at least {least}")),
        None => Err(format!("{text} is not allowed: at most {most}")),
    }
}

/// The number of an issue or a pull request.
///
/// # Errors
/// When it is none.
pub fn number(text: &str) -> Result<u64, String> {
    whole::<NonZeroU64>(text).map(NonZeroU64::get)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal<T: Whole>(text: &str) -> String {
        whole::<T>(text).map(|_| ()).unwrap_err()
    }

    #[test]
    fn a_refusal_says_what_is_allowed() {
        assert_eq!(refusal::<NonZeroU32>("0"), "0 is not allowed: at least 1");
        assert_eq!(refusal::<NonZeroU64>("-3"), "-3 is not allowed: at least 1");
        assert_eq!(refusal::<u32>("-1"), "-1 is not allowed: at least 0");
        assert_eq!(refusal::<u32>("4294967296"), "4294967296 is not allowed: at most 4294967295");
        assert_eq!(refusal::<i64>("9223372036854775808"), refusal::<u64>("9223372036854775808"));
        for long in [format!("1{}", "0".repeat(60)), format!("-1{}", "0".repeat(60))] {
            assert!(refusal::<u64>(&long).starts_with(&format!("{long} is not allowed: at ")));
        }
        for text in ["x", "", "-", "1.5", "10s", "1_000", "٣", " 1"] {
            assert_eq!(refusal::<NonZeroU32>(text), "type a whole number, at least 1", "{text}");
        }
        assert!(whole::<u32>("--1").is_err() && number("0").is_err());
    }

    proptest! {
        #[test]
        fn what_is_allowed_is_taken_as_it_is(count in any::<u32>(), long in 0..=i64::MAX) {
            prop_assert_eq!(whole::<u32>(&count.to_string()), Ok(count));
            prop_assert_eq!(whole::<NonZeroU32>(&count.to_string()).ok(), NonZeroU32::new(count));
            prop_assert_eq!(whole::<i64>(&long.to_string()), Ok(long));
            prop_assert_eq!(whole::<u64>(&long.to_string()), Ok(long.unsigned_abs()));
        }
    }
}
