//! How deep a text nests, told from its tokens alone: before anything calls itself for each level of it.
//!
//! ```text
//!  def f():                      1   a block
//!      return a[b.c(d + e)]      1 + [ 1  . ( 2  + 1        brackets within brackets, and what stands in a row there
//! ```
//!
//! The measure is never less than the depth of the tree, also for texts that are no Python: a closing bracket counts
//! only where it is the one that is due.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer};

/// What is open at one level of brackets.
#[derive(Default)]
struct Level {
    /// What closes it.
    closes: Option<TokenKind>,
    /// Tokens in a row that may each add a level to the tree.
    row: usize,
    /// Those of them that go on after a comma: the parameters of a `lambda` have commas too.
    kept: usize,
}

/// The depth of a text.
pub(super) fn depth(text: &str) -> usize {
    let mut tokens = lexer::lex(text, Mode::Module);
    let mut levels = vec![Level::default()];
    let (mut blocks, mut deepest, mut rows) = (0_usize, 0, 0);
    loop {
        let token = tokens.next_token();
        let top = levels.len() - 1;
        match token {
            TokenKind::EndOfFile => return deepest,
            TokenKind::Indent => blocks += 1,
            TokenKind::Dedent => blocks = blocks.saturating_sub(1),
            TokenKind::Lpar => levels.push(Level::until(TokenKind::Rpar)),
            TokenKind::Lsqb => levels.push(Level::until(TokenKind::Rsqb)),
            TokenKind::Lbrace => levels.push(Level::until(TokenKind::Rbrace)),
            TokenKind::FStringStart => levels.push(Level::until(TokenKind::FStringEnd)),
            TokenKind::TStringStart => levels.push(Level::until(TokenKind::TStringEnd)),
            _ if levels[top].closes == Some(token) => {
                rows -= levels[top].row;
                levels.pop();
                // What was in brackets may be called, indexed, or have an attribute.
                levels[top - 1].row += 1;
                rows += 1;
            }
            TokenKind::Comma | TokenKind::Newline | TokenKind::Semi => {
                let level = &mut levels[top];
                rows -= level.row - level.kept;
                level.row = level.kept;
                if token != TokenKind::Comma {
                    rows -= level.kept;
                    (level.row, level.kept) = (0, 0);
                }
            }
            TokenKind::Name | TokenKind::Int | TokenKind::String | TokenKind::Comment | TokenKind::Colon => {}
            TokenKind::NonLogicalNewline | TokenKind::FStringMiddle | TokenKind::TStringMiddle | TokenKind::Unknown => {
            }
            _ => {
                levels[top].row += 1;
                levels[top].kept += usize::from(matches!(token, TokenKind::Lambda | TokenKind::Yield));
                rows += 1;
            }
        }
        deepest = deepest.max(blocks + levels.len() - 1 + rows);
    }
}

/// Where a text goes deeper than `limit`: the byte before which it does not yet.
pub(super) fn too_deep_at(text: &str, limit: usize) -> Option<usize> {
    if depth(text) <= limit {
        return None;
    }
    // The lexer tells kinds but no places, so the place is searched for: the longest beginning that is not too deep.
    let (mut shallow, mut deep) = (0, text.len());
    while shallow + 1 < deep {
        let middle = text.floor_char_boundary(shallow.midpoint(deep));
        if middle <= shallow {
            break;
        }
        match depth(&text[..middle]) <= limit {
            true => shallow = middle,
            false => deep = middle,
        }
    }
    Some(shallow)
}

impl Level {
    fn until(closes: TokenKind) -> Level {
        Level { closes: Some(closes), ..Level::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_that_of_the_deepest_place() {
        let table = [
            ("", 0),
            ("x = 1\ny = 2\n", 1),
            ("f(a, b, c, d)", 1),
            ("[(1, 2), (3, 4), (5, 6), (7, 8)]", 2),
            ("a.b.c.d", 3),
            ("a + b + c, d", 2),
            ("if a:\n  if b:\n    pass\nelif c:\n  pass\nelif d:\n  pass\nelif e:\n  pass\n", 3),
            ("lambda a, b: lambda c, d: 1 + 2", 3),
            ("f'{a + b}'", 3),
        ];
        for (text, expected) in table {
            assert_eq!(depth(text), expected, "{text}");
        }
    }

    #[test]
    fn a_closing_bracket_that_is_not_due_closes_nothing() {
        assert!(depth(&"f(], ".repeat(50)) >= 50);
    }

    #[test]
    fn where_it_goes_too_deep() {
        assert_eq!(too_deep_at("((((1))))", 4), None);
        assert_eq!(too_deep_at("((((1))))", 3), Some(3));
        assert_eq!(too_deep_at("é == ((((1))))", 3), Some(8));
    }
}
