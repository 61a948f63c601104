//! From text to a tree, which still knows where in the text each part stood.
//!
//! ```text
//! or      = and  { "or" and }
//! and     = not  { "and" not }
//! not     = "not" not | test
//! test    = sum  [ ("=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=") sum
//!                | ["not"] "in" "(" or { "," or } ")" | "is" ["not"] "null" ]
//! sum     = product { ("+" | "-") product }
//! product = sign { ("*" | "/" | "%") sign }
//! sign    = "-" sign | atom
//! atom    = number | 'text' | true | false | null | name | "name" | `name`
//!         | name "(" [ or { "," or } ] ")" | "(" or ")"
//! ```

use crate::token::{Token, tokens};

/// A part of an expression, and the character at which it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub node: Node,
    pub at: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    Null,
    Boolean(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Column(String),
    Negate(Box<Expr>),
    Not(Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    Call(String, Vec<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
}

impl Expr {
    /// Nodes on the longest way down.
    fn depth(&self) -> usize {
        1 + match &self.node {
            Node::Negate(inner) | Node::Not(inner) => inner.depth(),
            Node::Binary(_, left, right) => left.depth().max(right.depth()),
            Node::Call(_, arguments) => arguments.iter().map(Self::depth).max().unwrap_or(0),
            _ => 0,
        }
    }
}

/// What is wrong, and at which character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub at: usize,
    pub text: String,
}

impl Mistake {
    pub fn new(at: usize, text: impl Into<String>) -> Self {
        Self { at, text: text.into() }
    }
}

/// Parentheses and calls nest at most this deep, and operators follow each other at most so
/// often: the parser recurses.
const DEPTH_MAX: usize = 64;

/// The tree is at most this deep: the evaluator recurses, too.
const TREE_DEPTH_MAX: usize = 160;

/// Reads an expression.
pub fn parse(text: &str) -> Result<Expr, Mistake> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, next: 0, depth: 0, end: text.chars().count() };
    let expr = parser.or()?;
    match parser.tokens.get(parser.next) {
        None if expr.depth() > TREE_DEPTH_MAX => {
            Err(Mistake::new(0, format!("operators and calls nest deeper than {TREE_DEPTH_MAX}")))
        }
        None => Ok(expr),
        Some((at, token)) => Err(Mistake::new(*at, format!("unexpected {token}"))),
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
    end: usize,
}

type Parsed = Result<Expr, Mistake>;

