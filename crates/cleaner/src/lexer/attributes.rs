//! The attributes of a tag: which of them are read, and how each is written.

use memchr::memchr;

use crate::dom::pack;

macro_rules! keys {
    ($($key:ident $name:literal)*) => {
        /// An attribute that some later step reads.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Key { $($key,)* }

        impl Key {
            /// The key of a name, if it is one that is read.
            #[expect(non_upper_case_globals, reason = "named as the keys are")]
            pub(super) fn of(name: &str) -> Option<Self> {
                $(const $key: u128 = pack($name);)*
                match pack(name) {
                    $($key => Some(Self::$key),)*
                    _ => None,
                }
            }
        }
    };
}

keys! {
    Class "class"
    Content "content"
    DataComponent "data-component"
    DataQa "data-qa"
    DataTestid "data-testid"
    DataType "data-type"
    Datetime "datetime"
    Hidden "hidden"
    Href "href"
    HttpEquiv "http-equiv"
    Id "id"
    Itemprop "itemprop"
    Lang "lang"
    Name "name"
    Property "property"
    Pubdate "pubdate"
    Rel "rel"
    Role "role"
    Style "style"
}

/// An attribute as it is written, and where it ends.
pub(super) struct Written<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value, empty where it has none.
    pub value: &'a str,
    /// Where it ends in the page.
    pub end: usize,
}

impl<'a> Written<'a> {
    /// Reads the attribute that begins at `start`.
    pub(super) fn read(page: &'a str, start: usize) -> Self {
        let bytes = page.as_bytes();
        let ends_name = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'/' | b'>' | b'=');
        // An equals sign in the first place belongs to the name.
        let mut at = start + 1;
        while bytes.get(at).is_some_and(|b| !ends_name(b)) {
            at += 1;
        }
        let name = page.get(start..at).unwrap_or_default();
        let mut equals = at;
        while bytes.get(equals).is_some_and(u8::is_ascii_whitespace) {
            equals += 1;
        }
        if bytes.get(equals) != Some(&b'=') {
            return Self {
                name,
                value: "",
                end: at,
            };
        }
        let mut from = equals + 1;
        while bytes.get(from).is_some_and(u8::is_ascii_whitespace) {
            from += 1;
        }
        let (from, to, end) = match bytes.get(from) {
            Some(quote @ (b'"' | b'\'')) => {
                let from = from + 1;
                let to = memchr(*quote, &bytes[from..]).map_or(page.len(), |found| from + found);
                (from, to, (to + 1).min(page.len()))
            }
            _ => {
                let mut to = from;
                while bytes
                    .get(to)
                    .is_some_and(|b| !b.is_ascii_whitespace() && *b != b'>')
                {
                    to += 1;
                }
                (from, to, to)
            }
        };
        Self {
            name,
            value: page.get(from..to).unwrap_or_default(),
            end,
        }
    }
}
