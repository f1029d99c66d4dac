// Protobuf bodies of kubectl >= 1.32 and other typed clients (`decode_protobuf` in scheme.h).
//
// The wire format is that of https://protobuf.dev/programming-guides/encoding/; the envelope is 4 magic bytes and a
// message Unknown {1: TypeMeta {1: apiVersion, 2: kind}, 2: the object's bytes}. Field numbers come from the schema
// tables, fields that are not in the table are skipped, as protobuf wants it. Times, quantities and the like are
// messages of their own.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "api/scheme.h"
#include "base/strings.h"

namespace slipway::api {
namespace {

using data::Value;

constexpr std::string_view kMagic{"k8s\0", 4};
constexpr int kMaxDepth = 64;

enum class Wire { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

struct Record {
  int number = 0;
  Wire wire = Wire::Varint;
  std::uint64_t number_value = 0;  // of Varint, Fixed32, Fixed64
  std::string_view bytes = {};     // of Bytes
};

// Takes records off the front of a message. After a malformed one `failed()` is true and there are no more.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool failed() const { return failed_; }

  std::optional<Record> next() {
    if (rest_.empty() || failed_) return std::nullopt;
    const std::uint64_t tag = varint();
    Record record{.number = static_cast<int>(tag >> 3), .wire = static_cast<Wire>(tag & 7)};
    if ((tag >> 3) == 0 || (tag >> 3) > 536'870'911) failed_ = true;
    switch (record.wire) {
      case Wire::Varint:
        record.number_value = varint();
        break;
      case Wire::Fixed64:
        record.number_value = fixed(8);
        break;
      case Wire::Fixed32:
        record.number_value = fixed(4);
        break;
      case Wire::Bytes:
        record.bytes = take(varint());
        break;
      default:
        failed_ = true;
    }
    if (failed_) return std::nullopt;
    return record;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    failed_ = true;
    return 0;
  }

  bool at_end() const { return rest_.empty(); }

 private:
  std::uint64_t fixed(std::size_t size) {
    const std::string_view bytes = take(size);
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  }

  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }

  std::string_view rest_;
  bool failed_ = false;
};

class Decoder {
 public:
  std::string error;  // the first thing that was wrong

  Value object(const Schema& schema, std::string_view bytes, int depth) {
    Value out = Value::object();
    members(schema, 0, bytes, depth, out);
    return out;
  }

 private:
  void fail(std::string what) {
    if (error.empty()) error = std::move(what);
  }

  // The records of a message whose fields go into `out`; `outer` is the number of the embedded message it is, or 0.
  void members(const Schema& schema, int outer, std::string_view bytes, int depth, Value& out) {
    if (depth > kMaxDepth) return fail("nested too deeply");
    Reader reader(bytes);
    while (auto record = reader.next()) {
      if (!error.empty()) return;
      if (const Field* field = find(schema, outer, record->number))
        member(*field, *record, depth, out);
      else if (outer == 0 && is_embedded(schema, record->number) && record->wire == Wire::Bytes)
        members(schema, record->number, record->bytes, depth + 1, out);
    }
    if (reader.failed()) fail("malformed message");
  }

  static const Field* find(const Schema& schema, int outer, int number) {
    for (const Field& field : schema.fields)
      if (field.proto == number && field.proto_outer == outer) return &field;
    return nullptr;
  }

  static bool is_embedded(const Schema& schema, int number) {
    for (const Field& field : schema.fields)
      if (field.proto_outer == number) return true;
    return false;
  }

  void member(const Field& field, const Record& record, int depth, Value& out) {
    const Schema& type = *field.type;
    if (type.type == Type::Map) {
      entry(type, record, depth, out.member(field.name));
    } else if (type.type == Type::List) {
      item(type, record, depth, out.member(field.name));
    } else if (type.type == Type::Object && out[field.name].is_object()) {
      members(type, 0, record.bytes, depth + 1, out.member(field.name));  // parts of one message
    } else {
      out.set(field.name, value(type, record, depth));
    }
  }

  void item(const Schema& list, const Record& record, int depth, Value& out) {
    const bool scalar = is_varint(list.items->type);
    if (scalar && record.wire == Wire::Bytes) {  // packed
      Reader reader(record.bytes);
      while (!reader.at_end() && !reader.failed())
        out.push_back(value(*list.items, Record{.wire = Wire::Varint, .number_value = reader.varint()}, depth));
      if (reader.failed()) fail("malformed packed list");
    } else {
      out.push_back(value(*list.items, record, depth));
    }
  }

  void entry(const Schema& map, const Record& record, int depth, Value& out) {
    Reader reader(record.bytes);
    std::string_view key;
    Value found = map.items->type == Type::String || map.items->type == Type::Bytes ? Value("") : Value();
    while (auto part = reader.next()) {
      if (part->number == 1) key = part->bytes;
      if (part->number == 2)
        found =
            map.items->type == Type::List ? wrapped_list(*map.items, *part, depth) : value(*map.items, *part, depth);
    }
    if (reader.failed() || record.wire != Wire::Bytes) return fail("malformed map entry");
    if (!base::is_utf8(key)) return fail("text is not UTF-8");
    if (out.is_null()) out = Value::object();
    out.set(key, std::move(found));
  }

  // A list as the value of a map is a message with the list as field 1.
  Value wrapped_list(const Schema& list, const Record& record, int depth) {
    Value out = Value::array();
    Reader reader(record.bytes);
    while (auto part = reader.next())
      if (part->number == 1) item(list, *part, depth + 1, out);
    if (reader.failed()) fail("malformed list");
    return out;
  }