impl Parser {
    fn or(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Mistake::new(self.at(), format!("nested deeper than {DEPTH_MAX}")));
        }
        let expr = self.chain(&[("or", Binary::Or)], |parser| {
            parser.chain(&[("and", Binary::And)], Self::not)
        });
        self.depth -= 1;
        expr
    }

    fn not(&mut self) -> Parsed {
        let at = self.at();
        let mut n_nots = 0;
        while self.takes("not") {
            n_nots += 1;
        }
        let mut expr = self.test()?;
        // Two cancel out, in three-valued logic too.
        if n_nots % 2 == 1 {
            expr = Expr { node: Node::Not(Box::new(expr)), at };
        }
        Ok(expr)
    }

    fn test(&mut self) -> Parsed {
        const TESTS: &[(&str, Binary)] = &[
            ("==", Binary::Equal),
            ("=", Binary::Equal),
            ("!=", Binary::NotEqual),
            ("<>", Binary::NotEqual),
            ("<=", Binary::LessEqual),
            ("<", Binary::Less),
            (">=", Binary::GreaterEqual),
            (">", Binary::Greater),
        ];
        let left = self.sum()?;
        let at = self.at();
        if let Some(&(_, test)) = TESTS.iter().find(|(symbol, _)| self.takes(symbol)) {
            let right = self.sum()?;
            return Ok(binary(test, left, right, at));
        }
        if self.takes("is") {
            let negated = self.takes("not");
            self.expect("null")?;
            let test = Expr { node: Node::Call("is_null".to_owned(), vec![left]), at };
            return Ok(negate_if(negated, test));
        }
        let negated = self.peeks("not");
        if negated {
            self.next += 1;
        }
        if negated || self.peeks("in") {
            self.expect("in")?;
            self.expect("(")?;
            return Ok(negate_if(negated, self.one_of(&left, at)?));
        }
        Ok(left)
    }

    /// The list of `in`: equal to the first, or to the second, …
    fn one_of(&mut self, left: &Expr, at: usize) -> Parsed {
        let mut tests =
            self.arguments()?.into_iter().map(|item| binary(Binary::Equal, left.clone(), item, at));
        let Some(first) = tests.next() else {
            return Err(Mistake::new(at, "`in` needs at least one value"));
        };
        // Halved, not chained: a long list must not nest deep.
        let mut level: Vec<Expr> = std::iter::once(first).chain(tests).collect();
        while level.len() > 1 {
            let mut halved = Vec::with_capacity(level.len().div_ceil(2));
            let mut items = level.into_iter();
            while let Some(left) = items.next() {
                halved.push(match items.next() {
                    Some(right) => binary(Binary::Or, left, right, at),
                    None => left,
                });
            }
            level = halved;
        }
        Ok(level.remove(0))
    }

    fn sum(&mut self) -> Parsed {
        self.chain(&[("+", Binary::Add), ("-", Binary::Subtract)], Self::product)
    }

    fn product(&mut self) -> Parsed {
        const OPERATORS: &[(&str, Binary)] =
            &[("*", Binary::Multiply), ("/", Binary::Divide), ("%", Binary::Remainder)];
        self.chain(OPERATORS, Self::sign)
    }

    fn sign(&mut self) -> Parsed {
        let at = self.at();
        let mut is_negative = false;
        while self.takes("-") {
            is_negative = !is_negative;
        }
        let expr = self.atom()?;
        Ok(match (is_negative, expr.node) {
            (false, node) => Expr { node, at: expr.at },
            (true, Node::Int(int)) => Expr { node: Node::Int(-int), at },
            (true, Node::Float(float)) => Expr { node: Node::Float(-float), at },
            (true, node) => Expr { node: Node::Negate(Box::new(Expr { node, at: expr.at })), at },
        })
    }

    fn atom(&mut self) -> Parsed {
        let Some((at, token)) = self.tokens.get(self.next).cloned() else {
            return Err(Mistake::new(self.end, "the expression ends too early"));
        };
        self.next += 1;
        let node = match token {
            Token::Int(int) => Node::Int(int),
            Token::Float(float) => Node::Float(float),
            Token::Text(text) => Node::Text(text),
            Token::Quoted(name) => Node::Column(name),
            Token::Word(word) => match word.as_str() {
                "null" => Node::Null,
                "true" => Node::Boolean(true),
                "false" => Node::Boolean(false),
                _ if self.takes("(") => Node::Call(word, self.arguments()?),
                _ => Node::Column(word),
            },
            Token::Symbol("(") => {
                let inner = self.or()?;
                self.expect(")")?;
                return Ok(inner);
            }
            token @ Token::Symbol(_) => {
                return Err(Mistake::new(at, format!("unexpected {token}")));
            }
        };
        Ok(Expr { node, at })
    }

    /// Expressions with commas between them, up to `)`.
    fn arguments(&mut self) -> Result<Vec<Expr>, Mistake> {
        let mut arguments = Vec::new();
        if self.takes(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.or()?);
            if self.takes(")") {
                return Ok(arguments);
            }
            self.expect(",")?;
        }
    }

    fn chain(
        &mut self,
        operators: &[(&str, Binary)],
        operand: impl Fn(&mut Self) -> Parsed,
    ) -> Parsed {
        let mut left = operand(self)?;
        let mut n_links = 0;
        loop {
            let at = self.at();
            let Some(&(_, operator)) = operators.iter().find(|(symbol, _)| self.takes(symbol))
            else {
                return Ok(left);
            };
            n_links += 1;
            if n_links > DEPTH_MAX {
                return Err(Mistake::new(at, format!("more than {DEPTH_MAX} operators in a row")));
            }
            left = binary(operator, left, operand(self)?, at);
        }
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn peeks(&self, wanted: &str) -> bool {
        match self.tokens.get(self.next) {
            Some((_, Token::Symbol(symbol))) => *symbol == wanted,
            Some((_, Token::Word(word))) => word == wanted,
            _ => false,
        }
    }

    fn takes(&mut self, wanted: &str) -> bool {
        let is_next = self.peeks(wanted);
        self.next += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, wanted: &str) -> Result<(), Mistake> {
        if self.takes(wanted) {
            return Ok(());
        }
        let found = self.tokens.get(self.next).map(|(_, token)| token.to_string());
        let found = found.unwrap_or_else(|| "the end".to_owned());
        Err(Mistake::new(self.at(), format!("`{wanted}` was due, not {found}")))
    }
}

fn binary(operator: Binary, left: Expr, right: Expr, at: usize) -> Expr {
    Expr { node: Node::Binary(operator, Box::new(left), Box::new(right)), at }
}

fn negate_if(negated: bool, expr: Expr) -> Expr {
    let at = expr.at;
    if negated { Expr { node: Node::Not(Box::new(expr)), at } } else { expr }
}
