//! Amounts that follow from the machine: `"cores"`, `"2*cores"`, `"4*workers+60"`.

use crate::program::problem::{quoted, suggest};

/// What the words of an amount stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    pub(super) cores: u64,
    /// The lane's workers, once they are known.
    pub(super) workers: Option<u64>,
}

/// The amount, and what is wrong with it: where in the text, what, and the help.
type Result<T> = std::result::Result<T, (usize, String, Option<String>)>;

/// Works out a text such as `"2*cores+1"`: integers, `cores`, `workers` and `+ - * /`, in the usual order.
pub(super) fn evaluate(text: &str, scope: Scope) -> Result<i64> {
    let mut parser = Parser { text, at: 0, scope };
    let sum = parser.sum()?;
    match parser.peek() {
        None => Ok(sum),
        Some(_) => Err(parser.wrong()),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    scope: Scope,
}

impl Parser<'_> {
    fn sum(&mut self) -> Result<i64> {
        let mut sum = self.product()?;
        while let Some(operator @ ('+' | '-')) = self.peek() {
            self.at += 1;
            let term = self.product()?;
            sum = if operator == '+' { sum.saturating_add(term) } else { sum.saturating_sub(term) };
        }
        Ok(sum)
    }

    fn product(&mut self) -> Result<i64> {
        let mut product = self.factor()?;
        while let Some(operator @ ('*' | '/')) = self.peek() {
            self.at += 1;
            let at = self.at;
            let factor = self.factor()?;
            product = match operator {
                '*' => product.saturating_mul(factor),
                _ => product.checked_div(factor).ok_or((at, "a division by 0".to_string(), None))?,
            };
        }
        Ok(product)
    }

    fn factor(&mut self) -> Result<i64> {
        self.peek();
        let rest = &self.text[self.at..];
        let length = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let word = &rest[..length];
        let value = match word {
            "cores" => Some(self.scope.cores as i64),
            "workers" => self.scope.workers.map(|workers| workers as i64),
            _ => word.parse().ok(),
        };
        let value = value.ok_or_else(|| self.wrong())?;
        self.at += length;
        Ok(value)
    }

    /// The next character that is no blank.
    fn peek(&mut self) -> Option<char> {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest.chars().next()
    }

    fn wrong(&self) -> (usize, String, Option<String>) {
        let rest = &self.text[self.at..];
        let words: &[&str] = if self.scope.workers.is_some() { &["cores", "workers"] } else { &["cores"] };
        let word = rest.split(|character: char| !character.is_ascii_alphanumeric()).next().unwrap_or("");
        let message = match (word, rest) {
            (_, "") => "the amount stops short".to_string(),
            ("", _) => format!("{} is no part of an amount", quoted(rest)),
            _ => format!("{} is no amount", quoted(word)),
        };
        let help = suggest(word, words.iter().copied()).filter(|help| help.starts_with("did"));
        (self.at, message, help.or(Some("an amount is an integer or, as a text, like \"2*cores\"".into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_follow_from_the_machine() {
        for (text, amount) in [
            ("cores", 6),
            ("2*cores", 12),
            ("cores/2", 3),
            ("4*workers+60", 68),
            ("1 + 2 * 3", 7),
            ("10-2-3", 5),
            ("cores/4", 1),
        ] {
            assert_eq!(evaluate(text, Scope { cores: 6, workers: Some(2) }).expect(text), amount, "{text}");
        }
        for (text, column, message) in [
            ("", 0, "the amount stops short"),
            ("2*", 2, "the amount stops short"),
            ("2*coers", 2, "`coers` is no amount"),
            ("2 cores", 2, "`cores` is no amount"),
            ("1/0", 2, "a division by 0"),
            ("~", 0, "`~` is no part of an amount"),
        ] {
            let (at, told, _) = evaluate(text, Scope { cores: 6, workers: None }).expect_err(text);
            assert_eq!((at, told.as_str()), (column, message), "{text}");
        }
    }
}