  static bool is_varint(Type type) { return type == Type::Int32 || type == Type::Int64 || type == Type::Bool; }

  Value value(const Schema& schema, const Record& record, int depth) {
    const bool number = is_varint(schema.type);
    const Wire wanted = number ? Wire::Varint : schema.type == Type::Double ? Wire::Fixed64 : Wire::Bytes;
    if (record.wire != wanted) return fail("a field has the wrong wire type"), Value();
    switch (schema.type) {
      case Type::Bool:
        return record.number_value != 0;
      case Type::Int32:
        return static_cast<std::int64_t>(static_cast<std::int32_t>(record.number_value));
      case Type::Int64:
        return static_cast<std::int64_t>(record.number_value);
      case Type::Double:
        return floating(record.number_value);
      case Type::String:
        return text(record.bytes);
      case Type::Bytes:
        return base::base64_encode(record.bytes);
      case Type::Object:
        return object(schema, record.bytes, depth + 1);
      case Type::Quantity:
        return text(part(record.bytes, 1).bytes);
      case Type::IntOrString:
        return int_or_string(record.bytes);
      case Type::Time:
        return time(record.bytes, base::format_time);
      case Type::MicroTime:
        return time(record.bytes, base::format_micro_time);
      case Type::Duration:
        return base::format_duration(base::Duration(static_cast<std::int64_t>(part(record.bytes, 1).number_value)));
      case Type::Any:
        return raw(part(record.bytes, 1).bytes);
      case Type::Map:
      case Type::List:
        break;
    }
    return fail("a field cannot be sent as protobuf"), Value();
  }

  Value text(std::string_view bytes) {
    if (!base::is_utf8(bytes)) return fail("text is not UTF-8"), Value();
    return bytes;
  }

  static Value floating(std::uint64_t bits) {
    double d;
    std::memcpy(&d, &bits, sizeof d);
    return d;
  }

  // The last record with this number in a small message; zero and empty without one.
  Record part(std::string_view bytes, int number) {
    Reader reader(bytes);
    Record found;
    while (auto record = reader.next())
      if (record->number == number) found = *record;
    if (reader.failed()) fail("malformed value");
    return found;
  }

  Value int_or_string(std::string_view bytes) {
    if (part(bytes, 1).number_value == 1) return text(part(bytes, 3).bytes);
    return static_cast<std::int64_t>(static_cast<std::int32_t>(part(bytes, 2).number_value));
  }

  // An empty message is Go's zero time, which JSON writes as null.
  Value time(std::string_view bytes, std::string (*format)(base::Time)) {
    if (bytes.empty()) return {};
    constexpr std::int64_t kLast = 253'402'300'799;  // 9999-12-31; what is beyond is no RFC 3339 time
    const auto seconds = static_cast<std::int64_t>(part(bytes, 1).number_value);
    const auto nanos = static_cast<std::int64_t>(static_cast<std::int32_t>(part(bytes, 2).number_value));
    constexpr std::int64_t kMost = INT64_MAX / 1'000'000'000 - 1;  // what base::Time can hold
    if (seconds < -kMost || seconds > std::min(kLast, kMost) || nanos < 0 || nanos >= 1'000'000'000)
      return fail("a time is out of range"), Value();
    return format(base::Time(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanos)));
  }

  Value raw(std::string_view bytes) {
    if (bytes.empty()) return {};
    auto value = data::parse_json(bytes);
    if (!value) return fail("embedded JSON: " + value.error().message), Value();
    return *value;
  }
};

struct Envelope {
  std::string_view api_version, kind, raw;
};

std::optional<Envelope> open_envelope(std::string_view bytes) {
  Envelope out;
  Reader reader(bytes);
  while (auto record = reader.next()) {
    if (record->number == 2) out.raw = record->bytes;
    if (record->number != 1) continue;
    Reader meta(record->bytes);
    while (auto part = meta.next()) {
      if (part->number == 1) out.api_version = part->bytes;
      if (part->number == 2) out.kind = part->bytes;
    }
    if (meta.failed()) return std::nullopt;
  }
  if (reader.failed()) return std::nullopt;
  return out;
}

}  // namespace

base::Result<Value> decode_protobuf(const Scheme& scheme, std::string_view bytes) {
  if (!bytes.starts_with(kMagic))
    return base::fail(base::Code::BadRequest, "the body is not a Kubernetes protobuf message");
  auto envelope = open_envelope(bytes.substr(kMagic.size()));
  if (!envelope || !base::is_utf8(envelope->api_version) || !base::is_utf8(envelope->kind))
    return base::fail(base::Code::BadRequest, "the protobuf envelope is malformed");
  // Options are registered in every group version.
  const bool options = envelope->kind == "DeleteOptions";
  const Kind* kind = scheme.find_kind(options ? "v1" : envelope->api_version, envelope->kind);
  if (!kind || kind->custom)
    return base::fail(base::Code::BadRequest, fmt::format("no kind \"{}\" is registered for version \"{}\" in protobuf",
                                                          envelope->kind, envelope->api_version));
  Decoder decoder;
  Value object = decoder.object(*kind->schema, envelope->raw, 0);
  if (!decoder.error.empty())
    return base::fail(base::Code::BadRequest,
                      fmt::format("cannot decode the protobuf {}: {}", envelope->kind, decoder.error));
  object.set("apiVersion", envelope->api_version);
  object.set("kind", envelope->kind);
  return object;
}

}  // namespace slipway::api
