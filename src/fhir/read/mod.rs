//! From resources to an order. A reader says what it read, where it stood, and what it did not understand; it decides nothing.

pub mod answers;
pub mod attachments;
pub mod bundle;
pub mod claim;
pub mod dosage;
pub mod items;
pub mod observations;
pub mod order;
pub mod people;
pub mod shape;
pub mod subscription;
pub mod treatment;
