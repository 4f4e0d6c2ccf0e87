// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Compares the declarations with what bindgen reads in the header, names, types and
//! values: in `linked.rs` and in `dlopen.rs`, which stand for each other.

use std::collections::BTreeMap;
use std::fs;

use quote::{ToTokens, quote};
use syn::{Expr, ForeignItem, Item, Lit, Signature, UnOp};

const MANIFEST: &str = env!("CARGO_MANIFEST_DIR");

/// What is declared, by name, as text.
type Declared = BTreeMap<String, String>;

#[derive(Default)]
struct Declarations {
    functions: Declared,
    structs: Declared,
    constants: Declared,
}

fn read(text: &str) -> Declarations {
    let mut found = Declarations::default();
    for item in syn::parse_file(text).expect("Rust").items {
        match item {
            Item::ForeignMod(block) => {
                for item in block.items {
                    if let ForeignItem::Fn(function) = item {
                        found.function(&function.sig);
                    }
                }
            }
            Item::Fn(function) if function.sig.abi.is_some() => {
                assert!(function.sig.unsafety.is_some(), "{} is safe", function.sig.ident);
                found.function(&function.sig);
            }
            Item::Struct(declared) => {
                let fields = declared.fields.iter().map(|field| {
                    let (name, of) = (&field.ident, &field.ty);
                    quote!(#name: #of).to_string()
                });
                let public = fields.map(|field| plain(&field)).filter(|f| !f.starts_with('_'));
                // C's order and padding: the fields' offsets are the header's, then.
                let layout = declared.attrs.iter().find(|attr| attr.path().is_ident("repr"));
                let layout = layout.map(|attr| attr.meta.to_token_stream().to_string());
                let fields = public.collect::<Vec<_>>().join(", ");
                found.structs.insert(declared.ident.to_string(), format!("{layout:?} {fields}"));
            }
            Item::Const(constant) => {
                if let Some(value) = number(&constant.expr) {
                    found.constants.insert(constant.ident.to_string(), value.to_string());
                }
            }
            _ => {}
        }
    }
    found
}

impl Declarations {
    fn function(&mut self, signature: &Signature) {
        let (inputs, output) = (&signature.inputs, &signature.output);
        let text = plain(&quote!((#inputs) #output).to_string());
        self.functions.insert(signature.ident.to_string(), text.replace(", )", ")"));
    }
}

/// Without the path of C's types, and with Rust's names for those of a fixed size.
fn plain(tokens: &str) -> String {
    tokens
        .replace(":: core :: ffi :: ", "")
        .replace(" ,", ",")
        .replace(" )", ")")
        .replace("( ", "(")
        .replace(" :", ":")
}

fn number(value: &Expr) -> Option<i128> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => Some(-number(&unary.expr)?),
        other => panic!("not a number: {}", other.to_token_stream()),
    }
}

fn source(name: &str) -> String {
    fs::read_to_string(format!("{MANIFEST}/src/{name}")).expect(name)
}

#[test]
fn declarations_are_the_headers() {
    let header = bindgen::Builder::default()
        .header(format!("{MANIFEST}/../../../include/jitdebug.h"))
        .allowlist_item("(jitdebug|JITDEBUG)_.*")
        .blocklist_item("JITDEBUG_VERSION_.*")
        .use_core()
        .layout_tests(false)
        .generate_comments(false)
        .generate()
        .expect("the header is C");
    let header = read(&header.to_string());
    assert!(header.functions.len() >= 8, "bindgen reads few functions: {:?}", header.functions);

    let common = read(&source("lib.rs"));
    assert_eq!(common.constants, header.constants);
    assert_eq!(
        common.structs.keys().collect::<Vec<_>>(),
        header.structs.keys().collect::<Vec<_>>()
    );
    assert_eq!(common.structs, header.structs);
    assert_eq!(read(&source("linked.rs")).functions, header.functions);
    assert_eq!(read(&source("dlopen.rs")).functions, header.functions);
}
