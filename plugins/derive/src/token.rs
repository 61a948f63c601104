//! From text to words, numbers and symbols.

use std::fmt;

use crate::syntax::Mistake;

#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Int(i64),
    Float(f64),
    /// `'text'`
    Text(String),
    /// `"name"` or `` `name` ``
    Quoted(String),
    /// A keyword (in small letters), a function or a column.
    Word(String),
    Symbol(&'static str),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(int) => write!(f, "`{int}`"),
            Self::Float(float) => write!(f, "`{float}`"),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Quoted(name) => write!(f, "\"{name}\""),
            Self::Word(word) => write!(f, "`{word}`"),
            Self::Symbol(symbol) => write!(f, "`{symbol}`"),
        }
    }
}

/// Longer ones first: `<=` is not `<` and `=`.
const SYMBOLS: &[&str] =
    &["<=", ">=", "<>", "!=", "==", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ","];

const KEYWORDS: &[&str] = &["and", "or", "not", "in", "is", "null", "true", "false"];

/// The tokens, each with the character at which it begins.
pub fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Mistake> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let (len, token) = match rest[0] {
            c if c.is_whitespace() => {
                at += 1;
                continue;
            }
            c if c.is_ascii_digit()
                || (c == '.' && rest.get(1).is_some_and(char::is_ascii_digit)) =>
            {
                number(rest).ok_or_else(|| Mistake::new(at, "this number does not fit"))?
            }
            c if c.is_alphabetic() || c == '_' => word(rest),
            quote @ ('\'' | '"' | '`') => quoted(rest, quote)
                .ok_or_else(|| Mistake::new(at, format!("this {quote} is never closed")))?,
            unknown => symbol(rest)
                .ok_or_else(|| Mistake::new(at, format!("`{unknown}` means nothing here")))?,
        };
        tokens.push((at, token));
        at += len;
    }
    Ok(tokens)
}

fn word(rest: &[char]) -> (usize, Token) {
    let is_part = |c: &&char| c.is_alphanumeric() || **c == '_' || **c == '.';
    let word: String = rest.iter().take_while(is_part).collect();
    let lower = word.to_ascii_lowercase();
    let len = word.chars().count();
    (len, Token::Word(if KEYWORDS.contains(&lower.as_str()) { lower } else { word }))
}

/// A doubled quote stands for one.
fn quoted(rest: &[char], quote: char) -> Option<(usize, Token)> {
    let mut text = String::new();
    let mut at = 1;
    loop {
        match (rest.get(at)?, rest.get(at + 1)) {
            (c, Some(next)) if *c == quote && *next == quote => {
                text.push(quote);
                at += 2;
            }
            (c, _) if *c == quote => break,
            (c, _) => {
                text.push(*c);
                at += 1;
            }
        }
    }
    Some((at + 1, if quote == '\'' { Token::Text(text) } else { Token::Quoted(text) }))
}

fn number(rest: &[char]) -> Option<(usize, Token)> {
    let digits = |from: usize| rest[from..].iter().take_while(|c| c.is_ascii_digit()).count();
    let mut len = digits(0);
    let mut is_float = false;
    if rest.get(len) == Some(&'.') {
        is_float = true;
        len += 1 + digits(len + 1);
    }
    if matches!(rest.get(len), Some('e' | 'E')) {
        let sign = usize::from(matches!(rest.get(len + 1), Some('+' | '-')));
        let exponent = rest.get(len + 1 + sign..).map_or(0, |_| digits(len + 1 + sign));
        if exponent > 0 {
            is_float = true;
            len += 1 + sign + exponent;
        }
    }
    let text: String = rest[..len].iter().collect();
    let token = if is_float {
        Token::Float(text.parse().ok().filter(|float: &f64| float.is_finite())?)
    } else {
        Token::Int(text.parse().ok()?)
    };
    Some((len, token))
}

fn symbol(rest: &[char]) -> Option<(usize, Token)> {
    let symbol = SYMBOLS.iter().find(|symbol| {
        rest.len() >= symbol.len() && symbol.chars().zip(rest).all(|(left, right)| left == *right)
    })?;
    Some((symbol.len(), Token::Symbol(symbol)))
}
