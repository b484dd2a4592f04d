//! Tells Cargo what is compiled in beside the sources: new content files would go unnoticed otherwise.

fn main() {
    println!("cargo:rerun-if-changed=../../content");
}
