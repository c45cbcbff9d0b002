//! Amounts that follow from the machine: `"cores"`, `"2*cores"`, `"4*workers+60"`.

use crate::program::problem::{quoted, suggest};
use crate::wire::Parameter;

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
    let mut words = vec![("cores", scope.cores as i64)];
    words.extend(scope.workers.map(|workers| ("workers", workers as i64)));
    let help = "an amount is an integer or, as a text, like \"2*cores\"";
    Parser { text, at: 0, words, help }.whole()
}

/// Works out a text such as `"THREADS*ROUNDS"`, in a program's parameters.
pub(super) fn evaluate_of(text: &str, parameters: &[Parameter]) -> Result<i64> {
    let words = parameters.iter().map(|parameter| (parameter.name.as_str(), i64::from(parameter.value))).collect();
    let help = "between braces stands an integer, a parameter of the program, or a sum or product of those";
    Parser { text, at: 0, words, help }.whole()
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// What words stand for.
    words: Vec<(&'a str, i64)>,
    help: &'static str,
}

impl Parser<'_> {
    fn whole(mut self) -> Result<i64> {
        let sum = self.sum()?;
        match self.peek() {
            None => Ok(sum),
            Some(_) => Err(self.wrong()),
        }
    }

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
        let length = rest.find(|character: char| !is_of_word(character)).unwrap_or(rest.len());
        let word = &rest[..length];
        let known = self.words.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        let value = known.or_else(|| word.parse().ok());
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
        let word = rest.split(|character: char| !is_of_word(character)).next().unwrap_or("");
        let message = match (word, rest) {
            (_, "") => "the amount stops short".to_string(),
            ("", _) => format!("{} is no part of an amount", quoted(rest)),
            _ => format!("{} is no amount", quoted(word)),
        };
        let help = suggest(word, self.words.iter().map(|(name, _)| *name)).filter(|help| help.starts_with("did"));
        (self.at, message, help.or(Some(self.help.into())))
    }
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_follow_from_parameters() {
        let parameter = |name: &str, value| Parameter { name: name.into(), value, min: 1, max: 9 };
        let parameters = [parameter("N", 3), parameter("ROUNDS_OF", 2)];
        assert_eq!(evaluate_of("N*ROUNDS_OF - 1", &parameters).expect("a number"), 5);
        let (at, told, help) = evaluate_of("N*ROUND_OF", &parameters).expect_err("a wrong word");
        assert_eq!((at, told.as_str()), (2, "`ROUND_OF` is no amount"));
        assert_eq!(help.as_deref(), Some("did you mean `ROUNDS_OF`?"));
        assert!(evaluate_of("cores", &parameters).is_err());
    }

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
