//! From tokens to a query, by recursive descent of bounded depth.
//!
//! Each grammar rule of `docs/query.md` is one function. What a query must not be (deep, huge, true
//! of entries without any of its terms) is refused here, so that evaluating needs no such care.
//! Never panics.

use std::vec::IntoIter;

use super::error::QueryError;
use super::facts;
use super::lex::{Placed, Token, short, tokens};
use super::regexes;
use crate::matching::check_term;
use crate::model::{Case, FactKind, Node, Query, Regex, Scope, Term, Unit};

/// The longest query, in bytes.
pub const MAX_QUERY_BYTES: usize = 64 << 10;
/// How deep groups, scopes and `NOT`s may stand in each other.
pub const MAX_QUERY_DEPTH: usize = 64;
/// How many terms, operators and groups a query may have.
pub const MAX_QUERY_NODES: usize = 2_000;
/// How many regular expressions a query may have.
pub const MAX_QUERY_REGEXES: usize = 100;

/// Reads a query.
///
/// # Errors
/// [`QueryError`] with the first character that is wrong.
///
/// ```
/// use mentiond::matching::parse_query;
/// let query = parse_query("(SCO OR ШОС^2) NEAR/5 summit* NOT lang:uk").unwrap();
/// assert_eq!(query.terms.len(), 3);
/// let error = parse_query("NOT football").unwrap_err();
/// assert_eq!(error.at, 0);
/// ```
pub fn parse_query(text: &str) -> Result<Query, QueryError> {
    if text.len() > MAX_QUERY_BYTES {
        let mut at = MAX_QUERY_BYTES;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let message = format!("the query is longer than {MAX_QUERY_BYTES} bytes");
        return Err(QueryError::new(at, message));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Err(QueryError::new(0, "the query is empty"));
    }
    let unsure = tokens.iter().find(|(_, token)| needs_company(token));
    let unsure = unsure.map_or(0, |(at, _)| *at);
    let mut parser = Parser {
        tokens: tokens.into_iter(),
        end: text.trim_end().len(),
        depth: 0,
        nodes: 0,
        query: Query {
            terms: Vec::new(),
            regexes: Vec::new(),
            root: Node::And(Vec::new()),
        },
    };
    let root = parser.or(Around::default())?;
    if let Some((at, _)) = parser.tokens.next() {
        return Err(QueryError::new(at, "this `)` closes nothing"));
    }
    let query = Query {
        root,
        ..parser.query
    };
    if !query.is_anchored() {
        let message = "the query would hold where none of its terms stands: what excludes, names a \
                       source, language or tag, or weighs nothing needs a term beside it";
        return Err(QueryError::new(unsure, message));
    }
    Ok(query)
}

/// Whether a token begins what can't stand alone.
fn needs_company(token: &Token) -> bool {
    match token {
        Token::Not | Token::Weight(0) => true,
        Token::Prefix(name) => matches!(&**name, "source" | "lang" | "tag"),
        _ => false,
    }
}

/// What the groups around a part of a query say of it.
#[derive(Debug, Clone, Copy, Default)]
struct Around {
    /// Its words are values of this.
    fact: Option<FactKind>,
    exact: bool,
    plain: bool,
    /// The unit that it stands in.
    unit: Option<Unit>,
}

