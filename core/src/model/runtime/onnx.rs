//! Fixing the one symbolic dimension of an ONNX file.
//!
//! A pack's network states its number of frames per call as a symbolic dimension, usually `T`. Backends run it much
//! faster once the number is known when the graph is optimised (measured with the embedded backend: 1.7× for calls of
//! four frames), and the embedded backend has no call for overriding it. The file is protobuf; this module walks just the
//! fields that lead to `dim_param` and writes `dim_value` in its place. All else is copied byte for byte.
//!
//! Field numbers are those of `onnx.proto3` (IR version 3 and later).

use super::RuntimeError;

const MODEL_GRAPH: u64 = 7;
const GRAPH_INPUT: u64 = 11;
const GRAPH_OUTPUT: u64 = 12;
const GRAPH_VALUE_INFO: u64 = 13;
const VALUE_INFO_TYPE: u64 = 2;
const TYPE_TENSOR: u64 = 1;
const TENSOR_SHAPE: u64 = 2;
const SHAPE_DIM: u64 = 1;
const DIM_VALUE: u64 = 1;
const DIM_PARAM: u64 = 2;

const WIRE_VARINT: u64 = 0;
const WIRE_FIXED64: u64 = 1;
const WIRE_BYTES: u64 = 2;
const WIRE_FIXED32: u64 = 5;

/// The path from a model to a dimension: at each depth the fields that are entered.
const PATH: &[&[u64]] = &[
    &[MODEL_GRAPH],
    &[GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE_INFO],
    &[VALUE_INFO_TYPE],
    &[TYPE_TENSOR],
    &[TENSOR_SHAPE],
    &[SHAPE_DIM],
];

/// `model` with each dimension called `axis` set to `size`.
///
/// # Errors
/// [`RuntimeError::NotOnnx`] if the bytes are not a protobuf message.
pub fn fix_dimension(model: &[u8], axis: &str, size: usize) -> Result<Vec<u8>, RuntimeError> {
    let mut out = Vec::with_capacity(model.len() + 64);
    rewrite(model, PATH, axis, size, &mut out).ok_or(RuntimeError::NotOnnx)?;
    Ok(out)
}

/// Copies one message; `None` when it is malformed.
fn rewrite(mut message: &[u8], path: &[&[u64]], axis: &str, size: usize, out: &mut Vec<u8>) -> Option<()> {
    while !message.is_empty() {
        let field_start = message;
        let key = take_varint(&mut message)?;
        let (field, wire) = (key >> 3, key & 7);
        match wire {
            WIRE_VARINT => {
                take_varint(&mut message)?;
            }
            WIRE_FIXED64 => message = message.get(8..)?,
            WIRE_FIXED32 => message = message.get(4..)?,
            WIRE_BYTES => {
                let length = usize::try_from(take_varint(&mut message)?).ok()?;
                let body = message.get(..length)?;
                message = &message[length..];
                match path.split_first() {
                    Some((fields, deeper)) if fields.contains(&field) => {
                        let mut inner = Vec::with_capacity(body.len() + 16);
                        rewrite(body, deeper, axis, size, &mut inner)?;
                        put_varint(out, key);
                        put_varint(out, inner.len() as u64);
                        out.extend_from_slice(&inner);
                        continue;
                    }
                    None if field == DIM_PARAM && body == axis.as_bytes() => {
                        put_varint(out, DIM_VALUE << 3 | WIRE_VARINT);
                        put_varint(out, size as u64);
                        continue;
                    }
                    _ => {}
                }
            }
            _ => return None,
        }
        out.extend_from_slice(&field_start[..field_start.len() - message.len()]);
    }
    Some(())
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Wraps `body` as field `field` of an outer message.
    fn message(field: u64, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(&mut out, field << 3 | WIRE_BYTES);
        put_varint(&mut out, body.len() as u64);
        out.extend_from_slice(body);
        out
    }

    fn model_with_dims(dims: &[Vec<u8>]) -> Vec<u8> {
        let shape: Vec<u8> = dims.iter().flat_map(|d| message(SHAPE_DIM, d)).collect();
        let value = message(VALUE_INFO_TYPE, &message(TYPE_TENSOR, &message(TENSOR_SHAPE, &shape)));
        let mut graph = message(1, b"a node that mentions T");
        graph.extend(message(GRAPH_INPUT, &value));
        message(MODEL_GRAPH, &graph)
    }

    fn dim_value(size: u64) -> Vec<u8> {
        let mut out = vec![0x08];
        put_varint(&mut out, size);
        out
    }

    #[test]
    fn only_the_named_axis_is_fixed() {
        let before = model_with_dims(&[dim_value(1), message(DIM_PARAM, b"T"), message(DIM_PARAM, b"batch")]);
        let after = model_with_dims(&[dim_value(1), dim_value(400), message(DIM_PARAM, b"batch")]);
        assert_eq!(fix_dimension(&before, "T", 400).unwrap(), after);
    }

    #[test]
    fn a_truncated_file_is_refused() {
        let model = model_with_dims(&[message(DIM_PARAM, b"T")]);
        assert!(matches!(fix_dimension(&model[..model.len() - 1], "T", 4), Err(RuntimeError::NotOnnx)));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = fix_dimension(&bytes, "T", 4);
        }
    }
}
