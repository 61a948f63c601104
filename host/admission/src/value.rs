//! The first difference of two JSON values, by its path.

use serde_json::Value;

/// Where and how two values differ first; none where they are alike. Numbers may differ by
/// `tolerance`, relative to the larger or, below 1, absolute; 0 asks for equal bits.
pub fn first_difference(expected: &Value, found: &Value, tolerance: f64) -> Option<String> {
    at(String::new(), expected, found, tolerance)
}

fn at(path: String, expected: &Value, found: &Value, tolerance: f64) -> Option<String> {
    match (expected, found) {
        (Value::Array(a), Value::Array(b)) => {
            let mut pairs = a.iter().zip(b).enumerate();
            let inside = pairs.find_map(|(i, (a, b))| at(format!("{path}[{i}]"), a, b, tolerance));
            inside.or_else(|| {
                let (a, b) = (a.len(), b.len());
                (a != b).then(|| format!("{}has {b} elements, expected {a}", prefix(&path)))
            })
        }
        (Value::Object(a), Value::Object(b)) => {
            if let Some(key) = b.keys().find(|key| !a.contains_key(*key)) {
                return Some(format!("{}has an unexpected `{key}`", prefix(&path)));
            }
            let step = |key: &str| match path.as_str() {
                "" => key.to_owned(),
                path => format!("{path}.{key}"),
            };
            a.iter().find_map(|(key, a)| match b.get(key) {
                Some(b) => at(step(key), a, b, tolerance),
                None => Some(format!("{}lacks `{key}`", prefix(&path))),
            })
        }
        (Value::Number(x), Value::Number(y)) => {
            let is_alike = if x.is_f64() && y.is_f64() {
                alike(x.as_f64(), y.as_f64(), tolerance)
            } else {
                // An integer is itself, of 64 bits; beside a float it is what it stands for.
                x == y || (x.is_f64() || y.is_f64()) && alike(x.as_f64(), y.as_f64(), tolerance)
            };
            (!is_alike).then(|| format!("{}is {found}, expected {expected}", prefix(&path)))
        }
        (a, b) if a == b => None,
        (a, b) => Some(format!("{}is {b}, expected {a}", prefix(&path))),
    }
}

fn prefix(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path} ") }
}

fn alike(a: Option<f64>, b: Option<f64>, tolerance: f64) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return false };
    let scale = a.abs().max(b.abs()).max(1.0);
    a.to_bits() == b.to_bits() || (tolerance > 0.0 && (a - b).abs() <= tolerance * scale)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference_is_named_by_its_path() {
        let a = json!({"rows": [{"x": 1.0}, {"x": 2.0}]});
        let differs = |b, tolerance| first_difference(&a, &b, tolerance);
        assert_eq!(differs(a.clone(), 0.0), None);
        let close = json!({"rows": [{"x": 1.0}, {"x": 2.000_000_001}]});
        assert_eq!(differs(close.clone(), 1e-6), None);
        let expected = "rows[1].x is 2.000000001, expected 2.0";
        assert_eq!(differs(close, 0.0).unwrap(), expected);
        assert_eq!(
            differs(json!({"rows": [{"x": 1.0}]}), 0.0).unwrap(),
            "rows has 1 elements, expected 2"
        );
        assert_eq!(differs(json!({}), 0.0).unwrap(), "lacks `rows`");
        assert_eq!(
            differs(json!({"rows": [{"x": 1.0}, {"x": null, "y": 1}]}), 0.0).unwrap(),
            "rows[1] has an unexpected `y`"
        );
    }

    #[test]
    fn zeros_of_other_signs_differ_when_bits_are_asked_for() {
        assert!(first_difference(&json!(0.0), &json!(-0.0), 0.0).is_some());
        assert!(first_difference(&json!(0.0), &json!(-0.0), 1e-9).is_none());
    }
}
