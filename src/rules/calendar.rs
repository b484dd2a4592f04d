//! Business days and deadlines.
