//! The elements that the tree builder or the text rules know, and what the HTML standard says of each.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// Runs within a line of text.
const INLINE: u16 = 1;
/// "Special" (§13.2.4.2): an end tag of an ordinary element does not reach past it.
const SPECIAL: u16 = 1 << 1;
/// Has no content and no end tag.
const VOID: u16 = 1 << 2;
/// Its start tag ends an open paragraph.
const ENDS_P: u16 = 1 << 3;
/// Bounds the scope in which an end tag looks for its element.
const SCOPE: u16 = 1 << 4;
/// Its end tag may be left out.
const IMPLIED: u16 = 1 << 5;
/// Stands in the head of a page.
const HEAD: u16 = 1 << 6;
/// Formatting: its end tag closes it from within other elements, which stay open.
const FORMAT: u16 = 1 << 7;
/// A table or its part: what is misplaced in it moves before the table.
const TABLE: u16 = 1 << 8;
/// Special, ends an open paragraph.
const BLOCK: u16 = SPECIAL | ENDS_P;

macro_rules! tags {
    ($($tag:ident $name:literal $traits:expr,)*) => {
        /// An element by its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Tag { $($tag,)* }

        const TRAITS: &[u16] = &[$($traits,)*];

        static TAGS: LazyLock<FxHashMap<u128, Tag>> =
            LazyLock::new(|| [$(($name, Tag::$tag),)*].into_iter().map(|(name, tag)| (pack(name), tag)).collect());
    };
}

tags! {
    Other "" 0,
    A "a" INLINE | FORMAT,
    Abbr "abbr" INLINE,
    Acronym "acronym" INLINE,
    Address "address" BLOCK,
    AmpAd "amp-ad" 0,
    Applet "applet" SPECIAL | SCOPE,
    Area "area" SPECIAL | VOID,
    Article "article" BLOCK,
    Aside "aside" BLOCK,
    B "b" INLINE | FORMAT,
    Base "base" SPECIAL | VOID | HEAD,
    Basefont "basefont" SPECIAL | VOID | HEAD,
    Bdi "bdi" INLINE,
    Bdo "bdo" INLINE,
    Bgsound "bgsound" SPECIAL | VOID | HEAD,
    Big "big" INLINE | FORMAT,
    Blockquote "blockquote" BLOCK,
    Body "body" SPECIAL,
    Br "br" SPECIAL | VOID,
    Button "button" SPECIAL,
    Canvas "canvas" 0,
    Caption "caption" SPECIAL | SCOPE,
    Center "center" BLOCK,
    Cite "cite" INLINE,
    Code "code" INLINE | FORMAT,
    Col "col" SPECIAL | VOID,
    Colgroup "colgroup" SPECIAL,
    Data "data" INLINE,
    Dd "dd" BLOCK | IMPLIED,
    Details "details" BLOCK,
    Dfn "dfn" INLINE,
    Dialog "dialog" ENDS_P,
    Dir "dir" BLOCK,
    Div "div" BLOCK,
    Dl "dl" BLOCK,
    Dt "dt" BLOCK | IMPLIED,
    Em "em" INLINE | FORMAT,
    Embed "embed" SPECIAL | VOID,
    Fieldset "fieldset" BLOCK,
    Figcaption "figcaption" BLOCK,
    Figure "figure" BLOCK,
    Font "font" INLINE | FORMAT,
    Footer "footer" BLOCK,
    Form "form" BLOCK,
    Frame "frame" SPECIAL | VOID,
    Frameset "frameset" SPECIAL,
    H1 "h1" BLOCK,
    H2 "h2" BLOCK,
    H3 "h3" BLOCK,
    H4 "h4" BLOCK,
    H5 "h5" BLOCK,
    H6 "h6" BLOCK,
    Head "head" SPECIAL,
    Header "header" BLOCK,
    Hgroup "hgroup" BLOCK,
    Hr "hr" BLOCK | VOID,
    Html "html" SPECIAL | SCOPE,
    I "i" INLINE | FORMAT,
    Img "img" INLINE | SPECIAL | VOID,
    Input "input" SPECIAL | VOID,
    Ins "ins" INLINE,
    Kbd "kbd" INLINE,
    Keygen "keygen" SPECIAL | VOID,
    Label "label" INLINE,
    Li "li" BLOCK | IMPLIED,
    Link "link" SPECIAL | VOID | HEAD,
    Listing "listing" BLOCK,
    Main "main" BLOCK,
    Map "map" 0,
    Mark "mark" INLINE,
    Marquee "marquee" SPECIAL | SCOPE,
    Menu "menu" BLOCK,
    Meta "meta" SPECIAL | VOID | HEAD,
    Nav "nav" BLOCK,
    Nobr "nobr" INLINE | FORMAT,
    Object "object" SPECIAL | SCOPE,
    Ol "ol" BLOCK,
    Optgroup "optgroup" IMPLIED,
    Option "option" IMPLIED,
    P "p" BLOCK | IMPLIED,
    Param "param" SPECIAL | VOID,
    Picture "picture" INLINE,
    Pre "pre" BLOCK,
    Q "q" INLINE,
    Rb "rb" IMPLIED,
    Rp "rp" IMPLIED,
    Rt "rt" INLINE | IMPLIED,
    Rtc "rtc" IMPLIED,
    Ruby "ruby" INLINE,
    S "s" INLINE | FORMAT,
    Samp "samp" INLINE,
    Search "search" BLOCK,
    Section "section" BLOCK,
    Select "select" SPECIAL,
    Small "small" INLINE | FORMAT,
    Source "source" INLINE | SPECIAL | VOID,
    Span "span" INLINE,
    Strike "strike" INLINE | FORMAT,
    Strong "strong" INLINE | FORMAT,
    Sub "sub" INLINE,
    Summary "summary" BLOCK,
    Sup "sup" INLINE,
    Table "table" BLOCK | SCOPE | TABLE,
    Tbody "tbody" SPECIAL | TABLE,
    Td "td" SPECIAL | SCOPE,
    Template "template" SPECIAL | SCOPE | HEAD,
    Tfoot "tfoot" SPECIAL | TABLE,
    Th "th" SPECIAL | SCOPE,
    Thead "thead" SPECIAL | TABLE,
    Time "time" INLINE,
    Title "title" SPECIAL | HEAD,
    Tr "tr" SPECIAL | TABLE,
    Track "track" SPECIAL | VOID,
    Tt "tt" INLINE | FORMAT,
    U "u" INLINE | FORMAT,
    Ul "ul" BLOCK,
    Var "var" INLINE,
    Wbr "wbr" INLINE | SPECIAL | VOID,
}