struct Parser {
    tokens: IntoIter<Placed>,
    /// Where the query ends.
    end: usize,
    depth: usize,
    nodes: usize,
    query: Query,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.as_slice().first().map(|(_, token)| token)
    }

    /// Where the next token begins.
    fn at(&self) -> usize {
        self.tokens
            .as_slice()
            .first()
            .map_or(self.end, |(at, _)| *at)
    }

    /// Takes the next token if it is this one.
    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        if found {
            self.tokens.next();
        }
        found
    }

    fn expected(&self, what: &str) -> QueryError {
        let found = match self.peek() {
            Some(token) => token.describe(),
            None => "end of query".to_owned(),
        };
        QueryError::new(self.at(), format!("expected {what}, found {found}"))
    }

    /// Counts a node.
    fn count(&mut self, at: usize) -> Result<(), QueryError> {
        self.nodes += 1;
        if self.nodes > MAX_QUERY_NODES {
            let message = format!("the query has more than {MAX_QUERY_NODES} parts");
            return Err(QueryError::new(at, message));
        }
        Ok(())
    }

    /// Reads something one level down.
    fn deeper(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Node, QueryError>,
    ) -> Result<Node, QueryError> {
        if self.depth >= MAX_QUERY_DEPTH {
            let message = format!("groups stand in each other more than {MAX_QUERY_DEPTH} deep");
            return Err(QueryError::new(self.at(), message));
        }
        self.depth += 1;
        let node = read(self);
        self.depth -= 1;
        node
    }

    /// `and { OR and }`
    fn or(&mut self, around: Around) -> Result<Node, QueryError> {
        let at = self.at();
        let first = self.and(around)?;
        if self.peek() != Some(&Token::Or) {
            return Ok(first);
        }
        self.count(at)?;
        let mut nodes = vec![first];
        while self.take(&Token::Or) {
            nodes.push(self.and(around)?);
        }
        Ok(Node::Or(nodes))
    }

    /// `not { [ AND ] not }`
    fn and(&mut self, around: Around) -> Result<Node, QueryError> {
        let at = self.at();
        let first = self.not(around)?;
        let mut nodes = vec![first];
        loop {
            let joined = self.take(&Token::And);
            if !joined && matches!(self.peek(), None | Some(Token::Close | Token::Or)) {
                break;
            }
            nodes.push(self.not(around)?);
        }
        match nodes.pop() {
            Some(only) if nodes.is_empty() => Ok(only),
            last => {
                self.count(at)?;
                nodes.extend(last);
                Ok(Node::And(nodes))
            }
        }
    }

    /// `NOT not | near`
    fn not(&mut self, around: Around) -> Result<Node, QueryError> {
        let at = self.at();
        if !self.take(&Token::Not) {
            return self.near(around);
        }
        self.count(at)?;
        let inner = self.deeper(|parser| parser.not(around))?;
        Ok(Node::Not(Box::new(inner)))
    }

    /// `primary { NEAR/n primary }`
    fn near(&mut self, around: Around) -> Result<Node, QueryError> {
        let at = self.at();
        let first = self.primary(around)?;
        if !matches!(self.peek(), Some(Token::Near(_))) {
            return Ok(first);
        }
        self.count(at)?;
        check_operand(&first, at)?;
        let mut rest = Vec::new();
        while let Some(&Token::Near(link)) = self.peek() {
            self.tokens.next();
            let at = self.at();
            let operand = self.primary(around)?;
            check_operand(&operand, at)?;
            rest.push((link, operand));
        }
        Ok(Node::Near {
            first: Box::new(first),
            rest,
        })
    }

    /// `( or ) | unit ( or ) | prefix primary | term`
    fn primary(&mut self, around: Around) -> Result<Node, QueryError> {
        let Some(token) = self.peek() else {
            return Err(self.expected("a term"));
        };
        if matches!(
            token,
            Token::Close | Token::And | Token::Or | Token::Not | Token::Near(_) | Token::Weight(_)
        ) {
            return Err(self.expected("a term"));
        }
        let Some((at, token)) = self.tokens.next() else {
            return Err(self.expected("a term"));
        };
        self.count(at)?;
        match token {
            Token::Open => self.group(at, around),
            Token::Unit(unit) => self.unit(at, unit, around),
            Token::Prefix(name) => self.prefixed(at, &name, around),
            Token::Word(text) | Token::Phrase(text) => match around.fact {
                Some(kind) => facts::read(kind, &text)
                    .map(Node::Fact)
                    .map_err(|message| QueryError::new(at, message)),
                None => self.term(at, &text, around),
            },
            Token::Regex { .. } if around.fact.is_some() => Err(QueryError::new(
                at,
                "expected a name, found a regular expression",
            )),
            Token::Regex {
                pattern,
                ignore_case,
            } => self.regex(at, &pattern, ignore_case),
            _ => Err(QueryError::new(at, "expected a term")),
        }
    }

    /// Reads on behind the parenthesis at `at`, to the one that closes it.
    fn group(&mut self, at: usize, around: Around) -> Result<Node, QueryError> {
        let inner = self.deeper(|parser| parser.or(around))?;
        if !self.take(&Token::Close) {
            let message = "this `(` is never closed";
            return Err(QueryError::new(at, message));
        }
        if let Some(Token::Weight(_)) = self.peek() {
            let message = "a weight belongs to a term, not to a group";
            return Err(QueryError::new(self.at(), message));
        }
        Ok(inner)
    }

    fn unit(&mut self, at: usize, unit: Unit, around: Around) -> Result<Node, QueryError> {
        if around.fact.is_some() || around.unit.is_some() {
            let message =
                "`SENTENCE` and `PARAGRAPH` stand neither in each other nor in a list of names";
            return Err(QueryError::new(at, message));
        }
        let open = self.at();
        if !self.take(&Token::Open) {
            return Err(self.expected("`(`"));
        }
        let inside = Around {
            unit: Some(unit),
            ..around
        };
        let inner = self.group(open, inside)?;
        if !inner.needs(&|_| true) {
            let message =
                "what stands inside would hold in a sentence with none of its terms: add a term";
            return Err(QueryError::new(open, message));
        }
        Ok(Node::Within(unit, Box::new(inner)))
    }

    fn prefixed(&mut self, at: usize, name: &str, around: Around) -> Result<Node, QueryError> {
        let scope = match name {
            "title" => Some(Scope::Title),
            "body" => Some(Scope::Body),
            "author" => Some(Scope::Author),
            _ => None,
        };
        let kind = match name {
            "source" => Some(FactKind::Source),
            "lang" => Some(FactKind::Language),
            "tag" => Some(FactKind::Tag),
            _ => None,
        };
        let is_flag = matches!(name, "exact" | "plain");
        if scope.is_none() && kind.is_none() && !is_flag {
            let name = short(name);
            let message = format!(
                "unknown scope `{name}:`; there are title, body, author, source, lang, tag, exact and \
                 plain: put a text with a colon in quotes"
            );
            return Err(QueryError::new(at, message));
        }
        if around.fact.is_some() {
            let message = format!("expected a name, found `{name}:`");
            return Err(QueryError::new(at, message));
        }
        if around.unit.is_some() && !is_flag {
            let message = format!(
                "`{name}:` can't stand inside `SENTENCE` and `PARAGRAPH`: put it before or beside them"
            );
            return Err(QueryError::new(at, message));
        }
        let inside = Around {
            fact: kind,
            exact: around.exact || name == "exact",
            plain: around.plain || name == "plain",
            unit: around.unit,
        };
        let inner = self.deeper(|parser| parser.primary(inside))?;
        Ok(match scope {
            Some(scope) => Node::Scoped(scope, Box::new(inner)),
            None => inner,
        })
    }

    fn term(&mut self, at: usize, text: &str, around: Around) -> Result<Node, QueryError> {
        if let Err(error) = check_term(text) {
            return Err(QueryError::new(at, error.to_string()));
        }
        let term = Term {
            case: if around.exact {
                Case::Exact
            } else {
                Case::Fold
            },
            inflect: !around.plain,
            weight: self.weight(),
            ..Term::new(text)
        };
        self.query.terms.push(term);
        Ok(Node::Term(self.query.terms.len() - 1))
    }

    fn regex(&mut self, at: usize, pattern: &str, ignore_case: bool) -> Result<Node, QueryError> {
        let regex = Regex {
            pattern: pattern.into(),
            ignore_case,
            weight: self.weight(),
        };
        if self.query.regexes.len() >= MAX_QUERY_REGEXES {
            let message = format!("a query has at most {MAX_QUERY_REGEXES} regular expressions");
            return Err(QueryError::new(at, message));
        }
        regexes::compile(&regex).map_err(|message| QueryError::new(at, message))?;
        self.query.regexes.push(regex);
        Ok(Node::Regex(self.query.regexes.len() - 1))
    }

    fn weight(&mut self) -> i32 {
        match self.peek() {
            Some(&Token::Weight(weight)) => {
                self.tokens.next();
                weight
            }
            _ => 1,
        }
    }
}

fn check_operand(node: &Node, at: usize) -> Result<(), QueryError> {
    if node.is_place() {
        return Ok(());
    }
    let message = "`NEAR` joins terms and groups of alternatives, such as `(a OR b)`; a scope stands \
                   before all of it: `title:(a NEAR/3 b)`";
    Err(QueryError::new(at, message))
}
