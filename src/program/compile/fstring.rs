//! f-strings: pieces of text and formatted values, put together at the end.

use super::Compiler;
use crate::program::code::{Constant, Instruction};
use crate::program::limits::WIDTH_MAX;
use crate::program::subset;
use ruff_python_ast::{
    ConversionFlag, ExprFString, FStringPart, InterpolatedElement, InterpolatedStringElement,
    InterpolatedStringFormatSpec,
};
use ruff_text_size::{Ranged, TextRange};

impl<'a> Compiler<'a, '_, '_> {
    pub(super) fn f_string(&mut self, string: &'a ExprFString) {
        let mut pieces = 0_u16;
        for part in &string.value {
            match part {
                FStringPart::Literal(literal) => {
                    pieces += self.piece(literal.range(), &literal.value);
                }
                FStringPart::FString(inner) => {
                    for element in &inner.elements {
                        match element {
                            InterpolatedStringElement::Literal(literal) => {
                                pieces += self.piece(literal.range(), &literal.value);
                            }
                            InterpolatedStringElement::Interpolation(field) => {
                                pieces += self.field(field);
                            }
                        }
                    }
                }
            }
        }
        self.emit(string.range(), Instruction::Concatenate(pieces));
    }

    /// A piece of text; how many pieces it is.
    fn piece(&mut self, range: TextRange, text: &str) -> u16 {
        if !text.is_empty() {
            self.constant(range, Constant::Str(text.into()));
        }
        u16::from(!text.is_empty())
    }

    /// `{…}`; how many pieces it is.
    fn field(&mut self, field: &'a InterpolatedElement) -> u16 {
        let range = field.range();
        let mut pieces = 1;
        if let Some(text) = &field.debug_text {
            pieces += self.piece(range, text.as_str());
        }
        self.expression(&field.expression);
        // `{x=}` alone is shown as `repr` shows it.
        let bare = field.format_spec.is_none() && field.conversion == ConversionFlag::None;
        let repr = match field.conversion {
            ConversionFlag::Repr => true,
            ConversionFlag::None => field.debug_text.is_some() && bare,
            ConversionFlag::Str => false,
            ConversionFlag::Ascii => {
                self.refuse(range, subset::FORMAT_ASCII);
                false
            }
        };
        let specification = field.format_spec.as_deref().and_then(|format| self.specification(format));
        if field.conversion == ConversionFlag::Str && specification.is_some() {
            // A string first: it is aligned otherwise than a number.
            self.emit(range, Instruction::Format { repr: false, specification: None });
        }
        let specification = specification.map(|text| self.draft.constant(Constant::Str(text)));
        self.emit(range, Instruction::Format { repr, specification });
        pieces
    }

    /// The text of a format; `None` where it is empty, or with a complaint where it is not in the subset.
    fn specification(&mut self, format: &InterpolatedStringFormatSpec) -> Option<String> {
        let mut text = String::new();
        for element in &format.elements {
            match element {
                InterpolatedStringElement::Literal(literal) => text.push_str(&literal.value),
                InterpolatedStringElement::Interpolation(_) => {
                    self.refuse(format.range, subset::FORMAT_NESTED);
                    return None;
                }
            }
        }
        match width(&text) {
            Some(0..=WIDTH_MAX) => Some(text).filter(|text| !text.is_empty()),
            Some(_) => {
                self.complaints.add(format.range, format!("a field may be at most {WIDTH_MAX} characters wide"), None);
                None
            }
            None => {
                self.refuse(format.range, subset::FORMAT_OTHER);
                None
            }
        }
    }
}

/// The width that a format asks for, 0 for none; `None` where it is more than width and alignment:
/// `[[fill]align][0][width][d or s]`.
fn width(format: &str) -> Option<u32> {
    let is_alignment = |character: &char| "<>^=".contains(*character);
    let mut characters = format.chars();
    let (first, second) = (characters.next(), characters.next());
    let rest = match (first, second) {
        (Some(fill), Some(align)) if is_alignment(&align) => &format[fill.len_utf8() + 1..],
        (Some(align), _) if is_alignment(&align) => &format[1..],
        _ => format,
    };
    let digits = rest.strip_suffix(['d', 's']).unwrap_or(rest);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.trim_start_matches('0').parse().unwrap_or(if digits.len() > 9 { u32::MAX } else { 0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths() {
        let table = [
            ("", Some(0)),
            ("5", Some(5)),
            (">5", Some(5)),
            ("*^9", Some(9)),
            ("03d", Some(3)),
            ("=>4s", Some(4)),
            ("000", Some(0)),
            ("99999999999", Some(u32::MAX)),
            ("é<7", Some(7)),
            (".2f", None),
            ("x", None),
            (",", None),
            ("+5", None),
            ("5 ", None),
        ];
        for (format, expected) in table {
            assert_eq!(width(format), expected, "{format:?}");
        }
    }
}
