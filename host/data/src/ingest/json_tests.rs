//! The scanner against `serde_json`, which takes the same lines and finds the same values.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn scan(line: &[u8]) -> Result<Vec<(String, Found, String)>, Fault> {
    let mut all = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("checked UTF-8");
    Scanner::default().object(line, |name, found, value| {
        all.push((text(name), found, text(value)));
    })?;
    Ok(all)
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        "[\"\\\\\u{0}-\u{20}/😀]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn finds_what_serde_json_wrote(map in prop::collection::btree_map("\\PC{0,3}", any_value(), 0..5)) {
        let line = serde_json::to_string(&map).expect("writes");
        let found = scan(line.as_bytes()).expect("its own line");
        prop_assert_eq!(found.len(), map.len());
        for ((name, found, text), (expected, value)) in found.iter().zip(&map) {
            prop_assert_eq!(name, expected);
            match value {
                Value::Null => prop_assert_eq!(*found, Found::Field(Tag::Null)),
                Value::String(value) => {
                    prop_assert_eq!((*found, text), (Found::Field(Tag::Quoted), value));
                }
                Value::Bool(_) | Value::Number(_) => {
                    prop_assert_eq!(*found, Found::Field(Tag::Bare));
                    prop_assert_eq!(text, &value.to_string());
                }
                Value::Array(items) if items.iter().all(Value::is_number) => {
                    prop_assert_eq!(*found, Found::Field(Tag::List));
                    prop_assert_eq!(format!("[{text}]"), value.to_string());
                }
                Value::Array(_) | Value::Object(_) => prop_assert_eq!(*found, Found::Nested),
            }
        }
    }

    /// Lines that are nearly JSON: both take them, or neither does.
    #[test]
    fn takes_the_lines_that_serde_json_takes(
        map in prop::collection::btree_map("[a-b]", any_value(), 0..3),
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(b"{}[]\",:\\ 01.eE+-ntu\x00\xff\xc3".to_vec()),
        is_insertion in any::<bool>(),
    ) {
        let mut line = serde_json::to_vec(&map).expect("writes");
        let at = at.index(line.len());
        if is_insertion { line.insert(at, byte) } else { line[at] = byte }
        let expected = serde_json::from_slice::<std::collections::HashMap<String, Value>>(&line);
        // Numbers that float64 cannot hold are still JSON; `serde_json` refuses some of them.
        let is_range = expected.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
        let found = scan(&line);
        prop_assert!(is_range || found.is_ok() == expected.is_ok(), "{:?}: {found:?} {expected:?}", String::from_utf8_lossy(&line));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = scan(&bytes);
        let _ = scan(&[b"{\"a\":", bytes.as_slice()].concat());
    }
}

#[test]
fn deep_nesting_is_refused_before_the_stack_is() {
    let line = format!("{{\"a\":{}", "[".repeat(1_000_000));
    assert_eq!(scan(line.as_bytes()).expect_err("too deep").expected, "less nesting");
}

#[test]
fn numbers_keep_their_digits() {
    let found = scan(br#"{"a":1.10,"b":[1, 2.50 ,-3e1],"c":18446744073709551616}"#).expect("JSON");
    let texts: Vec<&str> = found.iter().map(|(_, _, text)| text.as_str()).collect();
    assert_eq!(texts, ["1.10", "1,2.50,-3e1", "18446744073709551616"]);
}
