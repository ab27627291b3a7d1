//! Stub.
crate::sentences! {}
