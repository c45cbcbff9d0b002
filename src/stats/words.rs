//! Numbers in words: the same spelling on every screen and in every report.
//!
//! Two or three digits that mean something, units written out, thousands apart: `1,553 tasks/s`, `2.4 ms`, `3.3 MB`.
//! What a platform cannot give reads [`NOT_AVAILABLE`], what is not known yet [`NOT_YET`]; neither is ever a zero.

/// In place of a figure that this platform does not give.
pub const NOT_AVAILABLE: &str = "n/a";

/// In place of a figure that takes two samples, before the second.
pub const NOT_YET: &str = "—";

/// A count, its thousands apart: `1,553`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut spelt = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            spelt.push(',');
        }
        spelt.push(digit);
    }
    spelt
}

/// A count in at most five characters, where there is no room for all of it: `6,056`, `12k`, `1.2M`.
pub fn count_short(number: u64) -> String {
    let (mut value, mut unit) = (number as f64, 0);
    if number < 10_000 {
        return count(number);
    }
    let units = ["", "k", "M", "G", "T", "P", "E"];
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if value < 9.95 { format!("{value:.1}{}", units[unit]) } else { format!("{value:.0}{}", units[unit]) }
}

/// A sum that is a count where it can be read as one, and a checksum, cut to its first eight digits, where it cannot.
pub fn sum(sum: u64) -> String {
    if sum < 1_000_000_000_000 { count(sum) } else { format!("#{:08x}…", sum >> 32) }
}

/// A number that is not negative, to about three digits: `0.25`, `9.5`, `97`, `1,553`.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return NOT_AVAILABLE.to_string();
    }
    match value.max(0.0) {
        zero if zero < 0.005 => "0".to_string(),
        small if small < 0.995 => format!("{small:.2}"),
        units if units < 99.95 => format!("{units:.1}").trim_end_matches(".0").to_string(),
        many => count(many.round() as u64),
    }
}

/// A rate: `1,553 tasks/s`.
pub fn per_s(value: f64, what: &str) -> String {
    format!("{} {what}/s", number(value))
}

/// A time: `41 ns`, `2.4 ms`, `78 ms`, `1.2 s`, `95 s`.
pub fn duration(ns: u64) -> String {
    scaled(ns as f64, &["ns", "µs", "ms", "s"])
}

/// A size in decimal units: `512 B`, `3.3 MB`, `1.2 GB`.
pub fn bytes(size: u64) -> String {
    scaled(size as f64, &["B", "kB", "MB", "GB", "TB"])
}

/// One decimal below ten, none above, and the next unit from a thousand on.
fn scaled(value: f64, units: &[&str]) -> String {
    let (mut value, mut unit) = (value.max(0.0), 0);
    // 999.5 would be written 1000: it belongs to the next unit.
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let unit_name = units.get(unit).copied().unwrap_or_default();
    if unit == 0 || value >= 9.95 {
        format!("{} {unit_name}", count(value.round() as u64))
    } else {
        format!("{value:.1} {unit_name}")
    }
}

/// A share from 0 to 1 as a percentage: `0.3 %`, `48 %`.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return NOT_AVAILABLE.to_string();
    }
    match share.max(0.0) * 100.0 {
        nothing if nothing < 0.05 => "0 %".to_string(),
        little if little < 0.95 => format!("{little:.1} %"),
        much => format!("{much:.0} %"),
    }
}

/// How many times as much: `×1.91`, `×32`.
pub fn times(ratio: f64) -> String {
    if !ratio.is_finite() {
        return NOT_AVAILABLE.to_string();
    }
    if ratio < 9.995 { format!("×{ratio:.2}") } else { format!("×{}", number(ratio)) }
}

/// How many cores' worth of work: `1.93 cores`, `1.00 cores`.
pub fn cores(number: f64) -> String {
    if number.is_finite() { format!("{number:.2} cores") } else { NOT_AVAILABLE.to_string() }
}

