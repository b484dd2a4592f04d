//! Decides oncology prior authorizations.