/// Bytes of a name, in small letters, as one number; 0 for a name too long to be known.
pub(crate) const fn pack(name: &str) -> u128 {
    let bytes = name.as_bytes();
    if bytes.len() > 16 {
        return 0;
    }
    let mut packed = 0;
    let mut at = 0;
    while at < bytes.len() {
        packed = packed << 8 | bytes[at].to_ascii_lowercase() as u128;
        at += 1;
    }
    packed
}

impl Tag {
    /// How many there are.
    pub(super) const COUNT: usize = TRAITS.len();

    /// The element of a name in letters of any size.
    pub(super) fn of(name: &str) -> Self {
        TAGS.get(&pack(name)).copied().unwrap_or(Self::Other)
    }

    fn has(self, traits: u16) -> bool {
        TRAITS[self as usize] & traits != 0
    }

    /// Whether it runs within a line of text.
    pub(crate) fn is_inline(self) -> bool {
        self.has(INLINE)
    }

    /// Whether it holds back end tags that are not its own.
    pub(super) fn is_special(self) -> bool {
        self.has(SPECIAL)
    }

    /// Whether it has no content.
    pub(super) fn is_void(self) -> bool {
        self.has(VOID)
    }

    /// Whether its start tag ends an open paragraph.
    pub(super) fn ends_paragraph(self) -> bool {
        self.has(ENDS_P)
    }

    /// Whether end tags inside it do not reach out of it.
    pub(super) fn bounds_scope(self) -> bool {
        self.has(SCOPE)
    }

    /// Whether other tags imply its end tag.
    pub(super) fn has_implied_end(self) -> bool {
        self.has(IMPLIED)
    }

    /// Whether it stands in the head.
    pub(super) fn is_of_head(self) -> bool {
        self.has(HEAD)
    }

    /// Whether it is formatting, which may overlap other elements.
    pub(super) fn is_formatting(self) -> bool {
        self.has(FORMAT)
    }

    /// Whether it is a table or a part of one that holds no text itself.
    pub(super) fn is_of_table(self) -> bool {
        self.has(TABLE)
    }

    /// The level of a heading.
    pub(crate) fn heading_level(self) -> Option<u8> {
        (Self::H1 as u8..=Self::H6 as u8)
            .contains(&(self as u8))
            .then(|| self as u8 - Self::H1 as u8 + 1)
    }
}
