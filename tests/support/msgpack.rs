//! MessagePack bodies with values that JSON lacks.

use rmpv::Value;

/// One value as MessagePack.
pub fn pack(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).unwrap();
    bytes
}

/// Converts JSON to MessagePack: integers stay integers, floats have 64 bits.
pub fn value(json: &serde_json::Value) -> Value {
    let bytes = rmp_serde::to_vec(json).unwrap();
    rmpv::decode::read_value(&mut bytes.as_slice()).unwrap()
}

/// The object `json` as MessagePack, with the field `name` added or replaced.
pub fn with(json: &serde_json::Value, name: &str, field: Value) -> Vec<u8> {
    let Value::Map(mut entries) = value(json) else {
        panic!("{json} is not an object");
    };
    entries.retain(|(key, _)| key.as_str() != Some(name));
    entries.push((name.into(), field));
    pack(&Value::Map(entries))
}

/// `levels` nested lists.
pub fn nested(levels: usize) -> Value {
    (1..levels).fold(Value::Array(Vec::new()), |inner, _| Value::Array(vec![inner]))
}
