//! Bodies that JSON cannot say: MessagePack, value by value.

use rmpv::Value;

/// One value as MessagePack.
pub fn pack(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).unwrap();
    bytes
}

/// What a JSON value is in MessagePack: integers stay integers, floats are 64-bit.
pub fn value(json: &serde_json::Value) -> Value {
    let bytes = rmp_serde::to_vec(json).unwrap();
    rmpv::decode::read_value(&mut bytes.as_slice()).unwrap()
}

/// A map as MessagePack: `json`, an object, with one field more, or another one under that name.
pub fn with(json: &serde_json::Value, name: &str, field: Value) -> Vec<u8> {
    let Value::Map(mut entries) = value(json) else {
        panic!("{json} is no object");
    };
    entries.retain(|(key, _)| key.as_str() != Some(name));
    entries.push((name.into(), field));
    pack(&Value::Map(entries))
}

/// `levels` lists in one another.
pub fn nested(levels: usize) -> Value {
    (1..levels).fold(Value::Array(Vec::new()), |inner, _| Value::Array(vec![inner]))
}
