//! The logical structure of a PDF, which readers for the blind follow: headings, lists, tables, in reading order.

use krilla::tagging::{Identifier, ListNumbering, TableHeaderScope, Tag, TagGroup, TagKind, TagTree};
use std::num::NonZeroU16;

/// What a part of the document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Paragraph,
    Heading(u8, String),
    Quote,
    Section,
    List,
    Item,
    Label,
    Body,
    Table,
    Caption,
    Row,
    ColumnHeader,
    RowHeader,
    Cell,
}

/// A part of the document.
pub(super) type Node = usize;

/// All parts, each under another or at the top.
#[derive(Debug, Default)]
pub(super) struct Structure {
    nodes: Vec<(Kind, Option<Node>, Option<String>)>,
}

impl Structure {
    /// A new part, last among its siblings.
    pub(super) fn add(&mut self, kind: Kind, parent: Option<Node>) -> Node {
        self.nodes.push((kind, parent, None));
        self.nodes.len() - 1
    }

    /// The same in another language.
    pub(super) fn add_in(&mut self, kind: Kind, language: Option<&str>) -> Node {
        self.nodes.push((kind, None, language.map(str::to_owned)));
        self.nodes.len() - 1
    }

    /// The tree, with what was drawn for each part.
    pub(super) fn tree(&self, drawn: &[(Node, Identifier)], language: &str) -> TagTree {
        let mut tree = TagTree::new().with_lang(Some(language.to_owned()));
        for node in self.children(None) {
            tree.push(self.group(node, drawn));
        }
        tree
    }

    fn children(&self, parent: Option<Node>) -> impl Iterator<Item = Node> {
        self.nodes.iter().enumerate().filter(move |(_, (_, of, _))| *of == parent).map(|(node, _)| node)
    }

    fn group(&self, node: Node, drawn: &[(Node, Identifier)]) -> TagGroup {
        let mut group = TagGroup::new(self.tag(node));
        for child in self.children(Some(node)) {
            group.push(self.group(child, drawn));
        }
        for (_, identifier) in drawn.iter().filter(|(of, _)| *of == node) {
            group.push(*identifier);
        }
        group
    }

    fn tag(&self, node: Node) -> TagKind {
        let Some((kind, _, language)) = self.nodes.get(node) else { return Tag::P.into() };
        let tag: TagKind = match kind {
            Kind::Paragraph => Tag::P.into(),
            Kind::Heading(level, text) => {
                let level = NonZeroU16::new(u16::from(*level)).unwrap_or(NonZeroU16::MIN);
                Tag::Hn(level, Some(text.clone())).into()
            }
            Kind::Quote => Tag::BlockQuote.into(),
            Kind::Section => Tag::Section.into(),
            Kind::List => Tag::L(ListNumbering::Disc).into(),
            Kind::Item => Tag::LI.into(),
            Kind::Label => Tag::Lbl.into(),
            Kind::Body => Tag::LBody.into(),
            Kind::Table => Tag::Table.into(),
            Kind::Caption => Tag::Caption.into(),
            Kind::Row => Tag::TR.into(),
            Kind::ColumnHeader => Tag::TH(TableHeaderScope::Column).into(),
            Kind::RowHeader => Tag::TH(TableHeaderScope::Row).into(),
            Kind::Cell => Tag::TD.into(),
        };
        tag.with_lang(language.clone())
    }
}
