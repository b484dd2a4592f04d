//! Tells Cargo what is compiled in beside the sources: new migrations would go unnoticed otherwise.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