/// The greatest power of ten that is not more than a positive, finite number; 1 for any other.
pub fn power_of_ten(value: f64) -> f64 {
    if !value.is_normal() || value < 0.0 {
        return 1.0;
    }
    // Multiplied out: a logarithm would be as long as this, and half a megabyte of tables in memory.
    let mut power = 1.0;
    while power > value {
        power /= 10.0;
    }
    while power * 10.0 <= value {
        power *= 10.0;
    }
    power
}

/// The time since the start of a run: `00:42`, `1:02:03`.
pub fn elapsed(ns: u64) -> String {
    let s = ns / 1_000_000_000;
    let (hours, minutes, seconds) = (s / 3600, s / 60 % 60, s % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes:02}:{seconds:02}") }
}

/// `1 worker`, `4 workers`.
pub fn plural(number: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(number as u64), if number == 1 { "" } else { "s" })
}

/// The same of a count that may be larger than what lies in memory.
pub fn plural_u64(number: u64, noun: &str) -> String {
    plural(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

/// A text from outside, made harmless: whatever could move the cursor, start an escape sequence, turn the direction of
/// writing or take no room becomes one visible character.
pub fn plain(text: &str) -> String {
    text.chars().map(|character| if is_harmful(character) { '\u{b7}' } else { character }).collect()
}

fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_ten_stay_below() {
        for (value, power) in [(1.0, 1.0), (9.99, 1.0), (10.0, 10.0), (812.0, 100.0), (0.3, 0.1), (-5.0, 1.0)] {
            assert!((power_of_ten(value) - power).abs() < 1e-12, "{value}");
        }
        for odd in [f64::NAN, f64::INFINITY, 0.0] {
            assert!((power_of_ten(odd) - 1.0).abs() < 1e-12, "{odd}");
        }
        assert!(power_of_ten(f64::MAX) > 1e307 && power_of_ten(f64::MIN_POSITIVE) < 1e-306);
    }

    #[test]
    fn numbers_are_spelt_alike_everywhere() {
        let spelt = [
            (count(0), "0"),
            (count(999), "999"),
            (count(1_553), "1,553"),
            (count(1_234_567), "1,234,567"),
            (count_short(6_056), "6,056"),
            (count_short(12_345), "12k"),
            (count_short(1_250_000), "1.2M"),
            (count_short(u64::MAX), "18E"),
            (sum(3_716_466), "3,716,466"),
            (sum(u64::MAX), "#ffffffff…"),
            (number(0.001), "0"),
            (number(0.25), "0.25"),
            (number(9.5), "9.5"),
            (number(99.96), "100"),
            (number(f64::NAN), "n/a"),
            (per_s(1553.2, "tasks"), "1,553 tasks/s"),
            (duration(41), "41 ns"),
            (duration(2_440_000), "2.4 ms"),
            (duration(9_960_000), "10 ms"),
            (duration(78_000_000), "78 ms"),
            (duration(999_700_000), "1.0 s"),
            (duration(7_200_000_000_000), "7,200 s"),
            (bytes(512), "512 B"),
            (bytes(3_300_000), "3.3 MB"),
            (percent(0.003), "0.3 %"),
            (percent(0.4801), "48 %"),
            (percent(0.0), "0 %"),
            (times(1.912), "×1.91"),
            (times(32.0), "×32"),
            (cores(0.99), "0.99 cores"),
            (elapsed(42_900_000_000), "00:42"),
            (elapsed(3_723_000_000_000), "1:02:03"),
            (plural(1, "worker"), "1 worker"),
            (plural(1000, "worker"), "1,000 workers"),
        ];
        for (is, should) in spelt {
            assert_eq!(is, should);
        }
    }

    #[test]
    fn no_escape_sequence_survives() {
        assert_eq!(plain("a\x1b[31mb\u{9b}2J\r\n\u{202e}c\u{200b}é"), "a·[31mb·2J···c·é");
    }
}
